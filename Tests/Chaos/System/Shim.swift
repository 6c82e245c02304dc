// A library that is loaded into the nodes, to make their disk slow or broken and their clock
// wrong. It is the one thing that must be C: it replaces functions of the C library.

import Foundation

enum Shim {
  /// Compiles the library; returns its path.
  static func compile(into directory: String) async throws -> String {
    let source = "\(directory)/shim.c"
    let library = "\(directory)/shim.so"
    try self.source.write(toFile: source, atomically: true, encoding: .utf8)
    try await Command.run(
      "cc", "-std=gnu11", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source,
      "-ldl")
    return library
  }

  /// What the nodes share with this process is laid out in ``DiskAndClockControl``.
  private static let source = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <stdint.h>
    #include <stdlib.h>
    #include <sys/mman.h>
    #include <sys/syscall.h>
    #include <sys/time.h>
    #include <time.h>
    #include <unistd.h>

    struct control {
      volatile int64_t sync_delay_us;
      volatile int64_t clock_offset_ns;
      volatile int64_t fail_sync;
    };

    static struct control none;
    static struct control *control = &none;
    static int (*real_fsync)(int);
    static int (*real_fdatasync)(int);
    static int (*real_clock_gettime)(clockid_t, struct timespec *);

    __attribute__((constructor)) static void start(void) {
      real_fsync = dlsym(RTLD_NEXT, "fsync");
      real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
      real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
      const char *path = getenv("PDB_CHAOS_CONTROL");
      int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
      if (file < 0) return;
      void *page = mmap(0, sizeof none, PROT_READ, MAP_SHARED, file, 0);
      if (page != MAP_FAILED) control = page;
      close(file);
    }

    static int disk_fails(void) {
      if (control->sync_delay_us > 0) usleep((useconds_t)control->sync_delay_us);
      if (!control->fail_sync) return 0;
      errno = EIO;
      return 1;
    }

    int fsync(int file) { return disk_fails() ? -1 : real_fsync(file); }

    int fdatasync(int file) { return disk_fails() ? -1 : real_fdatasync(file); }

    int clock_gettime(clockid_t clock, struct timespec *result) {
      // An allocator may want to know the time before anything is set up.
      int status = real_clock_gettime ? real_clock_gettime(clock, result)
                                      : (int)syscall(SYS_clock_gettime, clock, result);
      if (status != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return status;
      int64_t time = result->tv_sec * 1000000000LL + result->tv_nsec + control->clock_offset_ns;
      result->tv_sec = time / 1000000000LL;
      result->tv_nsec = time % 1000000000LL;
      return 0;
    }

    int gettimeofday(struct timeval *restrict result, void *restrict zone) {
      struct timespec now;
      (void)zone;
      clock_gettime(CLOCK_REALTIME, &now);
      result->tv_sec = now.tv_sec;
      result->tv_usec = now.tv_nsec / 1000;
      return 0;
    }

    time_t time(time_t *result) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      if (result) *result = now.tv_sec;
      return now.tv_sec;
    }

    """
}

// What the operating system says of this process, under the names that Prometheus' own clients use.

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The process at this moment.
struct ProcessFigures {
  /// User and system time.
  let cpuSeconds: Double
  /// `nil` where the system does not tell.
  let residentBytes: Int?
  let openDescriptors: Int?
  /// Seconds since 1970.
  let startTime: Double

  /// Close enough to the start of the process: taken when a node is put together.
  static let began = Date().timeIntervalSince1970

  init() {
    var usage = rusage()
    #if canImport(Darwin)
      getrusage(RUSAGE_SELF, &usage)
    #else
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    #endif
    cpuSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
    // proc(5): the second number of `statm` is resident pages.
    residentBytes = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
      .split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * Int(getpagesize()) }
    openDescriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    startTime = Self.began
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }
}

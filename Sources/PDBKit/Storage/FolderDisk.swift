// A folder of the file system.

import Foundation
import GRDB
package import PDBModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder of the file system.
package struct FolderDisk: Disk {
  let path: String

  package init(path: String) { self.path = path.isEmpty ? "." : path }

  private func path(of name: String) -> String { "\(path)/\(name)" }

  package func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path)
  }

  package func open(_ name: String) throws -> any DiskFile {
    let file = path(of: name)
    let descriptor = system { SystemCalls.open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW) }
    guard descriptor >= 0 else { throw DiskFailure("open", file) }
    return FolderFile(path: file, descriptor: descriptor)
  }

  package func rename(_ name: String, to other: String) throws {
    guard SystemCalls.rename(path(of: name), path(of: other)) == 0 else {
      throw DiskFailure("rename", path(of: name))
    }
  }

  package func remove(_ name: String) throws {
    guard unlink(path(of: name)) == 0 || errno == ENOENT else {
      throw DiskFailure("remove", path(of: name))
    }
  }

  package func sync() throws {
    let descriptor = system { SystemCalls.open(path, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw DiskFailure("open", path) }
    defer { close(descriptor) }
    guard system({ fsync(descriptor) }) == 0 else { throw DiskFailure("sync", path) }
  }
}

/// An open file of the file system.
private final class FolderFile: DiskFile {
  private let path: String
  private let descriptor: Int32

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  func size() throws -> Int {
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw DiskFailure("read", path) }
    return Int(information.st_size)
  }

  func read(_ count: Int, at offset: Int) throws -> Bytes {
    try Bytes(unsafeUninitializedCapacity: count) { buffer, done in
      while done < count {
        let (rest, position) = (buffer.baseAddress! + done, off_t(offset + done))
        let got = system { pread(descriptor, rest, count - done, position) }
        guard got >= 0 else { throw DiskFailure("read", path) }
        if got == 0 { break }
        done += got
      }
    }
  }

  func write(_ bytes: Bytes, at offset: Int) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let (rest, position) = (buffer.baseAddress! + done, off_t(offset + done))
        let put = system { pwrite(descriptor, rest, buffer.count - done, position) }
        guard put > 0 else { throw DiskFailure("write", path) }
        done += put
      }
    }
  }

  func reserve(_ size: Int) throws {
    #if os(Linux)
      let code = posix_fallocate(descriptor, 0, off_t(size))
      // A file system that cannot reserve says so; then writing finds out.
      guard code == 0 || code == EOPNOTSUPP || code == EINVAL else {
        throw DiskFailure(operation: "reserve space for", file: path, code: code)
      }
    #endif
  }

  func sync() throws {
    #if canImport(Darwin)
      // fsync alone does not reach the platter there.
      let isDone = fcntl(descriptor, F_FULLFSYNC) == 0
    #else
      let isDone = system { fdatasync(descriptor) } == 0
    #endif
    guard isDone else { throw DiskFailure("sync", path) }
  }
}

extension DiskFailure {
  fileprivate init(_ operation: String, _ file: String) {
    self.init(operation: operation, file: file, code: errno)
  }

  package var reason: String { String(cString: strerror(code)) }

  /// Whether a failure of a file or of SQLite means that the disk is full: nothing was written, and the
  /// same write will succeed when there is space again.
  package static func isFullDisk(_ error: any Error) -> Bool {
    if let failure = error as? DiskFailure { return [ENOSPC, EDQUOT].contains(failure.code) }
    return SQLite.isFull(error)
  }
}

extension PDBError {
  /// What an operator is told of a failure of a node's files; `nil` for an error of another kind.
  package init?(ofFiles error: any Error) {
    guard error is DiskFailure || error is DatabaseError else { return nil }
    if DiskFailure.isFullDisk(error) {
      self.init(
        .diskFull, "there is no space for the node's files: \(error)", hint: "make space")
    } else {
      self.init(
        .diskFailed, "the node's files could not be read or written: \(error)",
        outcome: .unknown,
        hint: "nothing acknowledged is lost; see to the disk, then start the node again")
    }
  }
}

/// Repeats a system call that a signal interrupted.
private func system<T: SignedInteger>(_ call: () -> T) -> T {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// System calls whose names the methods here have, too.
private enum SystemCalls {
  static func open(_ path: String, _ flags: Int32) -> Int32 {
    #if canImport(Glibc)
      Glibc.open(path, flags, 0o600)
    #elseif canImport(Musl)
      Musl.open(path, flags, 0o600)
    #else
      Darwin.open(path, flags, 0o600)
    #endif
  }

  static func rename(_ path: String, _ other: String) -> Int32 {
    #if canImport(Glibc)
      Glibc.rename(path, other)
    #elseif canImport(Musl)
      Musl.rename(path, other)
    #else
      Darwin.rename(path, other)
    #endif
  }
}

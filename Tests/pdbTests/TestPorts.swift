// Ports that belong to one test, whatever else runs on the machine.

import Foundation

/// Ports below those that the system gives to connections, each held by a lock that other runs of
/// the tests see: two clones may test at the same time.
final class TestPorts: Sendable {
  /// Sorted, if nobody chose them: the lowest is preferred as leader.
  let numbers: [Int]
  private let locks: [Int32]

  private static let range = 20_000..<30_000

  init(_ count: Int) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/pdb-test-ports"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var found: [(port: Int, lock: Int32)] = []
    let start = Int.random(in: Self.range)
    for offset in 0..<Self.range.count where found.count < count {
      let port = Self.range.lowerBound + (start + offset) % Self.range.count
      if let lock = Self.lock(port, in: folder) { found.append((port, lock)) }
    }
    guard found.count == count else { throw TimedOut() }
    found.sort { $0.port < $1.port }
    numbers = found.map(\.port)
    locks = found.map(\.lock)
  }

  /// These ports, once no other run of the tests has them.
  init(exactly numbers: [Int]) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/pdb-test-ports"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var locks: [Int32] = []
    // In the order of all others, so that no two wait for each other.
    for number in numbers.sorted() {
      locks.append(try await waitFor(within: .seconds(240)) { Self.lock(number, in: folder) })
    }
    self.numbers = numbers
    self.locks = locks
  }

  /// Ports that follow each other.
  static func adjacent(_ count: Int) throws -> TestPorts {
    while true {
      let ports = try TestPorts(count)
      if ports.numbers.last! - ports.numbers[0] == count - 1 { return ports }
    }
  }

  deinit { for lock in locks { close(lock) } }

  /// Takes a port that nothing listens on.
  private static func lock(_ port: Int, in folder: String) -> Int32? {
    let file = open("\(folder)/\(port)", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard file >= 0 else { return nil }
    if flock(file, LOCK_EX | LOCK_NB) == 0, isFree(port) { return file }
    close(file)
    return nil
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var reuse: Int32 = 1
    setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}

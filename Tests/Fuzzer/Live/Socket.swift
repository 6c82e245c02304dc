// A TCP connection without any protocol.

import PDBModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Sends bytes as they are. Every wait has an end.
final class Socket {
  /// Nothing came, or nothing was taken, for ten seconds.
  struct TimedOut: Error {}
  /// The node does not accept the connection.
  struct Refused: Error {}

  private let descriptor: Int32
  private static let patienceSeconds = 10

  init(_ address: NodeAddress) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = in_port_t(address.port).bigEndian
    name.sin_addr.s_addr = inet_addr(address.host)
    let result = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Refused() }
  }

  deinit { close(descriptor) }

  /// - Returns: whether the node took all of it; `false` if it has closed the connection.
  func send(_ bytes: Bytes) throws -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Self.send(descriptor, $0.baseAddress! + sent, $0.count - sent)
      }
      if count < 0 && errno == EAGAIN { throw TimedOut() }
      if count < 0 { return false }
      sent += count
    }
    return true
  }

  private static func send(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
    sendto(descriptor, start, count, Int32(MSG_NOSIGNAL), nil, 0)
  }

  /// Tells the node that no more will come.
  func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What comes next; `nil` when the node has closed the connection.
  func receive() throws -> Bytes? { try receive(flags: 0) }

  /// What has come already; `nil` when the node has closed the connection.
  func receiveNow() throws -> Bytes? { try receive(flags: Int32(MSG_DONTWAIT)) }

  private func receive(flags: Int32) throws -> Bytes? {
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
      let count = recv(descriptor, buffer.baseAddress!, buffer.count, flags)
      if count < 0 && errno == EAGAIN {
        if flags == 0 { throw TimedOut() }
        return []
      }
      return count > 0 ? Bytes(buffer.prefix(count)) : nil
    }
  }
}

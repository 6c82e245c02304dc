// A TCP connection without any protocol.

import Foundation
import PDBKit

/// Sends bytes as they are. Every wait ends after 20 seconds.
final class RawConnection {
  private let descriptor: Int32
  private var received: [UInt8] = []

  /// - Parameter isDeaf: whether this end has hardly any room for what comes before it is read.
  init(_ address: NodeAddress, isDeaf: Bool = false) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if isDeaf {
      var room: Int32 = 64 << 10
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    }
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var socketAddress = sockaddr_in()
    socketAddress.sin_family = sa_family_t(AF_INET)
    socketAddress.sin_port = in_port_t(address.port).bigEndian
    socketAddress.sin_addr.s_addr = inet_addr(address.host)
    let connected = withUnsafePointer(to: &socketAddress) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw TimedOut() }
  }

  deinit { close(descriptor) }

  private static let withoutWaiting = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)

  func send(_ bytes: [UInt8]) {
    // The node may have closed the connection by then.
    signal(SIGPIPE, SIG_IGN)
    _ = write(descriptor, bytes, bytes.count)
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// Sends as much as the node takes, until it has taken nothing for a moment.
  ///
  /// - Returns: how many bytes that are.
  func sendWhatIsTaken(of bytes: [UInt8]) -> Int {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        sendto(descriptor, $0.baseAddress! + sent, $0.count - sent, Self.withoutWaiting, nil, 0)
      }
      if count > 0 {
        sent += count
      } else {
        guard errno == EAGAIN else { break }
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&wanted, 1, 200) > 0 else { break }
      }
    }
    return sent
  }

  /// Whether the node has closed the connection; what came until then is read.
  func isClosed() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, Self.withoutWaiting)
      if count <= 0 { return count == 0 || errno != EAGAIN }
      received += buffer.prefix(count)
    }
  }

  /// What came so far.
  var text: String { String(decoding: received, as: UTF8.self) }

  /// Tells the node that no more will come.
  func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What comes until the node closes the connection.
  func readToEnd() throws -> String {
    while try read() {}
    return String(decoding: received, as: UTF8.self)
  }

  /// What has come as soon as `text` is in it.
  func read(until text: String) throws -> String { try read { $0.contains(text) } }

  /// What has come as soon as it is enough.
  func read(until isEnough: (String) -> Bool) throws -> String {
    while true {
      let all = String(decoding: received, as: UTF8.self)
      if isEnough(all) { return all }
      guard try read() else { throw TimedOut() }
    }
  }

  private func read() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count < 0 && errno == EAGAIN { throw TimedOut() }
    received += buffer.prefix(max(0, count))
    return count > 0
  }
}

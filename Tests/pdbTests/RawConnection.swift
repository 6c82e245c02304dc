// A TCP connection without any protocol.

import Foundation
import PDBKit

/// Sends bytes as they are. Every wait ends after 20 seconds.
final class RawConnection {
  private let descriptor: Int32
  private var received: [UInt8] = []

  init(_ address: NodeAddress) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
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

  func send(_ bytes: [UInt8]) {
    // The node may have closed the connection by then.
    signal(SIGPIPE, SIG_IGN)
    _ = write(descriptor, bytes, bytes.count)
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// Tells the node that no more will come.
  func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What comes until the node closes the connection.
  func readToEnd() throws -> String {
    while try read() {}
    return String(decoding: received, as: UTF8.self)
  }

  /// What has come as soon as `text` is in it.
  func read(until text: String) throws -> String {
    while true {
      let all = String(decoding: received, as: UTF8.self)
      if all.contains(text) { return all }
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

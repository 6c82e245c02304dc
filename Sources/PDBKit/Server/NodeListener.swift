// The node's port: taken before anything else is done, served once the node is ready.

import NIOConcurrencyHelpers
import NIOCore
import NIOExtras
import NIOPosix
import PDBClient
import PDBModel
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A port that this process has and no other can take.
///
/// Clients that connect before ``serve(_:limit:isListening:)`` wait in the kernel's queue.
struct NodeListener: Sendable {
  private let server: any Channel
  private let connections: Connections
  private let quiescing: ServerQuiescingHelper

  /// Takes the port.
  ///
  /// - Throws: `port_in_use`, or `bad_configuration` for an address that cannot be listened on.
  init(_ address: NodeAddress) async throws {
    let loop = LoopExecutor.shared.loop
    let quiescing = ServerQuiescingHelper(group: loop)
    let connections = Connections()
    do {
      server = try await ServerBootstrap(group: loop)
        .serverChannelOption(.backlog, value: 1024)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .serverChannelOption(.autoRead, value: false)
        .serverChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let handler = quiescing.makeServerChannelHandler(channel: channel)
            try channel.pipeline.syncOperations.addHandler(handler)
          }
        }
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelInitializer { connections.open($0) }
        .bind(host: address.host, port: address.port).get()
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw PDBError(
        .portInUse, "'\(address)' is in use by another process",
        hint: "choose another port with --port")
    } catch let error as IOError where [EACCES, EADDRNOTAVAIL].contains(error.errnoCode) {
      throw PDBError(
        .badConfiguration,
        "cannot listen on '\(address)': \(String(cString: strerror(error.errnoCode)))")
    } catch is SocketAddressError {
      throw PDBError(.badConfiguration, "cannot listen on '\(address)': no such host")
    }
    self.connections = connections
    self.quiescing = quiescing
  }

  /// Gives the port back; for a node that cannot start.
  func close() async { try? await server.close() }

  /// Accepts connections until the service is asked to stop, and then waits for those that are
  /// open to end.
  ///
  /// - Parameters:
  ///   - limit: how many may be open at once.
  ///   - isListening: called once, when connections are accepted.
  func serve(
    _ setup: NodeChannel, limit: Int, isListening: @Sendable () async -> Void
  ) async throws {
    connections.begin(setup, limit: limit)
    try await server.setOption(.autoRead, value: true).get()
    await isListening()
    do { try await gracefulShutdown() } catch {
      try await server.close()
      throw error
    }
    let isQuiet = server.eventLoop.makePromise(of: Void.self)
    quiescing.initiateShutdown(promise: isQuiet)
    // A client that takes nothing more must not keep the node from stopping.
    try await withTaskCancellationHandler {
      try await isQuiet.futureResult.get()
    } onCancel: {
      connections.closeAll()
    }
  }
}

/// What accepted connections are handed to.
private final class Connections: Sendable {
  private struct State {
    var setup: NodeChannel?
    var limit = 0
    var open: [ObjectIdentifier: any Channel] = [:]
  }

  private let state = NIOLockedValueBox(State())

  func begin(_ setup: NodeChannel, limit: Int) {
    state.withLockedValue { ($0.setup, $0.limit) = (setup, limit) }
  }

  func open(_ channel: any Channel) -> EventLoopFuture<Void> {
    let setup = state.withLockedValue { state -> NodeChannel? in
      guard state.open.count < state.limit else { return nil }
      state.open[ObjectIdentifier(channel)] = channel
      return state.setup
    }
    guard let setup else { return channel.close() }
    channel.closeFuture.whenComplete { [state] _ in
      state.withLockedValue { _ = $0.open.removeValue(forKey: ObjectIdentifier(channel)) }
    }
    return setup.setUp(channel)
  }

  func closeAll() {
    for channel in state.withLockedValue({ Array($0.open.values) }) { channel.close(promise: nil) }
  }
}

// Who makes room when there are too many connections, or too much in their requests.

import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import PDBServer

@Suite struct OpenConnectionsTests {
  /// A client's connection of which a test says what it does.
  private final class Client: ClientConnection {
    var use = OpenConnections.Use.none
    var lastActive = NIODeadline.now()
    var holdsUnfinished = true
    var refusals = 0
    private let letGo: () -> Void

    init(letGo: @escaping () -> Void) { self.letGo = letGo }

    func refuseUnfinished() {
      refusals += 1
      letGo()
    }
  }

  private let loop = EmbeddedEventLoop()
  private let connections: OpenConnections

  init() {
    connections = OpenConnections(
      softLimit: 4, requestLimit: 100, on: loop, logger: Logger(label: "test"))
  }

  private func open() -> (channel: EmbeddedChannel, slot: OpenConnections.Slot) {
    let channel = EmbeddedChannel.connected(on: loop)
    return (channel, connections.admit(channel))
  }

  private func open(
    _ use: OpenConnections.Use, seconds: Int64
  ) -> (channel: EmbeddedChannel, slot: OpenConnections.Slot) {
    let (channel, slot) = open()
    let client = Client { [connections] in _ = connections.hold(0, slot) }
    (client.use, client.lastActive) = (use, .uptimeNanoseconds(0) + .seconds(seconds))
    connections.attach(client, to: slot)
    return (channel, slot)
  }

  @Test func `strangers go first, then the idle, then half requests, then the deaf`() {
    let deaf = open(.deaf, seconds: 1)
    let asking = open(.asking, seconds: 2)
    let idle = open(.idle, seconds: 3)
    let silent = open()
    let order = [silent.channel, idle.channel, asking.channel, deaf.channel]
    for (position, next) in order.enumerated() {
      #expect(next.isActive, "\(position) went too early")
      let busy = open(.busy, seconds: 0)
      busy.slot.isPeer = position % 2 == 0
      #expect(!next.isActive, "\(position) is still there")
      #expect(busy.channel.isActive && connections.isWithinLimit(busy.slot))
    }
    let late = open()
    #expect(late.channel.isActive && !connections.isWithinLimit(late.slot))
    #expect(connections.count == 5)
    // What came too late is no better than what comes then.
    let peer = open()
    #expect(!late.channel.isActive && peer.channel.isActive)
  }

  @Test func `among equals the one goes that has done nothing for the longest time`() {
    let clients = [3, 1, 2].map { open(.idle, seconds: $0).channel }
    let peer = open()
    peer.slot.isPeer = true
    _ = open()
    #expect(clients.map(\.isActive) == [true, false, true])
    #expect(peer.channel.isActive)
  }

  @Test func `the request that began first makes room for others`() {
    let first = open(.asking, seconds: 1)
    let second = open(.asking, seconds: 2)
    let third = open(.asking, seconds: 3)
    #expect(connections.hold(60, first.slot) && connections.hold(40, second.slot))
    #expect(connections.hold(50, third.slot))
    #expect([first, second, third].map(\.slot.requestBytes) == [0, 40, 50])
    // It is the oldest itself now.
    #expect(!connections.hold(60, second.slot))
    #expect(second.slot.requestBytes == 40)
    #expect(connections.hold(0, third.slot) && connections.hold(100, second.slot))
  }

  @Test func `a request that is being answered stays, whatever comes`() throws {
    let answered = open(.busy, seconds: 1)
    let http = try #require(answered.slot.http as? Client)
    http.holdsUnfinished = false
    #expect(connections.hold(90, answered.slot))
    let next = open(.asking, seconds: 2)
    #expect(!connections.hold(20, next.slot) && connections.hold(10, next.slot))
    #expect(http.refusals == 0)
  }

  @Test func `what a closed connection's request holds counts until it is let go`() {
    let answered = open(.busy, seconds: 1)
    #expect(connections.hold(90, answered.slot))
    _ = try? answered.channel.finish(acceptAlreadyClosed: true)
    loop.run()
    #expect(connections.count == 0)
    let next = open(.asking, seconds: 2)
    #expect(!connections.hold(20, next.slot))
    #expect(connections.hold(0, answered.slot) && connections.hold(20, next.slot))
  }
}

// Who makes room for answers when those that wait for their clients are too much.

import NIOCore
import NIOEmbedded
import Testing

@testable import PDBServer

@Suite struct AnswerRoomTests {
  private let loop = EmbeddedEventLoop()
  private let room: AnswerRoom

  init() { room = AnswerRoom(100, on: loop) }

  private func connection(
    unwritten: Int
  ) -> (channel: EmbeddedChannel, holding: AnswerRoom.Holding) {
    let channel = EmbeddedChannel.connected(on: loop)
    channel.isWritable = unwritten == 0
    if unwritten > 0 {
      channel.write(ByteBuffer(repeating: 0, count: unwritten), promise: nil)
    }
    return (channel, room.holding(for: channel))
  }

  @Test func `the client that has been deaf for the longest time makes room`() {
    let first = connection(unwritten: 60)
    let second = connection(unwritten: 60)
    room.set(40, first.holding)
    loop.advanceTime(by: .seconds(1))
    room.set(40, second.holding)
    loop.advanceTime(by: .seconds(1))
    let third = connection(unwritten: 60)
    room.set(60, third.holding)
    #expect([first, second, third].map(\.channel.isActive) == [false, true, true])
    #expect(room.used == 100)
    // Nothing is counted twice.
    room.leave(first.holding)
    room.set(0, first.holding)
    #expect(room.used == 100)
    room.leave(second.holding)
    #expect(room.used == 60)
  }

  @Test func `a client that goes on taking is not deaf`() throws {
    let slow = connection(unwritten: 60)
    room.set(60, slow.holding)
    loop.advanceTime(by: .seconds(5))
    let deaf = connection(unwritten: 30)
    room.set(30, deaf.holding)
    loop.advanceTime(by: .seconds(5))
    #expect(slow.holding.silence() == .seconds(10))
    slow.channel.flush()
    slow.channel.write(ByteBuffer(repeating: 0, count: 10), promise: nil)
    #expect(slow.holding.silence() == .zero)
    let next = connection(unwritten: 30)
    room.set(30, next.holding)
    #expect([slow, deaf, next].map(\.channel.isActive) == [true, false, true])
  }

  @Test func `clients that are only slow are spared as long as that is possible`() {
    let clients = (0..<4).map { _ in connection(unwritten: 60) }
    for client in clients { room.set(60, client.holding) }
    #expect(clients.allSatisfy(\.channel.isActive) && room.used == 240)
    let next = connection(unwritten: 20)
    room.set(20, next.holding)
    #expect(clients.filter(\.channel.isActive).count == 3 && next.channel.isActive)
  }

  @Test func `an answer that is being made is not taken back`() {
    let made = connection(unwritten: 0)
    room.set(90, made.holding)
    loop.advanceTime(by: .seconds(60))
    let deaf = connection(unwritten: 20)
    room.set(20, deaf.holding)
    #expect(made.channel.isActive && deaf.channel.isActive)
  }
}

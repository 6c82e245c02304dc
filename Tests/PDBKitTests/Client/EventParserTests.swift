// Server-sent events, however the bytes are cut.

import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBModel

@Suite struct EventParserTests {
  private let stream = """
    : 3

    event: change
    id: 4
    data: {"a":"Học"}

    id: 9

    data: one
    data: two

    event: reset
    id: x
    data:tight


    """

  private let expected = [
    ServerEvent(name: "change", id: 4, data: #"{"a":"Học"}"#),
    ServerEvent(name: "message", id: 9, data: "one\ntwo"),
    ServerEvent(name: "reset", id: 9, data: "tight"),
  ]

  @Test(arguments: [1, 2, 3, 7, 1000])
  func `events come out whole`(size: Int) {
    let bytes = Bytes(utf8: stream)
    var parser = EventParser(lastID: 3)
    var events: [ServerEvent] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      events += parser.parse(bytes[start..<min(start + size, bytes.count)])
    }
    #expect(events == expected)
    #expect(parser.lastID == 9)
  }

  @Test func `an event that is cut short is not told`() {
    var parser = EventParser(lastID: nil)
    #expect(parser.parse(Bytes(utf8: "id: 5\ndata: x\n")).isEmpty)
    #expect(parser.parse(Bytes(utf8: "\n")) == [ServerEvent(name: "message", id: 5, data: "x")])
  }
}

// How a connection between nodes is opened: the one place that knows what a peer says of itself and how it
// proves that it may.

import Crypto
package import PDBModel
package import Raft

/// A peer that introduces itself, as Frame.swift and Handshake.swift specify it.
package struct Greeting: Sendable {
  package var wire: UInt64 = 2
  var cluster: String
  package var from: NodeID
  var to: NodeID
  package var incarnation: UInt64
  /// 0 messages, 1 a state that is sent, 2 a state that is asked for.
  var purpose: UInt8 = 0
  var nonce = Bytes(repeating: 7, count: 16)
  var understands: UInt64 = 1
  var confirmed: Reach?

  /// An honest one of a node that has always had the same files.
  package init(from: NodeID, to view: NodeView) {
    cluster = view.cluster
    self.from = from
    to = view.node
    incarnation = from
  }

  /// Frame 1.
  package var hello: Bytes {
    var writer = BinaryWriter()
    writer.write(byte: 1)
    writer.write(wire)
    writer.write(cluster)
    writer.write(from)
    writer.write(to)
    writer.write(incarnation)
    writer.write(byte: purpose)
    writer.write(nonce)
    if wire > 1 {
      writer.write(understands)
      writer.write(optional: confirmed) {
        $0.write($1.term)
        $0.write($1.index)
      }
    }
    return writer.bytes
  }

  /// Frame 3, in answer to frame 2.
  ///
  /// - Parameter binding: the SHA-256 of the certificate that the node showed.
  /// - Throws: `BinaryReader.Malformed` if that is none.
  package func proof(
    answering challenge: Bytes, secret: String, binding: Bytes
  ) throws -> Bytes {
    var reader = BinaryReader(challenge)
    guard try reader.readByte() == 2 else { throw BinaryReader.Malformed() }
    let (nonce, incarnation) = (try reader.readBytes(), try reader.readUInt64())
    var text = BinaryWriter()
    text.write("connect")
    text.write(hello)
    text.write(nonce)
    text.write(incarnation)
    if wire > 1 { text.write(binding) }
    let proof = HMAC<SHA256>.authenticationCode(
      for: text.bytes, using: SymmetricKey(data: Bytes(utf8: secret)))
    var writer = BinaryWriter()
    writer.write(byte: 3)
    writer.write(Bytes(proof))
    return writer.bytes
  }
}

extension ScriptBytes {
  /// Mostly an honest one.
  package mutating func greeting(to view: NodeView) -> Greeting {
    var greeting = Greeting(from: view.sender(below(4)), to: view)
    greeting.purpose = element(of: [0, 0, 0, 0, 0, 1, 1, 2])
    if isRare() { greeting.wire = element(of: [1, 1, 0, 3, .max]) }
    if isRare() {
      greeting.cluster = element(of: ["", "another", String(repeating: "x", count: 4000)])
    }
    if isRare() { greeting.to = element(of: [0, greeting.from, number()]) }
    if isRare() { greeting.from = element(of: [view.node, 0, number()]) }
    if isRare() { greeting.incarnation = element(of: [0, 1, number()]) }
    if isRare() { greeting.purpose = byte() }
    if isRare() { greeting.nonce = bytes(upTo: 40) }
    if isRare() { greeting.understands = element(of: [0, 2, number()]) }
    if isRare() && !view.isSpared {
      greeting.confirmed = Reach(term: term(near: view), index: index(near: view))
    }
    return greeting
  }
}

// The stack machine of pickles, without the instructions that call functions.

import PDBModel

/// Follows the instructions of one pickle.
///
/// The machine has a stack of values, marks in it from which instructions take everything up
/// to the top, and a memo of values that are used again.
struct PickleReader {
  private var input: PickleInput
  private var stack: [PickleValue] = []
  /// How high the stack was at each mark.
  private var marks: [Int] = []
  private var memo: [UInt64: PickleValue] = [:]
  /// How many values and marks were ever pushed: bounds the memory that a pickle can take.
  private var pushed = 0
  /// What the containers hold, by their number.
  private(set) var contents: [[PickleValue]] = []

  init(_ bytes: Bytes) { input = PickleInput(bytes) }

  /// The one value of the pickle, up to its end.
  mutating func readDocument() throws -> PickleValue {
    while true {
      let byte = try input.readInstruction()
      if byte == PickleOpcode.Framing.stop.rawValue { return try finish() }
      try follow(byte)
    }
  }

  private func finish() throws -> PickleValue {
    guard let value = stack.first, stack.count == 1, reachable == 1 else {
      throw input.damaged("it ends with \(stack.count) values instead of one")
    }
    guard input.remaining == 0 else {
      throw input.damaged("\(input.remaining) bytes follow after its end")
    }
    return value
  }

  private mutating func follow(_ byte: UInt8) throws {
    if let opcode = PickleOpcode.Text(rawValue: byte) {
      try push(try input.read(opcode))
    } else if let opcode = PickleOpcode.Memo(rawValue: byte) {
      try follow(opcode)
    } else if let opcode = PickleOpcode.Number(rawValue: byte) {
      try push(try input.read(opcode))
    } else if let opcode = PickleOpcode.Stack(rawValue: byte) {
      try follow(opcode)
    } else if let opcode = PickleOpcode.Container(rawValue: byte) {
      try push(try make(opcode))
    } else if let opcode = PickleOpcode.Filling(rawValue: byte) {
      try follow(opcode)
    } else if let opcode = PickleOpcode.Framing(rawValue: byte) {
      try follow(opcode)
    } else {
      throw input.refusal(of: byte, stack: stack)
    }
  }

  // MARK: Containers

  private mutating func make(_ opcode: PickleOpcode.Container) throws -> PickleValue {
    switch opcode {
    case .emptyList: .list(store([]))
    case .emptyTuple: .fixed(store([]))
    case .emptyDict: .dictionary(store([]))
    case .emptySet: .set(store([]))
    case .list: .list(store(try popToMark()))
    case .tuple, .frozenSet: .fixed(store(try popToMark()))
    case .tuple1: .fixed(store(try pop(1)))
    case .tuple2: .fixed(store(try pop(2)))
    case .tuple3: .fixed(store(try pop(3)))
    case .dict: .dictionary(store(try popPairsToMark()))
    }
  }

  private mutating func store(_ content: [PickleValue]) -> Int {
    contents.append(content)
    return contents.count - 1
  }

  private mutating func follow(_ opcode: PickleOpcode.Filling) throws {
    switch opcode {
    case .append: try fillList(try pop(1))
    case .appends: try fillList(try popToMark())
    case .setItem: try fillDictionary(try pop(2))
    case .setItems: try fillDictionary(try popPairsToMark())
    case .addItems: try fillSet(try popToMark())
    }
  }

  private mutating func fillList(_ elements: [PickleValue]) throws {
    guard case .list(let number) = try top() else { throw input.damaged("expected a list") }
    contents[number].append(contentsOf: elements)
  }

  private mutating func fillDictionary(_ elements: [PickleValue]) throws {
    guard case .dictionary(let number) = try top() else { throw input.damaged("expected a dict") }
    contents[number].append(contentsOf: elements)
  }

  private mutating func fillSet(_ elements: [PickleValue]) throws {
    guard case .set(let number) = try top() else { throw input.damaged("expected a set") }
    contents[number].append(contentsOf: elements)
  }

  // MARK: Stack

  private mutating func push(_ value: PickleValue) throws {
    try countPush()
    stack.append(value)
  }

  private mutating func countPush() throws {
    guard pushed < Pickle.valueCount else { throw tooManyValues }
    pushed += 1
  }

  private var tooManyValues: PDBError {
    .unsupportedPickle("the pickle holds more than \(Pickle.valueCount) values")
  }

  /// What lies below the newest mark is out of reach.
  private var reachable: Int { stack.count - (marks.last ?? 0) }

  private func top() throws -> PickleValue {
    guard reachable > 0, let value = stack.last else { throw input.damaged("a value is missing") }
    return value
  }

  private mutating func pop(_ count: Int) throws -> [PickleValue] {
    guard reachable >= count else { throw input.damaged("a value is missing") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw input.damaged("a mark is missing") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func popPairsToMark() throws -> [PickleValue] {
    let values = try popToMark()
    guard values.count.isMultiple(of: 2) else { throw input.damaged("a key has no value") }
    return values
  }

  private mutating func follow(_ opcode: PickleOpcode.Stack) throws {
    switch opcode {
    case .mark:
      try countPush()
      marks.append(stack.count)
    case .pop:
      // Right above a mark, the mark itself is taken off.
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop(1) }
    case .popMark: _ = try popToMark()
    case .dup: try push(try top())
    }
  }

  // MARK: Memo

  private mutating func follow(_ opcode: PickleOpcode.Memo) throws {
    switch opcode {
    case .put: try keep(as: try input.readIndexLine())
    case .binPut: try keep(as: try input.readUnsigned(bytes: 1))
    case .longBinPut: try keep(as: try input.readUnsigned(bytes: 4))
    case .memoize: try keep(as: UInt64(memo.count))
    case .get: try push(try kept(try input.readIndexLine()))
    case .binGet: try push(try kept(try input.readUnsigned(bytes: 1)))
    case .longBinGet: try push(try kept(try input.readUnsigned(bytes: 4)))
    }
  }

  private mutating func keep(as index: UInt64) throws {
    memo[index] = try top()
    guard memo.count <= Pickle.valueCount else { throw tooManyValues }
  }

  private func kept(_ index: UInt64) throws -> PickleValue {
    guard let value = memo[index] else {
      throw input.damaged("it uses value \(index) before keeping it")
    }
    return value
  }

  // MARK: Framing

  /// Frames only help to read ahead (PEP 3154): their content is read as if they were not there.
  private mutating func follow(_ opcode: PickleOpcode.Framing) throws {
    switch opcode {
    case .proto:
      let version = try input.readByte()
      guard version <= Pickle.newestProtocol else {
        throw PDBError.unsupportedPickle(
          "the pickle has protocol \(version), the newest that is known is"
            + " \(Pickle.newestProtocol)")
      }
    case .frame:
      let count = try input.readUnsigned(bytes: 8)
      guard count <= UInt64(input.remaining) else { throw input.damaged("a frame is cut off") }
    case .stop: break
    }
  }
}

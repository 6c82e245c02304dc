// The instructions of a pickle: those that are followed, and the names of all others.

/// The opcodes of Python's `pickletools` table.
///
/// What is not a case of one of these enumerations cannot be executed. All cases build plain
/// data; none looks up a name, calls a function or makes an object.
enum PickleOpcode {
  /// Numbers, and the three constants.
  enum Number: UInt8 {
    case none = 0x4E
    case newTrue = 0x88
    case newFalse = 0x89
    case int = 0x49
    case binInt = 0x4A
    case binInt1 = 0x4B
    case binInt2 = 0x4D
    case long = 0x4C
    case long1 = 0x8A
    case long4 = 0x8B
    case float = 0x46
    case binFloat = 0x47
  }

  /// Text, and bytes. In Python 2 they were one: `STRING` and its binary forms.
  enum Text: UInt8 {
    case string = 0x53
    case shortBinString = 0x55
    case binString = 0x54
    case unicode = 0x56
    case shortBinUnicode = 0x8C
    case binUnicode = 0x58
    case binUnicode8 = 0x8D
    case shortBinBytes = 0x43
    case binBytes = 0x42
    case binBytes8 = 0x8E
    case byteArray8 = 0x96
  }

  /// New lists, tuples, dicts and sets.
  enum Container: UInt8 {
    case emptyList = 0x5D
    case emptyTuple = 0x29
    case emptyDict = 0x7D
    case emptySet = 0x8F
    case list = 0x6C
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case dict = 0x64
    case frozenSet = 0x91
  }

  /// More elements for a container that exists.
  enum Filling: UInt8 {
    case append = 0x61
    case appends = 0x65
    case setItem = 0x73
    case setItems = 0x75
    case addItems = 0x90
  }

  /// Moving values on the stack.
  enum Stack: UInt8 {
    case mark = 0x28
    case pop = 0x30
    case popMark = 0x31
    case dup = 0x32
  }

  /// Keeping values for later, and using them again.
  enum Memo: UInt8 {
    case put = 0x70
    case binPut = 0x71
    case longBinPut = 0x72
    case memoize = 0x94
    case get = 0x67
    case binGet = 0x68
    case longBinGet = 0x6A
  }

  /// Where the pickle begins, continues and ends.
  enum Framing: UInt8 {
    case proto = 0x80
    case frame = 0x95
    case stop = 0x2E
  }

  /// The names of the instructions that are never followed.
  static let refused: [UInt8: String] = [
    0x63: "GLOBAL", 0x93: "STACK_GLOBAL", 0x69: "INST", 0x6F: "OBJ", 0x52: "REDUCE",
    0x62: "BUILD", 0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x50: "PERSID", 0x51: "BINPERSID",
    0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
  ]

  /// Whether any protocol knows this instruction, followed or refused.
  static func isKnown(_ byte: UInt8) -> Bool {
    Number(rawValue: byte) != nil || Text(rawValue: byte) != nil
      || Container(rawValue: byte) != nil || Filling(rawValue: byte) != nil
      || Stack(rawValue: byte) != nil || Memo(rawValue: byte) != nil
      || Framing(rawValue: byte) != nil || refused[byte] != nil
  }
}

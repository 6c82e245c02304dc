// How a database lies in etcd: what each key below the prefix holds.
//
//   format              {"format":1,"cluster":"...","birth":"..."}: which database this is
//   mark                how far it is; every change is a transaction that compares it and moves it
//   k/KEY               {"revision":42,"value":...}: what a key holds now, as it was written
//   n/KEY               the same of pdb's own keys, such as n/number/00...001: the id of task 1
//   v/KEY/00...057      what a key held before revision 57 changed it; {} if there was nothing
//   h/00...057          revision 57: who, when, what, which keys
//   q/REQUEST           the answer to a request, for its repetitions
//   r/00...091          the id of the request that was operation 91: the oldest are forgotten first
//   p/NONCE/w/...       of a change that is larger than one request: what is to be put at `...`
//   p/NONCE/d/...       and what is to be removed
//   f/NODE              a node in front of etcd, as long as it lives
//   l                   which of them leads
//
// Numbers in keys have twenty digits, so that they sort as numbers do. In `v/`, `%`, `/` and NUL of a key
// are percent-escaped, so that the versions of one key stand together. What a key held at a revision is one
// ascending range with a limit of one: the first version that ended later. (A descending range would make
// etcd read all of it.)

import PDBModel

/// Keys below one prefix.
struct Layout: Sendable {
  /// As in `pdb/main/`.
  let prefix: Bytes

  private func key(_ path: String) -> Bytes { prefix + Bytes(path.utf8) }

  var format: Bytes { key("format") }
  var mark: Bytes { key("mark") }
  var leader: Bytes { key("l") }
  var fronts: KeyRange { KeyRange(prefix: key("f/")) }
  func front(_ id: String) -> Bytes { key("f/\(id)") }
  /// Everything there is.
  var all: KeyRange { KeyRange(prefix: prefix) }

  // MARK: Present values

  private var visible: Bytes { key("k/") }
  private var own: Bytes { key("n/") }

  /// Where a key's value stands.
  func present(_ key: Bytes) -> Bytes {
    key.first == 0 ? own + Self.legible(key).dropFirst() : visible + key
  }

  /// The key whose value stands there.
  func key(ofPresent place: Bytes) -> Bytes {
    place.starts(with: own)
      ? Self.key(ofLegible: [0] + place.dropFirst(own.count))
      : Bytes(place.dropFirst(visible.count))
  }

  /// The number of a task in digits instead of bytes; other keys are as they are.
  private static func legible(_ key: Bytes) -> Bytes {
    let numbers = TaskKeys.numbers
    guard key.starts(with: numbers) else { return key }
    return numbers + digits(TaskKeys.number(atOrAfter: key))
  }

  private static func key(ofLegible text: Bytes) -> Bytes {
    let numbers = TaskKeys.numbers
    guard text.starts(with: numbers), let number = number(text.dropFirst(numbers.count)) else {
      return text
    }
    return TaskKeys.number(number)
  }

  /// The places of the keys from `lower` up to `upper`: pdb's own keys sort before all others.
  func present(from lower: Bytes, to upper: Bytes?) -> [KeyRange] {
    var ranges: [KeyRange] = []
    let first = SystemKeys.firstUserKey
    if lower.lexicographicallyPrecedes(first) {
      let end = upper.flatMap { $0.lexicographicallyPrecedes(first) ? present($0) : nil }
      let begin = lower.isEmpty ? own : present(lower)
      ranges.append(KeyRange(begin, end ?? own.prefixEnd!))
    }
    if upper.map({ first.lexicographicallyPrecedes($0) }) != false {
      let begin = lower.lexicographicallyPrecedes(first) ? visible : present(lower)
      ranges.append(KeyRange(begin, upper.map { present($0) } ?? visible.prefixEnd!))
    }
    return ranges
  }

  // MARK: Earlier values

  /// Where the versions of a key stand that ended after a revision.
  func versions(of key: Bytes, endingAfter revision: UInt64 = 0) -> KeyRange {
    let folder = self.folder(ofVersions: key)
    return KeyRange(folder + Self.digits(revision &+ 1), folder.prefixEnd!)
  }

  /// Where stands what a key held before a revision.
  func version(of key: Bytes, endedBy revision: UInt64) -> Bytes {
    folder(ofVersions: key) + Self.digits(revision)
  }

  private func folder(ofVersions key: Bytes) -> Bytes {
    self.key("v/") + Self.escaped(Self.legible(key)) + Bytes("/".utf8)
  }

  /// Where the versions of all keys stand.
  var versions: KeyRange { KeyRange(prefix: key("v/")) }

  /// The key and the revision of such a place; `nil` for a key that pdb did not write.
  func version(at place: Bytes) -> (key: Bytes, end: UInt64)? {
    let rest = place.dropFirst(prefix.count + 2)
    guard rest.count > 21, let end = Self.number(rest.suffix(20)),
      let key = Self.unescaped(rest.dropLast(21))
    else { return nil }
    return (Self.key(ofLegible: key), end)
  }

  // MARK: History and requests

  func revision(_ number: UInt64) -> Bytes { key("h/") + Self.digits(number) }

  /// Where the revisions from one to another stand.
  func revisions(_ first: UInt64, _ last: UInt64) -> KeyRange {
    KeyRange(revision(first), last == .max ? key("h/").prefixEnd! : revision(last + 1))
  }

  func request(_ id: String) -> Bytes { key("q/") + Bytes(id.utf8) }

  func requestNumber(_ index: UInt64) -> Bytes { key("r/") + Self.digits(index) }

  func requestNumbers(through index: UInt64) -> KeyRange {
    KeyRange(key("r/"), index == .max ? key("r/").prefixEnd! : requestNumber(index + 1))
  }

  // MARK: Put aside

  /// What is put aside, of whatever change.
  var aside: KeyRange { KeyRange(prefix: key("p/")) }

  /// What a change puts aside.
  func aside(_ nonce: UInt64) -> KeyRange { KeyRange(prefix: folder(ofAside: nonce)) }

  /// Where it is put aside that something is to be written at a place, or removed there.
  func aside(_ nonce: UInt64, _ place: Bytes, isRemoved: Bool) -> Bytes {
    folder(ofAside: nonce) + Bytes((isRemoved ? "d/" : "w/").utf8) + place.dropFirst(prefix.count)
  }

  /// What is to be done for such a place; `nil` for one that pdb did not write.
  func target(ofAside aside: Bytes, _ nonce: UInt64) -> (place: Bytes, isRemoved: Bool)? {
    let rest = aside.dropFirst(folder(ofAside: nonce).count)
    let place = prefix + rest.dropFirst(2)
    if rest.starts(with: Bytes("w/".utf8)) { return (place, false) }
    return rest.starts(with: Bytes("d/".utf8)) ? (place, true) : nil
  }

  private func folder(ofAside nonce: UInt64) -> Bytes {
    key("p/") + Self.digits(nonce) + Bytes("/".utf8)
  }

  /// The number at the end of a place.
  func number(of place: Bytes) -> UInt64? { Self.number(place.suffix(20)) }

  // MARK: Words

  private static func digits(_ number: UInt64) -> Bytes {
    let digits = String(number)
    return Bytes((String(repeating: "0", count: 20 - digits.utf8.count) + digits).utf8)
  }

  private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
    UInt64(String(decoding: digits, as: UTF8.self))
  }

  private static let escapedBytes: Set<UInt8> = [0, UInt8(ascii: "%"), UInt8(ascii: "/")]
  private static let hexadecimal = Bytes("0123456789ABCDEF".utf8)

  private static func escaped(_ key: Bytes) -> Bytes {
    key.flatMap { byte in
      escapedBytes.contains(byte)
        ? [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]] : [byte]
    }
  }

  private static func unescaped(_ text: some Collection<UInt8>) -> Bytes? {
    var key: Bytes = []
    var rest = Bytes(text)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        key.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
      key.append(value)
      rest = rest.dropFirst(2)
    }
    return key
  }
}

/// Keys from one up to but not including another.
struct KeyRange: Hashable, Sendable {
  let lower: Bytes
  let upper: Bytes

  init(_ lower: Bytes, _ upper: Bytes) { (self.lower, self.upper) = (lower, upper) }

  init(prefix: Bytes) { self.init(prefix, prefix.prefixEnd ?? []) }

  /// One key.
  init(_ key: Bytes) { self.init(key, key + [0]) }

  var isEmpty: Bool { !lower.lexicographicallyPrecedes(upper) }
}

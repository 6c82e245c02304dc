// From what a caller asks to what the log replicates: all that is undetermined is decided here.

package import PDBModel
package import PDBStore

import struct Foundation.UUID

extension Operation {
  /// The operation that makes a change. The ids of new tasks are drawn here.
  ///
  /// - Parameter leaseTime: now, for what is to live for a while.
  /// - Throws: what is wrong with the change whatever the state.
  package init(_ change: Change, leaseTime: UInt64 = 0) throws(PDBError) {
    try self.init(change, leaseTime) { UUID().uuidString.lowercased() }
  }

  fileprivate init(
    _ change: Change, _ leaseTime: UInt64, drawID: () -> String
  ) throws(PDBError) {
    switch change {
    case .addTasks(let titles, let fields):
      guard !titles.isEmpty else { throw PDBError(.titleRequired, "a task needs a title") }
      try Limits.check(count: titles.count, of: "titles")
      let checked = try fields.checked()
      self = .addTasks(titles.map { NewTask(id: drawID(), title: $0.text, fields: checked) })
    case .editTask(let reference, let edit, let condition):
      guard edit != TaskEdit() else {
        throw PDBError(
          .badRequest, "nothing to change: no title, no field, nor whether it is completed")
      }
      self = .editTask(reference, try edit.checked(), condition)
    case .removeTask(let reference, let condition): self = .removeTask(reference, condition)
    case .removeCompletedTasks: self = .removeCompletedTasks
    case .set(let pair, let condition, _):
      let pair = try pair.checked()
      self = .set(key: pair.key, value: pair.value, condition)
    case .setExpiring(let pair, let time, let condition, _):
      let pair = try pair.checked()
      self = .setExpiring(
        key: pair.key, value: pair.value, condition, try Lease(time, from: leaseTime))
    case .touch(let key, let time, let condition):
      self = .touch(
        key: try Limits.check(key: key), condition,
        try time.map { time throws(PDBError) in try Lease(time, from: leaseTime) })
    case .setMany(let pairs, _):
      try Limits.check(count: pairs.count, of: "pairs")
      self = .setMany(try pairs.map { pair throws(PDBError) in try pair.checked() })
    case .delete(let keys, let condition):
      try Limits.check(count: keys.count, of: "keys")
      self = .delete(
        keys: try keys.map { key throws(PDBError) in try Limits.check(key: key) }, condition)
    case .increment(let key, let amount):
      self = .increment(key: try Limits.check(key: key), by: amount)
    case .append(let key, let values):
      try Limits.check(count: values.count, of: "values")
      self = .append(
        key: try Limits.check(key: key),
        values: try values.map { value throws(PDBError) in try Limits.check(json: value) })
    case .undo(let revision): self = .undo(revision)
    case .redo: self = .redo
    case .restore(let name, let prefix): self = .restore(name, prefix: prefix)
    case .tag(let tag, let name, let replace): self = .tag(tag, name, replace: replace)
    case .removeTag(let tag): self = .removeTag(tag)
    case .transaction(let steps):
      guard !steps.isEmpty else {
        throw PDBError(.badRequest, "a transaction needs a step")
      }
      try Limits.check(count: steps.count, of: "steps")
      self = .transaction(
        try steps.map { step throws(PDBError) in try Operation(step: step, leaseTime, drawID) })
    case .stageImport(let part):
      self = .stageImport(
        ImportPart(
          id: try ImportKeys.check(id: part.id), number: part.number,
          pairs: try part.pairs.map { pair throws(PDBError) in try pair.checked() }))
    case .commitImport(let id, let parts, let existing):
      self = .commitImport(id: try ImportKeys.check(id: id), parts: parts, existing)
    case .discardImport(let id): self = .discardImport(id: try ImportKeys.check(id: id))
    case .setSetting(let setting, let value):
      self = .setSetting(
        setting, value: try value.map { value throws(PDBError) in try setting.canonical(value) })
    }
  }
}

extension Operation {
  /// - Throws: also for a change that cannot be a step.
  private init(
    step: TransactionStep, _ leaseTime: UInt64, _ drawID: () -> String
  ) throws(PDBError) {
    switch step {
    case .get(let key, let condition):
      self = .get(key: try Limits.check(key: key), condition)
    case .change(let change):
      try self.init(change, leaseTime, drawID: drawID)
      guard mayBeStep else {
        throw PDBError(
          .badRequest, "'\(name)' cannot be a step of a transaction",
          hint: "steps are changes of keys and of tasks")
      }
    }
  }
}

extension TaskEdit {
  fileprivate func checked() throws(PDBError) -> TaskEdit {
    var edit = self
    if let title { edit.title = try Title(title).text }
    edit.fields = try fields.checked()
    return edit
  }
}

extension Lease {
  /// - Throws: `bad_request` for a time that is too short or too long.
  fileprivate init(_ time: Duration, from now: UInt64) throws(PDBError) {
    guard Limits.leaseMilliseconds.contains(time.milliseconds) else {
      throw PDBError(
        .badRequest, "a key cannot live for \(time.milliseconds) ms (HTTP: 'ttl_ms')",
        hint: "from 100 ms to 10 years")
    }
    self.init(milliseconds: UInt64(time.milliseconds), now: now)
  }
}

extension NewPair {
  /// - Throws: `invalid_key`, `invalid_value`, or what would be lost of a task.
  fileprivate func checked() throws(PDBError) -> NewPair {
    let pair = NewPair(key: try Limits.check(key: key), value: try Limits.check(value: value))
    try TaskItem.check(pair.value, under: pair.key)
    return pair
  }
}

extension RequestID {
  /// - Parameter now: when the store got the request, by its own clock.
  /// - Throws: `bad_request` for an id that is none.
  init(_ request: Origin.RequestID, of change: Change, now: Timestamp) throws(PDBError) {
    guard (1...Limits.requestIDBytes).contains(request.id.utf8.count),
      request.id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw PDBError(
        .badRequest,
        "the id of a request (HTTP: 'Idempotency-Key') must be 1 to \(Limits.requestIDBytes) visible "
          + "ASCII characters")
    }
    self.init(
      id: request.id, fingerprint: try Self.fingerprint(request, of: change),
      firstSent: request.age.map {
        Timestamp(milliseconds: now.milliseconds - max(0, Int64($0.milliseconds)))
      },
      // A retry whose client knew nothing is older than everything that was forgotten.
      knownRevision: request.knownRevision ?? (request.age == nil ? nil : 0))
  }
}

extension RequestID {
  private static func fingerprint(
    _ request: Origin.RequestID, of change: Change
  ) throws(PDBError) -> UInt64 {
    if let fingerprint = request.fingerprint { return fingerprint }
    return try change.fingerprint()
  }
}

extension Change {
  /// The same for equal changes, whatever ids are drawn for them.
  fileprivate func fingerprint() throws(PDBError) -> UInt64 {
    let stamp = Stamp(time: Timestamp(milliseconds: 0), author: "", request: nil)
    let operation = try Operation(self, 0) { "" }
    var checksum = FNVChecksum()
    checksum.update(StampedOperation(stamp: stamp, operation: operation).encoded())
    return checksum.value
  }
}

extension ImportKeys {
  /// - Throws: `bad_request` for an id that is none.
  package static func check(id: String) throws(PDBError) -> String {
    guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy({ idCharacters.contains($0) })
    else {
      throw PDBError(.badRequest, "the id of an import is 1 to 64 letters and digits")
    }
    return id
  }

  private static let idCharacters = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-".utf8)
}

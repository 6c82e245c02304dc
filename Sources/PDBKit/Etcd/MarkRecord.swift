// How far the data are, under `mark`: what every change compares and moves.

import PDBCoordinator
import PDBModel

struct MarkRecord: Equatable {
  var mark: StateMark
  /// Drawn for every change: two that come as far are not the same, as where an etcd was restored.
  var nonce: UInt64
  /// How many keys of the change were put aside and are not where they belong yet; see `AsideChange`.
  var pending: UInt64?

  init(_ mark: StateMark, nonce: UInt64 = .random(in: 0 ... .max), pending: UInt64? = nil) {
    self.mark = mark
    self.nonce = nonce
    self.pending = pending
  }

  var encoded: Bytes {
    var members: [JSON.Member] = [
      .init("revision", JSON(mark.revision)), .init("index", JSON(mark.appliedIndex)),
      .init("hash", JSON(mark.hash)), .init("version", JSON(mark.version.number)),
      .init("compacted", JSON(mark.compactedRevision)),
      .init("history_bytes", JSON(mark.historyBytes)),
      .init("forgotten_revision", JSON(mark.forgottenRevision)),
      .init(
        "lease",
        [
          "time": JSON(mark.lease.time), "stamp": JSON(mark.lease.stamp.milliseconds),
          "next": JSON(mark.lease.next),
        ]),
      .init("nonce", JSON(nonce)),
    ]
    if let pending { members.append(.init("pending", JSON(pending))) }
    return JSON.object(members).serialized()
  }

  /// - Returns: `nil` for what ``encoded`` does not write.
  init?(_ bytes: Bytes) {
    guard let json = try? JSON(parsing: bytes), let revision = json["revision"]?.uint64,
      let index = json["index"]?.uint64, let hash = json["hash"]?.uint64,
      let version = json["version"]?.uint64, let compacted = json["compacted"]?.uint64,
      let historyBytes = json["history_bytes"]?.uint64,
      let forgotten = json["forgotten_revision"]?.uint64, let lease = json["lease"],
      let time = lease["time"]?.uint64, let stamp = lease["stamp"]?.int64,
      let next = lease["next"]?.uint64, let nonce = json["nonce"]?.uint64,
      compacted <= revision
    else { return nil }
    mark = StateMark()
    mark.appliedIndex = index
    mark.data.revision = revision
    mark.data.hash = hash
    mark.data.version = ClusterVersion(number: version)
    mark.data.compactedRevision = compacted
    mark.data.historyBytes = historyBytes
    mark.data.forgottenRevision = forgotten
    mark.data.lease.time = time
    mark.data.lease.stamp = Timestamp(milliseconds: stamp)
    mark.data.lease.next = next
    self.nonce = nonce
    pending = json["pending"]?.uint64
  }
}

/// Which database it is, under `format`.
struct FormatRecord: Equatable {
  static let newest: UInt64 = 1

  let identity: ClusterIdentity

  var encoded: Bytes {
    let json: JSON = [
      "format": JSON(Self.newest), "cluster": .string(identity.cluster),
      "birth": JSON(identity.birth),
    ]
    return json.serialized()
  }

  init(_ identity: ClusterIdentity) { self.identity = identity }

  /// - Throws: `bad_configuration` for what this program does not understand.
  init(_ bytes: Bytes) throws(PDBError) {
    let json = try? JSON(parsing: bytes)
    guard let cluster = json?["cluster"]?.string, let format = json?["format"]?.uint64 else {
      throw PDBError(.corrupt, "what stands under the prefix in etcd is no database of pdb")
    }
    guard format <= Self.newest else {
      throw PDBError(
        .badConfiguration,
        "the database in etcd was made by a newer version of pdb (format \(format))",
        hint: "use that version")
    }
    identity = ClusterIdentity(cluster: cluster, birth: json?["birth"]?.string)
  }
}

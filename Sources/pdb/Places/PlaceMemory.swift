// What pdb remembers of the clusters that it met, so that a dead node does not hide the living ones.

import Foundation
import PDBKit

/// `$XDG_STATE_HOME/pdb/places.json`: the members of each cluster by its identity, and which
/// cluster answered at the standard address last. Losing the file loses only speed.
struct PlaceMemory: Equatable {
  /// The cluster that answered at the standard address last.
  private(set) var standard: ClusterIdentity?
  /// The cluster that was changed at the standard address last.
  private var changed: ClusterIdentity?
  private var members: [ClusterIdentity: [NodeAddress]] = [:]

  private static var path: String { Person.stateFolder + "/places.json" }

  static func load() -> PlaceMemory {
    var memory = PlaceMemory()
    guard let data = FileManager.default.contents(atPath: path),
      let json = try? JSON(parsing: data)
    else { return memory }
    memory.standard = json["standard"]?.string.flatMap(ClusterIdentity.init(parsing:))
    memory.changed = json["changed"]?.string.flatMap(ClusterIdentity.init(parsing:))
    for member in json["clusters"]?.members ?? [] {
      guard let identity = ClusterIdentity(parsing: member.name) else { continue }
      memory.members[identity] = (member.value.array ?? []).compactMap { address in
        address.string.flatMap { try? NodeAddress(parsing: $0) }
      }
    }
    return memory
  }

  /// Where the members of a cluster are, its last known leader first; empty if it is not known.
  func members(of identity: ClusterIdentity) -> [NodeAddress] { members[identity] ?? [] }

  mutating func remember(_ identity: ClusterIdentity, members: [NodeAddress], isStandard: Bool) {
    if isStandard { standard = identity }
    // An address belongs to the cluster that answered there last.
    for (other, known) in self.members where other != identity {
      let rest = known.filter { !members.contains($0) }
      self.members[other] = rest.isEmpty ? nil : rest
    }
    self.members[identity] = members
  }

  /// Notes that the cluster at the standard address was changed; returns whether for the first
  /// time.
  mutating func noteChange(of identity: ClusterIdentity) -> Bool {
    defer { changed = identity }
    return changed != identity
  }

  /// Writes the file, whole or not at all. Failing is no reason to fail the command.
  func save() {
    let json: JSON = [
      "standard": JSON(standard?.description), "changed": JSON(changed?.description),
      "clusters": .object(
        members.sorted { $0.key.description < $1.key.description }.map { identity, addresses in
          .init(identity.description, .array(addresses.map { .string($0.description) }))
        }),
    ]
    let folder = URL(fileURLWithPath: Self.path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try? Data(json.serialized()).write(to: URL(fileURLWithPath: Self.path), options: .atomic)
  }
}

// What pdb remembers of the clusters that it met, so that a dead node does not hide the living ones.

import Foundation
import PDBKit

/// `$XDG_STATE_HOME/pdb/places.json`: the members of each cluster by its identity, by which addresses
/// it was met, and which cluster answered at the standard address last. Losing the file loses only
/// speed.
struct PlaceMemory: Equatable {
  /// The cluster that answered at the standard address last.
  private(set) var standard: ClusterIdentity?
  /// The cluster that was changed at the standard address last.
  private var changed: ClusterIdentity?
  private var members: [ClusterIdentity: [NodeAddress]] = [:]
  /// By which addresses each cluster was met: they may be other ones than its members know.
  private var met: [ClusterIdentity: [NodeAddress]] = [:]

  private static var path: String { UserEnvironment.stateFolder + "/places.json" }

  static func load() -> PlaceMemory {
    var memory = PlaceMemory()
    guard let data = FileManager.default.contents(atPath: path),
      let json = try? JSON(parsing: data)
    else { return memory }
    memory.standard = json["standard"]?.string.flatMap(ClusterIdentity.init(parsing:))
    memory.changed = json["changed"]?.string.flatMap(ClusterIdentity.init(parsing:))
    memory.members = addresses(json["clusters"])
    memory.met = addresses(json["met"])
    return memory
  }

  private static func addresses(_ json: JSON?) -> [ClusterIdentity: [NodeAddress]] {
    var all: [ClusterIdentity: [NodeAddress]] = [:]
    for member in json?.members ?? [] {
      guard let identity = ClusterIdentity(parsing: member.name) else { continue }
      all[identity] = (member.value.array ?? []).compactMap { address in
        address.string.flatMap { try? NodeAddress(parsing: $0) }
      }
    }
    return all
  }

  private static func json(_ addresses: [ClusterIdentity: [NodeAddress]]) -> JSON {
    .object(
      addresses.sorted { $0.key.description < $1.key.description }.map { identity, addresses in
        .init(identity.description, .array(addresses.map { .string($0.description) }))
      })
  }

  /// Where the members of a cluster are, its last known leader first; empty if it is not known.
  func members(of identity: ClusterIdentity) -> [NodeAddress] { members[identity] ?? [] }

  /// Whether a cluster was met at these addresses, as far as its members do not have them.
  func knows(_ addresses: [NodeAddress], of identity: ClusterIdentity) -> Bool {
    Set(addresses).isSubset(of: members(of: identity) + (met[identity] ?? []))
  }

  mutating func remember(
    _ identity: ClusterIdentity, members: [NodeAddress], metAt addresses: [NodeAddress],
    isStandard: Bool
  ) {
    if isStandard { standard = identity }
    // An address belongs to the cluster that answered there last.
    func leave(_ lists: inout [ClusterIdentity: [NodeAddress]], _ taken: [NodeAddress]) {
      for (other, known) in lists where other != identity {
        let rest = known.filter { !taken.contains($0) }
        lists[other] = rest.isEmpty ? nil : rest
      }
    }
    leave(&self.members, members)
    leave(&met, addresses)
    self.members[identity] = members
    let known = met[identity] ?? []
    let new = addresses.filter { !known.contains($0) && !members.contains($0) }
    if !new.isEmpty { met[identity] = known + new }
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
      "clusters": Self.json(members), "met": Self.json(met),
    ]
    let folder = URL(fileURLWithPath: Self.path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try? Data(json.serialized()).write(to: URL(fileURLWithPath: Self.path), options: .atomic)
  }
}

// The clusters that pdb met before, so that a dead node does not hide the living ones.

import Foundation
import PDBKit

/// `$XDG_STATE_HOME/pdb/clusters.json`: members per cluster id, and which was used last.
/// Losing the file loses only speed.
struct RememberedClusters {
  private(set) var last: String?
  private var members: [String: [NodeAddress]] = [:]

  static var path: String {
    let environment = ProcessInfo.processInfo.environment
    let base =
      environment["XDG_STATE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
      ?? Person.home + "/.local/state"
    return base + "/pdb/clusters.json"
  }

  static func load() -> RememberedClusters {
    var remembered = RememberedClusters()
    guard let data = FileManager.default.contents(atPath: path),
      let json = try? JSON(parsing: data)
    else { return remembered }
    remembered.last = json["last"]?.string
    for member in json["clusters"]?.members ?? [] {
      remembered.members[member.name] = (member.value.array ?? []).compactMap { address in
        address.string.flatMap { try? NodeAddress(parsing: $0) }
      }
    }
    return remembered
  }

  /// The addresses of a cluster, its last known leader first.
  func addresses(of cluster: String) -> [NodeAddress] { members[cluster] ?? [] }

  func cluster(with address: NodeAddress) -> String? {
    members.first { $0.value.contains(address) }?.key
  }

  mutating func remember(_ cluster: String, _ addresses: [NodeAddress]) {
    last = cluster
    // An address belongs to the cluster that answered there last.
    for (other, known) in members where other != cluster {
      let rest = known.filter { !addresses.contains($0) }
      members[other] = rest.isEmpty ? nil : rest
    }
    members[cluster] = addresses
  }

  /// Writes the file, whole or not at all. Failing is no reason to fail the command.
  func save() {
    let json: JSON = [
      "last": JSON(last),
      "clusters": .object(
        members.sorted { $0.key < $1.key }.map { cluster, addresses in
          .init(cluster, .array(addresses.map { .string($0.description) }))
        }),
    ]
    let folder = URL(fileURLWithPath: Self.path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try? Data(json.serialized()).write(to: URL(fileURLWithPath: Self.path), options: .atomic)
  }
}

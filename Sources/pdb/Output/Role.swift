// What a node is in its cluster, in words.

enum Role {
  /// - Parameter name: as a node's status has it.
  /// - Returns: an English word; people read its translation.
  static func words(_ name: String) -> String { name == "preCandidate" ? "candidate" : name }
}

// Which files of a data directory are a node's.
//
// As a rule its port names them. A database that was made without a server, or that is the only one
// there, is served on any port: its address changes then, as an entry of its log, and its files keep
// their names.

import PDBCoordinator
import PDBModel
import PDBStorage
import Raft

/// Finds the files of a node that starts, and gives them its address.
struct OwnFiles {
  let configuration: NodeConfiguration

  private var path: String { configuration.dataDirectory }
  private var port: Int { configuration.address.port }

  /// Whether the node begins anew with others: then no files but those with its name can be its own.
  private var isNewMember: Bool {
    configuration.cluster != nil || configuration.join != nil || configuration.invitation != nil
  }

  /// The directory with the files of the node locked, whether there are some or not.
  func directory() throws -> DataDirectory {
    let names = NodeFiles.nodes(in: path)
    for name in names.contains(port) ? [] : names {
      // One that runs is another node.
      let directory: DataDirectory
      do {
        directory = try DataDirectory(existing: path, port: name, isPatient: true)
      } catch let error as PDBError where error.code == .dataInUse { continue }
      if try isOwn(directory, isOnly: names.count == 1) { return directory }
      directory.unlock()
    }
    return try DataDirectory(path: path, port: port)
  }

  private func isOwn(_ directory: DataDirectory, isOnly: Bool) throws -> Bool {
    guard let contents = try directory.openLog().load() else { return false }
    if contents.address == configuration.reachableAddress { return true }
    return isOnly && !isNewMember && contents.isAlone
  }

  /// Gives the files of a node that is alone the address where it is reached now.
  ///
  /// - Returns: what the log holds then.
  func readdress(_ log: LogStore, _ contents: LogContents) throws -> LogContents {
    let address = configuration.reachableAddress
    guard contents.isAlone, contents.address != address,
      let known = contents.membership[contents.identity.node]
    else { return contents }
    let member = Member(
      id: known.id, address: address.description, rank: UInt32(address.port), role: known.role)
    // As a leader of a new term, elected by itself.
    let term = contents.hardState.term + 1
    var batch = Persist(number: 1)
    batch.hardState = HardState(term: term, vote: contents.identity.node)
    batch.entries = [
      Entry(
        index: contents.lastIndex + 1, term: term,
        payload: .membership(Membership([member], removed: contents.membership.removed)))
    ]
    try log.append([batch])
    return try log.load() ?? contents
  }
}

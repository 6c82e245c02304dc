// How far a member has come, as it is written into the log and the peer wire: term, index.

package import PDBModel
package import Raft

extension BinaryWriter {
  package mutating func write(_ reach: Reach) {
    write(reach.term)
    write(reach.index)
  }
}

extension BinaryReader {
  package mutating func readReach() throws -> Reach {
    Reach(term: try readCounter(), index: try readCounter())
  }
}

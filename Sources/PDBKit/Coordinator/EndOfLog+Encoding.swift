// How the end of a log is written into the log and the peer wire: term, index.

package import PDBModel
package import Raft

extension BinaryWriter {
  package mutating func write(_ end: EndOfLog) {
    write(end.term)
    write(end.index)
  }
}

extension BinaryReader {
  package mutating func readEndOfLog() throws -> EndOfLog {
    EndOfLog(term: try readCounter(), index: try readCounter())
  }
}

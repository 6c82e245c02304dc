// How pairs that are set together are written: into operations, and into the parts of an import.
//
//   [key value]

extension BinaryWriter {
  mutating func write(_ pairs: [NewPair]) {
    write(list: pairs) { writer, pair in
      writer.write(pair.key)
      writer.write(pair.value)
    }
  }
}

extension BinaryReader {
  mutating func readNewPairs() throws -> [NewPair] {
    try readList { NewPair(key: try $0.readBytes(), value: try $0.readBytes()) }
  }
}

// What an operator is told when a disk fails.

import Foundation
import GRDB
import Testing

@testable import PDBModel
@testable import PDBStorage

@Suite struct DiskFailureTests {
  @Test func `a disk that fails is told from one that is full, and from everything else`() {
    let failed = DiskFailure(operation: "sync", file: "node_1.log-1", code: EIO)
    #expect(PDBError(ofFiles: failed)?.code == .diskFailed)
    #expect(PDBError(ofFiles: failed)?.message.contains("cannot sync 'node_1.log-1'") == true)
    let full = DiskFailure(operation: "write", file: "node_1.log-1", code: ENOSPC)
    #expect(PDBError(ofFiles: full)?.code == .diskFull)
    #expect(PDBError(ofFiles: DatabaseError(resultCode: .SQLITE_FULL))?.code == .diskFull)
    #expect(PDBError(ofFiles: DatabaseError(resultCode: .SQLITE_IOERR))?.code == .diskFailed)
    #expect(PDBError(ofFiles: CancellationError()) == nil)
  }
}

// Which exit code follows from which failure.

import PDBKit
import Testing

@testable import pdb

@Suite struct ExitStatusTests {
  /// Swift Testing has a type of that name, too.
  typealias ExitStatus = pdb.ExitStatus

  @Test func `every code of a failure has an exit status that the manual explains`() {
    for code in PDBError.Code.known {
      let status = ExitStatus(PDBError(code, "m", outcome: .notApplied))
      #expect(status.rawValue == code.meaning?.exitStatus, "\(code.rawValue)")
      #expect(status != .done && !status.summary.isEmpty)
    }
  }

  @Test(arguments: [
    (PDBError.Outcome.unknown, ExitStatus.outcomeUnknown), (.notApplied, .wrongCluster),
    (.applied, .wrongCluster),
  ])
  func `for a code from a newer build the outcome decides`(
    outcome: PDBError.Outcome, status: ExitStatus
  ) {
    let error = PDBError(.init(rawValue: "from_2030"), "m", outcome: outcome)
    #expect(ExitStatus(error) == status)
  }
}

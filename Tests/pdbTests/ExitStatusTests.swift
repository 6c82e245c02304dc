// Which exit code follows from which failure.

import PDBKit
import Testing

@testable import pdb

@Suite struct ExitStatusTests {
  /// Swift Testing has a type of that name, too.
  typealias ExitStatus = pdb.ExitStatus

  @Test func `every code of a failure has one exit code, on purpose`() {
    let mapped = ExitStatus.codes.values.flatMap { $0 }
    #expect(Set(mapped) == Set(PDBError.Code.known))
    #expect(mapped.count == PDBError.Code.known.count)
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

// Failures: their codes, and what becomes of one that a newer build made.

import Foundation
import Testing

@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBServer
@testable import PDBStore

@Suite struct PDBErrorTests {
  @Test func `a code that this build does not know is kept, and so is the outcome`() throws {
    let text = #"{"error":"from_2030","message":"m","outcome":"not_applied","hint":"h","more":1}"#
    let error = try #require(PDBError(json: JSON(parsing: text.utf8)))
    #expect(error.code == PDBError.Code(rawValue: "from_2030"))
    #expect(error.message == "m" && error.outcome == .notApplied && error.hint == "h")
    #expect(error.json.text == text)
  }

  @Test func `an answer with an unknown code can be remembered in the state`() throws {
    let error = PDBError(.init(rawValue: "from_2030"), "m", outcome: .notApplied)
    guard case .failure(let read) = try Decision(decoding: Decision.failure(error).encoded()) else {
      Issue.record("not refused")
      return
    }
    #expect(read.code.rawValue == "from_2030" && read.outcome == .notApplied)
  }

  @Test func `every code is listed, in the order of its declaration`() throws {
    let source = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Sources/PDBKit/Model/PDBError.swift")
    let declared = try String(contentsOf: source, encoding: .utf8)
      .matches(of: /static let `?\w+`? = Self\("(\w+)"\)/).map { String($0.output.1) }
    #expect(PDBError.Code.known.map(\.rawValue) == declared)
    #expect(Set(declared).count == declared.count)
  }

  @Test func `a code stands in the table once`() {
    #expect(Set(PDBError.Code.known).count == PDBError.Code.table.count)
  }
}

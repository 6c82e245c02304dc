// The controls of a lab: what commands and the page ask of it, and the file by which commands find them.

import Foundation
import PDBKit

/// `lab.json` in the folder of a lab's nodes says where its controls are, for commands of the same user.
enum LabControl {
  private static func path(in folder: String) -> String { "\(folder)/lab.json" }

  /// - Throws: `no_input` if no lab runs there.
  static func find(in folder: String) throws -> ControlClient {
    guard let data = FileManager.default.contents(atPath: path(in: folder)),
      let json = try? JSON(parsing: Bytes(data)), let url = json["url"]?.string,
      let token = json["token"]?.string
    else {
      throw PDBError(
        .noInput, "no lab runs in '\(folder)'",
        hint: "'pdb lab up' starts one; --data-dir names the folder of its nodes")
    }
    return ControlClient(url: url, token: token)
  }

  /// - Throws: `data_directory` if it cannot be written.
  static func keep(_ client: ControlClient, in folder: String) throws {
    let json: JSON = ["url": .string(client.url), "token": .string(client.token)]
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try SecretFile.write(json.text, to: path(in: folder))
  }

  /// Whether a lab runs there.
  static func exists(in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: path(in: folder))
  }

  static func forget(in folder: String) {
    try? FileManager.default.removeItem(atPath: path(in: folder))
  }

  /// The page of a node with these controls. What stands behind `#` is sent to no server.
  static func page(of node: NodeAddress, _ client: ControlClient) -> String {
    "\(node.url)/#lab=\(client.url.split(separator: ":").last ?? "").\(client.token)"
  }
}

extension Lab {
  /// Carries out what a client of the controls asks for.
  ///
  /// - Returns: what runs and what is broken then.
  func obey(_ verb: String, _ body: JSON) async throws -> JSON {
    func number(_ name: String, within range: ClosedRange<Int> = 0...65_535) throws -> Int {
      guard let number = body[name]?.int64, range.contains(Int(number)) else {
        throw PDBError(
          .badRequest, "'\(name)' must be from \(range.lowerBound) to \(range.upperBound)")
      }
      return Int(number)
    }
    switch verb {
    case "": break
    case "kill": try signal(try number("node"), SIGKILL)
    case "pause": try signal(try number("node"), SIGSTOP)
    case "resume": try signal(try number("node"), SIGCONT)
    case "start": try await start(try number("node"))
    case "cut":
      try cut(
        try number("from"), try number("to"), oneWay: body["one_way"]?.bool ?? false)
    case "heal":
      if body["from"] == nil {
        try healAll()
      } else {
        try heal(try number("from"), try number("to"))
      }
    case "slow":
      try slow(try number("node"), milliseconds: try number("milliseconds", within: 0...60_000))
    case "fill": try fill(try number("node"), isFull: body["full"]?.bool ?? true)
    case "flip":
      try await flip(try number("node"), body["log"]?.bool == true ? .log : .state)
    case "skew":
      let decade = 315_360_000_000
      try skew(
        try number("node"),
        milliseconds: Int64(try number("milliseconds", within: -decade...decade)))
    default:
      throw PDBError(
        .notFound, "the lab knows no '\(verb)'",
        hint: "kill, start, pause, resume, cut, heal, slow, fill, flip, skew")
    }
    return report
  }
}

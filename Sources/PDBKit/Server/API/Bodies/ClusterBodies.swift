// What clients send about the cluster, its members and its settings.

import PDBCluster
import PDBModel

/// `{"address"}`
struct NewMemberBody: JSONBody {
  let address: NodeAddress

  static let shape = BodyShape(
    "JoiningNode",
    .address(
      else: PDBError(.badRequest, "'address' is missing", hint: "{\"address\":\"host:port\"}"))
  ) { Self(address: $0) }
}

/// `{"invitation","address"}`
struct AdmissionBody: JSONBody {
  let invitation: Invitation
  let address: NodeAddress

  private static let complaint = PDBError(.badRequest, "'invitation' or 'address' is missing")

  static let shape = BodyShape(
    "InvitedNode",
    Field("invitation", .string, else: complaint) {
      try $0.string.map { try Invitation(parsing: $0) }
    },
    .address(else: complaint)
  ) { Self(invitation: $0, address: $1) }
}

/// `{"seconds"}`, or `{}` for an hour
struct InviteBody: JSONBody {
  let seconds: Int64

  private static let most: Int64 = 7 * 86_400

  static let shape = BodyShape(
    "Invite",
    Field<Int64?>.optional(
      "seconds", .integer(1, most).about("For how long it holds; an hour if it is missing"),
      else: PDBError(.badRequest, "'seconds' must be from 1 to \(most), a week")
    ) { json in json.whole().flatMap { (1...most).contains($0) ? $0 : nil } }
  ) { Self(seconds: $0 ?? 3600) }
}

/// `{}`: what a form of a page cannot send.
struct StopBody: JSONBody {
  static let shape = BodyShape("Stop") { Self() }
}

/// `{"to"}`, an id or address, or `{}`
struct TransferBody: JSONBody {
  let target: String?

  static let shape = BodyShape(
    "Transfer",
    Field<String?>(
      [.optional("to", Schema.string.nullable.about("A member's id or address; any if missing"))]
    ) { body in
      guard let target = body["to"], !target.isNull else { return nil }
      guard let name = target.string else {
        throw PDBError(.badRequest, "'to' must be the id or address of a member")
      }
      return name
    }
  ) { Self(target: $0) }
}

/// `{"index"}`
struct SkipBody: JSONBody {
  let index: UInt64

  static let shape = BodyShape(
    "Skip",
    Field(
      "index", .unsigned,
      else: PDBError(.badRequest, "'index' is missing", hint: "{\"index\":12}")
    ) { $0.whole() }
  ) { Self(index: $0) }
}

/// `{"value"}`: text, or a number where that is all there is to it.
struct SettingValueBody: JSONBody {
  let value: String

  private static let hint = "send {\"value\":\"30d\"}"

  static let shape = BodyShape(
    "SettingValue",
    Field(
      "value",
      .any(of: [.string, .unsigned]).about(
        Setting.allCases.map { "\($0.name): \($0.form)" }.joined(separator: "; ")),
      else: PDBError(.badRequest, "'value' is missing", hint: hint)
    ) { json in
      switch json {
      case .string(let text): text
      case .number(let digits): digits
      default: nil
      }
    }, others: UnknownMember(hint: hint)
  ) { Self(value: $0) }
}

extension Field<NodeAddress> {
  /// That it is malformed is no fault of the node's configuration.
  fileprivate static func address(else complaint: PDBError) -> Self {
    Field(
      "address", .address.about("host:port, an IPv6 host in brackets"),
      else: complaint
    ) { json in
      guard let text = json.string else { return nil }
      do { return try NodeAddress(parsing: text) } catch let error as PDBError {
        throw PDBError(.badRequest, error.message, hint: error.hint)
      }
    }
  }
}

extension Schema {
  /// What ``NodeAddress`` takes.
  fileprivate static let address = string(pattern: "^(https?://)?(\(host):)?0*(\(port))/?$")
  private static let host = #"(\[[A-Za-z0-9._:-]+\]|[A-Za-z0-9._-]+)"#
  /// 1 to 65535.
  private static let port =
    "6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}"
}

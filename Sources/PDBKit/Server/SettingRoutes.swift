// The settings of the cluster over HTTP.

import Foundation
import HTTPTypes
import Hummingbird
import PDBModel
import PDBStore

extension Endpoint {
  static let settings: [Endpoint] = [
    Endpoint(.get, "/cluster/settings", "The settings of the cluster", query: ["consistency"]) {
      exchange in
      let read = try await exchange.store.settings(at: exchange.moment())
      return try exchange.answer(Response(json: read.value.json), readAt: read.revision)
    },
    Endpoint(.put, "/cluster/settings/:name", "Changes a setting: {\"value\":\"30d\"}") {
      exchange in
      try await exchange.setSetting(to: exchange.settingValue())
    },
    Endpoint(.delete, "/cluster/settings/:name", "Gives a setting its default again") {
      try await $0.setSetting(to: nil)
    },
  ]
}

extension Exchange {
  /// The value in the body: text, or a number where that is all there is to it.
  fileprivate func settingValue() throws -> String {
    let object = try object()
    for member in object.members ?? [] where member.name != "value" {
      throw PDBError(
        .badRequest, "'\(member.name.escapingControlCharacters)' means nothing here",
        hint: "send {\"value\":\"30d\"}")
    }
    switch object["value"] {
    case .string(let text): return text
    case .number(let digits): return digits
    default: throw PDBError(.badRequest, "'value' is missing", hint: "send {\"value\":\"30d\"}")
    }
  }

  /// - Parameter value: `nil` for the default.
  fileprivate func setSetting(to value: String?) async throws -> Response {
    let setting = try Setting(named: parameter?.removingPercentEncoding ?? "")
    var settings = Settings()
    try settings.set(setting, to: value)
    return try await apply(.setSetting(setting, value: value), verb: "change settings") { answer in
      let members = settings.json(of: setting).members ?? []
      return Response(json: .object(members + [.init("count", JSON(answer.count))]))
    }
  }
}

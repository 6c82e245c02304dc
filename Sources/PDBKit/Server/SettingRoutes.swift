// The settings of the cluster over HTTP.

import Foundation
import HTTPTypes
import Hummingbird
import PDBModel
import PDBStore

extension Endpoint {
  static let settings: [Endpoint] = [
    Endpoint(
      .get, "/cluster/settings", "The settings of the cluster", id: "getSettings", .read,
      answers: .json(.settings, "All of them")
    ) { exchange in
      let read = try await exchange.store.settings(at: exchange.moment())
      return try exchange.answer(Response(json: read.value.json), readAt: read.revision)
    },
    Endpoint(
      .put, "/cluster/settings/:name", "Changes a setting: {\"value\":\"30d\"}", id: "setSetting",
      .change, at: Path.setting, body: SettingValueBody.self,
      answers: .json(.changedSetting, "The setting after it")
    ) {
      try await $0.setSetting(to: $1.value)
    },
    Endpoint(
      .delete, "/cluster/settings/:name", "Gives a setting its default again", id: "unsetSetting",
      .change, at: Path.setting, answers: .json(.changedSetting, "The setting after it")
    ) {
      try await $0.setSetting(to: nil)
    },
  ]
}

extension Exchange {
  /// - Parameter value: `nil` for the default.
  fileprivate func setSetting(to value: String?) async throws -> Response {
    let setting = try readPath(Path.setting)
    var settings = Settings()
    try settings.set(setting, to: value)
    return try await apply(.setSetting(setting, value: value), verb: "change settings") { answer in
      let members = settings.json(of: setting).members ?? []
      return Response(json: .object(members + [.init("count", JSON(answer.count))]))
    }
  }
}

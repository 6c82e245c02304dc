// The settings of a cluster as JSON: the form of `/cluster/settings` and with `--json`.

public import PDBModel

extension Settings {
  /// `{"settings":[{"name","value","default","is_default"},...]}`, all of them.
  public var json: JSON { ["settings": .array(Setting.allCases.map { json(of: $0) })] }

  /// `{"name","value","default","is_default"}`.
  public func json(of setting: Setting) -> JSON {
    [
      "name": .string(setting.name), "value": .string(self[setting]),
      "default": .string(setting.defaultValue), "is_default": .bool(isDefault(setting)),
    ]
  }

  /// The settings of such an object; those that this build does not know are left out. `nil` if there is
  /// no list of them.
  public init?(json: JSON) {
    guard let items = json["settings"]?.array else { return nil }
    self.init()
    for item in items {
      guard let name = item["name"]?.string, let value = item["value"]?.string,
        let setting = Setting(rawValue: name)
      else { continue }
      try? set(setting, to: value)
    }
  }
}

extension SettingChange {
  /// `{"name","before","after"}`.
  public var json: JSON {
    ["name": .string(setting.name), "before": .string(before), "after": .string(after)]
  }

  /// The change of such an object; `nil` if a member is missing, or for a setting that this build does not
  /// know.
  public init?(json: JSON) {
    guard let setting = json["name"]?.string.flatMap(Setting.init(rawValue:)),
      let before = json["before"]?.string, let after = json["after"]?.string
    else { return nil }
    self.init(setting, before: before, after: after)
  }
}

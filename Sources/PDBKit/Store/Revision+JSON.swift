// The history as JSON: the form of `/log`, of `/events` and with `--json`.

public import PDBModel

extension Revision {
  /// `{"revision","time","author","operation","undoes","term","request","count","changes"}`; `null`
  /// where there is nothing. One that changed settings has `"settings"` too.
  public var json: JSON {
    let members: [JSON.Member] = [
      .init("revision", JSON(number)),
      .init("time", .string(time.description)),
      .init("author", .string(author)),
      .init("operation", .string(operation)),
      .init("undoes", undoes.map { JSON($0) } ?? .null),
      .init("term", JSON(term)),
      .init("request", JSON(request)),
      .init("count", JSON(count)),
      .init("changes", .array(changes.map(\.json))),
    ]
    guard !settings.isEmpty else { return .object(members) }
    return .object(members + [.init("settings", .array(settings.map(\.json)))])
  }

  /// The revision of such an object; `nil` if number, operation or time is missing.
  public init?(json: JSON) {
    guard let number = json["revision"]?.uint64, let operation = json["operation"]?.string,
      let time = json["time"]?.string.flatMap(Timestamp.init(parsing:))
    else { return nil }
    let changes = (json["changes"]?.array ?? []).compactMap(KeyChange.init)
    self.init(
      number: number, time: time, author: json["author"]?.string ?? "", operation: operation,
      undoes: json["undoes"]?.uint64, term: json["term"]?.uint64 ?? 0,
      request: json["request"]?.string,
      count: json["count"]?.int64.map { Int($0) } ?? changes.count, changes: changes,
      settings: (json["settings"]?.array ?? []).compactMap(SettingChange.init))
  }
}

extension Revision.KeyChange {
  /// `{"key","before","after"}`; `null` where there was or is nothing.
  public var json: JSON {
    .object(
      key.jsonMembers + [
        .init("before", JSON(stored: before)), .init("after", JSON(stored: after)),
      ])
  }

  package init?(json: JSON) {
    guard let key = Bytes(keyIn: json) else { return nil }
    self.init(key: key, before: json["before"]?.storedValue, after: json["after"]?.storedValue)
  }
}

extension HistoryPage {
  /// `{"revisions","revision","compacted","next"}`; `next` is `null` on the last page.
  public var json: JSON {
    [
      "revisions": .array(revisions.map(\.json)), "revision": JSON(revision),
      "compacted": JSON(compacted), "next": next.map { JSON($0) } ?? .null,
    ]
  }

  /// The page of such an object; `nil` if the revisions or the revision of the state are missing.
  public init?(json: JSON) {
    guard let revisions = json["revisions"]?.array, let revision = json["revision"]?.uint64 else {
      return nil
    }
    self.init(
      revisions: revisions.compactMap(Revision.init), revision: revision,
      compacted: json["compacted"]?.uint64 ?? 0, next: json["next"]?.uint64)
  }
}

extension Tag {
  /// `{"name","revision"}`.
  public var json: JSON { ["name": .string(name.text), "revision": JSON(revision)] }

  /// The tag of such an object.
  public init?(json: JSON) {
    guard let name = json["name"]?.string.flatMap({ try? TagName($0) }),
      let revision = json["revision"]?.uint64
    else { return nil }
    self.init(name, revision: revision)
  }
}

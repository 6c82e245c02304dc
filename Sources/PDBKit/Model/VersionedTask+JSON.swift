// Tasks as JSON: the form over HTTP and with `--json`.

extension VersionedTask {
  /// The task's own members and its revision.
  public var json: JSON {
    .object((task.json.members ?? []) + [.init("revision", JSON(revision))])
  }

  public init?(json: JSON) {
    guard let task = TaskItem(json: json) else { return nil }
    self.init(task: task, revision: json["revision"]?.uint64 ?? 0)
  }
}

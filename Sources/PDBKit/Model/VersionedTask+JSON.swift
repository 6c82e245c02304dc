// Tasks as JSON: the form over HTTP and with `--json`.

extension VersionedTask {
  /// The task's own members and its revision.
  public var json: JSON {
    .object((task.json.members ?? []) + [.init("revision", JSON(revision))])
  }

  /// The task of such an object; without a revision it is 0. `nil` if it is no task.
  public init?(json: JSON) {
    guard let task = TaskItem(json: json) else { return nil }
    self.init(task: task, revision: json["revision"]?.uint64 ?? 0)
  }
}

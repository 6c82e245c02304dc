// What clients send about tasks.

import PDBModel
import PDBStore

/// `{"title"}`, and any of the fields of a task
struct NewTaskBody: JSONBody {
  let title: Title
  let fields: TaskFields

  static let shape = BodyShape(
    "NewTask",
    Field(
      "title", .title, else: PDBError(.titleRequired, "'title' is missing or not a string")
    ) { try $0.string.map { try Title($0) } }, .taskFields
  ) { Self(title: $0, fields: $1) }
}

/// `{"titles":[...]}`, and any of the fields of a task for all of them
struct NewTasksBody: JSONBody {
  let titles: [Title]
  let fields: TaskFields

  static let shape = BodyShape(
    "NewTasks",
    Field(
      "titles", .array(of: .title, least: 1, most: Limits.batchCount),
      else: PDBError(.titleRequired, "'titles' must be a list with at least one title")
    ) { json in
      let titles = try json.array?.map { title in
        guard let text = title.string else {
          throw PDBError(.badRequest, "'titles' must be a list of strings")
        }
        return try Title(text)
      }
      return titles?.isEmpty == true ? nil : titles
    }, .taskFields
  ) { Self(titles: $0, fields: $1) }
}

/// Any of `{"title","completed"}` and of the fields of a task
struct TaskEditBody: JSONBody {
  let edit: TaskEdit

  static let shape = BodyShape(
    "TaskEdit",
    Field<TaskEdit>(
      [.optional("title", .title), .optional("completed", .boolean)]
        + Field<TaskFields>.taskFields.members
    ) { json in
      let edit = try TaskEdit(members: json)
      guard edit != TaskEdit() else {
        throw PDBError(
          .badRequest, "nothing to change: send 'title', 'completed', or a field of the task")
      }
      return edit
    }
  ) { Self(edit: $0) }
}

extension Field<TaskFields> {
  static let taskFields = Field([
    .optional("due", Schema.due.nullable.about("Until when it is to be done")),
    .optional("priority", Schema.choice(TaskPriority.allCases.map(\.rawValue)).nullable),
    .optional(
      "tags", Schema.array(of: .word, most: Limits.tagsOfTask).nullable.about("Words")),
    .optional("project", Schema.string.nullable.about("What it is a part of")),
    .optional("notes", Schema.string.nullable),
  ]) { try TaskFields(json: $0) }
}

extension Schema {
  /// RFC 3339, section 5.6: a day, or a moment with its offset.
  fileprivate static let due = string(
    pattern: #"^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))?$"#)
  fileprivate static let word = string(pattern: #"^[^\s,\u0000-\u001f\u007f-\u009f]+$"#)

  /// What ``Title`` takes: something to see, and no control characters but at the ends.
  static let title = string(
    pattern: #"^\s*[^\s\#(controls)]([^\#(controls)]*[^\s\#(controls)])?\s*$"#
  ).about(
    "\(Limits.titleBytes) bytes of UTF-8 at most without blanks at the ends, and neither U+2028 nor U+2029 in it"
  )

  private static let controls = #"\u0000-\u001f\u007f-\u009f"#
}

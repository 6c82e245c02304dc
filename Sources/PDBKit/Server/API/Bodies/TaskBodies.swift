// What clients send about tasks.

import PDBModel

/// `{"title"}`
struct NewTaskBody: JSONBody {
  let title: Title

  static let shape = BodyShape(
    "NewTask",
    Field(
      "title", .title, else: PDBError(.titleRequired, "'title' is missing or not a string")
    ) { try $0.string.map { try Title($0) } }
  ) { Self(title: $0) }
}

/// `{"titles":[...]}`
struct NewTasksBody: JSONBody {
  let titles: [Title]

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
    }
  ) { Self(titles: $0) }
}

/// Any of `{"title","completed"}`
struct TaskEditBody: JSONBody {
  let edit: TaskEdit

  static let shape = BodyShape(
    "TaskEdit",
    Field<Title?>.optional(
      "title", .title, else: PDBError(.badRequest, "'title' must be a string")
    ) { try $0.string.map { try Title($0) } },
    Field<Bool?>.optional(
      "completed", .boolean, else: PDBError(.badRequest, "'completed' must be true or false")
    ) { $0.bool },
    oneOf: [.init("title", else: .required("completed", .boolean))]
  ) { title, completed in
    var edit = TaskEdit()
    edit.title = title?.text
    edit.completed = completed
    guard edit != TaskEdit() else {
      throw PDBError(.badRequest, "nothing to change: send 'title' or 'completed'")
    }
    return Self(edit: edit)
  }
}

extension Schema {
  /// What ``Title`` takes: something to see, and no control characters but at the ends.
  static let title = string(
    pattern: #"^\s*[^\s\#(controls)]([^\#(controls)]*[^\s\#(controls)])?\s*$"#
  ).about(
    "\(Limits.titleBytes) bytes of UTF-8 at most without blanks at the ends, and neither U+2028 nor U+2029 in it"
  )

  private static let controls = #"\u0000-\u001f\u007f-\u009f"#
}

// Tasks over HTTP.

import Foundation
import HTTPTypes
import Hummingbird
import PDBModel
import PDBStore

extension Endpoint {
  static let tasks: [Endpoint] = [
    Endpoint(
      .get, "/tasks", "All tasks, newest first; ?status=active|completed, ?q=, ?limit=, ?after=",
      query: ["status", "q", "limit", "after", "consistency"],
      answerBytes: StreamedPiece.listBytes
    ) { try await $0.listTasks() },
    Endpoint(.post, "/tasks", "Adds a task: {\"title\"}") { exchange in
      let title = try Title(exchange.object().text("title", .titleRequired))
      return try await exchange.apply(.addTasks([title]), verb: "create tasks") { answer in
        let added = answer.tasks[0]
        var response = added.response
        response.status = .created
        response.headers[.location] = "/tasks/\(added.task.id)"
        return response
      }
    },
    Endpoint(.post, "/tasks/batch", "Adds several tasks as one change: {\"titles\":[...]}") {
      exchange in
      let titles = try exchange.object()["titles"]?.array?.map { title in
        guard let text = title.string else {
          throw PDBError(.badRequest, "'titles' must be a list of strings")
        }
        return try Title(text)
      }
      guard let titles, !titles.isEmpty else {
        throw PDBError(.titleRequired, "'titles' must be a list with at least one title")
      }
      return try await exchange.apply(.addTasks(titles), verb: "create tasks") { answer in
        let added = answer.tasks
        return Response(
          json: ["tasks": .array(added.map(\.json)), "revision": JSON(added[0].revision)],
          status: .created)
      }
    },
    Endpoint(
      .delete, "/tasks", "Removes all completed tasks as one change: ?status=completed",
      query: ["status"]
    ) { exchange in
      guard exchange.query("status") == "completed" else {
        throw PDBError(
          .badRequest, "only completed tasks can be removed together",
          hint: "DELETE /tasks?status=completed")
      }
      return try await exchange.apply(.removeCompletedTasks, verb: "delete tasks") { answer in
        Response(json: ["status": "deleted", "count": JSON(answer.count)])
      }
    },
    Endpoint(
      .get, "/tasks/:id", "One task, by id, number, or the beginning of its id",
      query: ["consistency"]
    ) { try await $0.showTask($0.taskReference()) },
    Endpoint(
      .put, "/tasks/:id", "Changes a task: any of {\"title\",\"completed\"}", takesConditions: true
    ) { try await $0.editTask($0.taskReference()) },
    Endpoint(.delete, "/tasks/:id", "Removes a task", takesConditions: true) {
      try await $0.removeTask($0.taskReference())
    },
    // An id can be anything, even what clients shorten in a path (`..`) or what is another task's
    // number. In the query it is only an id.
    Endpoint(
      .get, "/task", "The task with exactly this id: ?id=", query: ["id", "consistency"]
    ) { try await $0.showTask($0.exactTask()) },
    Endpoint(
      .put, "/task", "Changes the task with exactly this id: ?id=", query: ["id"],
      takesConditions: true
    ) { try await $0.editTask($0.exactTask()) },
    Endpoint(
      .delete, "/task", "Removes the task with exactly this id: ?id=", query: ["id"],
      takesConditions: true
    ) { try await $0.removeTask($0.exactTask()) },
  ]
}

extension Exchange {
  fileprivate func listTasks() async throws -> Response {
    var wanted = TaskQuery()
    switch query("status") {
    case nil, "all": break
    case "active": wanted.isCompleted = false
    case "completed": wanted.isCompleted = true
    case let status?:
      throw PDBError(
        .badRequest, "'status' is 'active', 'completed' or 'all', not '\(status)'")
    }
    wanted.words = query("q") ?? ""
    wanted.limit = try count("limit")
    wanted.after = query("after").map { TaskReference($0) }
    return try await answer(
      with: store.tasks(wanted, at: moment()), .members("tasks")
    ) { $0.json.write(to: &$1) }
  }

  fileprivate func showTask(_ reference: TaskReference) async throws -> Response {
    let read = try await store.task(reference, at: moment())
    return try answer(read.value.response, readAt: read.revision)
  }

  fileprivate func editTask(_ reference: TaskReference) async throws -> Response {
    let object = try object()
    var edit = TaskEdit()
    if let title = object["title"] {
      guard let text = title.string else {
        throw PDBError(.badRequest, "'title' must be a string")
      }
      edit.title = try Title(text).text
    }
    if let completed = object["completed"] {
      guard let value = completed.bool else {
        throw PDBError(.badRequest, "'completed' must be true or false")
      }
      edit.completed = value
    }
    guard edit != TaskEdit() else {
      throw PDBError(.badRequest, "nothing to change: send 'title' or 'completed'")
    }
    return try await apply(.editTask(reference, edit, condition()), verb: "update tasks") {
      $0.tasks[0].response
    }
  }

  fileprivate func removeTask(_ reference: TaskReference) async throws -> Response {
    try await apply(.removeTask(reference, condition()), verb: "delete tasks") { _ in
      Response(json: ["status": "deleted"])
    }
  }
}

extension Exchange {
  fileprivate func taskReference() -> TaskReference {
    TaskReference(parameter?.removingPercentEncoding ?? "")
  }

  fileprivate func exactTask() throws -> TaskReference {
    guard let id = query("id"), !id.isEmpty else {
      throw PDBError(.badRequest, "'id' is missing", hint: "/task?id=ID names one task exactly")
    }
    return .id(id)
  }
}

extension VersionedTask {
  fileprivate var response: Response {
    var response = Response(json: json)
    response.headers.add(.eTag, "\"\(revision)\"")
    return response
  }
}

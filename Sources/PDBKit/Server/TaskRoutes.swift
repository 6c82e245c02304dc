// Tasks over HTTP.

import Foundation
import HTTPTypes
import Hummingbird

extension Endpoint {
  static let tasks: [Endpoint] = [
    Endpoint(
      .get, "/tasks", "All tasks, newest first; ?status=active|completed, ?q=, ?limit=, ?after="
    ) {
      try await listTasks($0)
    },
    Endpoint(.post, "/tasks", "Adds a task: {\"title\"}") { exchange in
      let title = try Title(exchange.object().text("title", .titleRequired))
      return try await exchange.propose(
        .addTasks([.new(title)]), verb: "create tasks"
      ) { answer in
        let added = try answer.tasks()[0]
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
      try Limits.check(count: titles.count, of: "titles")
      return try await exchange.propose(
        .addTasks(titles.map(NewTask.new)), verb: "create tasks"
      ) { answer in
        let added = try answer.tasks()
        return Response(
          json: ["tasks": .array(added.map(\.json)), "revision": JSON(added[0].revision)],
          status: .created)
      }
    },
    Endpoint(.delete, "/tasks", "Removes all completed tasks as one change: ?status=completed") {
      exchange in
      guard exchange.query("status") == "completed" else {
        throw PDBError(
          .badRequest, "only completed tasks can be removed together",
          hint: "DELETE /tasks?status=completed")
      }
      return try await exchange.propose(.removeCompletedTasks, verb: "delete tasks") { answer in
        Response(json: ["status": "deleted", "count": JSON(try answer.removed())])
      }
    },
    Endpoint(.get, "/tasks/:id", "One task, by id, number, or the beginning of its id") {
      exchange in
      let reference = exchange.taskReference()
      return try await exchange.read(.keys) { view, _ in try view.task(reference).response }
    },
    Endpoint(
      .put, "/tasks/:id", "Changes a task: any of {\"title\",\"completed\"}", takesConditions: true
    ) {
      exchange in
      let object = try exchange.object()
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
      return try await exchange.propose(
        .editTask(exchange.taskReference(), edit, exchange.condition()), verb: "update tasks"
      ) { try $0.tasks()[0].response }
    },
    Endpoint(.delete, "/tasks/:id", "Removes a task", takesConditions: true) { exchange in
      try await exchange.propose(
        .removeTask(exchange.taskReference(), exchange.condition()), verb: "delete tasks"
      ) { _ in Response(json: ["status": "deleted"]) }
    },
  ]

  private static func listTasks(_ exchange: Exchange) async throws -> Response {
    let status = exchange.query("status") ?? "all"
    guard ["all", "active", "completed"].contains(status) else {
      throw PDBError(
        .badRequest, "'status' is 'active', 'completed' or 'all', not '\(status)'")
    }
    let words = (exchange.query("q") ?? "").foldedForSearch.split(separator: " ")
    let limit = try exchange.count("limit") ?? .max
    let after = exchange.query("after").map(TaskReference.init)
    return try await exchange.read { view, mark in
      var tasks: [JSON] = []
      // A task that is gone still marks its place by its number.
      let before = try after.map { try UInt64($0.text) ?? view.task($0).task.number }
      if limit > 0 {
        try view.scanTasks(before: before, reversed: true) { versioned in
          let task = versioned.task
          let isWanted = status == "all" || task.completed == (status == "completed")
          if isWanted && (words.isEmpty || task.title.foldedForSearch.containsAll(words)) {
            tasks.append(versioned.json)
          }
          return tasks.count < limit
        }
      }
      return Response(json: ["tasks": .array(tasks), "revision": JSON(mark.revision)])
    }
  }
}

extension NewTask {
  /// The id is drawn here, before the operation is proposed: applying draws nothing.
  fileprivate static func new(_ title: Title) -> NewTask {
    NewTask(id: UUID().uuidString.lowercased(), title: title.text)
  }
}

extension Exchange {
  fileprivate func taskReference() -> TaskReference {
    TaskReference(parameter?.removingPercentEncoding ?? "")
  }
}

extension VersionedTask {
  /// The task's own members and its revision.
  fileprivate var json: JSON {
    .object((task.json.members ?? []) + [.init("revision", JSON(revision))])
  }

  fileprivate var response: Response {
    var response = Response(json: json)
    response.headers.add(.eTag, "\"\(revision)\"")
    return response
  }
}

// Tasks over HTTP.

import Foundation
import HTTPTypes
import Hummingbird
import PDBModel
import PDBStore

extension Endpoint {
  static let tasks: [Endpoint] = [
    Endpoint(
      .get, "/tasks",
      "All tasks, newest first; ?status=active|completed, ?q=, ?tag=, ?project=, ?priority=, ?due=",
      id: "listTasks", .read,
      query: [
        Query.status, Query.words, Query.tags, Query.project, Query.priority, Query.due,
        Query.limit, Query.afterTask,
      ],
      answerBytes: StreamedPiece.listBytes, answers: .json(.taskList, "The tasks"),
      failures: [.taskNotFound, .ambiguousTask]
    ) { try await $0.listTasks() },
    Endpoint(
      .post, "/tasks",
      "Adds a task: {\"title\"}, and any of {\"due\",\"priority\",\"tags\",\"project\",\"notes\"}",
      id: "addTask", .change, body: NewTaskBody.self,
      answers: .tagged(.task, "The new task", status: 201, [.location]),
      failures: [.titleRequired, .invalidTitle]
    ) { exchange, new in
      try await exchange.apply(.addTasks([new.title], new.fields), verb: "create tasks") { answer in
        let added = answer.tasks[0]
        var response = added.response
        response.status = .created
        response.headers[.location] = "/tasks/\(added.task.id)"
        return response
      }
    },
    Endpoint(
      .post, "/tasks/batch", "Adds several tasks as one change: {\"titles\":[...]}", id: "addTasks",
      .change, body: NewTasksBody.self, answers: .json(.taskList, "The new tasks", status: 201),
      failures: [.titleRequired, .invalidTitle]
    ) { exchange, new in
      try await exchange.apply(.addTasks(new.titles, new.fields), verb: "create tasks") { answer in
        let added = answer.tasks
        return Response(
          json: ["tasks": .array(added.map(\.json)), "revision": JSON(added[0].revision)],
          status: .created)
      }
    },
    Endpoint(
      .delete, "/tasks", "Removes all completed tasks as one change: ?status=completed",
      id: "removeCompletedTasks", .change, query: [Query.completed],
      answers: .json(.removedCount, "How many there were")
    ) { exchange in
      guard try exchange.read(Query.completed) == "completed" else {
        throw PDBError(
          .badRequest, "only completed tasks can be removed together",
          hint: "DELETE /tasks?status=completed")
      }
      return try await exchange.apply(.removeCompletedTasks, verb: "delete tasks") { answer in
        Response(json: ["status": "deleted", "count": JSON(answer.count)])
      }
    },
    Endpoint(
      .get, "/tasks/:id", "One task, by id, number, or the beginning of its id", id: "getTask",
      .read, at: Path.task, answers: .tagged(.task, "The task"),
      failures: [.taskNotFound, .ambiguousTask]
    ) { try await $0.showTask($0.readPath(Path.task)) },
    Endpoint(
      .put, "/tasks/:id",
      "Changes a task: any of {\"title\",\"completed\",\"due\",\"priority\",\"tags\",...}",
      id: "editTask",
      .conditionalChange, at: Path.task, body: TaskEditBody.self,
      answers: .tagged(.task, "The changed task"),
      failures: [.titleRequired, .invalidTitle, .taskNotFound, .ambiguousTask]
    ) { try await $0.editTask($0.readPath(Path.task), $1.edit) },
    Endpoint(
      .delete, "/tasks/:id", "Removes a task", id: "removeTask", .conditionalChange, at: Path.task,
      answers: .json(.removed, "It is removed"), failures: [.taskNotFound, .ambiguousTask]
    ) {
      try await $0.removeTask($0.readPath(Path.task))
    },
    // An id can be anything, even what clients shorten in a path (`..`) or what is another task's
    // number. In the query it is only an id.
    Endpoint(
      .get, "/task", "The task with exactly this id: ?id=", id: "getTaskByID", .read,
      query: [Query.taskID], answers: .tagged(.task, "The task"), failures: [.taskNotFound]
    ) { try await $0.showTask($0.exactTask()) },
    Endpoint(
      .put, "/task", "Changes the task with exactly this id: ?id=", id: "editTaskByID",
      .conditionalChange, query: [Query.taskID], body: TaskEditBody.self,
      answers: .tagged(.task, "The changed task"),
      failures: [.titleRequired, .invalidTitle, .taskNotFound]
    ) { try await $0.editTask($0.exactTask(), $1.edit) },
    Endpoint(
      .delete, "/task", "Removes the task with exactly this id: ?id=", id: "removeTaskByID",
      .conditionalChange, query: [Query.taskID], answers: .json(.removed, "It is removed"),
      failures: [.taskNotFound]
    ) { try await $0.removeTask($0.exactTask()) },
  ]
}

extension Exchange {
  fileprivate func listTasks() async throws -> Response {
    let wanted = TaskQuery(
      isCompleted: try read(Query.status) ?? nil, words: try read(Query.words) ?? "",
      filter: TaskFilter(
        tags: try read(Query.tags) ?? [], project: try read(Query.project),
        priority: try read(Query.priority), due: try read(Query.due)),
      after: try read(Query.afterTask), limit: try read(Query.limit))
    return try await answer(
      with: store.tasks(wanted, at: moment()), .members("tasks")
    ) { $0.json.write(to: &$1) }
  }

  fileprivate func showTask(_ reference: TaskReference) async throws -> Response {
    let read = try await store.task(reference, at: moment())
    return try answer(read.value.response, readAt: read.revision)
  }

  fileprivate func editTask(
    _ reference: TaskReference, _ edit: TaskEdit
  ) async throws -> Response {
    try await apply(.editTask(reference, edit, condition()), verb: "update tasks") {
      $0.tasks[0].response
    }
  }

  fileprivate func removeTask(_ reference: TaskReference) async throws -> Response {
    try await apply(.removeTask(reference, condition()), verb: "delete tasks") { _ in
      Response(json: ["status": "deleted"])
    }
  }

  fileprivate func exactTask() throws -> TaskReference {
    guard let id = try read(Query.taskID), !id.isEmpty else {
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

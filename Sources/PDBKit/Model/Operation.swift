// What the log replicates: every change that pdb can make, as data.

/// One change of the state. Applying it is a pure function of the state and the ``Stamp``.
enum Operation: Equatable, Sendable {
  case addTasks([NewTask])
  case editTask(TaskReference, TaskEdit, Condition)
  case removeTask(TaskReference, Condition)
  case removeCompletedTasks
  case set(key: Bytes, value: Bytes, Condition)
  case delete(keys: [Bytes], Condition)
  case increment(key: Bytes, by: Int64)
  case append(key: Bytes, values: [Bytes])

  /// A short name for logs and history.
  var name: String {
    switch self {
    case .addTasks: "task add"
    case .editTask(_, let edit, _):
      switch (edit.title, edit.completed) {
      case (nil, true): "task done"
      case (nil, false): "task reopen"
      default: "task edit"
      }
    case .removeTask: "task rm"
    case .removeCompletedTasks: "task clear"
    case .set: "kv set"
    case .delete: "kv rm"
    case .increment: "kv incr"
    case .append: "kv append"
    }
  }
}

/// A task to add; its id is drawn before the operation is proposed.
struct NewTask: Equatable, Sendable {
  let id: String
  let title: String
}

/// What to change about a task; `nil` leaves a part as it is.
struct TaskEdit: Equatable, Sendable {
  var title: String?
  var completed: Bool?
}

/// What must hold for a task or a pair to be changed.
enum Condition: Equatable, Sendable {
  case none
  /// It does not exist yet.
  case absent
  /// It exists and was last changed by this revision.
  case revision(UInt64)
}

/// Everything undetermined that an operation needs, decided before it is proposed.
struct Stamp: Equatable, Sendable {
  /// When the leader proposed the operation.
  var time: Timestamp
  /// Who asked for it; free text.
  var author: String
  /// Names the request, so that a repetition is recognised.
  var request: RequestID?
}

/// The identity of a request across retries (design: exactly once).
struct RequestID: Equatable, Sendable {
  let id: String
  /// Of what was asked, so that the same id with another request is noticed.
  let fingerprint: UInt64
  /// For a retry, when the request was first sent by the clock of the node that stamped it;
  /// `nil` for a first attempt. Lets the state tell "forgotten" from "new".
  let firstSent: Timestamp?
}

/// An operation as it stands in the log.
struct StampedOperation: Equatable, Sendable {
  let stamp: Stamp
  let operation: Operation
}

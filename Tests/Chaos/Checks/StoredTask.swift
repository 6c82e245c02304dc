// A task as it stands in the state.

import Foundation

/// What is told of a task, and kept of it, alike.
struct StoredTask: Decodable, Equatable {
  let id: String
  let number: UInt64
  let title: String
  let completed: Bool

  init?(_ bytes: [UInt8]) {
    guard let task = try? JSONDecoder().decode(StoredTask.self, from: Data(bytes)) else {
      return nil
    }
    self = task
  }

  init(_ answer: TaskAnswer) {
    id = answer.id
    number = answer.number
    title = answer.title
    completed = answer.completed
  }
}

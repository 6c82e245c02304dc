// Waiting, but not for ever.

/// Something took longer than it may.
struct Overdue: Error {}

/// Runs `body`, and cancels it when it takes longer than `patience`.
///
/// - Throws: ``Overdue``, or what `body` throws. `body` must answer to cancellation.
func within<T: Sendable>(
  _ patience: Duration, _ body: @escaping @Sendable () async throws -> T
) async throws -> T {
  try await withThrowingTaskGroup(of: T.self) { group in
    group.addTask(operation: body)
    group.addTask {
      try await Task.sleep(for: patience)
      throw Overdue()
    }
    defer { group.cancelAll() }
    return try await group.next()!
  }
}

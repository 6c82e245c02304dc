// Calls that block, kept off the threads that run tasks.

import Foundation

enum BlockingCall {
  /// Runs a call on a thread of its own and waits for it without blocking a thread of the
  /// cooperative pool.
  ///
  /// Task-local values do not reach the call.
  ///
  /// - Parameter body: gets a flag that is raised when the task is cancelled. The result is waited
  ///   for all the same.
  static func run<Output: Sendable, Problem: Error>(
    _ body: @escaping @Sendable (_ isCancelled: OnceFlag) throws(Problem) -> Output
  ) async throws(Problem) -> Output {
    let isCancelled = OnceFlag()
    let result: Result<Output, Problem> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          let result: Result<Output, Problem>
          do throws(Problem) {
            result = .success(try body(isCancelled))
          } catch {
            result = .failure(error)
          }
          continuation.resume(returning: result)
        }
      }
    } onCancel: {
      isCancelled.raise()
    }
    return try result.get()
  }
}

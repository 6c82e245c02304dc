// Where a node's tasks run: on the thread that also moves its bytes.

package import NIOCore
import NIOPosix

/// Runs tasks on an event loop.
///
/// A request passes half a dozen tasks on its way (connection, driver, disk, applier and back).
/// On one thread such a step costs a queue entry; between threads it costs a wake-up.
package final class LoopExecutor: TaskExecutor {
  /// The thread that serves clients and peers, and runs the node's tasks.
  package static let shared = LoopExecutor(Loops.group.next())

  package let loop: any EventLoop

  /// One of its own only where a test moves the loop's clock.
  package init(_ loop: any EventLoop) { self.loop = loop }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  /// Sleeps by the loop's own timer: a sleep of the language's would wake two more threads. Time
  /// in which the machine sleeps does not count.
  ///
  /// - Throws: `CancellationError`.
  package func sleep(for duration: Duration) async throws {
    let timer = loop.scheduleTask(in: TimeAmount(duration)) {}
    do {
      try await withTaskCancellationHandler {
        try await timer.futureResult.get()
      } onCancel: {
        timer.cancel()
      }
    } catch {
      throw CancellationError()
    }
  }
}

// Where a node's tasks run: on the thread that also moves its bytes.

import NIOCore

/// Runs tasks on an event loop.
///
/// A request passes half a dozen tasks on its way (connection, driver, disk, applier and back).
/// On one thread such a step costs a queue entry; between threads it costs a wake-up.
final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

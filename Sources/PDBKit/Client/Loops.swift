// The threads that move bytes, for clients and nodes of this process alike.

import NIOCore
package import NIOPosix
import Synchronization

/// NIO's own event loops, begun with the first use.
package enum Loops {
  private static let wantsOne = Atomic(false)

  /// All of them are one thread, if that is called before the first use.
  static func useOne() { wantsOne.store(true, ordering: .relaxed) }

  package static let group: MultiThreadedEventLoopGroup = {
    if wantsOne.load(ordering: .relaxed) { NIOSingletons.groupLoopCountSuggestion = 1 }
    return .singleton
  }()
}

// The order of tasks, kept from one list to the next.

import NIOConcurrencyHelpers
import PDBModel

/// What this node knows of the order of tasks; lists that are read at the same time share it.
package final class KnownTaskOrder: Sendable {
  package init() {}

  private let known = NIOLockedValueBox((order: TaskOrder(), comebacks: 0))

  /// The order of all tasks of a view. It is learnt anew when tasks may have come back that were
  /// gone when it was learnt.
  func extended(_ view: any StateView, comebacks: Int) throws -> TaskOrder {
    let known = known.withLockedValue { $0 }
    var order = known.comebacks == comebacks ? known.order : TaskOrder()
    try order.extend(view)
    let extended = order
    self.known.withLockedValue { known in
      if (known.comebacks, known.order.last) < (comebacks, extended.last) {
        known = (extended, comebacks)
      }
    }
    return extended
  }
}

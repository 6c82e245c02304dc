// What the caller of a change is told of its entry.

package import PDBCoordinator
import PDBModel
package import PDBStore

extension Applied {
  /// The answer to the change that the entry carries.
  ///
  /// - Precondition: it carries an operation.
  /// - Throws: what the data objected to.
  package var receipt: Receipt {
    get throws { Receipt(try decision!.get(), revision: answeredRevision) }
  }
}

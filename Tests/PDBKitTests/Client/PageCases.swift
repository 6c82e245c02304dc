// Cases that the page's tests share: what both must say the same.

import Foundation
import PDBModel
import PDBStore

enum PageCases {
  /// The list in `Tests/Page/NAME.json`.
  static func read(_ name: String) throws -> [JSON] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let file = folder.appendingPathComponent("../../Page/\(name).json")
    return try JSON(parsing: Data(contentsOf: file)).array ?? []
  }
}

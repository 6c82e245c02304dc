// The files of a folder, as the log needs them. Storage code is written against this, so that the
// simulator can run the same code on a disk that loses, lies and decays.

package import PDBModel

/// A folder of files.
package protocol Disk: Sendable {
  /// The names of all files in the folder, in no order.
  func names() throws -> [String]
  /// Opens a file for reading and writing; makes it if it does not exist.
  func open(_ name: String) throws -> any DiskFile
  /// Gives a file another name; a file that has it makes way.
  func rename(_ name: String, to other: String) throws
  /// Removes a file; does nothing if there is none.
  func remove(_ name: String) throws
  /// Makes the names durable: files that were made, renamed and removed.
  func sync() throws
}

/// One open file. Reading and writing know no position.
package protocol DiskFile: Sendable {
  func size() throws -> Int
  /// Fewer bytes than asked for come only from the end of the file.
  func read(_ count: Int, at offset: Int) throws -> Bytes
  func write(_ bytes: Bytes, at offset: Int) throws
  /// Reserves space, so that writing up to `size` does not fail for lack of it. What is reserved reads
  /// as zeros.
  func reserve(_ size: Int) throws
  /// Makes everything that was written durable.
  func sync() throws
}

/// An operation on a file failed.
package struct DiskFailure: Error, CustomStringConvertible {
  let operation: String
  let file: String
  /// As the system names it: `errno`.
  let code: Int32

  package init(operation: String, file: String, code: Int32) {
    self.operation = operation
    self.file = file
    self.code = code
  }

  package var description: String { "cannot \(operation) '\(file)': \(reason)" }
}

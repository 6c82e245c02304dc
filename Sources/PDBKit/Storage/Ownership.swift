// Who may have a hand in the files that a node trusts: the user that it runs as, and root. What
// others could change, or could read where it is secret, is refused with the command that mends it.

package import PDBModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The kind, the owner and the mode of a file or a folder.
package struct Ownership {
  private let path: String
  private let status: stat
  /// The code of what is thrown.
  private let code: PDBError.Code

  /// Of something that is open: nothing else can take its place any more.
  ///
  /// - Parameter path: for messages.
  package init(of descriptor: Int32, path: String, code: PDBError.Code) throws(PDBError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, code) }
    (self.path, self.status, self.code) = (path, status, code)
  }

  /// Of what has a name: of a link itself, not of what it leads to.
  package init(at path: String, code: PDBError.Code) throws(PDBError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw Self.unreadable(path, code) }
    (self.path, self.status, self.code) = (path, status, code)
  }

  private static func unreadable(_ path: String, _ code: PDBError.Code) -> PDBError {
    PDBError(code, "cannot look at '\(path)': \(String(cString: strerror(errno)))")
  }

  // MARK: Checks

  /// - Throws: if another user owns a folder or can write to it, and so replace any file in it.
  package func checkFolder() throws(PDBError) {
    try checkOwner(mending: "chown -R")
    guard status.st_mode & 0o022 == 0 else {
      throw PDBError(
        code, "other users can write to '\(path)'", hint: "chmod 700 \(path.shellQuoted)")
    }
  }

  /// - Throws: if it is not a file of this user's that no other one can write to.
  func checkFile() throws(PDBError) {
    guard isFile else {
      throw PDBError(
        code, "'\(path)' is no file but a link or the like; what it leads to is not touched",
        hint: "see what it is, then remove it:  rm \(path.shellQuoted)")
    }
    guard status.st_nlink == 1 else {
      let copy = path + ".copy"
      throw PDBError(
        code, "'\(path)' has another name elsewhere, where writing would change it too",
        hint: "give it a copy of its own:  "
          + "cp -p \(path.shellQuoted) \(copy.shellQuoted) && "
          + "mv \(copy.shellQuoted) \(path.shellQuoted)")
    }
    try checkOwner(mending: "chown")
    guard status.st_mode & 0o022 == 0 else {
      throw PDBError(
        code, "other users can write to '\(path)'", hint: "chmod 600 \(path.shellQuoted)")
    }
  }

  /// - Throws: if a file that holds a secret is another user's, or others can read it. A pipe has
  ///   nobody else at its end.
  package func checkSecret() throws(PDBError) {
    guard isFile else { return }
    try checkOwner(mending: "chown")
    // A file of root's is handed to a user by its group: there is no other way.
    let isHanded = status.st_uid == 0 && geteuid() != 0
    guard status.st_mode & (isHanded ? 0o037 : 0o077) == 0 else {
      throw PDBError(
        code, "other users can read or write '\(path)', which holds a secret",
        hint: "chmod \(isHanded ? "640" : "600") \(path.shellQuoted)")
    }
  }

  private var isFile: Bool { status.st_mode & S_IFMT == S_IFREG }

  private func checkOwner(mending command: String) throws(PDBError) {
    guard status.st_uid != geteuid(), status.st_uid != 0 else { return }
    throw PDBError(
      code, "'\(path)' belongs to the user '\(Self.name(of: status.st_uid))', not to this one",
      hint: "\(command) \(Self.name(of: geteuid()).shellQuoted) \(path.shellQuoted)")
  }

  private static func name(of user: uid_t) -> String {
    getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? String(user)
  }
}

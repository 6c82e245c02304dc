// Who runs pdb, and where that person's files are.

import Foundation

/// The environment says it at once; the system's list of users is asked only where it does not,
/// because that takes longer than the rest of a short command.
enum Person {
  static var home: String { environment("HOME") ?? NSHomeDirectory() }

  static var name: String { environment("USER") ?? NSUserName() }

  /// Where pdb keeps what it remembers: `$XDG_STATE_HOME/pdb`.
  static var stateFolder: String {
    (environment("XDG_STATE_HOME") ?? home + "/.local/state") + "/pdb"
  }

  private static func environment(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}

// The name of the user who runs pdb, and the folders of that user's files.

import Foundation

/// The environment says it at once; the system's list of users is asked only where it does not,
/// because that takes longer than the rest of a short command.
enum UserEnvironment {
  static var home: String { environment("HOME") ?? NSHomeDirectory() }

  static var name: String { environment("USER") ?? NSUserName() }

  /// Where pdb keeps what it remembers: `$XDG_STATE_HOME/pdb`.
  static var stateFolder: String { folder("XDG_STATE_HOME", "/.local/state") }

  /// Where the settings are: `$XDG_CONFIG_HOME/pdb`.
  static var configurationFolder: String { folder("XDG_CONFIG_HOME", "/.config") }

  /// A relative path does not count (XDG Base Directory Specification).
  private static func folder(_ variable: String, _ usual: String) -> String {
    let wanted = environment(variable).flatMap { $0.hasPrefix("/") ? $0 : nil }
    return (wanted ?? home + usual) + "/pdb"
  }

  private static func environment(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}

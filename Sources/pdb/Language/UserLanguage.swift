// Which language pdb speaks to its user.

import Foundation

/// A language that pdb speaks.
enum UserLanguage: Sendable {
  case english, vietnamese

  /// The language of the texts that this task makes: the environment's, unless a caller wants
  /// another one, as for a manual in both.
  @TaskLocal static var current: UserLanguage = UserLanguage(ProcessInfo.processInfo.environment)

  /// What the environment asks for, as gettext reads it: the first of LC_ALL, LC_MESSAGES and LANG
  /// that is set names the locale; where it is not C, LANGUAGE may name other languages, the best
  /// one first. A language that pdb does not speak becomes English.
  init(_ environment: [String: String]) {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    let locale = value("LC_ALL") ?? value("LC_MESSAGES") ?? value("LANG") ?? "C"
    let name = String(locale.prefix { $0 != "." && $0 != "@" })
    guard name != "C", name != "POSIX" else {
      self = .english
      return
    }
    let wanted = value("LANGUAGE")?.split(separator: ":").map(String.init) ?? [name]
    self = wanted.lazy.compactMap(Self.init(locale:)).first ?? .english
  }

  /// - Parameter name: as in `vi_VN.UTF-8`, or only its beginning.
  private init?(locale name: String) {
    switch name.prefix(while: { $0 != "_" && $0 != "." && $0 != "@" }).lowercased() {
    case "vi": self = .vietnamese
    case "en": self = .english
    default: return nil
    }
  }

  /// The name of its folder of manual pages; `nil` for English, whose pages lie beside the others'.
  var manualFolder: String? { self == .vietnamese ? "vi" : nil }
}

// What is set where: files, environment, flags; the later ones win.

import Foundation
import PDBKit

/// A setting that pdb knows.
enum Setting: String, CaseIterable {
  case nodes = "core.nodes"
  case timeout = "core.timeout"
  case color = "core.color"
  case pager = "core.pager"
  case tokenFile = "core.token-file"
  case clusterKey = "core.cluster-key"
  case tlsAuthorities = "core.tls-ca"
  case remote = "core.remote"
  case etcdAuthorities = "core.etcd-ca"
  case etcdCertificate = "core.etcd-cert"
  case etcdKey = "core.etcd-key"
  case etcdUser = "core.etcd-user"
  case etcdPasswordFile = "core.etcd-password-file"

  /// What it is for, in the user's language.
  var summary: String { englishSummary.translated }

  private var englishSummary: String {
    switch self {
    case .nodes: "Nodes to talk to, separated by commas"
    case .timeout: "How many seconds a request may take"
    case .color: "auto, always or never"
    case .pager: "The program that shows long output"
    case .tokenFile: "A file with the token of the nodes"
    case .clusterKey: "The key of the cluster, as 'pdb cluster cert --hash' prints it"
    case .tlsAuthorities: "A file with the authorities that signed the nodes' certificates"
    case .remote: "The remote that commands mean; 'pdb use' sets it"
    case .etcdAuthorities: "A file with the authorities that signed the certificates of etcd"
    case .etcdCertificate: "A file with the certificate that is shown to etcd"
    case .etcdKey: "A file with the key of that certificate"
    case .etcdUser: "The user of etcd"
    case .etcdPasswordFile: "A file with the password of that user"
    }
  }

  /// The environment variable of the same meaning.
  var variable: String {
    if self == .remote { return "PDB_DB" }
    return "PDB_" + rawValue.dropFirst("core.".count).uppercased().replacing("-", with: "_")
  }

  /// Whether it may run a program, give a secret away, or send changes to another cluster of the
  /// user's. Then it does not count in a folder's own file, which may have come from a stranger.
  var isSensitive: Bool {
    switch self {
    case .pager, .tokenFile, .clusterKey, .tlsAuthorities, .remote, .etcdAuthorities,
      .etcdCertificate, .etcdKey, .etcdUser, .etcdPasswordFile:
      true
    case .nodes, .timeout, .color: false
    }
  }

  /// What is wrong with a name that is neither a setting nor in a section with names of the
  /// user's own; `nil` if it is known.
  static func unknown(_ key: String) -> PDBError? {
    let (section, name) = ConfigFile.parts(key)
    let isOwn = section == "alias" && ConfigFile.isName(name) || Remote.isSetting(key)
    guard !isOwn, Setting(rawValue: key) == nil else { return nil }
    let names = allCases.map(\.rawValue)
    let near = Suggestion.nearest(to: key, of: names)
    return PDBError(
      .badRequest, "unknown setting '\(key)'",
      hint: near.isEmpty
        ? "there are \(names.joined(separator: ", ")), alias.NAME and remote.NAME.nodes"
        : "did you mean '\(near[0])'?")
  }

  /// - Throws: `bad_configuration` if it cannot mean anything.
  func check(_ value: String) throws {
    switch self {
    case .nodes: _ = try Self.addresses(value)
    case .clusterKey: _ = try KeyHash(parsing: value)
    case .timeout where Double(value).map({ $0 > 0 && $0 <= 3600 }) != true:
      throw PDBError(.badConfiguration, "'\(rawValue)' must be from 0 to 3600, not '\(value)'")
    case .color where ColorChoice(rawValue: value) == nil:
      throw PDBError(
        .badConfiguration, "'\(rawValue)' is auto, always or never, not '\(value)'")
    case .timeout, .color, .pager, .tokenFile, .tlsAuthorities, .remote, .etcdAuthorities,
      .etcdCertificate, .etcdKey, .etcdUser, .etcdPasswordFile:
      break
    }
  }

  static func addresses(_ list: String) throws -> [NodeAddress] {
    let addresses = try words(list).map(NodeAddress.init(parsing:))
    guard !addresses.isEmpty else {
      throw PDBError(
        .badConfiguration, "'\(list)' names no node",
        hint: "write host:port, for example 127.0.0.1:4000")
    }
    return addresses
  }
}

extension Setting {
  /// The parts of a list.
  static func words(_ list: String) -> [String] {
    list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

/// Everything that is set, and where.
struct Settings: Sendable {
  /// Where a value comes from.
  enum Scope: String, CaseIterable, Sendable {
    case system, user, folder, environment

    /// That of this folder, or beside the data of a folder above it.
    private static let folderFile: String = {
      let own = DataFolder.name + "/config"
      let manager = FileManager.default
      guard !manager.fileExists(atPath: own),
        let data = try? DataFolder.find(from: manager.currentDirectoryPath)
      else { return own }
      return data.path + "/config"
    }()

    /// The file of a scope; `nil` for the environment.
    var path: String? {
      let environment = ProcessInfo.processInfo.environment
      switch self {
      case .system:
        // As in git: for programs that must not depend on the machine.
        let isLeftOut = environment["PDB_CONFIG_NOSYSTEM", default: "no"].lowercased()
        guard ["no", "off", "false", "0", ""].contains(isLeftOut) else { return nil }
        return environment["PDB_CONFIG_SYSTEM"].flatMap { $0.isEmpty ? nil : $0 }
          ?? "/etc/pdb/config"
      case .user: return UserEnvironment.configurationFolder + "/config"
      case .folder: return Self.folderFile
      case .environment: return nil
      }
    }
  }

  struct Value: Sendable {
    let key: String
    let text: String
    let scope: Scope
    /// A file or a variable.
    let origin: String
  }

  /// In the order of their weight, the last one wins.
  let values: [Value]

  /// What was read when the command began: its files are read once.
  @TaskLocal static var current: Settings?

  /// Nothing is set.
  static let none = Settings(values: [])

  private init(values: [Value]) { self.values = values }

  /// What holds in another terminal, where the variables of this one may not be set.
  var files: Settings { Settings(values: values.filter { $0.scope != .environment }) }

  /// - Throws: `bad_configuration` with the file and the line, or the setting.
  init() throws {
    var values: [Value] = []
    for scope in Scope.allCases {
      guard let path = scope.path else { continue }
      values += try ConfigFile(path: path).entries.map { entry in
        if let error = Setting.unknown(entry.key) {
          throw PDBError(
            .badConfiguration, "\(error.message), in '\(path)' line \(entry.line + 1)",
            hint: error.hint)
        }
        return Value(key: entry.key, text: entry.value, scope: scope, origin: path)
      }
    }
    for setting in Setting.allCases {
      let value = ProcessInfo.processInfo.environment[setting.variable] ?? ""
      if !value.isEmpty {
        values.append(
          Value(
            key: setting.rawValue, text: value, scope: .environment, origin: setting.variable))
      }
    }
    self.values = values.filter { value in
      let isSensitive =
        Setting(rawValue: value.key)?.isSensitive ?? value.key.hasPrefix(Remote.settingPrefix)
      return value.scope != .folder || !isSensitive
    }
  }

  subscript(_ key: String) -> Value? { values.last { $0.key == key } }

  func text(_ setting: Setting) throws -> String? {
    guard let value = self[setting.rawValue] else { return nil }
    do {
      try setting.check(value.text)
    } catch let error as PDBError {
      throw PDBError(
        .badConfiguration, "\(error.message), set in \(value.origin)", hint: error.hint)
    }
    return value.text
  }

  // MARK: Aliases

  /// What comes with pdb.
  static let shippedAliases = [
    "add": "task add", "ls": "task ls", "st": "cluster status", "t": "task",
    "version": "--version",
  ]

  /// What a word stands for.
  ///
  /// - Throws: `denied` for an alias of a folder's file that would run a program.
  func alias(_ word: String) throws -> String? {
    let key = "alias.\(word.lowercased())"
    // A folder cannot change what the usual words mean.
    let isShipped = Self.shippedAliases[word] != nil
    let value = values.last { $0.key == key && !(isShipped && $0.scope == .folder) }
    guard let value else { return Self.shippedAliases[word] }
    guard value.scope != .folder || Self.isHarmless(value.text) else {
      throw PDBError(
        .badConfiguration,
        "the alias '\(word)' of '\(value.origin)' would run a program, or choose nodes or tokens",
        hint: "only your own configuration may do that: pdb config set --user alias.\(word) ...")
    }
    return value.text
  }

  /// Whether an alias does nothing that a stranger's folder must not do.
  static func isHarmless(_ alias: String) -> Bool {
    !alias.hasPrefix("!")
      && !["--node", "--db", "--token", "--cluster-secret", "--cluster-key", "--tls-ca"]
        .contains { alias.contains($0) }
  }

  var aliases: [(name: String, text: String)] {
    var all = Self.shippedAliases
    for value in values where value.key.hasPrefix("alias.") {
      all[String(value.key.dropFirst("alias.".count))] = value.text
    }
    return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

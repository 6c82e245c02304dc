// One configuration file, in the notation of git's (git-config(1), "SYNTAX"):
//
//   # a comment
//   [section]
//       name = value     ; quotes keep blanks and signs, \n \t \" \\ stand for themselves
//   [section "part"]
//       name = value
//
// Names of sections and variables do not mind case, those of parts do. Changing a variable leaves
// every other line as it is.

import CoreFoundation
import Foundation
import PDBKit

struct ConfigFile {
  let path: String
  private var lines: [String]

  struct Entry {
    /// `section.name` in lower case, or `section.part.name` with the part as it is written.
    let key: String
    let value: String
    let line: Int
    /// The header of the section, if it stands on the same line.
    let header: String?
  }

  private(set) var entries: [Entry] = []
  /// The sections by the lines that begin them.
  private var sections: [Int: String] = [:]

  /// Reads a file; one that does not exist is empty.
  ///
  /// - Throws: `bad_configuration` with file and line.
  init(path: String) throws {
    self.path = path
    let text = try Self.isAbsent(path) ? "" : Self.text(path)
    // By scalars: Swift takes a line break of Windows for one character.
    lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
    if lines.last == "" { lines.removeLast() }
    try parse()
  }

  /// Whether a file is not there. One in a folder that cannot be searched may be, and a link that
  /// leads nowhere stands for one that should be: nothing is known of what they would say.
  private static func isAbsent(_ path: String) -> Bool {
    var status = stat()
    if lstat(path, &status) == 0 { return false }
    guard errno == ENOENT else { return errno == ENOTDIR }
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty || stat(folder, &status) == 0 || isAbsent(folder)
  }

  private static func text(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(data: data, encoding: .utf8)
    else {
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
      throw PDBError(
        .badConfiguration, "cannot read '\(path)'",
        hint: isLink ? "see what this link leads to" : "see its permissions and its folder's")
    }
    return text
  }

  func value(_ key: String) -> String? { entries.last { $0.key == key }?.value }

  // MARK: Reading

  private mutating func parse() throws {
    var section = ""
    (entries, sections) = ([], [:])
    for (number, line) in lines.enumerated() {
      var header: String?
      var text = line.trimmingCharacters(in: .whitespacesAndNewlines)
      if text.isEmpty || text.hasPrefix("#") || text.hasPrefix(";") { continue }
      if text.hasPrefix("[") {
        guard let end = text.firstIndex(of: "]") else { throw damaged(number, "a missing ']'") }
        section = try sectionName(text[text.index(after: text.startIndex)..<end], number)
        sections[number] = section
        header = String(text[...end])
        // A variable may follow on the same line.
        text = text[text.index(after: end)...].trimmingCharacters(in: .whitespaces)
        if text.isEmpty || text.hasPrefix("#") || text.hasPrefix(";") { continue }
      }
      guard !section.isEmpty else { throw damaged(number, "a variable outside of a [section]") }
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = parts[0].trimmingCharacters(in: .whitespaces)
      guard Self.isName(name) else { throw damaged(number, "'\(name)' is no name") }
      let value = parts.count == 2 ? Self.unquoted(String(parts[1])) : "true"
      guard let value else { throw damaged(number, "a quote that does not end") }
      entries.append(
        Entry(
          key: "\(section).\(name.lowercased())", value: value, line: number, header: header))
    }
  }

  /// `section`, or `section.part`.
  private func sectionName(_ text: Substring, _ line: Int) throws -> String {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard let quoted = words.dropFirst().first else { return words.joined().lowercased() }
    let part = Self.unquoted(String(quoted))
    guard words.count == 2, quoted.hasPrefix("\""), let part, Self.isName(part) else {
      throw damaged(line, "a section that is neither [name] nor [name \"part\"]")
    }
    return "\(words[0].lowercased()).\(part)"
  }

  static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || "-0123456789".unicodeScalars.contains($0)
      }
  }

  private func damaged(_ line: Int, _ what: String) -> PDBError {
    PDBError(
      .badConfiguration, "'\(path)' has \(what) in line \(line + 1)",
      hint: "correct the file, or move it away")
  }

  /// A value without its quotes and its comment; `nil` if a quote does not end.
  private static func unquoted(_ text: String) -> String? {
    var value = ""
    var kept = 0
    var isQuoted = false
    var characters = text.trimmingCharacters(in: .whitespacesAndNewlines).unicodeScalars[...]
    while let next = characters.popFirst() {
      switch next {
      case "\"":
        isQuoted.toggle()
        kept = value.unicodeScalars.count
      case "\\":
        guard let escaped = characters.popFirst() else { return nil }
        value.unicodeScalars.append(escaped == "n" ? "\n" : escaped == "t" ? "\t" : escaped)
        kept = value.unicodeScalars.count
      case "#" where !isQuoted, ";" where !isQuoted:
        characters.removeAll()
      default:
        value.unicodeScalars.append(next)
        if isQuoted || next != " " && next != "\t" { kept = value.unicodeScalars.count }
      }
    }
    return isQuoted ? nil : String(value.unicodeScalars.prefix(kept))
  }

  // MARK: Changing

  mutating func set(_ key: String, _ value: String) {
    let (section, name) = Self.parts(key)
    let line = "\t\(name) = \(Self.quoted(value))"
    let last =
      entries.last { Self.parts($0.key).section == section }?.line
      ?? sections.filter { $0.value == section }.keys.max()
    if let entry = entries.last(where: { $0.key == key }) {
      replace(entry, with: [line])
    } else if let last {
      lines.insert(line, at: last + 1)
    } else {
      lines += [Self.header(section), line]
    }
    try? parse()
  }

  /// Other variables may follow the header of a section: it stays.
  private mutating func replace(_ entry: Entry, with new: [String]) {
    lines.replaceSubrange(
      entry.line...entry.line, with: [entry.header].compactMap(\.self) + new)
  }

  private static func header(_ section: String) -> String {
    let parts = section.split(separator: ".", maxSplits: 1)
    return parts.count == 2 ? "[\(parts[0]) \"\(parts[1])\"]" : "[\(section)]"
  }

  /// Returns whether it was there.
  mutating func unset(_ key: String) -> Bool {
    let found = entries.filter { $0.key == key }
    for entry in found.reversed() { replace(entry, with: []) }
    try? parse()
    return !found.isEmpty
  }

  /// Removes a section with all its variables; returns whether it was there.
  mutating func removeSection(_ section: String) -> Bool {
    let variables = entries.filter { Self.parts($0.key).section == section }.map(\.line)
    let removed = Set(variables).union(sections.filter { $0.value == section }.keys)
    for line in removed.sorted(by: >) { lines.remove(at: line) }
    try? parse()
    return !removed.isEmpty
  }

  static func parts(_ key: String) -> (section: String, name: String) {
    guard let dot = key.lastIndex(of: ".") else { return (key, "") }
    return (String(key[..<dot]), String(key[key.index(after: dot)...]))
  }

  private static func quoted(_ value: String) -> String {
    let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\n", with: "\\n").replacing("\t", with: "\\t")
    let isPlain =
      escaped == value && !value.contains(where: { "#;".contains($0) })
      && value == value.trimmingCharacters(in: .whitespaces)
    return isPlain ? value : "\"\(escaped)\""
  }

  /// Changes a file as it is now: other runs of pdb that change it at the same time wait.
  ///
  /// - Throws: `bad_configuration` if it cannot be read or written, or what `body` throws.
  static func change<T>(_ path: String, _ body: (inout ConfigFile) throws -> T) throws -> T {
    let folder = (path as NSString).deletingLastPathComponent
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else {
      throw PDBError(
        .badConfiguration, "cannot write '\(path).lock': \(String(cString: strerror(errno)))",
        hint: "see its permissions and its folder's")
    }
    defer { close(lock) }
    while flock(lock, LOCK_EX) != 0 && errno == EINTR {}
    var file = try ConfigFile(path: path)
    let result = try body(&file)
    try file.save()
    return result
  }

  /// Writes the file, whole or not at all.
  private func save() throws {
    // A link keeps its place, and a file its permissions.
    let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let mode = try? FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions]
    do {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url, options: .atomic)
      try FileManager.default.setAttributes(
        [.posixPermissions: mode ?? 0o600], ofItemAtPath: url.path)
    } catch {
      throw PDBError(.badConfiguration, "cannot write '\(path)'", hint: "see its permissions")
    }
  }
}

// The tutorial does what it says: every line of its console boxes is typed on a terminal, in both languages, and
// what the terminal shows is compared with what stands there.
//
// In a box, `...` stands for any part of a line, and a line that is only `...` for any number of lines. How many
// spaces stand in a row does not matter: tables are as wide as their contents. The ports are others than 4000 to
// 4002. A line that ends with `&` runs on until the end, on a terminal of its own, and has begun when it has said
// what stands below it. A line that only asks may be asked again until the cluster is as far.

import Foundation
import Testing

extension ProcessTests {
  @Suite struct TutorialTests {
    @Test(
      .enabled(
        if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "curl is not installed"),
      arguments: Tutorial.allCases)
    func `every line of the tutorial does what it says`(tutorial: Tutorial) async throws {
      let student = try Student(tutorial)
      for step in try tutorial.steps {
        let seen =
          step.runsOn ? try await student.start(step) : try await student.answer(to: step)
        let place = "\(tutorial.file.lastPathComponent):\(step.line): \(step.command)"
        try #require(step.isAnswered(by: seen), "\(place)\n\(seen.joined(separator: "\n"))")
      }
      try await student.end()
    }

    @Test func `both languages have the same commands in the same order`() throws {
      let (english, vietnamese) = (
        try Tutorial.english.steps.map(\.command), try Tutorial.vietnamese.steps.map(\.command)
      )
      #expect(english.count > 80)
      #expect(english == vietnamese)
    }

    @Test(arguments: Tutorial.allCases)
    func `what the tutorial says of the core is there`(tutorial: Tutorial) throws {
      let root = Tutorial.root
      let rules = try String(
        contentsOf: root.appendingPathComponent("Sources/Raft/Rules.swift"), encoding: .utf8)
      let bugs = try String(
        contentsOf: root.appendingPathComponent("Tests/Simulation/PlantedBug.swift"),
        encoding: .utf8)
      let text = try tutorial.text
      let files = text.matches(of: #/`([A-Za-z+]+\.swift)`/#).map { String($0.output.1) }
      #expect(files.count > 15)
      for file in files {
        let places = ["Sources/Raft", "Tests/Simulation"].map {
          root.appendingPathComponent("\($0)/\(file)").path
        }
        #expect(places.contains { FileManager.default.fileExists(atPath: $0) }, "\(file)")
      }
      let functions = text.matches(of: #/`([A-Za-z]+)\([A-Za-z_:]+\)`/#).map {
        String($0.output.1)
      }
      #expect(functions.count >= 6)
      for function in functions { #expect(rules.contains("func \(function)("), "\(function)") }
      // The planted bug of an exercise stands in parentheses.
      let planted = text.matches(of: #/\(`([A-Za-z]+)`\)/#).map { String($0.output.1) }
      #expect(planted.count >= 6)
      for bug in planted { #expect(bugs.contains("case \(bug)\n"), "\(bug)") }
    }
  }
}

/// The tutorial in one language.
enum Tutorial: String, CaseIterable, Sendable {
  case english = "en"
  case vietnamese = "vi"

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  var file: URL { Self.root.appendingPathComponent("docs/tutorial.\(rawValue).md") }

  /// The language of the terminal on which it is typed.
  var locale: String { self == .english ? "en_US.UTF-8" : "vi_VN.UTF-8" }

  var text: String {
    get throws { try String(contentsOf: file, encoding: .utf8) }
  }

  /// What is typed, in order. Boxes of other kinds are not for typing.
  var steps: [TutorialStep] {
    get throws {
      var steps: [TutorialStep] = []
      var box: String?
      let lines = try text.split(separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() {
        if line.hasPrefix("```") {
          box = box == nil ? String(line.dropFirst(3)) : nil
          if let box { #expect(["console", "text"].contains(box), "\(file.path):\(number + 1)") }
        } else if box == "console" {
          if line.hasPrefix("$ ") {
            steps.append(TutorialStep(command: String(line.dropFirst(2)), line: number + 1))
          } else {
            try #require(!steps.isEmpty, "\(file.path):\(number + 1)")
            steps[steps.count - 1].answer.append(String(line))
          }
        }
      }
      return steps
    }
  }
}

/// A line that is typed, and what the terminal shows then.
struct TutorialStep: Sendable {
  let command: String
  let line: Int
  var answer: [String] = []

  /// Whether it goes on while others are typed.
  var runsOn: Bool { command.hasSuffix("&") }

  /// Whether it changes nothing, and may be typed again.
  var isQuestion: Bool {
    Self.questions.contains { command.hasPrefix($0) } && !command.contains(" -d ")
  }

  private static let questions = [
    "pdb task ls", "pdb kv get", "pdb log", "pdb diff", "pdb blame", "pdb status", "pdb verify",
    "pdb wait", "pdb ui", "pdb cluster status", "curl -s http", "for port in",
  ]

  func isAnswered(by lines: [String]) -> Bool { Self.fits(lines[...], answer[...]) }

  /// Whether lines are as a box has them.
  private static func fits(_ lines: ArraySlice<String>, _ box: ArraySlice<String>) -> Bool {
    guard let first = box.first else { return lines.isEmpty }
    if first == "..." {
      return (lines.startIndex...lines.endIndex).contains { fits(lines[$0...], box.dropFirst()) }
    }
    guard let line = lines.first, fits(squeezed(line), squeezed(first)) else { return false }
    return fits(lines.dropFirst(), box.dropFirst())
  }

  private static func fits(_ line: String, _ pattern: String) -> Bool {
    let parts = pattern.components(separatedBy: "...")
    guard parts.count > 1 else { return line == pattern }
    guard line.hasPrefix(parts[0]) else { return false }
    var rest = line.dropFirst(parts[0].count)
    for part in parts[1..<(parts.count - 1)] where !part.isEmpty {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(parts[parts.count - 1])
  }

  /// A line with single spaces.
  private static func squeezed(_ line: String) -> String {
    line.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
  }
}

/// Types the tutorial in a folder of its own.
private final class Student {
  private let workspace: Workspace
  private let locale: String
  private let ports: TestPorts
  private var running: [Terminal] = []

  init(_ tutorial: Tutorial) throws {
    workspace = try Workspace(nodes: "")
    locale = tutorial.locale
    ports = try TestPorts.adjacent(3)
  }

  /// Types a line that runs on, and waits until it has said what it should, or too long.
  func start(_ step: TutorialStep) async throws -> [String] {
    let terminal = try terminal("exec " + step.command.dropLast())
    running.append(terminal)
    do {
      return try await waitFor {
        let lines = self.lines(terminal.text)
        return step.isAnswered(by: lines) ? lines : nil
      }
    } catch is TimedOut {
      return lines(terminal.text)
    }
  }

  /// Types a line, and again if it only asks and the answer is not there yet.
  func answer(to step: TutorialStep) async throws -> [String] {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      let seen = try await output(of: step.command)
      if step.isAnswered(by: seen) || !step.isQuestion || ContinuousClock.now > deadline {
        return seen
      }
    }
  }

  /// Ends what runs on.
  func end() async throws {
    for terminal in running {
      terminal.send(signal: SIGTERM)
      _ = try await terminal.end()
    }
  }

  private func output(of command: String) async throws -> [String] {
    let mark = "(the line has ended)"
    let terminal = try terminal("\(command)\npwd > \"$HOME/here\"; printf '\\n\(mark)'")
    let text = try await waitFor { () -> String? in
      let text = terminal.text
      return text.contains(mark) ? text : nil
    }
    return lines(text.components(separatedBy: mark)[0])
  }

  /// A shell in the folder where the last one was left.
  private func terminal(_ script: String) throws -> Terminal {
    let path = program.deletingLastPathComponent().path + ":/usr/bin:/bin"
    return try Terminal(
      workspace,
      ["-c", "cd \"$(cat \"$HOME/here\" 2>/dev/null || pwd)\"\n\(withFreePorts(script))"],
      program: URL(fileURLWithPath: "/bin/sh"), environment: ["PATH": path, "LC_ALL": locale])
  }

  /// What a terminal shows, without empty lines around it, with the ports that the tutorial names.
  private func lines(_ text: String) -> [String] {
    var text = text
    for (place, port) in ports.numbers.enumerated() {
      text = Self.replacing(String(port), with: String(4000 + place), in: text)
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let isEmpty = { (line: Substring) in line.allSatisfy(\.isWhitespace) }
    guard let first = lines.firstIndex(where: { !isEmpty($0) }),
      let last = lines.lastIndex(where: { !isEmpty($0) })
    else { return [] }
    return lines[first...last].map(String.init)
  }

  private func withFreePorts(_ script: String) -> String {
    ports.numbers.enumerated().reduce(script) { script, port in
      Self.replacing(String(4000 + port.offset), with: String(port.element), in: script)
    }
  }

  /// Replaces a number where it stands alone.
  private static func replacing(_ number: String, with other: String, in text: String) -> String {
    text.replacingOccurrences(
      of: "\\b\(number)\\b", with: other, options: .regularExpression)
  }
}

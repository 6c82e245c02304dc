// How the shell reads a line.

import PDBKit
import Testing

@testable import pdb

@Suite struct ShellLineTests {
  @Test(arguments: [
    ("task add a; task add b", [["task", "add", "a"], ["task", "add", "b"]]),
    ("task add a;;task add b;", [["task", "add", "a"], ["task", "add", "b"]]),
    (
      "task add one\ntask add two # three\ntask ls",
      [
        ["task", "add", "one"], ["task", "add", "two"], ["task", "ls"],
      ]
    ),
    ("task add 'a; b | c > d && e & f < g'", [["task", "add", "a; b | c > d && e & f < g"]]),
    (#"task add a\;b "x|y" \> c\&d"#, [["task", "add", "a;b", "x|y", ">", "c&d"]]),
    ("task add 'a\nb'", [["task", "add", "a\nb"]]), ("", []), (" ; # nothing", []),
  ])
  func `a semicolon outside of quotes ends a command`(line: String, words: [[String]]) throws {
    #expect(try ShellLine(line).commands.map(\.words) == words)
    #expect(try ShellLine(line).commands.allSatisfy { $0.output == nil })
  }

  @Test(
    arguments: [
      ("task ls | cat", .program("cat")),
      ("task ls|grep 'a;b' | wc -l > n", .program("grep 'a;b' | wc -l > n")),
      ("task ls > f", .file("f", appends: false)),
      ("task ls >>\"my file\"", .file("my file", appends: true)),
      ("task >f ls", .file("f", appends: false)),
    ] as [(String, ShellLine.Output)])
  func `the output of a command goes to a program or a file`(
    line: String, output: ShellLine.Output
  ) throws {
    let commands = try ShellLine(line + "; kv ls").commands
    #expect(commands.map(\.words) == [["task", "ls"], ["kv", "ls"]])
    #expect(commands.map(\.output) == [output, nil])
  }

  @Test(arguments: [
    ("a && b", "'&&' is not supported"), ("a & b", "'&' is not supported"),
    ("a || b", "'||' is not supported"), ("a < f", "'<' is not supported"),
    ("a 2> f", "f"), ("a 2>f", "'2>' is not supported"), ("a > f | b", "one place"),
    ("a > f > g", "one place"), ("a |", "program is missing"), ("a >", "file is missing"),
    ("a > | b", "file is missing"), ("| b", "command is missing"), ("> f", "command is missing"),
    ("a 'b", "unclosed quote"), ("a \\", "unclosed quote"),
  ])
  func `what other shells know and this one does not is refused with the reason`(
    line: String, reason: String
  ) throws {
    if line == "a 2> f" {
      // A blank makes the number a word.
      #expect(try ShellLine("a 2 > f").commands.map(\.words) == [["a", "2"]])
      return
    }
    #expect {
      try ShellLine("ok; " + line)
    } throws: {
      ($0 as? PDBError)?.message.contains(reason) == true
    }
  }

  @Test(arguments: [
    ("kv get ", ["kv", "get"], ""), ("task ls; kv ge", ["kv"], "ge"), ("a|b;kv g", ["kv"], "g"),
    ("task ls > f --a", ["task", "ls"], "--a"), ("task add 'x; y", ["task", "add"], "x; y"),
    ("kv get a\\;b", ["kv", "get"], "a;b"),
  ])
  func `completion sees the command under the cursor`(
    line: String, before: [String], current: String
  ) throws {
    guard case .word(let words, let word) = ShellLine.typed(line) else {
      Issue.record("\(line) wants the name of a file")
      return
    }
    #expect(words == before && word == current)
  }

  @Test(arguments: ["task ls > ", "task ls >>fi", "task ls | gre", "task ls | grep x "])
  func `completion leaves files and programs to the system`(line: String) {
    guard case .file = ShellLine.typed(line) else {
      Issue.record("\(line) wants a word of pdb")
      return
    }
  }
}

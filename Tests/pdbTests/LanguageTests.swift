// The program in Vietnamese: what people read is, and what programs read is not.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct LanguageTests {
    private static let vietnamese = ["LANG": "vi_VN.UTF-8"]

    private func run(
      _ words: [String], _ cluster: TestCluster, _ environment: [String: String] = vietnamese
    ) async throws -> CommandResult {
      try await cluster.workspace.run(
        words + ["--node", cluster.addresses[0].description], environment: environment)
    }

    private func look(
      _ words: [String], _ cluster: TestCluster, _ environment: [String: String] = vietnamese
    ) throws -> Terminal {
      try Terminal(
        cluster.workspace, words + ["--node", cluster.addresses[0].description],
        environment: environment)
    }

    @Test func `commands tell in Vietnamese what they did`() async throws {
      try await TestCluster.running(1) { cluster in
        let added = try look(["task", "add", "Học Python", "Ôn thi"], cluster)
        try await added.wait(for: "đã thêm 1  Học Python")
        #expect(try await added.end() == 0)
        let list = try look(["task", "ls"], cluster)
        try await list.wait(for: "TIÊU ĐỀ")
        #expect(try await list.end() == 0)
        let lines = list.text.split(whereSeparator: \.isNewline).map(String.init)
        let title = lines[0].firstRange(of: "TIÊU ĐỀ")!.lowerBound
        let cell = lines[1].firstRange(of: "Ôn thi")!.lowerBound
        #expect(
          lines[0].distance(from: lines[0].startIndex, to: title)
            == lines[1].distance(from: lines[1].startIndex, to: cell))
        let status = try look(["cluster", "status"], cluster)
        try await status.wait(for: "ỔN ĐỊNH, 1/1 node đang chạy, leader")
        try await status.wait(for: "TRẠNG THÁI")
        #expect(try await status.end() == 0)
      }
    }

    @Test func `a question is answered with có`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "a", "1")
        _ = try await cluster.pdb("kv", "set", "b", "1")
        for (answer, rest) in [("không\n", 2), ("có\n", 0)] {
          let asked = try look(["kv", "rm", "a", "b"], cluster)
          try await asked.wait(for: "xóa 2 khóa? [y/N]")
          asked.type(answer)
          _ = try await asked.end()
          #expect(try await cluster.pdb("kv", "ls").rows.count == rest)
        }
      }
    }

    @Test func `errors are told in Vietnamese, with their codes`() async throws {
      try await TestCluster.running(1) { cluster in
        let key = try await run(["kv", "get", "none"], cluster)
        #expect(key.status == 1 && key.error.hasPrefix("lỗi: không có khóa 'none'"), "\(key.error)")
        #expect(key.error.contains("[key_not_found]"))
        let change = try await run(["undo", "99"], cluster)
        #expect(change.error.contains("thay đổi của bạn chưa được thực hiện"), "\(change.error)")
        #expect(change.error.contains("\ngợi ý: "), "\(change.error)")
        let usage = try await run(["kv", "set", "a"], cluster)
        #expect(usage.status == 64 && usage.error.hasPrefix("lỗi: thiếu đối số"), "\(usage.error)")
        #expect(usage.error.contains("\ncách dùng: pdb kv set KEY VALUE [OPTION]..."))
      }
      let nobody = try await Workspace().run(["task", "ls"], environment: Self.vietnamese)
      #expect(nobody.error.hasPrefix("lỗi: không thể kết nối tới '127.0.0.1:1'"), "\(nobody.error)")
      #expect(nobody.error.contains("127.0.0.1:1  kết nối bị từ chối"), "\(nobody.error)")
    }

    @Test func `help and manual are in Vietnamese`() async throws {
      let workspace = try Workspace()
      let help = try await workspace.run(["task", "add", "--help"], environment: Self.vietnamese)
      for part in [
        "TỔNG QUAN: Thêm công việc, tất cả hoặc không gì cả.",
        "CÁCH DÙNG: pdb task add TITLE... [OPTION]...", "ĐỐI SỐ:", "TÙY CHỌN:", "VÍ DỤ:",
        "  Thêm mỗi dòng một công việc:", "'pdb help task' mở trang hướng dẫn.",
      ] { #expect(help.output.contains(part), "\(part) in \(help.output)") }
      #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 90 })
      let page = try await workspace.run(["help"], environment: Self.vietnamese)
      for part in ["TÊN\n", "TÓM TẮT\n", "MÔ TẢ\n", "MÃ THOÁT\n", "TÌM DỮ LIỆU\n"] {
        #expect(page.output.contains(part), "\(part)")
      }
    }

    @Test func `no paragraph of the manual is English`() async throws {
      let workspace = try Workspace()
      #expect(try await workspace.run(["manual", "."]).status == 0)
      let folder = "\(workspace.path)/man"
      for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/vi") {
        let page = try String(contentsOfFile: "\(folder)/vi/\(name)", encoding: .utf8)
        for line in page.split(separator: "\n") where !line.hasPrefix(".") {
          let words = Set(line.split { !$0.isLetter }.map { $0.lowercased() })
          #expect(
            words.isDisjoint(with: ["the", "which", "with", "this", "are"]), "\(name): \(line)")
        }
      }
    }

    @Test func `JSON and pipes are the same in both languages`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Học Python", "Ôn thi", "--tag", "gấp")
        _ = try await cluster.pdb("task", "done", "1")
        _ = try await cluster.pdb("kv", "set", "a", "1")
        for words in [
          ["task", "ls", "--all"], ["task", "show", "1"], ["kv", "ls"], ["kv", "ttl", "a"],
          ["kv", "get", "a", "none"], ["log"], ["show", "1"], ["diff", "1..2", "--stat"], ["tag"],
          ["blame", "a"], ["cluster", "members"], ["cluster", "settings"], ["config", "list"],
          ["import", "nowhere"], ["undo", "99"],
        ] {
          for form in [[], ["--json"]] {
            let english = try await run(words + form, cluster, [:])
            let translated = try await run(words + form, cluster)
            #expect(translated.output == english.output, "\(words)")
            #expect(translated.status == english.status, "\(words)")
            if !form.isEmpty { #expect(translated.error == english.error, "\(words)") }
          }
        }
      }
    }

    @Test func `LC_ALL comes before LANG`() async throws {
      let workspace = try Workspace()
      for (name, word) in [("C", "error:"), ("vi_VN.UTF-8", "lỗi:")] {
        let run = try await workspace.run(
          ["task", "lss"], environment: ["LANG": "vi_VN.UTF-8", "LC_ALL": name])
        #expect(run.error.hasPrefix(word), "\(run.error)")
      }
    }

    @Test func `the shell speaks Vietnamese`() async throws {
      try await TestCluster.running(1) { cluster in
        let shell = try look(["shell"], cluster)
        try await shell.wait(for: "Ctrl-D để rời")
        shell.type(".help\r")
        try await shell.wait(for: "trợ giúp này")
        shell.type("kv get none | cat\r")
        try await shell.wait(for: "lỗi: không có khóa 'none'")
        shell.type("exit\r")
        #expect(try await shell.end() == 0)
      }
    }
  }
}

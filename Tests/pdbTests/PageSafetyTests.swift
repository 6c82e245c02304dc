// The page where a slip of the hand, or of the machines, could change the wrong thing.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite(.enabled(if: Browser.driver != nil, "chromedriver is not installed"))
  struct PageSafetyTests {
    typealias Key = Browser.Key

    // MARK: The hand

    @Test func `a double click deletes one task, and ticks one`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Một", "Hai", "Ba", "Bốn")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Bốn", "Ba", "Hai", "Một"])
          try await browser.doubleClick("li:nth-child(1) .remove")
          try await browser.wait(forTitles: ["Ba", "Hai", "Một"])
          // What is ticked leaves this list at once.
          try await browser.click("#filters a[data-filter='active']")
          try await browser.doubleClick("li:nth-child(1) .tick")
          try await browser.wait(forTitles: ["Hai", "Một"])
          // Changes are sent in their order: when this one is there, all are.
          try await browser.type("Năm\(Key.enter)", into: "#title")
          try await browser.wait("!document.querySelector('.addition')")
          try await browser.wait(forTitles: ["Năm", "Hai", "Một"])
          #expect(try await cluster.pdb("task", "ls").column(4) == ["Năm", "Hai", "Một"])
          // Two clicks that are two are two.
          try await browser.click("li:nth-child(1) .remove")
          try await browser.click("li:nth-child(2) .remove")
          try await browser.wait(forTitles: ["Hai"])
        }
      }
    }

    @Test func `a key that is held down deletes one task`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Một", "Hai", "Ba")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Ba", "Hai", "Một"])
          try await browser.tab(to: "li:nth-child(1) .remove")
          for isRepeat in [false, true, true] {
            try await browser.tool(
              "Input.dispatchKeyEvent",
              [
                "type": "keyDown", "key": "Enter", "code": "Enter", "text": "\r",
                "windowsVirtualKeyCode": 13, "autoRepeat": .bool(isRepeat),
              ])
            try await browser.wait("document.activeElement.matches('.remove')")
          }
          try await browser.wait(forTitles: ["Hai", "Một"])
          try await browser.type("Bốn\(Key.enter)", into: "#title")
          try await browser.wait("!document.querySelector('.addition')")
          try await browser.wait(forTitles: ["Bốn", "Hai", "Một"])
        }
      }
    }

    @Test func `Ctrl+Z after a deletion takes the deletion back, and leaves the search alone`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Một", "Hai")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Hai", "Một"])
          try await browser.type("mot", into: "#query")
          try await browser.wait(forTitles: ["Một"])
          try await browser.type(
            String(repeating: Key.backspace, count: 3), into: "#query")
          try await browser.wait(forTitles: ["Hai", "Một"])
          func expectBack(_ titles: String...) async throws {
            try await browser.press("z", holding: Key.control)
            try await browser.wait(forTitles: titles)
            #expect(
              try await browser.run("return document.querySelector('#query').value").string == "")
          }
          try await browser.click("li:nth-child(1) .remove")
          try await browser.wait(forTitles: ["Một"])
          try await expectBack("Hai", "Một")
          // The last one of the list as well: the focus is in no text field then.
          try await browser.tab(to: "li:nth-child(1) .remove")
          try await browser.press(Key.enter)
          try await browser.wait(forTitles: ["Một"])
          try await browser.press(Key.enter)
          try await browser.wait(forTitles: [])
          try await expectBack("Một")
          // In a text field it is the browser's.
          try await browser.type("ba", into: "#title")
          try await browser.press("z", holding: Key.control)
          try await browser.wait("document.querySelector('#title').value !== 'ba'")
          #expect(try await browser.titles() == ["Một"])
        }
      }
    }

    // MARK: The names

    @Test func `a task whose id looks like a number or a path is the one that changes`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Một", "Hai", "Ba")
        for (id, title) in [("2", "Số"), (".", "Chấm"), ("..", "Hai chấm")] {
          let body: JSON = ["key": .string("task_\(id)"), "value": ["title": .string(title)]]
          #expect(try await cluster.send(0, .POST, "/replicate", body.text).status == 200)
        }
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Hai chấm", "Chấm", "Số", "Ba", "Hai", "Một"])
          try await browser.edit(3, "Số mới\(Key.enter)")
          try await browser.edit(2, "Chấm mới\(Key.enter)")
          try await browser.edit(1, "Hai chấm mới\(Key.enter)")
          try await browser.click("li:nth-child(3) .tick")
          let changed = ["Hai chấm mới", "Chấm mới", "Số mới", "Ba", "Hai", "Một"]
          try await browser.wait(forTitles: changed)
          func expectSame(_ titles: [String]) async throws {
            _ = try await waitFor {
              let tasks = try await cluster.get(0, "/tasks").json["tasks"]?.array ?? []
              return tasks.compactMap { $0["title"]?.string } == titles ? true : nil
            }
          }
          try await expectSame(changed)
          for (left, id) in ["..", ".", "2"].enumerated() {
            // Each at its own time: two quick clicks at one place are one.
            try await browser.tab(to: "li[data-key='\(id)'] .remove")
            try await browser.press(Key.enter)
            try await browser.wait(forTitles: Array(changed[(left + 1)...]))
          }
          try await expectSame(["Ba", "Hai", "Một"])
        }
      }
    }

    // MARK: The machines

    @Test(arguments: [1, 3])
    func `what was made for one cluster is not sent to another one on its ports`(count: Int)
      async throws
    {
      try await TestCluster.running(count) { cluster in
        _ = try await cluster.pdb("task", "add", "cũ")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["cũ"])
          try await browser.wait(
            "document.querySelector('#verdict').innerText.startsWith('HEALTHY')")
          cluster.killAll()
          try await browser.type("đang gửi\(Key.enter)", into: "#title")
          try await browser.type("chưa gửi\(Key.enter)", into: "#title")
          try await browser.click("#list li:nth-child(3) .remove")
          try await browser.wait(
            "document.querySelector('#trouble').innerText.includes('3 changes')")
          for node in 0..<count { try cluster.wipe(node) }
          for node in 0..<count { try cluster.start(node) }
          _ = try await cluster.leader()
          try await cluster.change(.add("mới"))

          // The new cluster's tasks are shown, and nothing else.
          try await browser.wait(forTitles: ["mới"])
          func expectKept() async throws {
            try await browser.wait("!document.querySelector('#elsewhere').hidden")
            let told = try await browser.text("#elsewhere-words")
            #expect(told.hasPrefix("Another cluster answers here now ("))
            #expect(told.contains("2 changes made for the old one were not sent."))
            // The first one was sent and never answered.
            #expect(told.contains("Whether the old one applied 1 change"))
            let changes = try await browser.run(
              "return document.querySelector('#elsewhere-changes').textContent")
            #expect(changes.string == "Add: đang gửiAdd: chưa gửiDelete: cũ")
          }
          try await expectKept()
          try await expectAccessible(browser)
          try await browser.picture("another-cluster-\(count)")
          // A browser that is steered may scroll what it clicks at below the header.
          try await browser.run("scrollTo(0, 0)")
          try await browser.click("#elsewhere summary")
          for scheme in ["dark", "light"] {
            let features: JSON = [["name": "prefers-color-scheme", "value": .string(scheme)]]
            try await browser.tool("Emulation.setEmulatedMedia", ["features": features])
            try await browser.resize(320, 900)
            #expect(try await browser.fitsItsWidth)
            #expect(try await browser.lowestContrast().ratio >= 4.5)
            try await browser.picture("another-cluster-\(count)-narrow-\(scheme)")
            try await browser.resize(1280, 900)
            try await browser.picture("another-cluster-\(count)-wide-\(scheme)")
          }
          try await browser.reload()
          try await browser.wait(forTitles: ["mới"])
          try await expectKept()

          // What is made from now on goes to the new one.
          try await browser.type("cho cụm mới\(Key.enter)", into: "#title")
          try await browser.wait(forTitles: ["cho cụm mới", "mới"])
          try await browser.wait("!document.querySelector('.addition')")
          let tasks = try await cluster.get(0, "/tasks").json["tasks"]?.array ?? []
          #expect(tasks.compactMap { $0["title"]?.string } == ["cho cụm mới", "mới"])
          try await browser.click("#elsewhere-discard")
          try await browser.wait("document.querySelector('#elsewhere').hidden")
          try await browser.reload()
          try await browser.wait(forTitles: ["cho cụm mới", "mới"])
          #expect(
            try await browser.run("return document.querySelector('#elsewhere').hidden").bool == true
          )
        }
      }
    }

    @Test func `what was made for a cluster is sent when it answers again`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "cũ")
        let folder = "\(cluster.workspace.path)/.pdb"
        func swap() throws {
          let files = FileManager.default
          try? files.moveItem(atPath: folder, toPath: "\(folder)-swap")
          try? files.moveItem(atPath: "\(folder)-other", toPath: folder)
          try files.moveItem(atPath: "\(folder)-swap", toPath: "\(folder)-other")
        }
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["cũ"])
          cluster.killAll()
          try await browser.type("chưa gửi\(Key.enter)", into: "#title")
          try swap()
          try cluster.start(0)
          try await browser.wait("!document.querySelector('#elsewhere').hidden")
          try await browser.wait(forTitles: [])
          cluster.killAll()
          try swap()
          try cluster.start(0)
          try await browser.wait(forTitles: ["chưa gửi", "cũ"])
          try await browser.wait("!document.querySelector('.addition')")
          try await browser.wait("document.querySelector('#elsewhere').hidden")
          let tasks = try await cluster.get(0, "/tasks").json["tasks"]?.array ?? []
          #expect(tasks.compactMap { $0["title"]?.string } == ["chưa gửi", "cũ"])
        }
      }
    }
  }
}

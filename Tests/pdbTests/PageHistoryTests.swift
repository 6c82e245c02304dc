// The page's view of the history: what was changed, taking it back, and the state at any moment.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite(.enabled(if: Browser.driver != nil, "chromedriver is not installed"))
  struct PageHistoryTests {
    typealias Key = Browser.Key

    @Test func `revisions are told in words, live, and found by author and key`() async throws {
      try await TestCluster.running(1) { cluster in
        try await Browser.running { browser in
          try await browser.open("\(cluster.addresses[0].url)/?view=history")
          try await browser.wait(
            "document.querySelector('#history-nothing').innerText.includes('No changes yet')")
          _ = try await cluster.pdb("task", "add", "Học Python", "Ôn thi")
          try await browser.wait(forRevisions: ["Added “Học Python”, “Ôn thi”"])
          _ = try await cluster.pdb("task", "edit", "2", "Ôn thi cuối kỳ")
          _ = try await cluster.pdb("task", "done", "1")
          _ = try await cluster.send(
            0, .POST, "/set", #"{"key":"users/lan","value":1}"#, headers: ["PDB-Author": "lan"])
          try await browser.wait(forRevisions: [
            "Created key “users/lan”", "Completed “Học Python”",
            "Renamed “Ôn thi” to “Ôn thi cuối kỳ”", "Added “Học Python”, “Ôn thi”",
          ])
          try await expectAccessible(browser)
          try await browser.picture("history")
          try await browser.type("lan", into: "#history-author")
          try await browser.wait(forRevisions: ["Created key “users/lan”"])
          #expect(try await browser.address.hasSuffix("/?view=history&author=lan"))
          try await browser.reload()
          try await browser.wait(forRevisions: ["Created key “users/lan”"])
          try await browser.type("task_", into: "#history-prefix")
          try await browser.wait(
            "document.querySelector('#history-nothing').innerText.includes('No revision matches')")
          try await browser.click("#history-nothing button")
          try await browser.wait("document.querySelectorAll('#revisions li').length === 4")
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `a revision shows what it changed, and is taken back`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Học")
        _ = try await cluster.pdb("task", "edit", "1", "Ôn")
        _ = try await cluster.pdb("task", "edit", "1", "Thi")
        try await Browser.running { browser in
          let url = cluster.addresses[0].url
          try await browser.open("\(url)/?view=history")
          try await browser.wait("document.querySelectorAll('#revisions li').length === 3")
          try await browser.click("#revisions li:nth-child(1) a")
          try await browser.wait("document.querySelector('#deeds .change')")
          #expect(try await browser.address.hasSuffix("/?view=history&revision=3"))
          #expect(try await browser.text("#revision-title") == "Revision 3")
          #expect(try await browser.text("#deeds .removed .text") == "title: Ôn")
          #expect(try await browser.text("#deeds .added .text") == "title: Thi")
          try await expectAccessible(browser)
          try await browser.picture("revision")

          // What was changed again since cannot be taken back, and the page says by what.
          try await browser.open("\(url)/?view=history&revision=2")
          try await browser.wait("!document.querySelector('#revision-tools').hidden")
          try await browser.click("#revision-undo")
          try await browser.wait("document.querySelector('.notice.failed')")
          #expect(try await browser.text(".notice.failed").contains("“Thi”"))
          try await browser.click(".notice.failed .buttons button:nth-child(1)")
          try await browser.wait("document.querySelectorAll('#revisions li').length === 3")
          try await browser.click(".notice.failed .buttons button:nth-child(2)")
          try await browser.wait("!document.querySelector('.notice.failed')")

          try await browser.click("#revisions li:nth-child(1) a")
          try await browser.wait("!document.querySelector('#revision-tools').hidden")
          try await browser.click("#revision-undo")
          try await browser.wait("document.querySelector('.notice.undone')")
          let said = try await browser.text(".notice.undone")
          #expect(said.contains("Revision 3 was taken back by revision 4"))
          #expect(try await cluster.pdb("task", "ls").column(4) == ["Ôn"])

          // That, too.
          try await browser.click(".notice.undone .buttons button:nth-child(1)")
          _ = try await waitFor {
            try await cluster.pdb("task", "ls").column(4) == ["Thi"] ? true : nil
          }
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `a slider shows tasks and keys as they were, and nothing can be changed there`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Học")
        _ = try await cluster.pdb("kv", "set", "a/b", "1")
        _ = try await cluster.pdb("task", "done", "1")
        _ = try await cluster.pdb("kv", "rm", "a/b")
        try await Browser.running { browser in
          try await browser.open("\(cluster.addresses[0].url)/?view=history")
          try await browser.wait("document.querySelector('#moment-at').max === '4'")
          func slide(to revision: Int) async throws {
            try await browser.write("\(revision)", into: "#moment-at")
            try await browser.wait(
              """
              document.querySelector('#moment-words').innerText.startsWith('Revision \(revision) –')
              && !document.querySelector('#past-keys').matches('[aria-busy="true"]')
              """)
          }
          func names(_ list: String) async throws -> [String] {
            let found = try await browser.run(
              "return [...document.querySelectorAll(arguments[0])].map((row) => row.textContent)",
              .string("#\(list) .main"))
            return (found.array ?? []).compactMap(\.string)
          }
          try await slide(to: 2)
          try await browser.wait("document.querySelectorAll('#past-keys li').length === 1")
          #expect(try await names("past-tasks") == ["Học"])
          #expect(try await names("past-keys") == ["a/b"])
          let completed = try await browser.run(
            "return document.querySelectorAll('#past .completed').length")
          #expect(completed.int64 == 0)
          #expect(try await browser.text("#moment-words").contains("Created key “a/b”"))
          #expect(try await browser.text("#past").contains("looking at the past"))
          let controls = try await browser.run(
            "return document.querySelectorAll('#past :is(input, a, button:not([hidden]))').length")
          #expect(controls.int64 == 0)
          try await expectAccessible(browser)
          try await browser.picture("past")
          try await slide(to: 3)
          try await browser.wait("document.querySelectorAll('#past .completed').length === 1")
          #expect(try await browser.address.hasSuffix("/?view=history&at=3"))

          // It goes on being that moment: over a reload, and while others change things.
          _ = try await cluster.pdb("task", "rm", "1")
          try await browser.reload()
          try await browser.wait("document.querySelectorAll('#past .completed').length === 1")
          try await browser.click("#moment-now")
          try await browser.wait("document.querySelector('#past').hidden")
          try await browser.wait("document.querySelectorAll('#revisions li').length === 5")
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `the view is part of the address: back, forward, and links`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "a", "1")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          func expect(_ view: String) async throws {
            try await browser.wait("document.querySelector('#\(view)').checkVisibility()")
            try await browser.wait(
              "document.querySelector('#views [aria-current]').dataset.key === '\(view)'")
          }
          try await expect("tasks")
          for view in ["keys", "history", "cluster"] {
            try await browser.click("#views [data-key='\(view)']")
            try await expect(view)
          }
          for view in ["history", "keys", "tasks"] {
            try await browser.run("history.back()")
            try await expect(view)
          }
          try await browser.run("history.forward()")
          try await expect("keys")
          try await browser.reload()
          try await expect("keys")
          // A row is a link: the focus goes to what it opens, and comes back to it.
          try await browser.wait(forRows: ["a"])
          try await browser.tab(to: "#keys-list a")
          try await browser.press(Key.enter)
          try await browser.wait("document.activeElement.id === 'key-name'")
          try await browser.run("history.back()")
          try await browser.wait("document.activeElement.matches('#keys-list a')")
          try await expectClean(browser, cluster)
        }
      }
    }
  }
}

extension Browser {
  /// Waits until the history shows these sentences.
  func wait(forRevisions sentences: [String], at location: SourceLocation = #_sourceLocation)
    async throws
  {
    let list = JSON.array(sentences.map(JSON.string)).text
    try await wait(
      """
      JSON.stringify([...document.querySelectorAll('#revisions .main')]
        .map((row) => row.textContent)) === JSON.stringify(\(list))
      """, at: location)
  }
}

// The laboratory and the time machine in a real browser.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite(.enabled(if: Browser.driver != nil, "chromedriver is not installed"))
  struct PageLabTests {
    /// Runs a lab, and gives the link to its page and a way to its commands.
    private static func withLab(
      _ nodes: Int,
      _ body: (_ link: String, _ lab: (String...) async throws -> CommandResult) async throws ->
        Void
    ) async throws {
      let lab = try await TestLab(nodes)
      defer { lab.end() }
      let link = try await waitFor { () -> String? in
        try lab.output.split(whereSeparator: \.isWhitespace).first { $0.contains("#lab=") }
          .map(String.init)
      }
      try await body(link) { (words: String...) in try await lab.pdb(words) }
    }

    private static let leader = "document.querySelector('#members tr.leader .name')?.textContent"

    @Test
    func `a leader that is cut off with the keyboard is replaced, and agrees again once healed`()
      async throws
    {
      try await Self.withLab(3) { link, lab in
        try await Browser.running { browser in
          try await browser.open(link)
          try await browser.wait("!document.querySelector('#lab').hidden && \(Self.leader)")
          // The token is not left in the address.
          #expect(try await browser.address.contains("#") == false)
          let old = try #require(try await browser.run("return \(Self.leader)").string)
          _ = try await lab("task", "add", "Học Python")

          // The keyboard: the focus on the button, and Enter.
          _ = try await browser.run(
            """
            [...document.querySelectorAll('#lab-nodes button[data-name=isolate]')]
              .find((button) => button.dataset.port === arguments[0]).focus()
            """, .string(old))
          try await browser.press(Browser.Key.enter)
          try await browser.wait("document.querySelectorAll('#picture .link.cut').length === 2")
          try await browser.wait("\(Self.leader) && \(Self.leader) !== '\(old)'")
          // The majority goes on; the minority has nobody who agrees.
          #expect(try await lab("task", "add", "Làm đồ án").status == 0)
          let alone = try await lab("node", "status", "--node", "127.0.0.1:\(old)", "--json").json
          #expect(alone["role"] != "leader" && alone["leader"]?.isNull != false)
          let refused = try await lab(
            "task", "ls", "--node", "127.0.0.1:\(old)", "--timeout", "1")
          #expect(refused.output.contains("Làm đồ án") || refused.status != 0)
          // It runs, and is of no use.
          try await browser.wait(
            "document.querySelector('#verdict').innerText.includes('the leader does not hear it')")

          // Healed, the logs agree. By the keyboard: the page may tell there that it uses another node now.
          _ = try await browser.run("document.querySelector('#lab-mend').focus()")
          try await browser.press(Browser.Key.enter)
          try await browser.wait("document.querySelectorAll('#picture .link.cut').length === 0")
          try await browser.wait(
            """
            new Set([...document.querySelectorAll('#picture .node-last')].map((e) => e.textContent)).size === 1
              && document.querySelector('#verdict').className === 'healthy'
            """)
        }
      }
    }

    @Test func `a click on a line cuts it, buttons kill and start, and words tell of it`()
      async throws
    {
      try await Self.withLab(3) { link, lab in
        try await Browser.running { browser in
          try await browser.open(link)
          try await browser.wait("!document.querySelector('#lab').hidden && \(Self.leader)")
          try await browser.click("#picture .way .reach")
          try await browser.wait("document.querySelectorAll('#picture .link.cut').length === 1")
          try await browser.click("#lab-ways button[aria-pressed=true]")
          try await browser.wait("document.querySelectorAll('#picture .link.cut').length === 0")

          let old = try #require(try await browser.run("return \(Self.leader)").string)
          try await browser.click("#lab-nodes button[data-name=kill][data-port='\(old)']")
          try await browser.wait(
            "document.querySelector('#stories').innerText.includes('leads term')")
          try await browser.wait("document.querySelector('#picture .node.down')")
          try await browser.click("#lab-nodes button[data-name=start][data-port='\(old)']")
          try await browser.wait("document.querySelector('#verdict').className === 'healthy'")
          // It notices a bit that was turned over, and mends its state.
          try await browser.click("#lab-nodes button[data-name=flip][data-port='\(old)']")
          try await browser.wait(
            "document.querySelector('#timeline').innerText.includes('made it anew')")
          try await browser.wait("document.querySelector('#verdict').className === 'healthy'")
          let log = try await lab("lab", "cut", "1", "2", "--one-way", "--json").json
          #expect(log["cuts"]?.array?.count == 1)
          try await browser.wait("document.querySelector('#picture .link.half')")
        }
      }
    }

    @Test func `a planted bug is caught on the screen, and its link shows the same elsewhere`()
      async throws
    {
      let workspace = try Workspace(nodes: "")
      let ports = try TestPorts(1)
      let process = workspace.process([
        "lab", "sim", "--seed", "34", "--bug", "votesTwice", "--port", String(ports.numbers[0]),
      ])
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      defer {
        process.terminate()
        process.waitUntilExit()
      }
      try await Browser.running { browser in
        let url = "http://127.0.0.1:\(ports.numbers[0])"
        try await waitUntilServed(url, browser)
        try await browser.open("\(url)/?seed=34&wild&bug=votesTwice")
        try await browser.wait("document.querySelectorAll('#picture .node').length === 5")
        #expect(
          try await browser.run("return document.querySelector('#broken').hidden").bool == true)
        while try await browser.run("return document.querySelector('#broken').hidden").bool == true
        {
          try await browser.click("#to-next")
        }
        #expect(try await browser.text("#broken").contains("one vote per term"))
        let (link, shown) = (try await browser.address, try await browser.text("#stories"))
        #expect(link.contains("at="))
        _ = try await browser.openWindow(link)
        try await browser.wait("!document.querySelector('#broken').hidden")
        #expect(try await browser.text("#stories") == shown)

        // Done otherwise: from here on another life.
        try await browser.open("\(url)/?seed=1&nodes=3&at=100")
        try await browser.wait("document.querySelectorAll('#picture .node').length === 3")
        try await browser.click("#forks button[data-order='crash:1']")
        try await browser.wait("document.querySelector('#orders').value === '100:crash:1'")
        try await browser.click("#forth")
        try await browser.wait("document.querySelector('#picture .node.down')")
        #expect(try await browser.address.contains("orders=100%3Acrash%3A1"))
      }
    }

    private func waitUntilServed(_ url: String, _ browser: Browser) async throws {
      _ = try await waitFor { () -> Bool? in
        try? await browser.open(url)
        let title = try? await browser.run("return document.querySelector('#machine-title')?.id")
        return title?.string != nil ? true : nil
      }
    }
  }
}

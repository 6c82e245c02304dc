// The page where a slip of the hand, or of the machines, could change the wrong thing.

import Foundation
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
          try await browser.wait("!document.querySelector('.pending').innerText")
          try await browser.click("li:nth-child(1) .remove")
          try await browser.click("li:nth-child(1) .remove")
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
  }
}

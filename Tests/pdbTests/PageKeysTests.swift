// The page's view of keys: what people look up and edit in it.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite(.enabled(if: Browser.driver != nil, "chromedriver is not installed"))
  struct PageKeysTests {
    typealias Key = Browser.Key

    @Test func `keys are found through folders and by prefix, live, and the address says where`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        try await Browser.running { browser in
          let url = cluster.addresses[0].url
          try await browser.open("\(url)/?view=keys")
          try await browser.wait(
            "document.querySelector('#keys-nothing').innerText.includes('No keys yet')")
          try await expectAccessible(browser)
          _ = try await cluster.pdb("kv", "set", "users/lan", #"{"age":7}"#)
          _ = try await cluster.pdb("kv", "set", "users/minh", #"{"age":8}"#)
          _ = try await cluster.pdb("kv", "set", "greeting", "hello")
          try await browser.wait(forRows: ["greeting", "users/"])
          #expect(try await browser.text("#keys-list .beside") == "hello")
          try await browser.click("#keys-list li:nth-child(2) a")
          try await browser.wait(forRows: ["lan", "minh"])
          #expect(try await browser.address.hasSuffix("/?view=keys&prefix=users/"))
          try await browser.reload()
          try await browser.wait(forRows: ["lan", "minh"])
          try await browser.type("m", into: "#keys-prefix")
          try await browser.wait(forRows: ["minh"])
          try await browser.run("history.back()")
          try await browser.wait(forRows: ["greeting", "users/"])

          // The cluster stays in sight.
          #expect(
            try await browser.run(
              "return document.querySelector('#cluster').checkVisibility()"
            ).bool == true)
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `a long list of keys comes in pages, and a full folder is one row`() async throws {
      try await TestCluster.running(1) { cluster in
        for part in 0..<5 {
          let pairs = (0..<100).map { number -> JSON in
            ["key": .string("folder/\(part)-\(number)"), "value": JSON(number)]
          }
          let body: JSON = ["pairs": .array(pairs)]
          #expect(try await cluster.send(0, .POST, "/set", body.text).status == 200)
        }
        _ = try await cluster.pdb("kv", "set", "z", "1")
        try await Browser.running { browser in
          try await browser.open("\(cluster.addresses[0].url)/?view=keys")
          try await browser.wait(forRows: ["folder/", "z"])
          try await browser.click("#keys-list li:nth-child(1) a")
          try await browser.wait("document.querySelectorAll('#keys-list li').length === 50")
          try await browser.click("#keys-more")
          try await browser.wait("document.querySelectorAll('#keys-list li').length === 100")
        }
      }
    }

    @Test func `a value is checked while it is typed, saved, and has a history`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "stock", #"{"a":1,"price":12345678901234567890.10}"#)
        try await Browser.running { browser in
          try await browser.open("\(cluster.addresses[0].url)/?view=keys&key=stock")
          try await browser.wait("document.querySelectorAll('#key-changes .change').length === 1")
          #expect(try await browser.value("#key-value").contains("12345678901234567890.10"))
          try await browser.write(#"{"a":1"#, into: "#key-value")
          try await browser.wait(
            "document.querySelector('#key-problem').innerText.includes('line 1, column 7')")
          let isDisabled = try await browser.run(
            "return document.querySelector('#key-save').disabled")
          #expect(isDisabled.bool == true)
          try await browser.write(
            #"{"a":2,"price":12345678901234567890.10}"#, into: "#key-value")
          try await browser.wait("!document.querySelector('#key-save').disabled")
          try await browser.click("#key-save")
          try await browser.wait("document.querySelectorAll('#key-changes .change').length === 2")
          let stored = try await cluster.pdb("kv", "get", "stock", "--raw").output
          #expect(stored.contains("12345678901234567890.10") && stored.contains(#""a":2"#))
          #expect(try await browser.text("#key-changes .removed .text") == "a: 1")
          #expect(try await browser.text("#key-changes .added .text") == "a: 2")
          try await expectAccessible(browser)
          try await browser.picture("key")
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `of two editors of one value the second one decides, and loses nothing`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "a", "1")
        try await Browser.running { browser in
          let url = "\(cluster.addresses[0].url)/?view=keys&key=a"
          try await browser.open(url)
          let one = try await browser.window
          func write(_ value: String) async throws {
            try await browser.wait("!document.querySelector('#key-form').hidden")
            try await browser.write(value, into: "#key-value")
            try await browser.wait("!document.querySelector('#key-save').disabled")
          }
          func conflict(_ mine: String, _ theirs: String) async throws {
            try await write(mine)
            try await browser.openWindow(url)
            try await write(theirs)
            try await browser.click("#key-save")
            _ = try await waitFor {
              try await cluster.pdb("kv", "get", "a", "--raw").output
                .trimmingCharacters(in: .newlines) == theirs ? true : nil
            }
            try await browser.go(to: one)
            try await browser.wait("!document.querySelector('#key-changed').hidden")
            try await browser.click("#key-save")
            try await browser.wait("!document.querySelector('#key-conflict').hidden")
            #expect(try await browser.value("#key-value") == mine)
            #expect(try await browser.text("#key-conflict-lines .removed .text") == theirs)
            #expect(try await browser.text("#key-conflict-lines .added .text") == mine)
          }
          func expect(_ value: String) async throws {
            try await browser.wait("document.querySelector('#key-conflict').hidden")
            try await browser.wait("document.querySelector('#key-value').value === '\(value)'")
            _ = try await waitFor {
              try await cluster.pdb("kv", "get", "a", "--raw").output
                .trimmingCharacters(in: .newlines) == value ? true : nil
            }
          }
          try await conflict("10", "20")
          try await expectAccessible(browser)
          try await browser.picture("key-conflict")
          // The decision can wait: it survives a reload.
          try await browser.reload()
          try await browser.wait("!document.querySelector('#key-conflict').hidden")
          try await browser.click("#key-keep")
          try await expect("10")
          try await conflict("11", "21")
          try await browser.click("#key-take")
          try await expect("21")
          try await conflict("12", "22")
          try await browser.click("#key-edit-on")
          try await browser.wait("document.querySelector('#key-conflict').hidden")
          try await write("13")
          try await browser.click("#key-save")
          try await expect("13")
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `a key is made, deleted and brought back`() async throws {
      try await TestCluster.running(1) { cluster in
        try await Browser.running { browser in
          try await browser.open("\(cluster.addresses[0].url)/?view=keys")
          try await browser.click("#keys-new")
          try await browser.wait("document.activeElement.id === 'key-new-name'")
          try await browser.write("cửa hàng/1", into: "#key-new-name")
          try await browser.run(
            """
            const form = document.querySelector('#key-form-of')
            form.value = 'text'
            form.dispatchEvent(new Event('change'))
            """)
          try await browser.write("một\nhai", into: "#key-value")
          try await browser.wait("!document.querySelector('#key-save').disabled")
          try await browser.click("#key-save")
          try await browser.wait(
            "document.querySelector('#key-facts').innerText.includes('Revision 1')")
          func stored() async throws -> String {
            try await cluster.pdb("kv", "get", "cửa hàng/1", "--raw").output
          }
          #expect(try await stored().hasPrefix("một\nhai"))
          try await browser.click("#key-remove")
          try await browser.wait("document.querySelector('.notice.removed')")
          try await browser.wait("!document.querySelector('#keys-nothing').hidden")
          #expect(try await browser.address.hasSuffix("/?view=keys&prefix=c%E1%BB%ADa+h%C3%A0ng/"))
          try await browser.click(".notice.removed .buttons button:first-child")
          try await browser.wait(forRows: ["1"])
          #expect(try await stored().hasPrefix("một\nhai"))

          // What is there already is not overwritten by a new key.
          try await browser.click("#keys-new")
          try await browser.write("cửa hàng/1", into: "#key-new-name")
          try await browser.write("2", into: "#key-value")
          try await browser.wait("!document.querySelector('#key-save').disabled")
          try await browser.click("#key-save")
          try await browser.wait("!document.querySelector('#key-conflict').hidden")
          try await browser.click("#key-take")
          try await browser.wait("document.querySelector('#key-value').value === 'một\\nhai'")
        }
      }
    }

    @Test(arguments: [
      "keys", "keys&key=a", "keys&new=1", "history", "history&revision=1", "cluster",
    ])
    func `every view fits 320 pixels, as a tab of its own`(view: String) async throws {
      try await TestCluster.running(1) { cluster in
        let name = String(repeating: "dài", count: 60)
        _ = try await cluster.pdb("kv", "set", "a", #"{"name":"\#(name)"}"#)
        _ = try await cluster.pdb("kv", "set", String(repeating: "k", count: 300), "1")
        try await Browser.running(language: "vi") { browser in
          try await browser.resize(320, 900)
          try await browser.open("\(cluster.addresses[0].url)/?view=\(view)")
          let section = String(view.prefix { $0 != "&" })
          try await browser.wait("document.querySelector('#\(section)').checkVisibility()")
          try await browser.wait("document.querySelector('#verdict').innerText !== ''")
          let shown = try await browser.run(
            """
            return [...document.querySelectorAll('main > section')]
              .filter((section) => section.checkVisibility()).map(({id}) => id)
            """)
          #expect((shown.array ?? []).compactMap(\.string) == [section])
          #expect(try await browser.fitsItsWidth)
          try await browser.picture("narrow-\(section)")
          let faint = try await browser.lowestContrast()
          #expect(faint.ratio >= 4.5, "\(faint.text)")
        }
      }
    }

    @Test func `one key does what is done often, and types where something is typed`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Một", "Hai", "Ba")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Ba", "Hai", "Một"])
          try await browser.press("j", "j", "x")
          try await browser.wait("document.querySelector('li:nth-child(2) .tick').checked")
          try await browser.press("u")
          try await browser.wait("!document.querySelector('li:nth-child(2) .tick').checked")
          _ = try await waitFor {
            try await cluster.pdb("log", "--oneline").output.contains("undo") ? true : nil
          }
          try await browser.press("/")
          try await browser.wait("document.activeElement.id === 'query'")
          try await browser.press("x", "n")
          try await browser.wait("document.querySelector('#query').value === 'xn'")
          try await browser.run("document.activeElement.blur()")
          try await browser.press("n")
          try await browser.wait("document.activeElement.id === 'title'")
          try await browser.run("document.activeElement.blur()")
          try await browser.press("?")
          try await browser.wait("document.querySelector('#shortcuts').open")
          try await expectAccessible(browser)
          // They can be switched off.
          try await browser.click("#shortcuts-on")
          try await browser.press(Key.escape)
          try await browser.press("?")
          let isOpen = try await browser.run("return document.querySelector('#shortcuts').open")
          #expect(isOpen.bool == false)
        }
      }
    }
  }
}

extension Browser {
  /// Waits until the list of keys shows these names.
  func wait(forRows names: [String], at location: SourceLocation = #_sourceLocation) async throws {
    let list = JSON.array(names.map(JSON.string)).text
    try await wait(
      """
      JSON.stringify([...document.querySelectorAll('#keys-list .main')]
        .map((name) => name.textContent)) === JSON.stringify(\(list))
      """, at: location)
  }

  /// What a field holds.
  func value(_ selector: String) async throws -> String {
    try await run("return document.querySelector(arguments[0]).value", .string(selector)).string
      ?? ""
  }

  /// Replaces what a field holds, as if it were typed.
  func write(_ text: String, into selector: String) async throws {
    try await wait("document.querySelector('\(selector)')?.checkVisibility()")
    try await run(
      """
      const field = document.querySelector(arguments[0])
      field.focus()
      field.value = arguments[1]
      field.dispatchEvent(new Event('input', {bubbles: true}))
      """, .string(selector), .string(text))
  }
}

// The page in a real browser: what people do with it.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite(.enabled(if: Browser.driver != nil, "chromedriver is not installed"))
  struct PageTests {
    typealias Key = Browser.Key

    // MARK: What nodes serve

    @Test func `every file of the page is in the program, with its type and a tag`() async throws {
      let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Sources/Page").standardizedFileURL.path
      let files = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [])
        .filter { ["html", "css", "svg", "mjs"].contains(URL(fileURLWithPath: $0).pathExtension) }
      #expect(files.count > 10)
      try await TestCluster.running(1) { cluster in
        for file in files {
          let answer = try await cluster.get(0, "/page/\(file)")
          let source = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
          #expect(answer.status == 200 && answer.body == source, "\(file)")
          let tag = answer.headers.first(name: "ETag") ?? ""
          let again = try await cluster.get(0, "/page/\(file)", headers: ["If-None-Match": tag])
          #expect(again.status == 304 && again.body.isEmpty, "\(file)")
        }
        let script = try await cluster.get(0, "/page/main.mjs")
        #expect(script.headers.first(name: "Content-Type") == "text/javascript; charset=utf-8")
        #expect(try await cluster.get(0, "/page/nope.mjs").status == 404)
        #expect(try await cluster.get(0, "/page/../README.md").status == 404)
      }
    }

    @Test func `the page may load nothing from elsewhere and talk only to members`() async throws {
      try await TestCluster.running(1) { cluster in
        let answer = try await cluster.get(0, "/")
        let policy = answer.headers.first(name: "Content-Security-Policy") ?? ""
        #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"))
        #expect(policy.contains("connect-src 'self' http://127.0.0.1:* http://localhost:*;"))
        #expect(!policy.contains("unsafe") && !policy.contains(" *"))
        #expect(answer.headers.first(name: "X-Content-Type-Options") == "nosniff")
        #expect(answer.headers.first(name: "Referrer-Policy") == "no-referrer")
      }
    }

    @Test func `ui tells where a living node's page is, and opens it on a terminal`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.pdb("task", "ls")
        cluster.kill9(0)
        let told = try await cluster.workspace.run(["ui"])
        let urls = cluster.addresses[1...].map { "\($0.url)/\n" }
        #expect(urls.contains(told.output))
        let json = try await cluster.workspace.run(["ui", "--json"]).json
        #expect(json["opened"]?.bool == false)
        let opened = "\(cluster.workspace.path)/opened"
        let terminal = try Terminal(
          cluster.workspace, ["ui"], environment: ["BROWSER": "echo >\(opened)"])
        try await terminal.wait(for: "http://127.0.0.1:")
        _ = try await terminal.end()
        let address = try String(contentsOfFile: opened, encoding: .utf8)
        #expect(urls.contains(address))
        for node in 1...2 { cluster.kill9(node) }
        #expect(try await cluster.workspace.run(["ui", "--timeout", "1"]).status == 69)
      }
    }

    // MARK: Tasks

    @Test func `what one window does shows in the other and in the command line`() async throws {
      try await TestCluster.running(2) { cluster in
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          let one = try await browser.window
          let other = try await browser.openWindow(cluster.addresses[1].url)
          try await browser.wait(
            "document.querySelector('#nothing').innerText.includes('No tasks')")
          func see(_ titles: String...) async throws {
            try await browser.go(to: other)
            try await browser.wait(forTitles: titles)
            #expect(try await cluster.pdb("task", "ls", "--all").column(4) == titles)
            try await browser.go(to: one)
            try await browser.wait(forTitles: titles)
          }

          // Add one, then many: one request, their order kept.
          try await browser.go(to: one)
          try await browser.type("Học Python\(Key.enter)", into: "#title")
          try await see("Học Python")
          try await browser.click("#many-toggle")
          try await browser.type("Làm đồ án\n\nÔn thi cuối kỳ", into: "#titles")
          try await browser.wait("document.querySelector('#many-add').innerText === 'Add 2 tasks'")
          try await browser.click("#many-add")
          try await see("Ôn thi cuối kỳ", "Làm đồ án", "Học Python")
          let log = try await cluster.pdb("log", "--json").json
          #expect(log["revisions"]?.array?.count == 2)

          // Edit in place: Escape leaves it, Enter saves.
          try await browser.edit(3, "x\(Key.escape)")
          try await browser.wait(forTitles: ["Ôn thi cuối kỳ", "Làm đồ án", "Học Python"])
          try await browser.edit(3, "Học Swift\(Key.enter)")
          try await see("Ôn thi cuối kỳ", "Làm đồ án", "Học Swift")

          // Leaving the field saves, too.
          try await browser.edit(2, "Làm đồ án lớn")
          try await browser.click("h1")
          try await see("Ôn thi cuối kỳ", "Làm đồ án lớn", "Học Swift")

          // Tick.
          try await browser.click("li:nth-child(2) .tick")
          try await browser.go(to: other)
          try await browser.wait("document.querySelector('li:nth-child(2) .tick').checked")

          // The filter is part of the address.
          try await browser.click("#filters a[data-filter='active']")
          try await browser.wait(forTitles: ["Ôn thi cuối kỳ", "Học Swift"])
          #expect(try await browser.address.hasSuffix("/?show=active"))
          try await browser.reload()
          try await browser.wait(forTitles: ["Ôn thi cuối kỳ", "Học Swift"])
          try await browser.type("ON THI", into: "#query")
          try await browser.wait(forTitles: ["Ôn thi cuối kỳ"])
          #expect(try await browser.text("#count") == "1 of 3 tasks")
          try await browser.type("zzz", into: "#query")
          try await browser.wait(
            "document.querySelector('#nothing').innerText.includes('No task matches')")
          try await browser.click("#nothing button")

          // Delete, and take it back.
          try await browser.go(to: one)
          try await browser.click("li:nth-child(1) .remove")
          try await see("Làm đồ án lớn", "Học Swift")
          try await browser.click(".notice.removed .buttons button:first-child")
          try await see("Ôn thi cuối kỳ", "Làm đồ án lớn", "Học Swift")

          // Clear the completed ones, and take it back.
          try await browser.click("#clear")
          try await see("Ôn thi cuối kỳ", "Học Swift")
          #expect(try await browser.text(".notice.removed").contains("1 completed task"))
          try await browser.click(".notice.removed .buttons button:first-child")
          try await see("Ôn thi cuối kỳ", "Làm đồ án lớn", "Học Swift")
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `an edit of a title that was changed elsewhere is not made, and the user chooses`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Một", "Hai")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          let one = try await browser.window
          try await browser.wait(forTitles: ["Hai", "Một"])
          func edit(_ row: Int, _ mine: String, against theirs: String) async throws {
            try await browser.edit(row, mine)
            let other = try await browser.openWindow(cluster.addresses[0].url)
            try await browser.wait("document.querySelectorAll('#list .title').length === 2")
            try await browser.edit(row, "\(theirs)\(Key.enter)")
            try await browser.wait(
              "document.querySelector('li:nth-child(\(row)) .title')?.innerText === '\(theirs)'")
            try await browser.go(to: one)
            try await browser.wait("document.querySelector('.title-field')")
            try await browser.type(Key.enter, into: ".title-field")
            try await browser.wait("document.querySelector('.notice.conflict')")
            #expect(try await browser.text(".notice.conflict").contains(theirs))
            try await browser.picture("conflict")
            _ = other
          }
          try await edit(2, "Của tôi", against: "Của họ")
          try await browser.click(".notice.conflict .buttons button:nth-child(1)")
          try await browser.wait("!document.querySelector('.notice.conflict')")
          _ = try await waitFor {
            try await cluster.pdb("task", "ls").column(4) == ["Hai", "Của tôi"] ? true : nil
          }
          try await edit(1, "Tôi nữa", against: "Họ nữa")
          try await browser.click(".notice.conflict .buttons button:nth-child(2)")
          try await browser.wait(forTitles: ["Họ nữa", "Của tôi"])
          #expect(try await cluster.pdb("task", "ls").column(4) == ["Họ nữa", "Của tôi"])
        }
      }
    }

    @Test func `a tick elsewhere is no conflict, a removal elsewhere loses no text`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Một", "Hai")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Hai", "Một"])
          try await browser.edit(2, "Một mới")
          _ = try await cluster.pdb("task", "done", "1")
          try await browser.type(Key.enter, into: ".title-field")
          try await browser.wait(forTitles: ["Hai", "Một mới"])
          try await browser.edit(1, "Hai mới")
          _ = try await cluster.pdb("task", "rm", "2")
          try await browser.wait("document.querySelectorAll('.remove:not([hidden])').length === 1")
          try await browser.type(Key.enter, into: ".title-field")
          try await browser.wait("document.querySelector('.notice.failed')")
          try await browser.click(".notice.failed .buttons button:nth-child(1)")
          try await browser.wait(forTitles: ["Hai mới", "Một mới"])
        }
      }
    }

    @Test func `all fields of a task can be edited, and others' fields are left alone`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Nộp báo cáo", "--project", "Đồ án", "--tag", "cũ")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Nộp báo cáo"])
          func open() async throws {
            try await browser.click("li:nth-child(1) button.details")
            try await browser.wait("document.querySelector('#details').open")
          }
          func set(_ name: String, _ value: String) async throws {
            try await browser.run(
              "document.querySelector(arguments[0]).value = arguments[1]",
              .string("#details-\(name)"), .string(value))
          }
          func task() async throws -> JSON {
            try await cluster.pdb("task", "show", "1", "--json").json
          }
          try await open()
          try await expectAccessible(browser)
          try await browser.picture("details")
          #expect(
            try await browser.run("return document.querySelector('#details-tags').value") == "cũ")
          try await set("time", "08:30")
          try await browser.click("#details button[type=submit]")
          let complaint = try await browser.run(
            "return document.querySelector('#details-time').validationMessage")
          #expect(complaint.string == "A time needs a date.")
          try await set("time", "")
          try await set("date", "2026-11-20")
          try await set("priority", "high")
          try await set("notes", "hai bản\nin màu")
          try await set("tags", "trường gấp")
          // Another client changes another field meanwhile, and one that the form changes, too.
          _ = try await cluster.pdb(
            "task", "edit", "1", "--project", "Luận văn", "--priority", "low")
          try await browser.click("#details button[type=submit]")
          try await browser.wait("document.querySelector('.notice.conflict')")
          #expect(try await browser.text(".notice.conflict").contains("priority “low”"))
          try await browser.click(".notice.conflict .buttons button:nth-child(2)")
          try await browser.wait("document.querySelector('.fields').innerText.includes('#trường')")
          let edited = try await waitFor { try await task()["notes"] == nil ? nil : task() }
          #expect(edited["due"] == "2026-11-20")
          #expect(edited["priority"] == "low" && edited["project"] == "Luận văn")
          #expect(edited["notes"] == "hai bản\nin màu")
          #expect(edited["tags"] == ["trường", "gấp"])

          // What is emptied goes; Escape changes nothing.
          try await open()
          try await set("date", "")
          try await set("tags", "")
          try await browser.press(Key.escape)
          try await browser.wait("!document.querySelector('#details').open")
          try await open()
          try await set("notes", "")
          try await browser.click("#details button[type=submit]")
          let last = try await waitFor { try await task()["notes"] == nil ? task() : nil }
          #expect(last["due"] == "2026-11-20" && last["tags"] == ["trường", "gấp"])
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `an edit goes on while everything around it changes`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Một", "Hai", "Ba", "Bốn")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Bốn", "Ba", "Hai", "Một"])
          try await browser.click("#filters a[data-filter='active']")
          try await browser.edit(3, "nửa")
          func expectTyping(_ titles: String..., at location: SourceLocation = #_sourceLocation)
            async throws
          {
            try await browser.wait(forTitles: titles, at: location)
            let isFocused = try await browser.run(
              "return document.activeElement.matches('.title-field')")
            #expect(isFocused.bool == true, sourceLocation: location)
          }
          // A row above goes, many come, and the task itself leaves the filter.
          _ = try await cluster.pdb("task", "rm", "4")
          try await expectTyping("Ba", "Một")
          let more = (0..<120).map { "việc \($0)" }
          _ = try await cluster.pdb(
            "task", "add", "-", input: Data(more.joined(separator: "\n").utf8))
          try await browser.wait("document.querySelector('#count').innerText.includes('123')")
          _ = try await cluster.pdb("task", "done", "2")
          try await browser.wait(
            "document.querySelector('#filters').innerText.includes('Completed 1')")
          try await browser.press(" ", "x", Key.enter)
          _ = try await waitFor {
            try await cluster.pdb("task", "show", "2", "--json").json["title"]?.string == "nửa x"
              ? true : nil
          }
        }
      }
    }

    @Test func `titles are text, whatever they contain`() async throws {
      let titles = [
        "<img src=x onerror=alert(1)>", "مرحبا بالعالم", "👩‍👩‍👧‍👦 gia đình",
        "</li><script>alert(2)</script>",
        String(repeating: "ă", count: 2048),
      ]
      try await TestCluster.running(1) { cluster in
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait("!document.querySelector('#nothing').hidden")
          for title in titles {
            // Keys above the basic plane cannot be typed by a driver.
            try await browser.run(
              """
              const field = document.querySelector('#title')
              field.value = arguments[0]
              field.form.requestSubmit()
              """, .string(title))
          }
          try await browser.wait(forTitles: titles.reversed())
          // The page shows what is still on its way, too.
          _ = try await waitFor {
            let tasks = try await cluster.get(0, "/tasks").json["tasks"]?.array ?? []
            return tasks.compactMap { $0["title"]?.string } == titles.reversed() ? true : nil
          }
          #expect(
            try await browser.run("return document.querySelectorAll('img, li script').length").int64
              == 0)
          let direction =
            "return getComputedStyle(document.querySelector('li:nth-child(4) .title')).direction"
          #expect(try await browser.run(direction).string == "rtl")
          // Nothing sticks out of the window.
          #expect(try await browser.fitsItsWidth)
          try await browser.picture("titles")
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `a title that nodes would refuse is refused while it can be corrected`() async throws
    {
      try await TestCluster.running(1) { cluster in
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait("!document.querySelector('#nothing').hidden")
          try await browser.run("document.querySelector('#title').value = 'x'.repeat(4097)")
          try await browser.type(Key.enter, into: "#title")
          try await browser.wait(
            "document.querySelector('#title-problem').innerText.includes('too long')")
          #expect(
            try await browser.run("return document.querySelector('#title').value.length").int64
              == 4097)
          try await browser.click("#many-toggle")
          try await browser.run(
            """
            const field = document.querySelector('#titles')
            field.value = 'x\\n'.repeat(1001)
            field.dispatchEvent(new Event('input'))
            """)
          try await browser.wait("document.querySelector('#many-add').disabled")
          #expect(try await browser.text("#many-problem").contains("1,000"))
          #expect(try await cluster.get(0, "/tasks").json["revision"]?.int64 == 0)
        }
      }
    }

    @Test func `Enter that ends a composition adds nothing`() async throws {
      try await TestCluster.running(1) { cluster in
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait("!document.querySelector('#nothing').hidden")
          try await browser.click("#title")
          try await browser.tool(
            "Input.imeSetComposition", ["text": "hoc", "selectionStart": 3, "selectionEnd": 3])
          // The key goes to the input method: 229, with the composition still open.
          try await browser.tool(
            "Input.dispatchKeyEvent",
            [
              "type": "keyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229,
            ])
          // Safari says that the composition is over before it tells of the key.
          let isTaken = try await browser.run(
            """
            const event = new KeyboardEvent('keydown',
              {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true})
            return document.querySelector('#title').dispatchEvent(event)
            """)
          #expect(isTaken.bool == false)
          try await browser.tool("Input.insertText", ["text": "học"])
          #expect(
            try await browser.run("return document.querySelector('#title').value").string == "học")
          #expect(try await browser.titles() == [])
          try await browser.press(Key.enter)
          try await browser.wait(forTitles: ["học"])
          try await browser.wait("!document.querySelector('.addition')")
          #expect(try await cluster.get(0, "/tasks").json["revision"]?.int64 == 1)

          // In the list as well.
          try await browser.edit(1, "")
          try await browser.tool(
            "Input.imeSetComposition", ["text": "viet", "selectionStart": 4, "selectionEnd": 4])
          try await browser.run(
            """
            const event = new KeyboardEvent('keydown',
              {key: 'Enter', isComposing: true, bubbles: true, cancelable: true})
            document.querySelector('.title-field').dispatchEvent(event)
            """)
          #expect(
            try await browser.run("return Boolean(document.querySelector('.title-field'))").bool
              == true)
        }
      }
    }

    // MARK: Many

    @Test func `5,000 tasks: the beginning is drawn, the rest is found`() async throws {
      try await TestCluster.running(1) { cluster in
        for part in 0..<5 {
          let titles = (0..<1000).map { JSON.string("Việc số \(part * 1000 + $0)") }
          let body: JSON = ["titles": .array(titles)]
          #expect(try await cluster.send(0, .POST, "/tasks/batch", body.text).status == 201)
        }
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait("document.querySelector('#count').innerText === '5000 tasks'")
          #expect(try await browser.titles().count < 1000)
          try await browser.type("viec so 42", into: "#query")
          try await browser.wait(
            "document.querySelector('#count').innerText === '199 of 5000 tasks'")
          try await browser.run("document.querySelector('#more').scrollIntoView()")
          try await browser.wait("document.querySelectorAll('#list .title').length === 199")
          #expect(try await browser.titles().last == "Việc số 42")
        }
      }
    }

    @Test func `seven tabs work at once`() async throws {
      try await TestCluster.running(2) { cluster in
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          var tabs = [try await browser.window]
          for _ in 1..<7 {
            tabs.append(try await browser.openWindow(cluster.addresses[0].url, isTab: true))
          }
          var titles: [String] = []
          for (number, tab) in tabs.enumerated() {
            try await browser.go(to: tab)
            try await browser.type("từ tab \(number)\(Key.enter)", into: "#title")
            titles.insert("từ tab \(number)", at: 0)
            try await browser.wait(forTitles: titles)
          }
          for tab in tabs {
            try await browser.go(to: tab)
            try await browser.wait(forTitles: titles)
          }
        }
      }
    }

    // MARK: Accessibility

    @Test func `everything can be done from the keyboard`() async throws {
      try await TestCluster.running(1) { cluster in
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait("!document.querySelector('#nothing').hidden")
          // The first stop leads past everything.
          try await browser.press(Key.tab)
          #expect(try await browser.run("return document.activeElement.className").string == "skip")
          try await browser.tab(to: "#title")
          try await browser.press("a", Key.enter, "b", Key.enter)
          try await browser.wait(forTitles: ["b", "a"])
          try await browser.tab(to: "li:nth-child(1) .tick")
          try await browser.press(Key.space)
          try await browser.wait("document.querySelector('li:nth-child(1)').matches('.completed')")
          try await browser.tab(to: "li:nth-child(2) .title")
          try await browser.press(Key.enter)
          try await browser.wait("document.activeElement.matches('.title-field')")
          try await browser.press("c", Key.enter)
          try await browser.wait(forTitles: ["b", "c"])
          try await browser.wait(
            "document.activeElement === document.querySelector('li:nth-child(2) .title')")
          try await browser.tab(to: "li:nth-child(2) .remove")
          try await browser.press(Key.enter)
          try await browser.wait(forTitles: ["b"])
          // The focus is on what took its place.
          try await browser.wait("document.activeElement.matches('.remove')")
          try await browser.press("z", holding: Key.control)
          try await browser.wait(forTitles: ["b", "c"])
          try await browser.tab(to: "#filters a[data-filter='completed']")
          try await browser.press(Key.enter)
          try await browser.wait(forTitles: ["b"])
          // And it can be seen where it is.
          let outline = "return getComputedStyle(document.activeElement).outlineStyle"
          #expect(try await browser.run(outline).string == "solid")
        }
      }
    }

    @Test(arguments: [
      ("vi-VN", "vi", "Công việc"), ("en-GB", "en", "Tasks"), ("fr-FR", "en", "Tasks"),
    ])
    func `the browser's language decides, a switch overrides it`(
      wanted: String, language: String, heading: String
    ) async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Học Python")
        try await Browser.running(language: wanted) { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Học Python"])
          #expect(try await browser.run("return document.documentElement.lang").string == language)
          #expect(try await browser.text("#tasks-title") == heading)
          try await browser.wait("document.querySelector('#members tr')")
          try await expectAccessible(browser)
          try await browser.picture("language-\(language)")
          let other = language == "vi" ? "en" : "vi"
          try await browser.click("#languages button[lang='\(other)']")
          try await browser.wait("document.documentElement.lang === '\(other)'")
          try await browser.reload()
          try await browser.wait("document.documentElement.lang === '\(other)'")
          #expect(try await browser.text("#tasks-title") != heading)
          try await browser.wait("document.querySelector('#members tr')")
          try await expectAccessible(browser)
        }
      }
    }

    @Test(arguments: ["light", "dark"])
    func `it fits 320 pixels, light and dark`(scheme: String) async throws {
      try await TestCluster.running(2) { cluster in
        _ = try await cluster.pdb(
          "task", "add", "Học Python",
          "Một việc có tiêu đề rất dài " + String(repeating: "dài", count: 40))
        try await Browser.running(language: "vi") { browser in
          let features: JSON = [["name": "prefers-color-scheme", "value": .string(scheme)]]
          try await browser.tool("Emulation.setEmulatedMedia", ["features": features])
          try await browser.resize(320, 900)
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait("document.querySelectorAll('#list .title').length === 2")
          try await browser.wait("document.querySelectorAll('#members tr').length === 2")
          #expect(try await browser.fitsItsWidth)
          try await browser.click("#many-toggle")
          #expect(try await browser.fitsItsWidth)
          try await browser.picture("narrow-\(scheme)")
          let faint = try await browser.lowestContrast()
          #expect(faint.ratio >= 4.5, "\(faint.text)")
        }
      }
    }

    @Test func `a cluster that wants a token gets it from the page`() async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      let file = "\(cluster.workspace.path)/token"
      try writeSecret("0123456789abcdef0123\n", to: file)
      try cluster.start(0, arguments: ["--token-file", file])
      _ = try await waitFor {
        try? await cluster.get(
          0, "/readyz", headers: ["Authorization": "Bearer 0123456789abcdef0123"]
        ).status
          == 200
          ? true : nil
      }
      #expect(try await cluster.get(0, "/tasks").status == 401)
      try await Browser.running { browser in
        try await browser.open(cluster.addresses[0].url)
        try await browser.wait("document.querySelector('#authorize').open")
        try await browser.type("wrong\(Key.enter)", into: "#token")
        try await browser.wait("document.querySelector('#authorize').open")
        try await browser.type("0123456789abcdef0123\(Key.enter)", into: "#token")
        try await browser.wait("!document.querySelector('#nothing').hidden")
        try await browser.wait("!document.querySelector('#authorize').open")
        try await browser.type("Bí mật\(Key.enter)", into: "#title")
        try await browser.wait(forTitles: ["Bí mật"])
      }
    }
  }
}

// MARK: What every page must be

/// No complaint in the console, no policy broken, nothing asked of a stranger.
func expectClean(
  _ browser: Browser, _ cluster: TestCluster, at location: SourceLocation = #_sourceLocation
) async throws {
  let complaints = try await browser.complaints()
  #expect(complaints.isEmpty, sourceLocation: location)
  let own = cluster.addresses.map(\.url)
  let foreign = try await browser.requests().filter { url in
    url.hasPrefix("http") && !own.contains { url.hasPrefix($0) }
  }
  #expect(foreign.isEmpty, sourceLocation: location)
}

/// Every control has a name, every id is there once, and the landmarks are in place.
func expectAccessible(_ browser: Browser, at location: SourceLocation = #_sourceLocation)
  async throws
{
  let nameless = try await browser.run(
    """
    const name = (element) => element.getAttribute('aria-label') || element.innerText?.trim()
      || [...element.labels ?? []].map((label) => label.textContent.trim()).join()
    const controls = document.querySelectorAll('button, a, input, textarea, select')
    return [...controls].filter((control) => !name(control)).map((control) => control.outerHTML)
    """)
  #expect(nameless.array?.isEmpty == true, "\(nameless.text)", sourceLocation: location)
  let unnamed = try await browser.run(
    """
    const ids = [...document.querySelectorAll('[id]')].map(({id}) => id)
    const twice = ids.filter((id, at) => ids.indexOf(id) !== at)
    const references = ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']
    const lost = references.flatMap((name) => [...document.querySelectorAll(`[${name}]`)]
      .flatMap((element) => element.getAttribute(name).split(' '))
      .filter((id) => !document.getElementById(id)))
    return [...twice, ...lost]
    """)
  #expect(unnamed.array?.isEmpty == true, "\(unnamed.text)", sourceLocation: location)
  let landmarks = try await browser.run(
    """
    return ['header', 'main', 'h1', 'nav[aria-label]', 'section[aria-labelledby] h2',
      '[role=status]', 'table caption', 'th[scope=col]', 'th[scope=row]']
      .filter((selector) => !document.querySelector(selector))
    """)
  #expect(landmarks.array?.isEmpty == true, "\(landmarks.text)", sourceLocation: location)
}

extension Browser {
  /// Opens a row's title and types over it.
  func edit(_ row: Int, _ title: String) async throws {
    // A new task's row gives way to another once the task has an id.
    try await wait("!document.querySelector('.addition')")
    try await click("li:nth-child(\(row)) .title")
    try await wait("document.querySelector('.title-field')")
    if !title.isEmpty { try await type(title, into: ".title-field") }
  }

  /// Whether nothing has to be scrolled sideways.
  var fitsItsWidth: Bool {
    get async throws {
      try await run(
        "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
      ).bool ?? false
    }
  }

  /// Presses Tab until an element has the focus.
  func tab(to selector: String) async throws {
    for _ in 0..<60 {
      let isThere = try await run(
        "return document.activeElement === document.querySelector(arguments[0])",
        .string(selector))
      if isThere.bool == true { return }
      try await press(Key.tab)
    }
    throw Failure(description: "Tab never reached '\(selector)'")
  }

  /// The text that is hardest to read, by the contrast ratio of WCAG 2.2, section 1.4.3.
  func lowestContrast() async throws -> (ratio: Double, text: String) {
    let found = try await run(
      """
      const parse = (color) => color.match(/[\\d.]+/g).map(Number)
      const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0)
      const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
          const color = parse(getComputedStyle(at).backgroundColor)
          if (color.length < 4 || color[3] > 0) return color
        }
        return [255, 255, 255]
      }
      let lowest = [100, '']
      for (const element of document.querySelectorAll('body *')) {
        const text = [...element.childNodes].filter(({nodeType}) => nodeType === 3)
          .map(({data}) => data.trim()).join('')
        if (!text || !element.checkVisibility() || element.disabled) continue
        const [one, other] = [parse(getComputedStyle(element).color), ground(element)].map(light)
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
        if (ratio < lowest[0]) lowest = [ratio, text]
      }
      return [lowest[0].toFixed(2), lowest[1]]
      """)
    return (Double(found.array?[0].string ?? "") ?? 0, found.array?[1].string ?? "")
  }
}

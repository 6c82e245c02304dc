// The page while nodes die, hang and come back.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite(.enabled(if: Browser.driver != nil, "chromedriver is not installed"))
  struct PageFailoverTests {
    typealias Key = Browser.Key

    /// How a node is taken away.
    enum Blow: String, CaseIterable, Sendable {
      case kill, pause

      func strike(_ cluster: TestCluster, _ node: Int) {
        switch self {
        case .kill: cluster.kill9(node)
        case .pause: cluster.send(signal: SIGSTOP, to: node)
        }
      }

      func heal(_ cluster: TestCluster, _ node: Int) throws {
        switch self {
        case .kill: try cluster.start(node)
        case .pause: cluster.send(signal: SIGCONT, to: node)
        }
      }
    }

    @Test func `a reload after the node died shows the page, and sends what was not sent`()
      async throws
    {
      try await TestCluster.running(3) { cluster in
        try await Browser.running { browser in
          let node = (try await cluster.leader() + 1) % 3
          try await browser.open(cluster.addresses[node].url)
          try await browser.type("trước\(Key.enter)", into: "#title")
          try await browser.wait(forTitles: ["trước"])
          try await browser.wait("!document.querySelector('.addition')")
          // The page is kept once its worker has it.
          _ = try await waitFor { () -> Bool? in
            let script =
              "return caches.open('pdb 1').then((c) => c.match('/page/network/feed.mjs')).then((r) => !!r)"
            return try await browser.run(script).bool == true ? true : nil
          }
          // All are gone, and something is typed that cannot be sent.
          for each in 0..<3 { cluster.kill9(each) }
          try await browser.type("sau\(Key.enter)", into: "#title")
          try await browser.wait("document.querySelector('.addition')")
          try await browser.reload()
          try await browser.wait("document.querySelector('.addition')?.innerText.includes('sau')")
          // The others come back, the one that the page is from does not.
          for each in 0..<3 where each != node { try cluster.start(each) }
          try await browser.wait(forTitles: ["sau", "trước"])
          try await browser.wait("!document.querySelector('.addition')")
          #expect(
            try await browser.text("#node-name") != cluster.port(node))
          let tasks = try await cluster.get((node + 1) % 3, "/tasks").json["tasks"]?.array ?? []
          #expect(tasks.compactMap { $0["title"]?.string } == ["sau", "trước"])
        }
      }
    }

    @Test(arguments: Blow.allCases)
    func `the page goes on when its node dies, then the leader, then both return`(blow: Blow)
      async throws
    {
      try await TestCluster.running(5) { cluster in
        try await Browser.running { browser in
          let first = try await cluster.leader() == 4 ? 3 : 4
          try await browser.open(cluster.addresses[first].url)
          try await browser.wait("!document.querySelector('#nothing').hidden")
          var typed: [String] = []
          func type(_ title: String) async throws {
            try await browser.type("\(title)\(Key.enter)", into: "#title")
            typed.insert(title, at: 0)
          }
          func expectAll() async throws {
            try await browser.wait(forTitles: typed)
            try await browser.wait("!document.querySelector('.addition')")
          }
          try await type("trước")
          try await expectAll()

          // The node in use.
          blow.strike(cluster, first)
          try await type("node đang dùng chết")
          try await browser.wait(
            "!document.querySelector('#node-name').innerText.includes('\(cluster.port(first))')")
          try await expectAll()
          #expect(try await browser.text(".notice.switched").contains(cluster.port(first)))
          let second = try await browser.text("#node-name")

          // The leader, which may be the node in use now.
          let leader = try await cluster.leader()
          blow.strike(cluster, leader)
          for number in 1...3 { try await type("leader chết \(number)") }
          try await expectAll()
          let third = try await browser.text("#node-name")
          #expect(third == second || second == cluster.port(leader))

          // Both return: the page stays where it is.
          try blow.heal(cluster, first)
          try blow.heal(cluster, leader)
          try await browser.wait("document.querySelector('#verdict').innerText.includes('5 of 5')")
          try await type("sau đó")
          try await expectAll()
          #expect(try await browser.text("#node-name") == third)

          // Nothing was lost, and nothing made twice.
          let tasks = try await cluster.get(0, "/tasks").json["tasks"]?.array ?? []
          #expect(tasks.compactMap { $0["title"]?.string } == typed)
          try await expectClean(browser, cluster)
        }
      }
    }

    @Test func `the page outlives a restart of all nodes`() async throws {
      try await TestCluster.running(3) { cluster in
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[1].url)
          try await browser.type("trước\(Key.enter)", into: "#title")
          try await browser.wait(forTitles: ["trước"])
          try await browser.wait("!document.querySelector('.addition')")
          cluster.killAll()
          try await browser.wait("document.querySelector('#trouble').innerText.includes('No node')")
          try await browser.type("không ai nghe\(Key.enter)", into: "#title")
          try await browser.wait(forTitles: ["không ai nghe", "trước"])
          try await browser.wait(
            "document.querySelector('#trouble').innerText.includes('1 change')")
          try await browser.picture("offline")
          for node in 0..<3 { try cluster.start(node) }
          try await browser.wait("!document.querySelector('.addition')")
          try await browser.wait(forTitles: ["không ai nghe", "trước"])
          try await browser.wait("document.querySelector('#trouble').hidden")
          #expect(try await cluster.get(0, "/tasks").json["tasks"]?.array?.count == 2)
        }
      }
    }

    @Test func `without a quorum it says so, goes on reading, and sends later what is typed`()
      async throws
    {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.pdb("task", "add", "Một", "Hai")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Hai", "Một"])
          for node in 1...2 { cluster.kill9(node) }
          try await browser.wait(
            "document.querySelector('#verdict').innerText.startsWith('NO QUORUM')")
          try await browser.wait("document.querySelector('#trouble').innerText.includes('Too few')")
          try await browser.edit(1, "Hai mới\(Key.enter)")
          try await browser.type("Ba\(Key.enter)", into: "#title")
          try await browser.click("li:nth-child(3) .tick")
          try await browser.wait(forTitles: ["Ba", "Hai mới", "Một"])
          try await browser.wait(
            "document.querySelector('#trouble').innerText.includes('3 changes')")
          try await browser.picture("no-quorum")

          // A page that is opened now can still read.
          let first = try await browser.window
          try await browser.openWindow(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["Hai", "Một"])
          try await browser.go(to: first)

          // A reload keeps what is not sent.
          try await browser.reload()
          try await browser.wait(forTitles: ["Ba", "Hai mới", "Một"])
          try cluster.start(1)
          try await browser.wait("!document.querySelector('.addition')")
          try await browser.wait("document.querySelector('#trouble').hidden")
          try await browser.wait(forTitles: ["Ba", "Hai mới", "Một"])
          let tasks = try await cluster.get(0, "/tasks").json["tasks"]?.array ?? []
          #expect(tasks.compactMap { $0["title"]?.string } == ["Ba", "Hai mới", "Một"])
          #expect(tasks.last?["completed"]?.bool == true)
        }
      }
    }

    @Test func `the page opens on a node that is alone, and reads what it has`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.pdb("task", "add", "Một")
        _ = try await cluster.settled()
        for node in 0...1 { cluster.kill9(node) }
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[2].url)
          try await browser.wait(forTitles: ["Một"])
          try await browser.wait(
            "document.querySelector('#verdict').innerText.startsWith('NO QUORUM')")
        }
      }
    }

    @Test func `a page on a node that was removed goes on with another`() async throws {
      try await TestCluster.running(4) { cluster in
        try await Browser.running { browser in
          let node = try await cluster.leader() == 3 ? 2 : 3
          try await browser.open(cluster.addresses[node].url)
          try await browser.wait("document.querySelector('#verdict').innerText.includes('4 of 4')")
          let address = cluster.addresses[node].description
          #expect(try await cluster.pdb("cluster", "remove", address, "--yes").status == 0)
          try await browser.wait(
            "document.querySelector('.notice.switched')?.innerText.includes('was removed')")
          try await browser.type("vẫn chạy\(Key.enter)", into: "#title")
          try await browser.wait(forTitles: ["vẫn chạy"])
          try await browser.wait("!document.querySelector('.addition')")
        }
      }
    }

    @Test(arguments: [1, 3])
    func `a cluster that was wiped and began anew is read anew`(count: Int) async throws {
      try await TestCluster.running(count) { cluster in
        _ = try await cluster.pdb("task", "add", "cũ 1", "cũ 2", "cũ 3")
        try await Browser.running { browser in
          try await browser.open(cluster.addresses[0].url)
          try await browser.wait(forTitles: ["cũ 3", "cũ 2", "cũ 1"])
          // It has seen all nodes.
          try await browser.wait(
            "document.querySelector('#verdict').innerText.startsWith('HEALTHY')")
          cluster.killAll()
          for node in 0..<count { try cluster.wipe(node) }
          for node in 0..<count { try cluster.start(node) }
          _ = try await cluster.leader()
          for title in ["mới 1", "mới 2"] {
            try await cluster.change(.add(title))
          }
          try await browser.wait(forTitles: ["mới 2", "mới 1"])
          try await browser.wait(
            "document.querySelector('#verdict').innerText.startsWith('HEALTHY')")
          try await browser.type("mới 3\(Key.enter)", into: "#title")
          try await browser.wait(forTitles: ["mới 3", "mới 2", "mới 1"])
        }
      }
    }

    @Test func `the cluster panel tells what the command line tells`() async throws {
      try await TestCluster.running(4) { cluster in
        try await Browser.running { browser in
          let leader = try await cluster.leader()
          let watcher = leader == 0 ? 1 : 0
          try await browser.open(cluster.addresses[watcher].url)
          func expectSameVerdict() async throws {
            let node = cluster.addresses[watcher].description
            _ = try await waitFor {
              let told = try await cluster.workspace.run(
                ["cluster", "status", "--json", "--node", node])
              let verdict = try told.json["verdict"]?.string
              return try await browser.text("#verdict") == verdict ? true : nil
            }
          }
          try await browser.wait(
            "document.querySelector('#verdict').innerText.startsWith('HEALTHY')")
          try await expectSameVerdict()
          cluster.kill9(leader)
          try await browser.wait(
            "document.querySelector('#verdict').innerText.startsWith('DEGRADED')")
          try await expectSameVerdict()
          // The dead one first, with what helps.
          #expect(try await browser.text("#members tr:nth-child(1) .role") == "DOWN")
          #expect(try await browser.text("#members tr:nth-child(1) .name") == cluster.port(leader))
          try await browser.wait(
            "document.querySelector('#members tr:nth-child(2) code').innerText")
          let members = try await cluster.get(watcher, "/cluster/status").json["members"]?.array
          let dead = members?.first {
            $0["address"]?.string == cluster.addresses[leader].description
          }
          #expect(
            try await browser.text("#members tr:nth-child(2) code") == dead?["restart"]?.string)
          try await browser.wait("document.querySelectorAll('#members tr.leader').length === 1")
          let news = try await browser.text("#timeline")
          #expect(news.contains("\(cluster.port(leader)) is down"))
          #expect(news.contains("leads, term"))
          try await browser.picture("election")
          try await browser.resize(320, 900)
          #expect(try await browser.fitsItsWidth)
          let names =
            "return [...document.querySelectorAll('#members .name')].map((name) => name.offsetHeight)"
          let heights = try await browser.run(names).array?.compactMap(\.int64) ?? []
          #expect(heights.count == 4 && heights.allSatisfy { $0 < 30 }, "ports are in one line")
          try await browser.run("document.querySelector('#cluster').scrollIntoView()")
          try await browser.picture("election-narrow")
          try await browser.resize(1280, 900)
          try cluster.start(leader)
          try await browser.wait(
            "document.querySelector('#verdict').innerText.startsWith('HEALTHY')")
          try await expectSameVerdict()
          let lags =
            "[...document.querySelectorAll('#members .lag')].every((cell) => '–0'.includes(cell.innerText))"
          try await browser.wait(lags)
          // The user may choose the node.
          try await browser.click("#members .use button")
          try await browser.wait(
            "document.querySelector('#node-name').innerText !== '\(cluster.port(watcher))'")
          try await browser.type("vẫn chạy\(Key.enter)", into: "#title")
          try await browser.wait(forTitles: ["vẫn chạy"])
        }
      }
    }
  }
}

extension TestCluster {
  fileprivate func port(_ node: Int) -> String { String(addresses[node].port) }
}

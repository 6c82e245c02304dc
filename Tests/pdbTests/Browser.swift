// A real browser that a test steers: headless Chromium behind chromedriver.
//
// The protocol is W3C WebDriver: JSON over HTTP.

import AsyncHTTPClient
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import PDBKit
import Testing

/// One browser with one profile; its windows share cookies, storage and workers.
final class Browser: Sendable {
  private let driver: Process
  private let session: String
  private let folder: Workspace

  /// The program that steers; in CI it must be there.
  static let driver: String? = {
    let environment = ProcessInfo.processInfo.environment
    let found = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/chromedriver" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    return environment["CI"] == nil ? found : found ?? "/usr/bin/chromedriver"
  }()

  /// What went wrong with a command.
  struct Failure: Error, CustomStringConvertible {
    let description: String

    /// Whether the element is not there yet, or no longer (WebDriver, section 6.6).
    var isOfTheMoment: Bool {
      description.hasPrefix("no such element") || description.hasPrefix("stale element reference")
    }
  }

  /// Starts a browser, and ends it when the test is over.
  ///
  /// - Parameters:
  ///   - language: what the browser tells pages that its user reads.
  ///   - size: of the window, in CSS pixels.
  static func running<T>(
    language: String = "en-US", size: (width: Int, height: Int) = (1100, 800),
    _ body: (Browser) async throws -> T
  ) async throws -> T {
    let browser = try await Browser(language: language, size: size)
    do {
      let result = try await body(browser)
      await browser.end()
      return result
    } catch {
      await browser.end()
      throw error
    }
  }

  private init(language: String, size: (width: Int, height: Int)) async throws {
    folder = try Workspace()
    let port = try await Self.freePort()
    driver = Process()
    driver.executableURL = URL(fileURLWithPath: Self.driver ?? "")
    driver.arguments = ["--port=\(port)"]
    driver.standardOutput = FileHandle.nullDevice
    driver.standardError = FileHandle.nullDevice
    try driver.run()
    let base = "http://127.0.0.1:\(port)"
    _ = try await waitFor {
      try? await Self.send(.GET, "\(base)/status")["ready"]?.bool == true ? true : nil
    }
    let options: JSON = [
      "args": .array(
        [
          "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
          "--lang=\(language)", "--accept-lang=\(language)",
          "--window-size=\(size.width),\(size.height)", "--user-data-dir=\(folder.path)/profile",
        ].map(JSON.string)),
      "prefs": ["intl.accept_languages": .string(language)],
    ]
    let wanted: JSON = [
      "capabilities": [
        "alwaysMatch": [
          "goog:chromeOptions": options,
          "goog:loggingPrefs": ["browser": "ALL", "performance": "ALL"],
          "unhandledPromptBehavior": "accept",
        ]
      ]
    ]
    let answer = try await Self.send(.POST, "\(base)/session", wanted)
    guard let id = answer["sessionId"]?.string else { throw Failure(description: answer.text) }
    session = "\(base)/session/\(id)"
  }

  private func end() async {
    _ = try? await Self.send(.DELETE, session)
    // Foundation starts processes with the signals blocked that its own thread blocks.
    kill(driver.processIdentifier, SIGKILL)
    driver.waitUntilExit()
  }

  private static func freePort() async throws -> Int {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = channel.localAddress!.port!
    try await channel.close()
    return port
  }

  // MARK: Pages and windows

  func open(_ url: String) async throws {
    try await post("/url", ["url": .string(url)])
  }

  func reload() async throws { try await post("/refresh", [:]) }

  var address: String {
    get async throws { try await get("/url").string ?? "" }
  }

  var window: String {
    get async throws { try await get("/window").string ?? "" }
  }

  /// Opens another window, or another tab, and goes there.
  @discardableResult
  func openWindow(_ url: String, isTab: Bool = false) async throws -> String {
    let made = try await post("/window/new", ["type": isTab ? "tab" : "window"])
    let handle = made["handle"]?.string ?? ""
    try await go(to: handle)
    try await open(url)
    return handle
  }

  func go(to window: String) async throws {
    try await post("/window", ["handle": .string(window)])
  }

  func resize(_ width: Int, _ height: Int) async throws {
    // Windows cannot be as narrow as telephones, views can.
    try await tool(
      "Emulation.setDeviceMetricsOverride",
      [
        "width": JSON(width), "height": JSON(height), "deviceScaleFactor": 1,
        "mobile": false,
      ])
  }

  // MARK: Looking

  /// What a piece of JavaScript returns.
  @discardableResult
  func run(_ script: String, _ arguments: JSON...) async throws -> JSON {
    try await post("/execute/sync", ["script": .string(script), "args": .array(arguments)])
  }

  /// Waits until an expression is true.
  func wait(
    _ expression: String, within limit: Duration = .seconds(20),
    at location: SourceLocation = #_sourceLocation
  ) async throws {
    do {
      _ = try await waitFor(within: limit) {
        try await self.run("return Boolean(\(expression))").bool == true ? true : nil
      }
    } catch is TimedOut {
      let page = try await run("return document.body.innerText").string ?? ""
      Issue.record("never became true: \(expression)\n\(page)", sourceLocation: location)
      throw TimedOut()
    }
  }

  func text(_ selector: String) async throws -> String {
    try await run("return document.querySelector(arguments[0])?.innerText", .string(selector))
      .string ?? ""
  }

  /// The titles in the list, in order.
  func titles() async throws -> [String] {
    let found = try await run(
      "return [...document.querySelectorAll('#list .title')].map((title) => title.textContent)")
    return (found.array ?? []).compactMap(\.string)
  }

  func wait(forTitles titles: [String], at location: SourceLocation = #_sourceLocation)
    async throws
  {
    do {
      _ = try await waitFor(within: .seconds(20)) {
        try await self.titles() == titles ? true : nil
      }
    } catch is TimedOut {
      let found = try await self.titles()
      Issue.record("the list is \(found), not \(titles)", sourceLocation: location)
      throw TimedOut()
    }
  }

  /// Keeps a picture of the page if `PDB_SCREENSHOTS` names a folder.
  func picture(_ name: String) async throws {
    guard let folder = ProcessInfo.processInfo.environment["PDB_SCREENSHOTS"] else { return }
    let data = try await get("/screenshot").string.flatMap { Data(base64Encoded: $0) }
    try data?.write(to: URL(fileURLWithPath: "\(folder)/\(name).png"))
  }

  // MARK: Acting

  func click(_ selector: String) async throws { try await act("click", on: selector, [:]) }

  func type(_ text: String, into selector: String) async throws {
    try await act("value", on: selector, ["text": .string(text)])
  }

  /// Does something to an element as soon as there is one. A page may draw what was just typed a
  /// moment later, and then have another element in the place of the one that was found.
  private func act(_ action: String, on selector: String, _ body: JSON) async throws {
    var failure: Failure?
    do {
      _ = try await waitFor(within: .seconds(20)) { () -> Bool? in
        do {
          let found = try await post(
            "/element", ["using": "css selector", "value": .string(selector)])
          let id = found.members?.first?.value.string ?? ""
          try await post("/element/\(id)/\(action)", body)
          return true
        } catch let error as Failure where error.isOfTheMoment {
          failure = error
          return nil
        }
      }
    } catch is TimedOut {
      throw failure ?? Failure(description: "no time for '\(selector)'")
    }
  }

  /// Clicks twice at one place, as quickly as a hand does: whatever lies there by then gets the
  /// second click.
  func doubleClick(_ selector: String) async throws {
    let element = try await post(
      "/element", ["using": "css selector", "value": .string(selector)])
    let click: [JSON] = [
      ["type": "pointerDown", "button": 0], ["type": "pointerUp", "button": 0],
    ]
    let move: JSON = ["type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": element]
    let rest: JSON = ["type": "pause", "duration": 150]
    try await post(
      "/actions",
      [
        "actions": [
          ["type": "pointer", "id": "mouse", "actions": .array([move] + click + [rest] + click)]
        ]
      ])
  }

  /// Presses keys wherever the focus is, each once; special keys as ``Key``.
  func press(_ keys: String..., holding held: String? = nil) async throws {
    var actions: [JSON] = []
    if let held { actions.append(["type": "keyDown", "value": .string(held)]) }
    for key in keys {
      actions.append(["type": "keyDown", "value": .string(key)])
      actions.append(["type": "keyUp", "value": .string(key)])
    }
    if let held { actions.append(["type": "keyUp", "value": .string(held)]) }
    try await post(
      "/actions", ["actions": [["type": "key", "id": "keyboard", "actions": .array(actions)]]])
  }

  /// WebDriver's names for keys that write nothing (section 17.4.2).
  enum Key {
    static let enter = "\u{E007}"
    static let escape = "\u{E00C}"
    static let backspace = "\u{E003}"
    static let tab = "\u{E004}"
    static let shift = "\u{E008}"
    static let control = "\u{E009}"
    static let space = " "
  }

  /// A command of the browser's developer tools.
  @discardableResult
  func tool(_ command: String, _ parameters: JSON) async throws -> JSON {
    try await post("/goog/cdp/execute", ["cmd": .string(command), "params": parameters])
  }

  // MARK: Logs

  /// What the console said since the last look: errors and warnings.
  ///
  /// A node that a test has killed is asked for in vain; browsers write that down themselves.
  func complaints() async throws -> [String] {
    let entries = try await post("/se/log", ["type": "browser"]).array ?? []
    return entries.compactMap { entry in
      let message = entry["message"]?.string ?? ""
      let isOfNetwork = entry["source"]?.string == "network" || message.contains("net::ERR_")
      return isOfNetwork || entry["level"]?.string == "INFO" ? nil : message
    }
  }

  /// The URLs that were asked for since the last look.
  func requests() async throws -> [String] {
    let entries = try await post("/se/log", ["type": "performance"]).array ?? []
    return entries.compactMap { entry in
      guard let text = entry["message"]?.string, let json = try? JSON(parsing: text.utf8),
        json["message"]?["method"]?.string == "Network.requestWillBeSent"
      else { return nil }
      return json["message"]?["params"]?["request"]?["url"]?.string
    }
  }

  // MARK: The protocol

  @discardableResult
  private func post(_ path: String, _ body: JSON) async throws -> JSON {
    try await Self.send(.POST, session + path, body)
  }

  private func get(_ path: String) async throws -> JSON {
    try await Self.send(.GET, session + path)
  }

  private static func send(_ method: HTTPMethod, _ url: String, _ body: JSON? = nil) async throws
    -> JSON
  {
    var request = HTTPClientRequest(url: url)
    request.method = method
    if let body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(bytes: body.serialized()))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let bytes = try await response.body.collect(upTo: 1 << 26)
    let value = try JSON(parsing: bytes.readableBytesView, depth: 200)["value"] ?? .null
    if let error = value["error"]?.string {
      let message = value["message"]?.string ?? ""
      throw Failure(description: "\(error): \(message.prefix(300))")
    }
    return value
  }
}

// `pdb ui`

import ArgumentParser
import Foundation
import PDBKit

struct UICommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "ui", abstract: "Open the page of a living node in the browser.",
    discussion: """
      Writes the page's address, and opens it on a terminal: with the program
      in BROWSER, else with the desktop's own.
      """)

  static let examples = [
    Example("pdb ui --print", "Find out where the page is:")
  ]

  @Flag(name: .long, help: "Only write the address.")
  var print = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      // The node that answers serves the page, which finds the others by itself.
      let view = try await session.cluster().view()
      let url = (session.connection.client.lastNode ?? view.node).url + "/"
      var isOpened = false
      if !print, Console.isTerminal(.output) { isOpened = await Self.open(url) }
      try session.show(["url": .string(url), "opened": .bool(isOpened)]) {
        Console.write(cell: url)
      }
    }
  }

  /// Opens an address with the user's browser; returns whether there is one.
  private static func open(_ url: String) async -> Bool {
    let environment = ProcessInfo.processInfo.environment
    #if os(macOS)
      let opener = ["open", url]
    #else
      let isDesktop = ["DISPLAY", "WAYLAND_DISPLAY"].contains { environment[$0]?.isEmpty == false }
      let opener: [String]
      if let browser = environment["BROWSER"], !browser.isEmpty {
        opener = ["sh", "-c", "\(browser) \"$1\"", "sh", url]
      } else if isDesktop {
        opener = ["xdg-open", url]
      } else {
        return false
      }
    #endif
    return await Subprogram.run(opener, environment: environment, input: "") == 0
  }
}

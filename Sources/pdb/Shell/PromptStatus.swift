// What the shell's prompt shows: the cluster, and the node that the shell talks to.

import Foundation
import NIOConcurrencyHelpers
import PDBKit

/// Watches the node that the shell talks to, and moves on to another when it dies.
final class PromptStatus: Sendable {
  private struct State {
    var node: NodeAddress
    var others: [NodeAddress]
    var status: NodeStatus?
    /// Why there is no status.
    var trouble = "no node answers"
    /// Whether a folder's files are used, which no node serves.
    var isFolder = false
  }

  private let connection: Connection
  private let state: NIOLockedValueBox<State>

  private static let interval = Duration.milliseconds(500)

  init(_ connection: Connection) {
    self.connection = connection
    state = NIOLockedValueBox(
      State(node: connection.client.addresses[0], others: connection.place.addresses))
  }

  /// Waits for the first answer of a node, for at most 300 ms.
  func waitUntilKnown() async {
    for _ in 0..<30 where state.withLockedValue({ $0.status == nil && !$0.isFolder }) {
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Keeps an editor's prompt up to date until cancelled.
  func watch(_ editor: LineEditor) async {
    while !Task.isCancelled {
      await refresh(editor)
      try? await Task.sleep(for: Self.interval)
    }
  }

  /// Asks for the status once.
  func refresh(_ editor: LineEditor) async {
    let hasNodes = connection.findNodes()
    let before = state.withLockedValue { state in
      defer {
        state.isFolder = !hasNodes
        if !hasNodes { state.status = nil }
      }
      return state
    }
    guard hasNodes else {
      if before.status != nil {
        editor.say(Style(for: .output).dim("no node serves the folder now"))
      }
      return editor.set(prompt: prompt)
    }
    // The connection must know which cluster it means before any node is believed.
    do { try await connection.meet() } catch { return forget(editor, error as? PDBError) }
    let others = before.others + connection.client.addresses
    var candidates = [before.node]
    for address in others where !candidates.contains(address) { candidates.append(address) }
    var wrongCluster: PDBError?
    for address in candidates {
      let found: NodeStatus
      do throws(PDBError) {
        let node = RemoteNode(address, connection.client, within: .milliseconds(700))
        found = try await node.status()
      } catch {
        if error.code == .wrongCluster { wrongCluster = error }
        continue
      }
      let peers = found.peers.compactMap { try? NodeAddress(parsing: $0) }
      state.withLockedValue { state in
        state.node = address
        state.status = found
        if !peers.isEmpty { state.others = [address] + peers }
      }
      connection.promptedNode = address
      if before.isFolder {
        editor.say(Style(for: .output).dim("\(address) serves the folder now"))
      } else if address != before.node {
        editor.say(Style(for: .output).dim("\(before.node) is gone; talking to \(address) now"))
      }
      if address != before.node { connection.client.prefer(address) }
      return editor.set(prompt: prompt)
    }
    forget(editor, wrongCluster)
  }

  private func forget(_ editor: LineEditor, _ error: PDBError?) {
    let trouble =
      error?.code != .wrongCluster
      ? "no node answers"
      : connection.client.identity == nil ? "two clusters answer" : "another cluster answers"
    state.withLockedValue { ($0.status, $0.trouble) = (nil, trouble) }
    editor.set(prompt: prompt)
  }

  /// `pdb(b63c2775) 4001:leader t2> ` with the cluster's id or the remote's name, or why there is none;
  /// `pdb(notes)> ` with the name of a folder that no node serves.
  var prompt: TerminalText {
    let state = state.withLockedValue { $0 }
    if state.isFolder { return "pdb(\(connection.place.shortName))> " }
    let node = state.node
    guard let status = state.status else {
      return "pdb(\(marked(31, TerminalText(message: state.trouble))))> "
    }
    let cluster = connection.standingName ?? String(status.identity.cluster.prefix(8))
    let place: TerminalText = "\(node.port):\(Role.words(status.role)) t\(status.term)"
    return "pdb(\(cluster)) \(marked(status.leader == nil ? 31 : 32, place))> "
  }

  /// Coloured, and told to Readline that the sequences take no room.
  private func marked(_ code: Int, _ text: TerminalText) -> TerminalText {
    guard Style(for: .output).isOn else { return text }
    return "\u{1}\u{1B}[\(code)m\u{2}\(text)\u{1}\u{1B}[0m\u{2}"
  }
}

// A command's requests to the cluster, and how it prints the answers.

import ArgumentParser
import Foundation
import PDBKit
import Synchronization

/// What a command needs to talk to a cluster and to its user.
final class Session: Sendable {
  let options: GlobalOptions
  let settings: Settings
  let connection: Connection
  /// How many seconds a request may take.
  let timeout: Double
  /// Whether a change was asked for.
  private let changeRequested = OnceFlag()
  private let changeCount = Atomic(0)

  /// Runs a command's work with a session, and gives its errors the form the user asked for.
  static func run(
    _ options: GlobalOptions, _ body: (Session) async throws -> Void
  ) async throws {
    var isAboutChange = false
    var place: Connection?
    do {
      let settings = try Settings.current ?? Settings()
      let connection: Connection
      let namesPlace = options.namesPlace
      if let shared = Connection.shared, !namesPlace, options.tokenFile == nil,
        options.clusterKey == nil, options.tlsAuthorities == nil
      {
        connection = shared
      } else {
        let shared = namesPlace ? nil : Connection.shared
        connection = try Connection(options, settings, place: shared?.place)
        if let identity = shared?.client.identity {
          connection.client.expect(identity, members: shared?.client.addresses ?? [])
        }
        connection.keepUntilExit()
      }
      place = connection
      let session = try Session(options, settings, connection)
      defer { isAboutChange = session.changeRequested.isRaised }
      try await body(session)
      if session.changeRequested.isRaised { connection.noteChange() }
    } catch let error as PDBError {
      throw Failure(
        error: place?.explaining(error) ?? error, asJSON: options.json,
        isAboutChange: isAboutChange)
    }
  }

  private init(_ options: GlobalOptions, _ settings: Settings, _ connection: Connection) throws {
    self.options = options
    self.settings = settings
    self.connection = connection
    timeout = try options.timeout(settings)
  }

  // MARK: Asking

  /// The data in the place, once it is known which one answers.
  func store() async throws -> any Store {
    try await connection.meet()
    return connection.store(timeout: .seconds(timeout))
  }

  /// The same, for what only nodes can be asked.
  ///
  /// - Throws: `not_supported` for a folder that no node serves.
  func cluster() async throws -> any Clustered {
    try await connection.meet()
    return try await connection.cluster(timeout: .seconds(timeout))
  }

  /// Which state questions are about.
  var moment: Moment { options.stale ? .stale : .now }

  /// Makes a change.
  func apply(_ change: Change) async throws -> Receipt {
    willChange()
    guard ProcessInfo.processInfo.environment[PastOptions.variable] ?? "" == "" else {
      throw PDBError(
        .badRequest, "\(PastOptions.variable) is set: what was cannot be changed",
        hint: "unset it to change what is")
    }
    let receipt = try await store().apply(change, from: Origin(request: requestID))
    noteChange(receipt.revision)
    return receipt
  }

  /// The id that the user gave; a command's second change has `-2` behind it, and so on.
  private var requestID: Origin.RequestID? {
    let number = changeCount.wrappingAdd(1, ordering: .relaxed).newValue
    return options.requestID.map { Origin.RequestID(number == 1 ? $0 : "\($0)-\(number)") }
  }

  /// From now on a failure must say whether the change was applied.
  func willChange() { changeRequested.raise() }

  /// A change was made.
  func noteChange(_ revision: UInt64? = nil) {
    connection.noteLeader()
    OutputFailure.noteChange(revision)
  }

  /// One particular node.
  func node(_ address: NodeAddress, within seconds: Double? = nil) -> RemoteNode {
    RemoteNode(address, connection.client, within: .seconds(min(seconds ?? timeout, timeout)))
  }

  /// The node that a command is about: a member of the cluster in this place.
  func member(_ address: NodeAddress) async throws -> RemoteNode {
    try await connection.meet()
    guard connection.client.identity != nil || connection.place.addresses.contains(address) else {
      throw PDBError(
        .unreachable,
        "no node of '\(connection.place.name)' answers, so '\(address)' may belong elsewhere",
        hint: "leave --db and --node out to mean that node, whatever its cluster")
    }
    return node(address)
  }

  /// The node that commands about one node mean when none is named.
  ///
  /// - Throws: `not_supported` for an etcd that is asked directly.
  var firstAddress: NodeAddress {
    get throws(PDBError) {
      try connection.mustHaveNodes()
      return connection.promptedNode ?? connection.client.addresses[0]
    }
  }

  // MARK: Telling

  /// Data: as JSON or as fields if the user asked for it, else as `body` writes it.
  func show(_ json: @autoclosure () throws -> JSON, _ body: () throws -> Void) throws {
    if try !showAsRequested(json()) { try body() }
  }

  /// Writes data as JSON or as fields; false if the user asked for neither.
  func showAsRequested(_ json: @autoclosure () throws -> JSON) throws -> Bool {
    guard options.json || options.fields != nil else { return false }
    let fields: Fields?
    do {
      fields = try options.fields.map { try Fields($0, of: try json()) }
    } catch let error as ValidationError where changeRequested.isRaised {
      // It is too late to refuse the command.
      throw Failure(
        error: PDBError(.badRequest, error.message, outcome: .applied), asJSON: options.json,
        status: .usage, isAboutChange: true)
    }
    if options.json {
      Console.write(json: try fields?.picked ?? json())
    } else {
      fields?.table.print()
    }
    return true
  }

  /// Messages for people; silent with `--quiet`, `--json` and in pipes.
  func say(_ line: TerminalText) {
    if !options.quiet && !options.json && Console.isTerminal(.output) { Console.write(line) }
  }

  /// How to undo what was just done, on a terminal.
  func sayHowToUndo(_ revision: UInt64) {
    if !options.quiet, Console.isTerminal(.output), !options.json {
      say(Style(for: .output).dim("undo it:  pdb \(placeWords)undo \(revision)"))
    }
  }

  /// The options that name this place, for a command that is typed anywhere.
  private var placeWords: String {
    connection.words(besides: settings.files).map { $0.shellQuoted + " " }.joined()
  }

  /// Asks before something that cannot be undone one by one; elsewhere than on a terminal
  /// only `--yes` will do.
  ///
  /// The cluster is met before: what the answer is about cannot be another one's afterwards.
  func confirm(_ question: String) async throws {
    try await connection.meet()
    try await Self.confirm(
      question, on: connection.hasAlternatives ? connection.place.name : nil, options)
  }

  /// - Parameters:
  ///   - question: what is to be done, in English.
  ///   - place: where, if that may be another place than the user thinks of.
  static func confirm(
    _ question: String, on place: String? = nil, _ options: GlobalOptions
  ) async throws {
    if options.yes { return }
    guard Console.inputIsTerminal, Console.isTerminal(.error) else {
      throw Failure(
        error: PDBError(
          .badRequest,
          place.map { "refusing to \(question) on \($0) without --yes" }
            ?? "refusing to \(question) without --yes"),
        asJSON: options.json, status: .declined, isAboutChange: true)
    }
    let asked = TerminalText(message: question)
    guard await Console.confirm(place.map { "\(asked) on \($0)?" } ?? "\(asked)?") else {
      Console.writeError("your change was not applied")
      throw ExitCode(ExitStatus.declined.rawValue)
    }
  }
}

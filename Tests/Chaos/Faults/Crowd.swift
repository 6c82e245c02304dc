// Many strangers at one node, for a while.

import Foundation

extension FaultKind {
  /// Which strangers come while the fault lasts, and how many of each; `nil` if none do.
  var strangers: [(kind: StrangerKind, count: Int)]? {
    switch self {
    case .flood: [(.silent, 200), (.unfinishedBody, 40), (.deafClient, 20), (.deafStream, 20)]
    case .hostilePeers: [(.garblingPeer, 20), (.inventedPeer, 20), (.falsePeer, 20)]
    default: nil
    }
  }
}

/// Strangers that come together, again and again as the node sends them away.
struct Crowd {
  private let kinds: [(kind: StrangerKind, count: Int)]
  private let node: Int
  private let http: HTTP
  private let observer: Observer
  private var dice: Randomness

  init(
    _ kinds: [(kind: StrangerKind, count: Int)], at node: Int, _ http: HTTP, _ observer: Observer,
    _ dice: Randomness
  ) {
    (self.kinds, self.node, self.http, self.observer) = (kinds, node, http, observer)
    self.dice = dice
  }

  /// All connections are closed when it returns.
  func stay(for length: Duration) async {
    let target = StrangerTarget(
      address: http.addresses[node], token: http.token, status: await observer.status(node),
      peer: await observer.status((node + 1) % http.addresses.count)?.node)
    let end = ContinuousClock.now + length
    var dice = dice
    while ContinuousClock.now < end, !Task.isCancelled {
      let visitors = kinds.flatMap { kind, count in
        (0..<count).compactMap { _ in
          Stranger(target.address, as: kind.serverName, saying: target.words(kind, &dice))
        }
      }
      try? await Task.sleep(until: min(end, .now + .seconds(4)))
      withExtendedLifetime(visitors) {}
    }
  }
}

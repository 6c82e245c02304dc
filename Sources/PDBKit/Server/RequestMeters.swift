// How many requests a node answered, which, how, and how fast.

import HTTPTypes
import NIOCore
import Synchronization

/// Counts requests by endpoint and status.
final class RequestMeters: Sendable {
  struct Figures: Sendable {
    /// Until the answer begins.
    var seconds = Distribution.seconds
    /// By status.
    var counts: [Int: UInt64] = [:]
  }

  /// In the order of ``Endpoint/all``; the last are those of requests to none.
  private let figures = Mutex(
    [Figures](repeating: Figures(), count: Endpoint.all.count + 1))
  private static let positions = Dictionary(
    uniqueKeysWithValues: Endpoint.all.enumerated().map { (ObjectIdentifier($1), $0) })

  /// What there is to tell, each with its endpoint; `nil` for requests to none.
  var present: [(endpoint: Endpoint?, figures: Figures)] {
    figures.withLock { $0 }.enumerated().filter { !$1.counts.isEmpty }.map {
      position, figures in
      (position < Endpoint.all.count ? Endpoint.all[position] : nil, figures)
    }
  }

  func note(_ endpoint: Endpoint?, _ status: HTTPResponse.Status, after time: TimeAmount) {
    let position =
      endpoint.flatMap { Self.positions[ObjectIdentifier($0)] } ?? Self.positions.count
    figures.withLock { figures in
      figures[position].seconds.record(Double(time.nanoseconds) / 1e9)
      figures[position].counts[status.code, default: 0] += 1
    }
  }
}

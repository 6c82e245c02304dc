// How many requests a node answered, which, how, and how fast.

import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore

/// What the server itself can say of its work.
struct ServerFigures: Sendable {
  let requests: RequestMeters
  let streams: OpenStreams
  let connections: OpenConnections
}

/// Counts requests by endpoint and status.
final class RequestMeters: Sendable {
  struct Figures: Sendable {
    /// Until the answer begins.
    var seconds = Distribution.seconds
    /// By status.
    var counts: [Int: UInt64] = [:]
  }

  /// By the number of the endpoint; the last are those of requests to none.
  private let figures = NIOLockedValueBox(
    [Figures](repeating: Figures(), count: Endpoint.all.count + 1))

  /// What there is to tell, each with its endpoint; `nil` for requests to none.
  var present: [(endpoint: Endpoint?, figures: Figures)] {
    figures.withLockedValue { $0 }.enumerated().filter { !$1.counts.isEmpty }.map {
      number, figures in
      (number < Endpoint.all.count ? Endpoint.all[number] : nil, figures)
    }
  }

  func note(_ endpoint: Endpoint?, _ status: HTTPResponse.Status, after time: TimeAmount) {
    let number = endpoint?.number ?? Endpoint.all.count
    figures.withLockedValue { figures in
      figures[number].seconds.record(Double(time.nanoseconds) / 1e9)
      figures[number].counts[status.code, default: 0] += 1
    }
  }
}

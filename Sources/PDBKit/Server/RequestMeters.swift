// How many requests a node answered, which, how, and how fast.

import HTTPTypes
import NIOCore
import PDBCluster
import Synchronization

/// Counts requests by endpoint and status.
final class RequestMeters: Sendable {
  struct Figures: Sendable {
    /// Until the answer begins.
    var seconds = Distribution.seconds
    /// By status: there are few, so that a search is faster than a hash.
    var counts: [(status: Int, count: UInt64)] = []

    mutating func count(_ status: Int) {
      if let position = counts.firstIndex(where: { $0.status == status }) {
        counts[position].count += 1
      } else {
        counts.append((status, 1))
      }
    }
  }

  /// In the order of ``Endpoint/all``; the last are those of requests to none.
  private let figures = Mutex(
    [Figures](repeating: Figures(), count: Endpoint.all.count + 1))

  /// What there is to tell, each with its endpoint; `nil` for requests to none.
  var present: [(endpoint: Endpoint?, figures: Figures)] {
    figures.withLock { $0 }.enumerated().filter { !$1.counts.isEmpty }.map {
      position, figures in
      (position < Endpoint.all.count ? Endpoint.all[position] : nil, figures)
    }
  }

  func note(_ endpoint: Endpoint?, _ status: HTTPResponse.Status, after time: TimeAmount) {
    let position = endpoint?.position ?? Endpoint.all.count
    figures.withLock { figures in
      figures[position].seconds.record(Double(time.nanoseconds) / 1e9)
      figures[position].count(status.code)
    }
  }
}

// The requests that wait for an answer: the coordinator knows their tickets, their tasks have
// continuations.

import PDBCoordinator
import PDBLocal
import PDBModel
import PDBStore
import Raft

/// The continuations of the requests under way, by ticket.
struct Waiters: Sendable {
  /// How a request is answered.
  enum Continuation: Sendable {
    case receipt(CheckedContinuation<Receipt, any Error>)
    case done(CheckedContinuation<Void, any Error>)
    case member(CheckedContinuation<Member?, any Error>)

    func fail(_ error: PDBError) {
      switch self {
      case .receipt(let continuation): continuation.resume(throwing: error)
      case .done(let continuation): continuation.resume(throwing: error)
      case .member(let continuation): continuation.resume(throwing: error)
      }
    }

    func resume(_ reply: Coordinator.Reply) {
      switch (self, reply) {
      case (.receipt(let continuation), .applied(let entry)):
        continuation.resume(with: Result { try entry.receipt })
      case (.done(let continuation), .readable), (.done(let continuation), .changed):
        continuation.resume()
      case (.member(let continuation), .transferred(let member)):
        continuation.resume(returning: member)
      case (_, .failed(let error)): fail(error)
      default: preconditionFailure("\(reply) does not answer the request")
      }
    }
  }

  private struct Waiter: Sendable {
    let continuation: Continuation
    let begun: ContinuousClock.Instant
  }

  /// By the numbers of their tickets; `nil` where one is free.
  private var waiters: [Waiter?] = []
  private var free: [Int] = []

  mutating func add(_ continuation: Continuation) -> Ticket {
    let waiter = Waiter(continuation: continuation, begun: .now)
    if let number = free.popLast() {
      waiters[number] = waiter
      return Ticket(number)
    }
    waiters.append(waiter)
    return Ticket(waiters.count - 1)
  }

  /// When the request reached the driver.
  func begun(_ ticket: Ticket) -> ContinuousClock.Instant {
    waiters[ticket.number]!.begun
  }

  mutating func answer(_ replies: [(ticket: Ticket, reply: Coordinator.Reply)]) {
    for (ticket, reply) in replies {
      guard let waiter = waiters[ticket.number] else {
        preconditionFailure("a request was answered twice")
      }
      waiters[ticket.number] = nil
      free.append(ticket.number)
      waiter.continuation.resume(reply)
    }
  }
}

import RTCPrimitives
import RTCWire

/// A Binding request of an ICE agent that waits for its answer.
struct ICERequest: Sendable {
  enum Purpose: Hashable, Sendable {
    /// Asks `server` from the base at this index what address it sees.
    case gathering(base: Int, server: Endpoint)
    case check(CandidatePair.ID, isNominating: Bool)
    /// Never retransmitted.
    case consent(CandidatePair.ID)
  }

  let purpose: Purpose
  var transaction: STUNTransaction
  /// The role that the request claimed.
  let role: ICERole
  /// Until when an answer still counts although nothing is sent any more.
  private var cancellation: Instant?

  init(_ purpose: Purpose, transaction: STUNTransaction, role: ICERole) {
    self.purpose = purpose
    self.transaction = transaction
    self.role = role
  }

  var id: TransactionID { transaction.id }

  /// The pair that the request checks.
  var pair: CandidatePair.ID? {
    switch purpose {
    case .gathering: nil
    case .check(let pair, _), .consent(let pair): pair
    }
  }

  /// When it is sent again or given up.
  var deadline: Instant { cancellation ?? transaction.nextTimeout }

  /// Says what is due.
  mutating func handleTimeout(at now: Instant) -> STUNTransaction.Action {
    guard let cancellation else { return transaction.handleTimeout(at: now) }
    return now < cancellation ? .wait : .fail
  }

  /// Sends no more, but takes an answer that still comes within `patience` of the last transmission
  /// (RFC 8445 §7.3.1.4).
  mutating func cancelRetransmissions(patience: Duration) { cancellation = transaction.lastSent + patience }
}

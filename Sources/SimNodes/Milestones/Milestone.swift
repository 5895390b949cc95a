import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire
import SimKernel

/// Something worth telling in the life of a call: who did what, when, and where it is written down.
public struct Milestone: Hashable, Sendable {
  public let time: Instant
  /// Its place among all milestones of the run.
  public let order: Int
  public let node: String
  public let kind: Kind
  public let detail: String
  /// The section that describes it, such as `RFC 8445 §7.2`.
  public let rfc: String
  /// Whom a message goes to; `nil` when nothing is sent.
  public let receiver: String?
  /// The STUN transaction of a check that is sent.
  public let transaction: TransactionID?
  /// Why a TURN server lends no address.
  public let relayFailure: RelayFailure?

  /// What a TURN server that was reached in this way answered, or that it did not.
  public struct RelayFailure: Hashable, Sendable {
    public let relayProtocol: RelayProtocol
    public let error: TURNError

    public init(_ error: TURNError, over relayProtocol: RelayProtocol) {
      self.relayProtocol = relayProtocol
      self.error = error
    }
  }

  /// What happened, in a few words.
  public var name: String { kind.rawValue }

  public init(
    time: Instant, order: Int, node: String, kind: Kind, detail: String, rfc: String? = nil, receiver: String? = nil,
    transaction: TransactionID? = nil, relayFailure: RelayFailure? = nil
  ) {
    self.time = time
    self.order = order
    self.node = node
    self.kind = kind
    self.detail = detail
    self.rfc = rfc ?? kind.rfc
    self.receiver = receiver
    self.transaction = transaction
    self.relayFailure = relayFailure
  }
}

/// Sees a session while it happens. It is called on the simulation's thread and must not change anything itself.
public protocol SessionObserver: AnyObject, Sendable {
  /// A milestone was noted; nothing that follows from it has happened yet.
  func noted(_ milestone: Milestone)
  /// A message of the signaling channel, numbered within its run, has come this far.
  func signaled(_ transfer: SignalingTransfer, _ stage: SignalingTransfer.Stage)
  /// A record of data is about to leave, encrypted; this is what is in it.
  func disclosed(_ record: DisclosedRecord)
}

/// The milestones of one node.
struct MilestoneLog {
  /// Whether every check and candidate is told, or only what marks the way to media.
  let isDetailed: Bool
  private(set) var milestones: [Milestone] = []
  private let observer: (any SessionObserver)?

  init(isDetailed: Bool, observer: (any SessionObserver)? = nil) {
    self.isDetailed = isDetailed
    self.observer = observer
  }

  /// Tells what is in records that are about to leave.
  func disclose(_ records: [DisclosedRecord]) { for record in records { observer?.disclosed(record) } }

  mutating func note(
    _ kind: Milestone.Kind, _ detail: @autoclosure () -> String = "", rfc: String? = nil, from port: NodePort,
    to receiver: String? = nil, at time: Instant? = nil, transaction: TransactionID? = nil,
    relayFailure: Milestone.RelayFailure? = nil
  ) {
    guard isDetailed || !kind.isDetail else { return }
    let milestone = Milestone(
      time: time ?? port.simulation.now, order: port.simulation.takeNumber(), node: port.name, kind: kind,
      detail: detail(), rfc: rfc, receiver: receiver, transaction: transaction,
      relayFailure: relayFailure)
    milestones.append(milestone)
    observer?.noted(milestone)
  }
}

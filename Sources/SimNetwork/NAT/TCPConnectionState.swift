import RTCPrimitives
import RTCWire

/// How long a NAT or a firewall remembers a TCP connection through which nothing passes.
///
/// - SeeAlso: RFC 5382 REQ-5
public struct TCPLifetimes: Hashable, Sendable {
  /// While the handshake is not complete: at least four minutes by the RFC ("transitory").
  public var halfOpen = Duration.seconds(240)
  /// At least two hours and four minutes by the RFC.
  public var established = Duration.seconds(7440)
  /// After a FIN in both directions, or a reset: at least four minutes by the RFC ("transitory").
  public var closing = Duration.seconds(240)

  public init() {}
}

/// A TCP connection as whoever stands in its way sees it: by the control bits that pass.
///
/// ```
///            SYN and ACK of both            FIN of both, or RST
/// half-open ─────────────────────► established ─────────────────► closing
///     │  └────────────────── FIN of both, or RST ──────────────────►│
///     └◄──────────────── SYN: the endpoints are used again ─────────┘
/// ```
/// - SeeAlso: RFC 5382 REQ-2 (both ways to open a connection, the simultaneous one too)
/// - Note: Sequence numbers are not looked at: a reset is believed, wherever it lies.
struct TCPConnectionState: Hashable {
  enum Direction {
    case outbound, inbound
  }

  private enum Phase {
    case halfOpen, established, closing
  }

  private struct Directions: OptionSet, Hashable {
    let rawValue: UInt8

    static let outbound = Directions(rawValue: 1)
    static let inbound = Directions(rawValue: 2)
    static let both: Directions = [.outbound, .inbound]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ direction: Direction) {
      self =
        switch direction {
        case .outbound: .outbound
        case .inbound: .inbound
        }
    }
  }

  private var phase = Phase.halfOpen
  private var synchronized: Directions = []
  private var acknowledged: Directions = []
  private var finished: Directions = []
  /// Whether anything went out.
  private(set) var hasSent = false

  /// The connection that begins with a segment; `nil` for a segment with which none begins.
  ///
  /// From inside that is a SYN, or a segment of a connection that was forgotten, as after a restart; from outside it is
  /// a SYN alone.
  init?(beginningWith flags: TCPSegment.Flags, _ direction: Direction) {
    guard !flags.contains(.reset) else { return nil }
    switch direction {
    case .outbound:
      guard !flags.isDisjoint(with: [.synchronize, .acknowledge]) else { return nil }
      if flags.contains(.acknowledge) { synchronized = .both }
    case .inbound:
      guard flags.contains(.synchronize), !flags.contains(.acknowledge) else { return nil }
    }
    note(flags, direction)
  }

  /// Follows a segment that passes.
  mutating func note(_ flags: TCPSegment.Flags, _ direction: Direction) {
    let own = Directions(direction)
    let isNew = phase == .closing && flags.contains(.synchronize) && flags.isDisjoint(with: [.acknowledge, .reset])
    if isNew { (phase, synchronized, acknowledged, finished) = (.halfOpen, [], [], []) }
    if direction == .outbound { hasSent = true }
    if flags.contains(.synchronize) { synchronized.insert(own) }
    if flags.contains(.acknowledge), synchronized == .both { acknowledged.insert(own) }
    if flags.contains(.finish) { finished.insert(own) }
    if flags.contains(.reset) || finished == .both {
      phase = .closing
    } else if phase == .halfOpen, acknowledged == .both {
      phase = .established
    }
  }

  /// How long it is remembered without a segment.
  func lifetime(_ lifetimes: TCPLifetimes) -> Int64 {
    switch phase {
    case .halfOpen: lifetimes.halfOpen.nanoseconds
    case .established: lifetimes.established.nanoseconds
    case .closing: lifetimes.closing.nanoseconds
    }
  }
}

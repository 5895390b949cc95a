/// Why a datagram did not arrive.
public enum DropReason: UInt8, Hashable, Sendable, CaseIterable {
  /// A link's queue was full.
  case queueFull = 1
  /// A link lost it at random.
  case lost
  /// No interface has its destination.
  case noRoute
  /// Its source is no address of the node that sent it.
  case foreignSource
  /// A NAT has no mapping for its destination.
  case noMapping
  /// A NAT's filter refused it.
  case filtered
  /// A NAT has no port left for it.
  case portsExhausted
  /// A NAT does not turn packets around.
  case noHairpinning
  /// A stateful firewall does not know its flow.
  case firewall
  /// A firewall lets no UDP pass.
  case udpBlocked
  /// The link is cut.
  case cut
  /// Somebody took it off its link.
  case takenOff
  /// The host was switched off.
  case switchedOff
  /// A firewall lets TCP pass to one port only.
  case tcpBlocked
  /// A policer had no tokens for it.
  case policed
  /// CoDel took it out of a link's queue.
  case activeQueue
}

extension DropReason {
  /// The same as a sentence without its stop.
  public var sentence: String {
    switch self {
    case .queueFull: "the link's queue was full"
    case .lost: "the link lost it"
    case .noRoute: "nobody here has that address"
    case .foreignSource: "the sender does not have the source address"
    case .noMapping: "the NAT has no mapping for that port"
    case .filtered: "the NAT's filter lets nobody in who was not sent to"
    case .portsExhausted: "the NAT has no port left"
    case .noHairpinning: "the NAT does not turn packets around"
    case .firewall: "the firewall does not know the flow"
    case .udpBlocked: "the firewall blocks UDP"
    case .cut: "the link is cut"
    case .takenOff: "somebody took it off the link on purpose"
    case .switchedOff: "the host is switched off"
    case .policed: "the link's policer had no tokens for it"
    case .activeQueue: "CoDel took it out of the link's queue, in which packets had waited for too long"
    case .tcpBlocked: "the firewall lets TCP pass to port 443 only"
    }
  }
}

/// How many datagrams were sent and what became of them: sent = delivered + dropped + in flight.
public struct DatagramCounts: Hashable, Sendable {
  public internal(set) var sent = 0
  public internal(set) var delivered = 0
  private var dropped = [Int](repeating: 0, count: DropReason.allCases.count + 1)

  /// How many were dropped for `reason`.
  public subscript(_ reason: DropReason) -> Int { dropped[Int(reason.rawValue)] }

  /// How many were dropped for any reason.
  public var droppedInAll: Int { dropped.reduce(0, +) }

  mutating func noteDrop(_ reason: DropReason) { dropped[Int(reason.rawValue)] += 1 }
}

import RTCPrimitives
import SimNetwork
import SimNodes

/// What broke first in a run, as it was seen there.
///
/// A link limit is broken when its queue dropped more than 1 % of its packets; a CPU limit when work waited for more
/// than 100 ms at the 95th percentile, or more than 5 % of one kind of work was not done because it came too late; all
/// within the measured window. When several break, the first in virtual time counts.
public enum FirstLimit: String, Hashable, Sendable, CaseIterable {
  case none
  case uplink
  case downlink
  case clientCPU
  case serverCPU
  case serverNIC

  static func find(
    access: [(uplink: LinkStatistics, downlink: LinkStatistics)],
    nic: (uplink: LinkStatistics, downlink: LinkStatistics)?, clients: [ClientReport], server: ServerReport?
  ) -> FirstLimit {
    var broken: [(limit: FirstLimit, time: Instant)] = []
    for links in access {
      note(links.uplink, .uplink, &broken)
      note(links.downlink, .downlink, &broken)
    }
    if let nic {
      note(nic.uplink, .serverNIC, &broken)
      note(nic.downlink, .serverNIC, &broken)
    }
    for client in clients { note(client.waiting, .clientCPU, &broken) }
    if let server { note(server.waiting, .serverCPU, &broken) }
    return broken.min { $0.time < $1.time }?.limit ?? .none
  }

  private static func note(
    _ link: LinkStatistics, _ limit: FirstLimit, _ broken: inout [(limit: FirstLimit, time: Instant)]
  ) {
    guard link.queueDrops * 100 > link.offeredPackets, let time = link.firstQueueDrop else { return }
    broken.append((limit, time))
  }

  private static func note(
    _ waiting: WaitingTimes, _ limit: FirstLimit, _ broken: inout [(limit: FirstLimit, time: Instant)]
  ) {
    guard waiting.isOverloaded, let first = waiting.firstLong else { return }
    broken.append((limit, first))
  }
}

/// Up to how many participants a topology held.
public struct Verdict: Hashable, Sendable {
  public let topology: String
  /// `nil` when it broke with the smallest number.
  public let heldUpTo: Int?
  /// `none` when nothing broke.
  public let brokenBy: FirstLimit

  /// - Parameter cells: the runs of one topology, by growing number of participants.
  public init(topology: String, cells: [(participants: Int, limit: FirstLimit)]) {
    self.topology = topology
    let broken = cells.first { $0.limit != .none }
    brokenBy = broken?.limit ?? .none
    heldUpTo = cells.last { cell in broken.map { cell.participants < $0.participants } ?? true }?.participants
  }

  /// One sentence for a reader.
  public var sentence: String {
    switch (heldUpTo, brokenBy) {
    case (let held?, .none): "\(topology): held up to \(held) participants, the most that were tried."
    case (let held?, let limit): "\(topology): held up to \(held) participants, then \(limit.explanation)."
    case (nil, let limit): "\(topology): did not hold even with the fewest participants: \(limit.explanation)."
    }
  }
}

extension FirstLimit {
  var explanation: String {
    switch self {
    case .none: "nothing broke"
    case .uplink: "the clients' uplinks overflowed"
    case .downlink: "the clients' downlinks overflowed"
    case .clientCPU: "the clients' processors fell behind"
    case .serverCPU: "the server's processor fell behind"
    case .serverNIC: "the server's network interface overflowed"
    }
  }
}

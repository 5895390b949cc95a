import RTCPrimitives
import SimNetwork
import SimNodes

/// What broke first in a run, as it was seen there.
///
/// A link limit is broken when its queue dropped more than 1 % of its packets; a CPU limit when work waited for more
/// than 100 ms at the 95th percentile, or more than 5 % of one kind of work was not done because it came too late; all
/// within the measured window, or before it where nothing came to the link or processor within it. When several break,
/// the first in virtual time counts, seen from the beginning of the run.
public enum FirstLimit: String, Hashable, Sendable, CaseIterable {
  case none
  case uplink
  case downlink
  case clientCPU
  case serverCPU
  case serverNIC

  /// - Parameter joining: what was counted until the window began; `window` what was counted in it.
  static func find(joining: Reading, window: Reading) -> FirstLimit {
    var broken: [(limit: FirstLimit, time: Instant)] = []
    func note(_ limit: FirstLimit, _ time: Instant?) {
      if let time { broken.append((limit, time)) }
    }
    for (before, links) in zip(joining.access, window.access) {
      note(.uplink, firstDrop(before.uplink, links.uplink))
      note(.downlink, firstDrop(before.downlink, links.downlink))
    }
    if let before = joining.nic, let links = window.nic {
      note(.serverNIC, firstDrop(before.uplink, links.uplink))
      note(.serverNIC, firstDrop(before.downlink, links.downlink))
    }
    for (before, client) in zip(joining.clients, window.clients) {
      note(.clientCPU, firstLongWait(before.waiting, client.waiting))
    }
    if let before = joining.server, let server = window.server {
      note(.serverCPU, firstLongWait(before.waiting, server.waiting))
    }
    return broken.min { $0.time < $1.time }?.limit ?? .none
  }

  /// When the queue of a link that is broken dropped for the first time; `nil` of one that is not.
  static func firstDrop(_ joining: LinkStatistics, _ window: LinkStatistics) -> Instant? {
    let judged = window.offeredPackets > 0 ? window : joining
    guard judged.queueDrops * 100 > judged.offeredPackets else { return nil }
    return joining.firstQueueDrop ?? window.firstQueueDrop
  }

  /// When work waited for long, or was refused, for the first time on a processor that is overloaded.
  static func firstLongWait(_ joining: WaitingTimes, _ window: WaitingTimes) -> Instant? {
    let isIdle = window.durations.count == 0 && window.firstLong == nil
    guard window.isOverloaded || isIdle && joining.isOverloaded else { return nil }
    return joining.firstLong ?? window.firstLong
  }
}

import RTCPrimitives

/// Which encodings a source is asked for: those that anybody sees.
///
/// One that is seen is asked for at once. One that nobody sees any more goes on for a while, each for itself, so that who comes
/// back to it within that time need not wait for a key frame. A source whose uplink does not carry what he is asked for keeps
/// the smaller sizes, too: he will soon need them, and each beginning costs a key frame.
///
/// - SeeAlso: LiveKit's dynacast, whose delay this is, and which keeps every size below the largest that is seen;
///   `active` of W3C webrtc-pc's `RTCRtpEncodingParameters` is what comes of it at the source
package struct EncodingDemand: Hashable, Sendable {
  /// How long an encoding that nobody sees any more is still asked for.
  package static let patience = Duration.seconds(5)
  /// For how long after he could not send something a source counts as limited, and how long he may take to begin with it.
  package static let memory = Duration.seconds(10)
  private static let time = Duration.seconds(1)

  /// Of each encoding whether it is asked for; all of them before anything was said.
  package private(set) var asked: [Bool]
  /// Since when nobody sees it; `nil` where somebody does.
  private var unseenSince: [Instant?]
  /// Since when each is asked for, and when last one was not sent although it was.
  private var askedSince: [Instant?]
  private var limitedAt: Instant?
  private var wasTold = false

  /// - Parameter count: how many encodings the source has.
  package init(count: Int) {
    asked = Array(repeating: true, count: count)
    unseenSince = Array(repeating: nil, count: count)
    askedSince = Array(repeating: nil, count: count)
  }

  /// Learns what is seen now, and what the source sends.
  ///
  /// - Returns: whether the source is to be told, for `asked` has changed.
  package mutating func update(seen: [Bool], sent: [Bool], at now: Instant) -> Bool {
    let before = asked
    noteLimit(sent, at: now)
    let isLimited = limitedAt.map { now - $0 < Self.memory } ?? false
    let highest = seen.lastIndex(of: true) ?? -1
    for index in asked.indices {
      if index < seen.count, seen[index] || isLimited && index < highest {
        asked[index] = true
        unseenSince[index] = nil
        continue
      }
      let since = unseenSince[index] ?? now
      unseenSince[index] = since
      if now - since >= Self.patience { asked[index] = false }
    }
    guard asked != before else { return false }
    wasTold = true
    return true
  }

  /// Before anything is sent nothing is known of a limit.
  private mutating func noteLimit(_ sent: [Bool], at now: Instant) {
    guard sent.contains(true) else { return }
    for index in asked.indices {
      guard asked[index] else {
        askedSince[index] = nil
        continue
      }
      let since = askedSince[index] ?? now
      askedSince[index] = since
      if index < sent.count, !sent[index], now - since >= Self.time { limitedAt = now }
    }
  }

  /// Whether a source who does not send an encoding would send it when asked to; one that he is asked for he has given up.
  package func mayBeHad(_ encoding: Int) -> Bool {
    !wasTold || !asked.indices.contains(encoding) || !asked[encoding]
  }

  /// Whether an encoding that begins stands in for those that are asked for, which are all larger and are sent no more.
  package func isStandIn(_ encoding: Int) -> Bool {
    wasTold && asked.contains(true) && !asked.prefix(encoding + 1).contains(true)
  }
}

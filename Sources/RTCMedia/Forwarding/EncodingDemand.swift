import RTCPrimitives

/// Which encodings a source is asked for: those that anybody sees.
///
/// One that is seen is asked for at once. One that nobody sees any more goes on for a while, each for itself, so that who comes
/// back to it within that time need not wait for a key frame.
///
/// - SeeAlso: LiveKit's dynacast, whose delay this is, and which keeps every size below the largest that is seen;
///   `active` of W3C webrtc-pc's `RTCRtpEncodingParameters` is what comes of it at the source
package struct EncodingDemand: Hashable, Sendable {
  /// How long an encoding that nobody sees any more is still asked for.
  package static let patience = Duration.seconds(5)

  /// Of each encoding whether it is asked for; all of them before anything was said.
  package private(set) var asked: [Bool]
  /// Since when nobody sees it; `nil` where somebody does.
  private var unseenSince: [Instant?]
  private var wasTold = false

  /// - Parameter count: how many encodings the source has.
  package init(count: Int) {
    asked = Array(repeating: true, count: count)
    unseenSince = Array(repeating: nil, count: count)
  }

  /// Learns what is seen now.
  ///
  /// - Returns: whether the source is to be told, for `asked` has changed.
  package mutating func update(seen: [Bool], at now: Instant) -> Bool {
    let before = asked
    for index in asked.indices {
      if index < seen.count, seen[index] {
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

  /// Whether a source who does not send an encoding would send it when asked to; one that he is asked for he has given up.
  package func mayBeHad(_ encoding: Int) -> Bool {
    !wasTold || !asked.indices.contains(encoding) || !asked[encoding]
  }

  /// Whether an encoding that begins stands in for those that are asked for, which are all larger and are sent no more.
  package func isStandIn(_ encoding: Int) -> Bool {
    wasTold && asked.contains(true) && !asked.prefix(encoding + 1).contains(true)
  }
}

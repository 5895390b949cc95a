/// What was measured in a call of two, simulated or real.
package struct CallTraffic {
  /// Steps of the way to media; each is reached when both ends have reached it.
  package enum Step: String, CaseIterable {
    case answerApplied = "answer applied by the offerer"
    case iceConnected = "ICE connected"
    case keysExported = "SRTP keys exported"
    case firstPacket = "first RTP packet received"
    case firstPicture = "first picture ready to be shown"
  }

  /// CPU time of both ends together in the window.
  package struct CPUTime {
    /// Coding and decoding.
    package var codecs: Duration
    /// Everything else that is part of the call.
    package var transport: Duration

    package init(codecs: Duration, transport: Duration) {
      self.codecs = codecs
      self.transport = transport
    }
  }

  /// The time in which was measured, from a second after media could flow at both ends.
  package let window: Duration
  /// What both ends sent in it.
  package let sent: TrafficMeter
  package let cpu: CPUTime
  /// After `createOffer`; a step that was never reached is missing.
  package let steps: [Step: Duration]
  /// Of both ends, from the beginning to the end.
  package let packetsLost: Int

  package init(window: Duration, sent: TrafficMeter, cpu: CPUTime, steps: [Step: Duration], packetsLost: Int) {
    self.window = window
    self.sent = sent
    self.cpu = cpu
    self.steps = steps
    self.packetsLost = packetsLost
  }

  /// From media at both ends to the beginning of the window: first key frames are large.
  package static let settlingTime = Duration.seconds(1)
  /// A call that does not stand by then never will.
  package static let setupLimit = Duration.seconds(20)
}

/// Why there is nothing to compare.
package enum CallTrafficError: Error, Hashable, CustomStringConvertible {
  case neverConnected(String, after: Duration)

  package var description: String {
    switch self {
    case .neverConnected(let which, let time):
      "the \(which) call is not connected after \(time.inSeconds) s; nothing can be compared"
    }
  }
}

/// Whose timers an agent has.
public enum ICEProfile: String, Hashable, Sendable, CaseIterable {
  /// Those that the RFCs recommend; each check by itself, and regular nomination.
  case rfc8445
  /// Those of libwebrtc, and so of Chromium: checks go on, and every one of them nominates.
  case chromium

  /// Sets the timers of an agent.
  ///
  /// - Parameter nomination: for the RFC's way of checking; Chromium's is aggressive.
  public func configure(_ configuration: inout ICEConfiguration, nomination: ICENomination = .regular) {
    switch self {
    case .rfc8445: configuration.checking = .scheduled(nomination)
    case .chromium:
      configuration.checking = .libwebrtc
      // As recorded of Chromium 156: a check of the selected pair is due after 2.5 s and leaves with the next round.
      configuration.consentInterval = .milliseconds(2800)
      // `STUN_INITIAL_RTO` and `STUN_MAX_RETRANSMITS` of libwebrtc's `stun_request.cc`.
      configuration.checkSchedule = STUNTransaction.Schedule(
        initialTimeout: .milliseconds(250), requestCount: 9, finalMultiple: 32)
      configuration.keepaliveInterval = .seconds(10)
    }
  }
}

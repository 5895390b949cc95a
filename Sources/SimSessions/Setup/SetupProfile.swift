import RTCPrimitives
import RTCSession
import RTCTransport

/// How two clients go about setting a connection up: the timers of ICE and DTLS, and what of it is a what-if.
public struct SetupProfile: Hashable, Sendable {
  /// How the descriptions are exchanged.
  public enum Exchange: Hashable, Sendable {
    /// The offer takes half a round trip, the answer another; both wait for `processing`.
    case offerAndAnswer
    /// Both sides know each other after one round trip and begin together, the first checks this much later.
    ///
    /// That is our reading of the benchmark in draft-hancke-webrtc-sped-00, appendix A.
    case together(firstCheckAfter: Duration)
  }

  /// What the programs take, beside the network.
  public struct Processing: Hashable, Sendable {
    /// From `createOffer` to the offer's leaving.
    public var offer: Duration = .zero
    /// From a description's arrival at the host to the application's having it.
    public var delivery: Duration = .zero
    /// From there to the answer's leaving.
    public var answer: Duration = .zero
    /// From the answer's leaving to the answerer's first check.
    public var answererCheck: Duration = .zero
    /// From the answer's being there to the offerer's first check.
    public var offererCheck: Duration = .zero

    public init() {}

    /// Chromium 156 on a shared machine: **fitted** to the medians of the recorded mode `host` at RTT 0, and nothing else.
    public static let chromium: Processing = {
      var processing = Processing()
      processing.offer = .microseconds(3200)
      processing.delivery = .microseconds(5200)
      processing.answer = .microseconds(16_900)
      processing.answererCheck = .microseconds(6900)
      processing.offererCheck = .microseconds(2400)
      return processing
    }()
  }

  /// What a result rests on.
  public enum Basis: String, Hashable, Sendable, Codable {
    /// The real ICE agent and OpenSSL.
    case real
    /// Something in it is a model: DTLS 1.3 by `ModelledDTLS`.
    case modelled
  }

  public let name: String
  public let summary: String
  public var checking = ICEChecking.standard
  /// `Ta` of RFC 8445 §14.2; zero for none.
  public var pacing: Duration = .milliseconds(50)
  public var exchange = Exchange.offerAndAnswer
  public var processing = Processing()
  public var handshake = HandshakeKind.dtls12
  public var embedsHandshake = false
  /// Why round trips to data are not counted; `nil` where they are.
  public var lacksData: String?

  public var basis: Basis { handshake == .dtls12 ? .real : .modelled }

  init(_ name: String, _ summary: String, _ change: (inout SetupProfile) -> Void = { _ in }) {
    self.name = name
    self.summary = summary
    change(&self)
  }

  /// Chromium as it was recorded: its timers, the time that its programs take, and the round trips of DTLS 1.3.
  public static let recordedChromium = SetupProfile(
    "chromium-recorded", "Chromium 156 as recorded: libwebrtc's timers, DTLS 1.3, and the time that its programs take"
  ) { profile in
    profile.checking = .continual(recordedIntervals)
    profile.processing = .chromium
    profile.handshake = .modelledDTLS13(.postQuantum)
  }

  /// How much later than they should the timers of Chromium's checks fire.
  ///
  /// The second check followed the first after 56, 59 and 64 ms where both hosts filter, at RTT 0, in modes host, stunturn
  /// and data_host. **Fitted** to the mean of these; other round trips test it.
  public static let recordedLateness = Duration.milliseconds(12)

  private static let recordedIntervals: ICEChecking.PingIntervals = {
    var intervals = ICEChecking.PingIntervals()
    intervals.weak += recordedLateness
    return intervals
  }()

  /// Both sides begin together in libwebrtc's benchmark, whose numbers the SPED draft gives.
  static func benchmark(
    _ name: String, _ summary: String, handshake: HandshakeKind = .dtls12, embedsHandshake: Bool = false
  ) -> SetupProfile {
    SetupProfile(name, summary) {
      $0.checking = .libwebrtc
      $0.exchange = .together(firstCheckAfter: .milliseconds(50))
      $0.handshake = handshake
      $0.embedsHandshake = embedsHandshake
    }
  }
}

/// The profiles that `rtcsim setup` knows; one line each.
public enum SetupProfiles {
  public static let all: [SetupProfile] = [
    SetupProfile("today", "no computing time, no pacing, DTLS 1.2: round trips alone") { $0.pacing = .zero },
    .benchmark("chromium", "libwebrtc's timers, DTLS 1.2; both begin together, as in the SPED draft's benchmark"),
    .recordedChromium,
    .benchmark(
      "sped", "libwebrtc's timers, DTLS 1.2 inside the checks (draft-hancke-webrtc-sped); both begin together",
      embedsHandshake: true),
    .benchmark(
      "sped-dtls13", "libwebrtc's timers, DTLS 1.3 inside the checks (draft-hancke-webrtc-sped); both begin together",
      handshake: .modelledDTLS13(.elliptic), embedsHandshake: true),
    SetupProfile(
      "snap",
      "the same as today for media; data, of which SNAP saves up to two round trips (draft-hancke-tsvwg-snap), is not counted"
    ) {
      $0.pacing = .zero
      $0.lacksData =
        "SNAP begins SCTP from what the descriptions say (a=sctp-init), without INIT and COOKIE ECHO on the wire; usrsctp has "
        + "no way to begin so, and nothing is counted that was not sent"
    },
    SetupProfile(
      "warp",
      "today's exchange, DTLS 1.3 inside the checks, DTLS's timer from ICE (draft-uberti-tsvwg-warp); "
        + "checks are repeated after RFC 8445's 500 ms, not at libwebrtc's pace as in sped-dtls13; data has SCTP's own "
        + "handshake, without the SNAP that the draft adds"
    ) {
      $0.pacing = .zero
      $0.embedsHandshake = true
      $0.handshake = .modelledDTLS13(.elliptic)
    },
  ]

  public static func named(_ name: String) -> SetupProfile? { all.first { $0.name == name } }
}

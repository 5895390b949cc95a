import RTCMedia
import RTCPrimitives
import RTCWire

/// How a connection controls its congestion; without it, everything is sent at once and at any rate.
public struct CongestionSettings: Sendable {
  public var controller: CongestionControllers.Entry
  public var limits: RateLimits

  public init(controller: CongestionControllers.Entry, limits: RateLimits) {
    self.controller = controller
    self.limits = limits
  }
}

/// Congestion control of what one transport sends: the numbers of its packets, what is said of them, and the pacer.
///
/// A class because a connection reaches its streams, its transport and this at the same time.
public final class SendControl {
  /// The length of an IPv4 and a UDP header. That an IPv6 header is 20 bytes longer, and that TURN frames packets, is not counted.
  static let networkHeaders = 28

  let settings: CongestionSettings
  /// `nil` before media may flow.
  @exclusivity(unchecked) private(set) var controller: ControllerInUse?
  @exclusivity(unchecked) var pacer = Pacer()
  @exclusivity(unchecked) private(set) var history = SentPacketHistory()
  /// A packet before it is stored.
  @exclusivity(unchecked) var scratch = ByteWriter(reserving: 1500)
  /// Bytes that each packet has below RTP: the tag of SRTP, UDP and IP.
  @exclusivity(unchecked) private(set) var packetOverhead = networkHeaders
  @exclusivity(unchecked) private var retransmissions = RateLimiter()
  /// When the pacer has something again.
  @exclusivity(unchecked) var nextDeparture: Instant?
  /// What the encoders could use, when it was last told.
  @exclusivity(unchecked) private var allocated = DataRate.zero
  /// Up to which rate padding is wanted, so that a stream that is paused can come back.
  @exclusivity(unchecked) private var wantedPadding = DataRate.zero
  @exclusivity(unchecked) public private(set) var statistics = Statistics()

  /// What happened so far.
  public struct Statistics: Hashable, Sendable {
    public var packetsSent = 0
    /// Of IP packets.
    public var bytesSent = 0
    public var feedbackReceived = 0
    public var paddingBytesSent = 0
    /// Packets that waited so long that their bytes were gone.
    public var packetsExpired = 0
  }

  init(_ settings: CongestionSettings) { self.settings = settings }

  /// What is decided now; `nil` before media may flow.
  ///
  /// Kept here, because this is asked for several times for every packet.
  @exclusivity(unchecked) public private(set) var decision: CongestionDecision?
  /// When the controller wants to do something, kept for the same reason.
  @exclusivity(unchecked) private var controllerTimeout: Instant?

  /// Begins when media may flow.
  ///
  /// - Parameter tag: bytes that SRTP adds to each packet.
  func start(tag: Int, at now: Instant) {
    guard controller == nil else { return }
    packetOverhead = Self.networkHeaders + tag
    controller = ControllerInUse.of(settings.controller.make(settings.limits, now))
    if allocated > .zero { controller?.setAllocated(allocated, at: now) }
    adopt(at: now)
  }

  var nextTimeout: Instant? {
    guard let due = controllerTimeout else { return nextDeparture }
    return nextDeparture.map { min($0, due) } ?? due
  }

  func handleTimeout(at now: Instant) {
    guard let due = controllerTimeout, due <= now else { return }
    controller?.handleTimeout(at: now)
    adopt(at: now)
  }

  /// Says how much the encoders could use, all headers included.
  public func setAllocated(_ total: DataRate, at now: Instant) {
    guard total != allocated else { return }
    allocated = total
    controller?.setAllocated(total, at: now)
    adopt(at: now)
  }

  /// Wants padding up to a rate, as far as the target reaches: what is not sent is not found to fit.
  ///
  /// As libwebrtc's `BitrateAllocator` wants it for streams that it has suspended.
  public func setPadding(_ rate: DataRate, at now: Instant) {
    guard rate != wantedPadding else { return }
    wantedPadding = rate
    adopt(at: now)
  }

  /// Lets padding, and with it probes, go before any media.
  func padBeforeMedia(at now: Instant) {
    pacer.padBeforeMedia()
    nextDeparture = pacer.nextTimeout(at: now)
  }

  /// Whether a packet of this size may be sent again now: repetitions together keep within the target.
  func mayRetransmit(_ size: DataSize, at now: Instant) -> Bool {
    guard let target = decision?.target else { return false }
    return retransmissions.admit(size, within: target, at: now)
  }

  /// The number that the next packet bears.
  var nextNumber: SequenceNumber { SequenceNumber(UInt16(truncatingIfNeeded: history.next)) }

  /// Notes a packet that left with `nextNumber`.
  ///
  /// - Parameter size: of the UDP payload.
  func sent(_ size: Int, probe: ProbeCluster.ID?, at now: Instant) {
    let packet = history.sent(.bytes(size + Self.networkHeaders), at: now, probe: probe)
    statistics.packetsSent += 1
    statistics.bytesSent += packet.size.bytes
    controller?.sent(packet)
    ask()
    noteFlight()
  }

  func handle(_ message: TransportFeedback, at now: Instant) {
    statistics.feedbackReceived += 1
    let statuses = message.statuses
    let feedback = history.handle(
      base: message.baseSequenceNumber, referenceTime: message.referenceTime, count: statuses.count,
      delta: { if case .received(let steps) = statuses[$0] { steps } else { nil } }, at: now)
    guard let feedback else { return }
    controller?.handle(feedback)
    adopt(at: now)
  }

  func handle(lossReport fraction: Double, of packets: Int, at now: Instant) {
    controller?.handle(lossReport: fraction, of: packets, at: now)
    adopt(at: now)
  }

  func handle(roundTripTime: Duration, at now: Instant) {
    controller?.handle(roundTripTime: roundTripTime, at: now)
    adopt(at: now)
  }

  func handle(remoteEstimate: DataRate, at now: Instant) {
    controller?.handle(remoteEstimate: remoteEstimate, at: now)
    adopt(at: now)
  }

  /// Nothing more is heard of what was sent on a path that is lost, and it must not keep back what goes on the next one.
  ///
  /// - SeeAlso: libwebrtc `RtpTransportControllerSend::OnNetworkRouteChanged`, which forgets what is in flight, too
  /// - Note: The estimate stays, which libwebrtc begins anew where the new path leads through another network.
  func pathLost(at now: Instant) {
    history.forgetFlight()
    noteFlight()
    nextDeparture = pacer.nextTimeout(at: now)
  }

  /// There is a path again: padding, which was given up without one, can go on it before video comes back.
  func pathFound(at now: Instant) {
    pacer.mayPad = true
    nextDeparture = pacer.nextTimeout(at: now)
  }

  func notePadding(_ size: DataSize) { statistics.paddingBytesSent += size.bytes }

  func noteExpired() { statistics.packetsExpired += 1 }

  private func adopt(at now: Instant) {
    ask()
    guard let decision else { return }
    let padding = max(decision.paddingRate, min(wantedPadding, decision.target))
    pacer.setRates(pacing: decision.pacingRate, padding: padding, burst: decision.pacingBurst, at: now)
    for probe in controller?.takeProbes() ?? [] { pacer.add(probe, at: now) }
    controllerTimeout = controller?.nextTimeout
    noteFlight()
    nextDeparture = pacer.nextTimeout(at: now)
  }

  private func ask() {
    decision = controller?.decision
    controllerTimeout = controller?.nextTimeout
  }

  private func noteFlight() {
    guard let window = decision?.congestionWindow else { return pacer.isCongested = false }
    pacer.isCongested = history.bytesInFlight > window
  }
}

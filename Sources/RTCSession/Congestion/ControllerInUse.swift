import RTCMedia
import RTCPrimitives

/// A congestion controller that is used where it lies.
///
/// Behind its protocol a controller is copied whenever something is asked of it, and some is asked for every packet.
class ControllerInUse {
  static func of(_ controller: some CongestionController) -> ControllerInUse { TypedController(controller) }

  var decision: CongestionDecision { missing() }
  var nextTimeout: Instant? { missing() }
  func handleTimeout(at now: Instant) { missing() }
  func takeProbes() -> [ProbeCluster] { missing() }
  func sent(_ packet: SentPacket) { missing() }
  func handle(_ feedback: PacketFeedback) { missing() }
  func handle(lossReport fraction: Double, of packets: Int, at now: Instant) { missing() }
  func handle(roundTripTime: Duration, at now: Instant) { missing() }
  func handle(remoteEstimate: DataRate, at now: Instant) { missing() }
  func setAllocated(_ total: DataRate, at now: Instant) { missing() }

  private func missing() -> Never { preconditionFailure("only typed controllers are made") }
}

private final class TypedController<Controller: CongestionController>: ControllerInUse {
  @exclusivity(unchecked) private var controller: Controller

  init(_ controller: Controller) { self.controller = controller }

  override var decision: CongestionDecision { Self.decision(of: &controller) }
  override var nextTimeout: Instant? { Self.nextTimeout(of: &controller) }
  // In place: what is read of a property is a copy otherwise.
  private static func decision(of controller: inout Controller) -> CongestionDecision { controller.decision }
  private static func nextTimeout(of controller: inout Controller) -> Instant? { controller.nextTimeout }

  override func handleTimeout(at now: Instant) { controller.handleTimeout(at: now) }
  override func takeProbes() -> [ProbeCluster] { controller.takeProbes() }
  override func sent(_ packet: SentPacket) { controller.sent(packet) }
  override func handle(_ feedback: PacketFeedback) { controller.handle(feedback) }
  override func handle(lossReport fraction: Double, of packets: Int, at now: Instant) {
    controller.handle(lossReport: fraction, of: packets, at: now)
  }
  override func handle(roundTripTime: Duration, at now: Instant) {
    controller.handle(roundTripTime: roundTripTime, at: now)
  }
  override func handle(remoteEstimate: DataRate, at now: Instant) {
    controller.handle(remoteEstimate: remoteEstimate, at: now)
  }
  override func setAllocated(_ total: DataRate, at now: Instant) { controller.setAllocated(total, at: now) }
}

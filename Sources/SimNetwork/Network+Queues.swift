import RTCPrimitives
import SimKernel

/// Links whose queue is managed: an event for each packet that waits, at the time when it can be served.
extension Network {
  func scheduleQueue(of index: Int, _ direction: LinkDirection, at time: Instant) {
    let argument = UInt32(index) << 1 | (direction == .up ? 0 : 1)
    simulation.schedule(handler: queueHandler, argument: argument, at: time)
  }

  /// The next packet of a queue can be served.
  fileprivate func serveQueue(_ argument: UInt32) {
    let index = Int(argument >> 1)
    let direction: LinkDirection = argument & 1 == 0 ? .up : .down
    var drops: [PacketHandle] = []
    let (sent, next) = withLink(of: AttachmentID(index: index), direction) { link in
      let sent = link.dequeue(at: simulation.now) { drops.append($0) }
      return (sent, link.nextDequeue(at: simulation.now))
    }
    if let next { scheduleQueue(of: index, direction, at: next) }
    for packet in drops { drop(packet, simulation, .activeQueue, at: attachments[index].name) }
    guard let sent else { return }
    transmit(sent.packet, simulation, sent.verdict, direction == .up ? .afterUplink : .afterDownlink, index)
  }
}

/// Calls the network when a queue is to be served.
final class QueueService: EventHandler {
  private unowned let network: Network

  init(_ network: Network) { self.network = network }

  override func handle(_ argument: UInt32, in simulation: Simulation) { network.serveQueue(argument) }
}

import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire

/// What a forwarding unit sends on a connection.
extension PeerConnection {
  /// Forwards a packet that another connection received, with a sender of this connection.
  public mutating func forward(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, with sender: RTPStreamSender, number: SequenceNumber,
    isRetransmission: Bool = false, at now: Instant, into datagrams: inout Transmissions
  ) {
    guard transport.isReady, sender.isActive else { return }
    sender.forward(
      packet, bytes, number: number, isRetransmission: isRetransmission, at: now, through: &transport, control,
      into: &datagrams)
  }

  /// Forwards a packet as part of a stream that the unit puts together; it needs congestion control.
  ///
  /// - Parameter source: where pictures of this source are kept for all receivers; `nil` for sound, which is not repeated.
  package mutating func forward(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, with sender: RTPStreamSender, as numbers: ForwardedNumbers,
    of source: SharedPackets?, at now: Instant, into datagrams: inout Transmissions
  ) {
    guard let control, transport.isReady, sender.isActive else { return }
    sender.forward(packet, bytes, as: numbers, of: source, at: now, through: &transport, control, into: &datagrams)
    if source != nil { pace(at: now, into: &datagrams) }
  }

  /// The kind of a transceiver, and the identifier of the loudness of what it receives, 0 for none: looked at where they lie,
  /// for every packet.
  package func kind(of index: Int) -> MediaKind { transceivers[index].kind }
  package func audioLevelID(of index: Int) -> UInt8 {
    transceivers[index].receivers.first.flatMap(\.self)?.parameters.audioLevelID ?? 0
  }

  /// Whether the pacer keeps packets back, so that they must be let go later.
  package var isPacing: Bool { control.map { !$0.pacer.isEmpty } ?? false }

  /// Lets padding find out what the way carries before anything is forwarded, so that a first picture is not too large for ever.
  package mutating func padBeforeMedia(at now: Instant) {
    let repairing = senders.filter { $0.parameters.retransmission != nil }
    for sender in repairing { sender.padsBeforeMedia = true }
    if !repairing.isEmpty { control?.padBeforeMedia(at: now) }
  }

  /// Sends again what the receiver of such a stream misses, on its stream of retransmissions.
  package mutating func retransmit(
    _ numbers: [SequenceNumber], on index: Int, at now: Instant, into datagrams: inout Transmissions
  ) {
    guard canSend(on: index), let sender = transceivers[index].sender else { return }
    sender.retransmit(numbers, at: now, through: &transport, control, into: &datagrams)
    pace(at: now, into: &datagrams)
  }
}

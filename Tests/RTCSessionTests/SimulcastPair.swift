import RTCMedia
import RTCPrimitives
import RTCWire

@testable import RTCSession

/// A sender of several encodings, and a peer that forwards, or plays, what it gets.
extension ConnectedPair {
  static func simulcast(
    _ fidelity: Fidelity = .model, purpose: RTPStreamReceiver.Purpose = .forwarding, encodings: Int = 3,
    receivesSimulcast: Bool? = nil
  ) throws -> ConnectedPair {
    let pair = try ConnectedPair(fidelity) { configuration, side in
      if side == 1 { (configuration.purpose, configuration.receivesSimulcast) = (purpose, receivesSimulcast) }
      guard let gcc = CongestionControllers.all.first(where: { $0.name == "gcc" }) else { return }
      let limits = RateLimits(
        minimum: .kilobitsPerSecond(30), start: .megabitsPerSecond(3), maximum: .megabitsPerSecond(5))
      configuration.congestion = CongestionSettings(controller: gcc, limits: limits)
    }
    pair.a.core.addTransceiver(.video, direction: .sendonly, encodings: encodings)
    return pair
  }

  /// Lets `a` send a frame of each encoding every 40 ms, with sizes in the ratio 1 : 2 : 4.
  ///
  /// - Returns: the bytes that each was coded to.
  @discardableResult
  func sendEncodings(for duration: Duration, encodings: Int = 3) -> [Int] {
    var encoders = (0..<encodings).map {
      ModelledVP8(
        settings: VP8Settings(bitrate: .kilobitsPerSecond(400 << Int64($0))), seed: 1, stream: "encoding/\($0)",
        payload: fidelity == .wire ? .filler : .elided)
    }
    var coded = encoders.map { _ in 0 }
    let end = now + duration
    while now < end {
      for index in encoders.indices {
        var buffer = ByteWriter()
        let frame = encoders[index].encode(
          rtpTimestamp: UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000 * 90), captureTime: now, into: &buffer)
        coded[index] += frame.stored.count + frame.elided
        a.core.send(frame, in: buffer.bytes.span, on: 0, encoding: index, at: now, into: &a.output.datagrams)
      }
      run(for: .milliseconds(40))
    }
    return coded
  }

  /// Lets `a` send a packet of a source of its own that says which encoding it is of.
  func sendPacket(_ ssrc: UInt32, _ number: UInt16 = 1, payloadType: UInt8 = 96, rid: String?, repairs: Bool = false) {
    var header = RTPHeader(
      payloadType: payloadType, sequenceNumber: SequenceNumber(number), timestamp: 0, ssrc: ssrc, marker: true)
    header.hasExtension = true
    _ = a.core.transport.sendRTP(at: now, into: &a.output.datagrams) { writer in
      header.write(into: &writer)
      let block = RTPExtensionBlock(opening: &writer, form: .oneByte)
      if let mid = MediaIdentification("0") { try? block.append(mid, id: 1, into: &writer) }
      if repairs, let rid = rid.flatMap(RepairedRTPStreamID.init) { try? block.append(rid, id: 11, into: &writer) }
      if !repairs, let rid = rid.flatMap(RTPStreamID.init) { try? block.append(rid, id: 10, into: &writer) }
      block.close(&writer)
      writer.appendZeros(20)
    }
  }

  /// The sources that `b` receives, in the order of the encodings.
  var receivedSources: [UInt32?] { b.core.transceivers[0].receivers.map { $0?.parameters.ssrc } }

  /// The encodings whose first packet `b` told of, in order.
  var firstPackets: [Int] {
    b.events.compactMap { event in
      if case .firstPacketReceived(transceiver: 0, let encoding) = event { encoding } else { nil }
    }
  }
}

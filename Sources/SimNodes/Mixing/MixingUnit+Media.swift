import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// Decoding, mixing, composing and encoding.
extension MixingUnit {
  /// Decodes the pictures that are due.
  func decodePictures(at now: Instant) {
    guard let due = nextPicture, due <= now else { return }
    nextPicture = nil
    for listener in listeners {
      guard let track = listener.videoTrack else { continue }
      while let playout = track.receiver.nextVideo(at: now) { decode(playout, of: track, at: now) }
      if let next = track.receiver.nextPlayout { nextPicture = nextPicture.map { min($0, next) } ?? next }
    }
  }

  private func decode(_ playout: VideoJitterBuffer.Playout, of track: RemoteTrack, at now: Instant) {
    guard !connections.processor.isBehind(by: EndpointSettings.longestBacklog, at: now) else {
      return connections.processor.refuse(.videoDecode, at: now)
    }
    let pixels = track.receiver.picturePixels ?? media.pixels
    let done = connections.processor.charge(.decodeVideo(pixels: pixels), at: now)
    if media.mode == .real, !track.decodeVideo(playout.frame.bytes) {
      return track.connection.core.requestKeyFrame(on: track.transceiver, at: now, into: &track.connection.output)
    }
    let captured = track.receiver.captureTime(of: playout.frame.rtpTimestamp)
    if playout.isRendered { track.rendered(at: done, captured: captured, isMeasured: false) }
  }

  /// Does the 20 ms of sound and the picture that are due.
  func mixAndCompose(at now: Instant) {
    if let due = nextMix, due <= now {
      mix(at: now)
      nextMix = due + .milliseconds(20)
    }
    if let due = nextComposition, due <= now {
      if layout == .shared { composeForAll(at: now) } else { composeForEach(at: now) }
      nextComposition = due + media.frameInterval
    }
  }

  // MARK: Sound

  private func mix(at now: Instant) {
    mixNumber += 1
    mixer.begin()
    var ready = now
    var speaking: [(listener: Int, captured: Instant?)] = []
    for (index, listener) in listeners.enumerated() {
      guard let track = listener.audioTrack, let captured = decodeSound(track, at: now, &ready) else { continue }
      speaking.append((index, captured.time))
      if media.mode == .real, let sound = track.sound { mixer.add(sound, from: index) }
    }
    for (index, listener) in listeners.enumerated() {
      guard let line = listener.audioLine, let encoder = listener.audio, listener.connection.core.canSend(on: line)
      else { continue }
      let others = speaking.filter { $0.listener != index }
      guard !others.isEmpty else { continue }
      send(others.map(\.captured), mixedFor: index, on: line, with: encoder, after: ready, at: now)
    }
  }

  /// Prepares 20 ms of one client's sound, with the capture time of their beginning as far as it is known; `nil` when
  /// nothing came from him yet.
  private func decodeSound(_ track: RemoteTrack, at now: Instant, _ ready: inout Instant) -> (time: Instant?, Void)? {
    guard track.receiver.hasBegun else { return nil }
    // Without a step what is ready goes on.
    var captured = track.captureTime.map { $0 + AudioFrame.duration }
    while let step = track.receiver.nextAudio(at: now) {
      if step != .silence { ready = max(ready, connections.processor.charge(.decodeAudio, at: now)) }
      track.play(step, at: now)
      captured = nil
      guard case .packet(let packet, _, let lead) = step else { continue }
      captured = track.receiver.captureTime(of: packet.rtpTimestamp).map { $0 - lead }
    }
    track.hear()
    track.captureTime = captured
    return (captured, ())
  }

  private func send(
    _ captured: [Instant?], mixedFor index: Int, on line: Int, with encoder: AudioStreamEncoder, after ready: Instant,
    at now: Instant
  ) {
    var slot = connections.processor.reserve(at: ready)
    connections.processor.perform(.mixAudio(inputs: captured.count), in: &slot)
    connections.processor.perform(.encodeAudio, in: &slot)
    var sound: AudioFrame?
    if media.mode == .real {
      var frame = AudioFrame()
      mixer.mix(without: index, into: &frame)
      sound = frame
    }
    let mark = Self.mean(captured.compactMap(\.self)) ?? now
    guard let frame = encoder.encode(mixNumber, sound, capturedAt: now, mark: mark) else { return }
    let connection = listeners[index].connection
    let bytes = encoder.bytes
    connection.core.send(frame, in: bytes.bytes.span, on: line, at: now, into: &connection.output.datagrams)
    connections.transmit(connection, in: &slot)
  }

  // MARK: Pictures

  private func composeForEach(at now: Instant) {
    for (index, listener) in listeners.enumerated() {
      guard let line = listener.videoLine, let encoder = listener.video, listener.connection.core.canSend(on: line)
      else { continue }
      let parts = listeners.enumerated().filter { $0.offset != index }.compactMap { $0.element.videoTrack }
        .filter { $0.framesRendered > 0 }
      guard !parts.isEmpty else { continue }
      guard encoder.busyUntil <= now else {
        connections.processor.refuse(.videoEncode, at: now)
        continue
      }
      guard encoder.takesFrame(reducedBy: listener.connection.frameReduction, at: now) else { continue }
      let picture = compose(parts, at: now)
      listener.composed = picture ?? listener.composed
      var slot = connections.processor.reserve(at: now)
      encoder.noteCoded(at: perform(parts.count, encoder, in: &slot), capturedAt: now)
      guard
        let frame = encoder.encode(picture, capturedAt: now, mark: Self.mean(parts.compactMap(\.captureTime)) ?? now)
      else { continue }
      send(frame, encoder, to: listener, on: line, in: &slot, at: now)
    }
  }

  private func composeForAll(at now: Instant) {
    let parts = listeners.compactMap(\.videoTrack).filter { $0.framesRendered > 0 }
    guard let encoder = sharedVideo, !parts.isEmpty else { return }
    guard encoder.busyUntil <= now else { return connections.processor.refuse(.videoEncode, at: now) }
    let picture = compose(parts, at: now)
    sharedPicture = picture ?? sharedPicture
    var slot = connections.processor.reserve(at: now)
    encoder.noteCoded(at: perform(parts.count, encoder, in: &slot), capturedAt: now)
    guard let frame = encoder.encode(picture, capturedAt: now, mark: Self.mean(parts.compactMap(\.captureTime)) ?? now)
    else { return }
    for listener in listeners {
      // A picture of himself alone is not for him.
      guard let line = listener.videoLine, listener.connection.core.canSend(on: line),
        parts.contains(where: { $0.connection !== listener.connection })
      else { continue }
      send(frame, encoder, to: listener, on: line, in: &slot, at: now)
    }
  }

  /// Each part is scaled into its cell, the cells fill the canvas, and the canvas is coded.
  private func perform(_ parts: Int, _ encoder: VideoStreamEncoder, in slot: inout Processor.Slot) -> Instant {
    for _ in 0..<parts { connections.processor.perform(.scaleVideo(pixels: canvas.pixels / parts), in: &slot) }
    connections.processor.perform(.composeVideo(pixels: canvas.pixels), in: &slot)
    return connections.processor.perform(.encodeVideo(pixels: encoder.pixels), in: &slot)
  }

  private func compose(_ parts: [RemoteTrack], at now: Instant) -> VideoFrame? {
    guard media.mode == .real else { return nil }
    var picture = VideoFrame(width: canvas.width, height: canvas.height)
    compositor.compose(parts.map(\.picture), into: &picture)
    return picture
  }

  private func send(
    _ frame: EncodedFrame, _ encoder: VideoStreamEncoder, to listener: Listener, on line: Int,
    in slot: inout Processor.Slot, at now: Instant
  ) {
    let bytes = encoder.bytes
    let connection = listener.connection
    connection.core.send(frame, in: bytes.bytes.span, on: line, at: now, into: &connection.output.datagrams)
    connections.transmit(connection, in: &slot)
  }

  private static func mean(_ times: [Instant]) -> Instant? {
    guard !times.isEmpty else { return nil }
    // Each divided for itself: a sum of times that peers made up could overflow.
    let count = Int64(times.count)
    return Instant(
      nanoseconds: times.reduce(0) { $0 + $1.nanoseconds / count }
        + times.reduce(0) { $0 + $1.nanoseconds % count } / count)
  }
}

import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// Capturing and playing.
extension Client {
  /// Makes an encoder for every line that sends and has none yet.
  func prepareEncoders(of connection: Connection) {
    let settings = configuration.media.settings
    let stream = "\(port.name)/to \(connection.peer)"
    var media = outgoing[connection.number] ?? OutgoingMedia()
    for (index, transceiver) in connection.core.transceivers.enumerated() where transceiver.media.direction.sends {
      switch transceiver.kind {
      case .video:
        guard let video = settings.video, !media.video.contains(where: { $0.line == index }) else { continue }
        if let layers = simulcastLayers[LineID(connection: connection.number, transceiver: index)] {
          let track = simulcast(video, layers, on: index, stream: stream)
          media.video += track.encoders.enumerated().map { encoding, encoder in
            OutgoingMedia.Video(line: index, encoding: encoding, encoder: encoder)
          }
          connection.adapted.simulcast.append(track)
          continue
        }
        let suffix = media.video.isEmpty ? "" : "/\(media.video.count + 1)"
        let encoder = VideoStreamEncoder(
          video, mode: settings.mode, fidelity: configuration.endpoint.fidelity, seed: port.simulation.seed,
          stream: "\(stream)/video\(suffix)", adaptation: connections.settings.adaptation)
        media.video.append(OutgoingMedia.Video(line: index, encoder: encoder))
        connection.adapt(encoder, on: index)
      case .audio:
        guard let bitrate = settings.audio, media.audio == nil else { continue }
        media.audioLine = index
        connection.adapted.sound = VideoAdapter.total(ofSound: bitrate)
        media.audio = AudioStreamEncoder(
          bitrate, mode: settings.mode, fidelity: configuration.endpoint.fidelity,
          pattern: configuration.media.voice.pattern, seed: port.simulation.seed, stream: "\(stream)/audio")
      }
    }
    outgoing[connection.number] = media
  }

  /// The encodings that a line may send: as many as Chromium makes of a picture of this size, and none but one without
  /// congestion control, from which their rates come. No encoding has more than the bitrate that is configured for video.
  func layers(of line: LineSettings) -> [SimulcastFormat] {
    guard line.encodings > 1, line.kind == .video, connections.settings.congestion != nil,
      let video = configuration.media.settings.video
    else { return [] }
    return SimulcastFormat.layers(width: video.width, height: video.height, wanted: line.encodings).map {
      $0.limited(to: video.bitrate)
    }
  }

  /// Of each encoding of a simulcast of VP8, as Chromium has them (`layers_summary.json`, mode L1T3).
  private static let temporalLayers = 3

  private func simulcast(
    _ video: VP8Settings, _ layers: [SimulcastFormat], on line: Int, stream: String
  ) -> SimulcastStream {
    let encoders = layers.enumerated().map { number, layer in
      var settings = video
      (settings.width, settings.height, settings.bitrate) = (layer.width, layer.height, layer.maximum)
      settings.temporalLayers = Self.temporalLayers
      return VideoStreamEncoder(
        settings, mode: configuration.media.settings.mode, fidelity: configuration.endpoint.fidelity,
        seed: port.simulation.seed, stream: "\(stream)/video/encoding \(number)")
    }
    return SimulcastStream(line: line, layers: layers, framesPerSecond: video.framesPerSecond, encoders: encoders)
  }

  /// Begins to capture when the first connection can carry media.
  func startCapture(at now: Instant) {
    let media = configuration.media
    if media.settings.video != nil, nextVideo == .distantFuture {
      nextVideo = media.videoTime(media.videoIndex(at: now))
    }
    if media.settings.audio != nil, nextAudio == .distantFuture {
      nextAudio = media.audioTime(media.audioIndex(at: now)) + Self.soundLength
    }
  }

  func capture(at now: Instant) {
    if nextVideo <= now {
      let index = configuration.media.videoIndex(at: nextVideo)
      captureVideo(index, at: now)
      nextVideo = configuration.media.videoTime(index + 1)
    }
    if nextAudio <= now {
      let index = configuration.media.audioIndex(at: nextAudio - Self.soundLength)
      captureAudio(index, at: now)
      nextAudio = configuration.media.audioTime(index + 1) + Self.soundLength
    }
  }

  private func captureVideo(_ index: Int, at now: Instant) {
    let media = configuration.media
    let picture = media.settings.mode == .real ? media.picture(index) : nil
    for connection in connections.all {
      guard let out = outgoing[connection.number] else { continue }
      for video in out.video where connection.core.canSend(on: video.line) {
        encode(picture, video, of: connection, at: now)
      }
    }
  }

  private func encode(
    _ picture: VideoFrame?, _ video: OutgoingMedia.Video, of connection: Connection, at now: Instant
  ) {
    let encoder = video.encoder
    guard encoder.busyUntil <= now else { return connections.processor.refuse(.videoEncode, at: now) }
    guard encoder.takesFrame(reducedBy: connection.frameReduction, at: now) else { return }
    var slot = connections.processor.reserve(at: now)
    let done = connections.processor.perform(.encodeVideo(pixels: encoder.pixels), in: &slot)
    encoder.noteCoded(at: done, capturedAt: now)
    let scaled = picture?.scaled(width: encoder.size.width, height: encoder.size.height)
    guard let frame = encoder.encode(scaled, capturedAt: now) else { return }
    let bytes = encoder.bytes
    connection.core.send(
      frame, in: bytes.bytes.span, on: video.line, encoding: video.encoding, at: now,
      into: &connection.output.datagrams)
    noteFirstSent(connection, .video)
    connections.transmit(connection, in: &slot)
  }

  /// A packet of sound is complete, and coded, when its last sample is there; its capture time is that of the first.
  private static let soundLength = Duration.milliseconds(20)

  private func captureAudio(_ index: Int, at now: Instant) {
    let media = configuration.media
    let captured = media.audioTime(index)
    let sound = media.settings.mode == .real ? (isMuted ? AudioFrame() : media.sound(index)) : nil
    let isSilent = isMuted
    let isTalking = !isSilent && media.voice.pattern.isTalking(at: index)
    let level = AudioLevel(level: isSilent ? 127 : isTalking ? 30 : 90, hasVoice: isTalking)
    for connection in connections.all {
      guard let out = outgoing[connection.number], let line = out.audioLine, let encoder = out.audio,
        connection.core.canSend(on: line)
      else { continue }
      var slot = connections.processor.reserve(at: now)
      connections.processor.perform(.encodeAudio, in: &slot)
      guard let frame = encoder.encode(index, sound, isSilent: isSilent, capturedAt: captured) else { continue }
      let bytes = encoder.bytes
      connection.core.send(
        frame, in: bytes.bytes.span, on: line, audioLevel: level, at: now, into: &connection.output.datagrams)
      noteFirstSent(connection, .audio)
      connections.transmit(connection, in: &slot)
    }
  }

  private func noteFirstSent(_ connection: Connection, _ kind: MediaKind) {
    guard !connection.hasSent.contains(kind) else { return }
    connection.hasSent.insert(kind)
    connections.log.note(.firstRTPSent, kind.rawValue, from: port, to: connection.peer)
  }

  func play(at now: Instant) {
    if nextPlayoutTick <= now {
      for index in audioTracks.indices {
        if index + 2 < audioTracks.count { audioTracks[index + 2].prefetch() }
        playAudio(audioTracks[index], at: now)
      }
      letSilentTracksRest(at: now)
      nextPlayoutTick = now + .milliseconds(20)
    }
    guard nextPicture <= now else { return }
    var next = Instant.distantFuture
    for index in pictureDues.indices {
      if pictureDues[index] <= now {
        let track = tracks[index]
        while let playout = track.receiver.nextVideo(at: now) { show(playout, of: track, at: now) }
        pictureDues[index] = track.receiver.nextPlayout ?? .distantFuture
      }
      next = min(next, pictureDues[index])
    }
    nextPicture = next
  }

  /// Of a hundred people who are forwarded only some are heard.
  private func letSilentTracksRest(at now: Instant) {
    let before = audioTracks.count
    audioTracks.removeAll { track in
      let rests = track.receiver.restsInSilence(at: now)
      if rests { isResting[track.connection.trackOfTransceiver[track.transceiver]] = true }
      return rests
    }
    restingTracks += before - audioTracks.count
  }

  /// A packet came for a track.
  func wakeSound(_ number: Int) {
    guard number >= 0, isResting[number] else { return }
    isResting[number] = false
    audioTracks.append(tracks[number])
    restingTracks -= 1
  }

  private func show(_ playout: VideoJitterBuffer.Playout, of track: RemoteTrack, at now: Instant) {
    guard !connections.processor.isBehind(by: EndpointSettings.longestBacklog, at: now) else {
      return connections.processor.refuse(.videoDecode, at: now)
    }
    let pixels = track.receiver.picturePixels ?? configuration.media.settings.pixels
    let done = connections.processor.charge(.decodeVideo(pixels: pixels), at: now)
    let captured = track.receiver.captureTime(of: playout.frame.rtpTimestamp)
    if configuration.media.settings.mode == .real {
      guard track.decodeVideo(playout.frame.bytes) else {
        return track.connection.core.requestKeyFrame(
          on: track.transceiver, at: now, into: &track.connection.output)
      }
      if let picture = track.picture, let captured, let source = configuration.sources[track.source] {
        quality.compare(picture, with: source, capturedAt: captured)
      }
    }
    guard playout.isRendered else { return }
    track.rendered(at: done, captured: captured, isMeasured: isMeasuring(now))
    if isMeasuring(now) { track.noteOffset(at: done, captured: captured) }
    noteFirstFrame(track, at: done)
  }

  private func playAudio(_ track: RemoteTrack, at now: Instant) {
    while let step = track.receiver.nextAudio(at: now) {
      guard step != .silence else {
        track.play(step, at: now)
        continue
      }
      let done = connections.processor.charge(.decodeAudio, at: now)
      track.play(step, at: now)
      guard case .packet(let packet, _, let lead) = step else { continue }
      let captured = track.receiver.captureTime(of: packet.rtpTimestamp)
      if let sound = track.decodedSound, let captured, let source = configuration.sources[track.source] {
        quality.collect(sound, of: source, capturedAt: captured)
      }
      track.rendered(at: done + lead, captured: captured, isMeasured: isMeasuring(now))
      if configuration.media.settings.video == nil { noteFirstFrame(track, at: done) }
    }
    track.hear()
  }

  private func noteFirstFrame(_ track: RemoteTrack, at done: Instant) {
    guard firstRemoteFrame == nil else { return }
    firstRemoteFrame = done
    connections.log.note(
      .firstFrameDecoded, "\(track.kind.rawValue) of \(track.source)",
      rfc: track.kind == .video ? "RFC 7741 §4.5" : "RFC 7587 §4.2", from: port, at: done)
  }

  private func isMeasuring(_ now: Instant) -> Bool { measuresFrom.map { now >= $0 } ?? false }
}

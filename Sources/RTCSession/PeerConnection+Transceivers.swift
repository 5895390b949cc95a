import RTCMedia
import RTCTransport
public import RTCWire

/// Transceivers: what they want, and the sections that they have.
extension PeerConnection {
  /// Adds a transceiver and gives its number.
  ///
  /// - Parameter encodings: how many encodings of a track are to be sent at the same time, at most four; more than one is
  ///   simulcast (RFC 8853), and only one is sent when the peer does not receive that.
  @discardableResult
  public mutating func addTransceiver(_ kind: MediaKind, direction: MediaDirection, encodings: Int = 1) -> Int {
    precondition(
      encodings == 1 || kind == .video && (1...StreamPlace.largestEncodingCount).contains(encodings),
      "one to four encodings of video")
    var media = LocalMedia(kind: kind, direction: direction)
    media.codecs = Transceiver.codecs(kind, configuration)
    media.headerExtensions = Transceiver.headerExtensions(
      kind, configuration, simulcast: encodings > 1 ? .sendonly : .inactive)
    if encodings > 1 {
      media.encodings = LocalEncoding.rids(encodings).map { LocalEncoding(rid: $0, ssrc: 0) }
    }
    media.exchangesReferenceTimes = configuration.congestion != nil
    if direction.sends { announceSource(&media) }
    transceivers.append(Transceiver(media))
    return transceivers.count - 1
  }

  /// Sets what a transceiver wants, before an offer or an answer is made.
  public mutating func setDirection(_ direction: MediaDirection, of index: Int) {
    var media = transceivers[index].media
    media.direction = direction
    if direction.sends { announceSource(&media) }
    transceivers[index].media = media
  }

  /// Stops sending on a transceiver, which keeps its section and goes on receiving.
  ///
  /// - SeeAlso: W3C webrtc-pc `removeTrack()`
  public mutating func removeTrack(of index: Int) {
    switch transceivers[index].media.direction {
    case .sendrecv: transceivers[index].media.direction = .recvonly
    case .sendonly: transceivers[index].media.direction = .inactive
    case .recvonly, .inactive: break
    }
  }

  /// Sets the MediaStreams that a transceiver's track belongs to, as `a=msid` is to state them.
  ///
  /// - SeeAlso: W3C webrtc-pc `setStreams()`
  public mutating func setStreams(_ ids: [String], of index: Int) {
    transceivers[index].media.streamIDs = ids.isEmpty ? ["-"] : ids
  }

  /// Stops a transceiver for good: it sends and receives nothing more, and its section will be rejected.
  ///
  /// - SeeAlso: W3C webrtc-pc `RTCRtpTransceiver.stop()`, RFC 9429 §4.2.1
  public mutating func stopTransceiver(_ index: Int) {
    guard signaling.state != .closed, !transceivers[index].media.isStopped else { return }
    silence(index)
    // One that never had a section has nothing to agree on.
    transceivers[index].isStopped = transceivers[index].media.mid == nil
  }

  mutating func announceSource(_ media: inout LocalMedia) {
    guard media.cname == nil else { return }
    let hasRetransmissions = media.kind == .video && configuration.congestion != nil
    if media.encodings.isEmpty {
      media.ssrcs = [UInt32(truncatingIfNeeded: entropy.next())]
      if hasRetransmissions { media.retransmissionSSRC = UInt32(truncatingIfNeeded: entropy.next()) }
    }
    for index in media.encodings.indices {
      media.encodings[index].ssrc = UInt32(truncatingIfNeeded: entropy.next())
      if hasRetransmissions { media.encodings[index].retransmissionSSRC = UInt32(truncatingIfNeeded: entropy.next()) }
    }
    media.cname = configuration.cname
    media.trackID = String(entropy.next(), radix: 16)
    media.streamIDs = ["-"]
  }

  /// The transceivers' numbers by the tags of their sections.
  var transceiverIndices: [String: Int] {
    Dictionary(
      transceivers.enumerated().compactMap { index, transceiver in transceiver.media.mid.map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
  }

  mutating func assignMids() {
    var media = transceivers.map(\.media)
    media.assignMids(avoiding: signaling.currentLocal)
    for index in media.indices { transceivers[index].media = media[index] }
    if offersData { assignDataMid(avoiding: media.compactMap(\.mid)) }
  }

  mutating func associate(with offer: SessionDescription) {
    var media = transceivers.map(\.media)
    media.associate(with: offer)
    for index in media.indices {
      if index < transceivers.count {
        transceivers[index].media = media[index]
      } else {
        media[index].codecs = Transceiver.codecs(media[index].kind, configuration)
        let receivesSimulcast = configuration.receivesSimulcast ?? (configuration.purpose == .forwarding)
        media[index].receivesSimulcast = receivesSimulcast && media[index].kind == .video
        media[index].headerExtensions = Transceiver.headerExtensions(
          media[index].kind, configuration, simulcast: media[index].receivesSimulcast ? .recvonly : .inactive)
        media[index].exchangesReferenceTimes = configuration.congestion != nil
        transceivers.append(Transceiver(media[index]))
        transceivers[index].isOfOffer = true
      }
    }
    associateData(with: offer)
  }

  /// Takes back the tags that no answer has confirmed, and the transceivers that only a remote offer wanted.
  ///
  /// Otherwise two new transceivers would share a tag when two offers meet.
  /// - SeeAlso: RFC 9429 §4.1.10.2, §5.7
  mutating func dissociate() {
    let confirmed = Set(signaling.currentLocal?.media.compactMap(\.attributes.mid) ?? [])
    if let mid = dataMid, !confirmed.contains(mid) { dataMid = nil }
    for index in transceivers.indices.reversed() {
      guard let mid = transceivers[index].media.mid, !confirmed.contains(mid) else { continue }
      transceivers[index].media.mid = nil
      guard transceivers[index].isOfOffer, !transceivers[index].media.direction.sends else { continue }
      // Those behind it keep their numbers.
      if index == transceivers.count - 1 {
        transceivers.removeLast()
      } else {
        stop(index)
      }
    }
  }

  /// Ends a transceiver whose section was rejected; its figures stay readable.
  mutating func stop(_ index: Int) {
    silence(index)
    transceivers[index].isStopped = true
  }

  private mutating func silence(_ index: Int) {
    transceivers[index].media.isStopped = true
    transceivers[index].direction = .inactive
    transceivers[index].expected = nil
    for sender in transceivers[index].senders { sender.isActive = false }
    senders.removeAll { $0.place.transceiver == index }
    receivers.removeAll { $0.place.transceiver == index }
    reports.remove(ofTransceiver: index)
    noteRepair(nil, of: index)
  }
}

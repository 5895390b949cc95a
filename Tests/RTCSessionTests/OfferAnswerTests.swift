import RTCPrimitives
import RTCSession
import RTCWire
import TestSupport
import Testing

@Suite struct OfferAnswerTests {
  static func peer(_ name: String, version: UInt64 = 1, role: DTLSRole? = nil) -> OfferAnswer {
    let digit = UInt8(name.utf8.first ?? 0)
    return OfferAnswer(
      sessionID: UInt64(digit), sessionVersion: version,
      transport: LocalTransport(
        iceUfrag: "\(name)ufrag", icePwd: String(repeating: name, count: 22),
        fingerprint: CertificateFingerprint(.sha256, bytes: Array(repeating: digit, count: 32)), establishedRole: role))
  }

  private let alice = peer("a")
  private let bob = peer("b")

  static let camera = [
    LocalMedia(
      mid: "0", kind: .audio, streamIDs: ["s"], trackID: "microphone", ssrcs: [1], cname: "alice"),
    LocalMedia(mid: "1", kind: .video, streamIDs: ["s"], trackID: "camera", ssrcs: [2], cname: "alice"),
  ]

  /// What the offerer and what the answerer agreed on.
  private func agree(
    _ offer: SessionDescription, _ answer: SessionDescription
  ) throws -> (offerer: Negotiation, answerer: Negotiation) {
    expectAnswer(answer, obeys: offer)
    // Both must survive the wire.
    let received = try SessionDescription(parsing: offer.description)
    let returned = try SessionDescription(parsing: answer.description)
    #expect(received == offer)
    #expect(returned == answer)
    return try (
      Negotiation(localOffer: offer, remoteAnswer: returned), Negotiation(remoteOffer: received, localAnswer: answer)
    )
  }

  @Test func `audio and video are agreed on both ways`() throws {
    let offer = alice.offer(Self.camera)
    var media = [LocalMedia(kind: .video, trackID: "v", ssrcs: [12], cname: "bob"), LocalMedia(kind: .audio)]
    media.associate(with: offer)
    #expect(media.map(\.mid) == ["1", "0"])
    let answer = try bob.answer(to: offer, media)
    let agreed = try agree(offer, answer)

    #expect(agreed.offerer.media.map(\.direction) == [.sendrecv, .sendrecv])
    #expect(agreed.offerer.media.map(\.sendCodecs) == [[.opus], [.vp8]])
    #expect(agreed.offerer.media.map(\.receiveCodecs) == [[.opus], [.vp8]])
    #expect(agreed.offerer.media[1].remoteSources == [12])
    #expect(agreed.offerer.media[1].remoteCNAME == "bob")
    #expect(agreed.offerer.media[1].remoteMSIDs == [MediaStreamIdentification(stream: "-", track: "v")])
    #expect(agreed.offerer.media[0].headerExtensions.map(\.id) == [1, 2, 3, 4, 5])
    #expect(agreed.offerer.media[1].headerExtensions.map(\.id) == [1, 3, 4, 5])
    #expect(agreed.answerer.media[0].remoteSources == [1])
    #expect(agreed.answerer.media[0].remoteMSIDs == [MediaStreamIdentification(stream: "s", track: "microphone")])
    #expect(agreed.answerer.media.map(\.isRTCPReducedSize) == [true, true])

    let (ours, theirs) = (try #require(agreed.offerer.transport), try #require(agreed.answerer.transport))
    #expect(ours.mids == ["0", "1"])
    #expect(ours.localRole == .server)
    #expect(theirs.localRole == .client)
    #expect(ours.remoteUfrag == "bufrag")
    #expect(ours.remoteFingerprints == [bob.transport.fingerprint])
    #expect(theirs.remotePwd == alice.transport.icePwd)
    #expect(theirs.remoteICEOptions == ["trickle"])
  }

  @Test func `audio alone is agreed on`() throws {
    let offer = alice.offer([Self.camera[0]])
    var media = [LocalMedia(kind: .audio)]
    media.associate(with: offer)
    let agreed = try agree(offer, bob.answer(to: offer, media))
    #expect(agreed.answerer.media.map(\.direction) == [.sendrecv])
    #expect(agreed.answerer.media[0].sendCodecs == [.opus])
  }

  @Test(arguments: MediaDirection.allCases, MediaDirection.allCases)
  func `directions meet as in RFC 3264`(offered: MediaDirection, wanted: MediaDirection) throws {
    // The table of RFC 3264 §6.1: what the answer may say at most.
    let most: [MediaDirection: [MediaDirection]] = [
      .sendrecv: [.sendrecv, .sendonly, .recvonly, .inactive], .sendonly: [.recvonly, .inactive],
      .recvonly: [.sendonly, .inactive], .inactive: [.inactive],
    ]
    let offer = alice.offer([LocalMedia(mid: "0", kind: .audio, direction: offered)])
    let answer = try bob.answer(to: offer, [LocalMedia(mid: "0", kind: .audio, direction: wanted)])
    let stated = answer.direction(of: answer.media[0])
    #expect(most[offered]?.contains(stated) == true)
    let agreed = try agree(offer, answer)
    #expect(agreed.answerer.media[0].direction == stated)
    #expect(agreed.offerer.media[0].direction == stated.reversed)
  }

  @Test func `who only wants to watch gets media without sending any`() throws {
    let offer = alice.offer([
      LocalMedia(mid: "0", kind: .audio, direction: .recvonly),
      LocalMedia(mid: "1", kind: .video, direction: .recvonly),
    ])
    var media = Self.camera.map { media in
      var media = media
      media.mid = nil
      return media
    }
    media.associate(with: offer)
    let agreed = try agree(offer, bob.answer(to: offer, media))
    #expect(agreed.offerer.media.map(\.direction) == [.recvonly, .recvonly])
    #expect(agreed.offerer.media.map(\.remoteSources) == [[1], [2]])
    #expect(agreed.answerer.media.map(\.direction) == [.sendonly, .sendonly])
    #expect(agreed.answerer.media.map(\.remoteSources) == [[], []])
  }

  @Test func `a section that only sends gets a transceiver that only receives`() {
    let offer = alice.offer([LocalMedia(mid: "0", kind: .audio, direction: .sendonly)])
    var media = [LocalMedia(kind: .audio)]
    media.associate(with: offer)
    #expect(media.map(\.mid) == [nil, "0"])
    #expect(media.map(\.direction) == [.sendrecv, .recvonly])
  }

  @Test func `what cannot be answered is rejected and the rest moves up`() throws {
    var offer = alice.offer(Self.camera)
    let data = MediaDescription(
      kind: "application", port: 9, transport: "UDP/DTLS/SCTP", formats: ["webrtc-datachannel"],
      attributes: [.mid("2"), .sctpPort(5000)])
    offer.media.append(data)
    offer.attributes = [.group(MediaGroup(semantics: "BUNDLE", mids: ["0", "1", "2"]))]
    let isac = RTPCodec(payloadType: 103, name: "ISAC", clockRate: 16000)
    let answer = try bob.answer(
      to: offer, [LocalMedia(mid: "0", kind: .audio, codecs: [isac]), LocalMedia(mid: "1", kind: .video)])
    #expect(answer.media.map(\.isRejected) == [true, false, true])
    #expect(answer.bundleGroups == [["1"]])
    let agreed = try agree(offer, answer)
    #expect(agreed.offerer.media.map(\.isRejected) == [true, false, true])
    #expect(agreed.offerer.media.map(\.kind) == [.audio, .video, nil])
    #expect(agreed.offerer.transport?.mids == ["1"])
    #expect(agreed.offerer.transport?.remoteUfrag == "bufrag")
  }

  @Test func `the answer has its own order of codecs under the numbers of the offer`() throws {
    func h264(_ payloadType: UInt8, mode: Int) -> RTPCodec {
      RTPCodec(
        payloadType: payloadType, name: "H264", clockRate: 90000,
        parameters: "packetization-mode=\(mode);profile-level-id=42e01f",
        feedback: [.init("nack"), .init("nack", "pli")])
    }
    func rtx(_ payloadType: UInt8, of apt: UInt8) -> RTPCodec {
      RTPCodec(payloadType: payloadType, name: "rtx", clockRate: 90000, parameters: "apt=\(apt)")
    }
    var vp8 = RTPCodec.vp8
    vp8.payloadType = 120
    vp8.feedback = [.init("nack")]
    let theirs = [vp8, rtx(121, of: 120), h264(100, mode: 0), h264(102, mode: 1), rtx(103, of: 102)]
    let ours = [h264(97, mode: 1), rtx(98, of: 97), RTPCodec.vp8, rtx(99, of: 96)]
    let offer = alice.offer([LocalMedia(mid: "v", kind: .video, codecs: theirs)])
    let answer = try bob.answer(to: offer, [LocalMedia(mid: "v", kind: .video, codecs: ours)])
    #expect(answer.media[0].payloadTypes == [102, 103, 120, 121])
    let agreed = try agree(offer, answer)
    #expect(agreed.answerer.media[0].sendCodecs.map(\.payloadType) == [120, 121, 102, 103])
    #expect(agreed.answerer.media[0].receiveCodecs.map(\.payloadType) == [102, 103, 120, 121])
    #expect(agreed.answerer.media[0].receiveCodecs[2].feedback == [.init("nack")])
    #expect(agreed.answerer.media[0].receiveCodecs[3].parameters == "apt=120")
  }

  @Test func `header extensions have the ids of the offer`() throws {
    let uris = MediaKind.audio.defaultHeaderExtensions.map(\.uri)
    let theirs = [
      HeaderExtensionMap(id: 14, uri: uris[0]), HeaderExtensionMap(id: 7, uri: "urn:unknown"),
      HeaderExtensionMap(id: 9, uri: uris[1], direction: .sendonly), HeaderExtensionMap(id: 4097, uri: uris[2]),
    ]
    let offer = alice.offer([LocalMedia(mid: "0", kind: .audio, headerExtensions: theirs)])
    let answer = try bob.answer(to: offer, [LocalMedia(mid: "0", kind: .audio)])
    let agreed = try agree(offer, answer)
    #expect(
      agreed.answerer.media[0].headerExtensions == [
        HeaderExtensionMap(id: 14, uri: uris[0]), HeaderExtensionMap(id: 9, uri: uris[1], direction: .recvonly),
      ])
    #expect(agreed.offerer.media[0].headerExtensions[1].direction == .sendonly)
    #expect(agreed.offerer.media[0].extensionID(of: uris[0]) == 14)
  }

  @Test func `a later offer keeps tags, order and numbers`() throws {
    // Bob answers an offer with other numbers than his own.
    var opus = RTPCodec.opus
    opus.payloadType = 96
    var vp8 = RTPCodec.vp8
    vp8.payloadType = 97
    let theirs = [HeaderExtensionMap(id: 8, uri: MediaKind.video.defaultHeaderExtensions[0].uri)]
    let offer = alice.offer([
      LocalMedia(mid: "x", kind: .audio, codecs: [opus], headerExtensions: theirs),
      LocalMedia(mid: "y", kind: .video, codecs: [vp8], headerExtensions: theirs),
    ])
    var media = [LocalMedia(kind: .audio), LocalMedia(kind: .video)]
    media.associate(with: offer)
    let answer = try bob.answer(to: offer, media)

    // Then he adds a track, stops the audio, and offers himself.
    media.insert(LocalMedia(kind: .video, direction: .sendonly, trackID: "screen", ssrcs: [77], cname: "bob"), at: 0)
    media.assignMids(avoiding: answer)
    #expect(media.map(\.mid) == ["0", "x", "y"])
    media[1].isStopped = true
    media[2].direction = .recvonly
    let second = Self.peer("b", version: 2, role: .client).offer(media, previous: answer)
    #expect(second.media.map(\.attributes.mid) == ["x", "y", "0"])
    #expect(second.media.map(\.isRejected) == [true, false, false])
    #expect(second.media[1].payloadTypes == [97])
    #expect(second.media[2].payloadTypes == [97])
    #expect(second.media[2].attributes.headerExtensions[0].id == 8)
    #expect(second.bundleGroups == [["y", "0"]])
    #expect(second.media.dropFirst().allSatisfy { second.setup(of: $0) == .actpass })

    var alices = [LocalMedia(mid: "x", kind: .audio), LocalMedia(mid: "y", kind: .video, codecs: [vp8])]
    alices.associate(with: second)
    let secondAnswer = try Self.peer("a", version: 2, role: .server).answer(to: second, alices)
    let agreed = try agree(second, secondAnswer)
    #expect(agreed.answerer.media.map(\.direction) == [.inactive, .sendonly, .recvonly])
    #expect(agreed.answerer.media[2].remoteSources == [77])
    // The handshake was done; nobody changes roles.
    #expect(agreed.answerer.transport?.localRole == .server)
    #expect(agreed.offerer.transport?.localRole == .client)
  }

  @Test func `a section that was never ours stays rejected in our offers`() throws {
    var offer = alice.offer(Self.camera)
    offer.media.insert(
      MediaDescription(
        kind: "application", port: 9, transport: "UDP/DTLS/SCTP", formats: ["webrtc-datachannel"],
        attributes: [.mid("d")]), at: 0)
    var media: [LocalMedia] = []
    media.associate(with: offer)
    #expect(media.map(\.mid) == ["0", "1"])
    let answer = try bob.answer(to: offer, media)
    let second = bob.offer(media, previous: answer)
    #expect(second.media.map(\.attributes.mid) == ["d", "0", "1"])
    #expect(second.media.map(\.kind) == ["application", "audio", "video"])
    #expect(second.media.map(\.isRejected) == [true, false, false])
  }

  @Test func `candidates stand in the tagged section and are read from there`() throws {
    var alice = alice
    let lines = [
      "candidate:1 1 udp 2130706431 10.0.0.1 5000 typ host",
      "candidate:2 1 udp 1694498815 192.0.2.1 6000 typ srflx raddr 10.0.0.1 rport 5000",
    ]
    alice.transport.candidates = try lines.map { try ICECandidate(parsing: $0) }
    alice.transport.isGatheringComplete = true
    let offer = alice.offer(Self.camera)
    #expect(offer.media[0].port == 6000)
    #expect(offer.media[0].connections == [ConnectionData(IPAddress(192, 0, 2, 1))])
    var media: [LocalMedia] = []
    media.associate(with: offer)
    let agreed = try agree(offer, bob.answer(to: offer, media))
    #expect(agreed.answerer.transport?.remoteCandidates.map(\.description) == lines)
    #expect(agreed.answerer.transport?.isEndOfCandidates == true)
    #expect(agreed.offerer.transport?.remoteCandidates == [])
    #expect(agreed.offerer.transport?.isEndOfCandidates == false)
  }

  @Test func `without a group only the first section can be used`() throws {
    var offer = alice.offer(Self.camera)
    offer.attributes.removeAll { $0.name == "group" }
    var media: [LocalMedia] = []
    media.associate(with: offer)
    let answer = try bob.answer(to: offer, media)
    #expect(answer.media.map(\.isRejected) == [false, true])
    #expect(answer.bundleGroups.isEmpty)
    #expect(try agree(offer, answer).offerer.transport?.mids == ["0"])
  }

  @Test(arguments: [
    (SetupRole.actpass, SetupRole.active, DTLSRole.client), (.active, .passive, .server), (.passive, .active, .client),
  ])
  func `the answer completes the role of the offer`(offered: SetupRole, answered: SetupRole, role: DTLSRole) throws {
    var offer = alice.offer([Self.camera[0]])
    offer.media[0].attributes = offer.media[0].attributes.map { $0.name == "setup" ? .setup(offered) : $0 }
    let answer = try bob.answer(to: offer, [Self.camera[0]])
    #expect(answer.setup(of: answer.media[0]) == answered)
    #expect(try Negotiation(remoteOffer: offer, localAnswer: answer).transport?.localRole == role)
  }
}

/// What RFC 3264 §6, RFC 9143 §7.3 and RFC 8842 §5.3 ask of every answer.
func expectAnswer(
  _ answer: SessionDescription, obeys offer: SessionDescription, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(answer.media.count == offer.media.count, sourceLocation: sourceLocation)
  let offeredGroup = Set(offer.bundleGroups.first ?? [])
  let group = answer.bundleGroups.first ?? []
  #expect(answer.bundleGroups.count <= 1, sourceLocation: sourceLocation)
  #expect(offeredGroup.isSuperset(of: group), sourceLocation: sourceLocation)
  for (offered, answered) in zip(offer.media, answer.media) {
    #expect(answered.kind == offered.kind, sourceLocation: sourceLocation)
    #expect(answered.transport == offered.transport, sourceLocation: sourceLocation)
    #expect(answered.attributes.mid == offered.attributes.mid, sourceLocation: sourceLocation)
    #expect(Set(offered.formats).isSuperset(of: answered.formats), sourceLocation: sourceLocation)
    if offered.isRejected { #expect(answered.port == 0, sourceLocation: sourceLocation) }
    guard answered.port != 0 else {
      #expect(!group.contains(answered.attributes.mid ?? ""), sourceLocation: sourceLocation)
      continue
    }
    #expect([.active, .passive].contains(answer.setup(of: answered)), sourceLocation: sourceLocation)
    let most = offer.direction(of: offered).reversed
    #expect(
      most.intersection(answer.direction(of: answered)) == answer.direction(of: answered),
      sourceLocation: sourceLocation)
    let extensions = Set(offered.attributes.headerExtensions.map { "\($0.id) \($0.uri)" })
    #expect(
      extensions.isSuperset(of: answered.attributes.headerExtensions.map { "\($0.id) \($0.uri)" }),
      sourceLocation: sourceLocation)
    for codec in answered.codecs {
      let match = offered.codecs.first { $0.payloadType == codec.payloadType }
      #expect(match?.isSameFormat(as: codec) == true, sourceLocation: sourceLocation)
      let feedback = match?.feedback ?? []
      #expect(codec.feedback.allSatisfy { feedback.contains($0) }, sourceLocation: sourceLocation)
    }
  }
}

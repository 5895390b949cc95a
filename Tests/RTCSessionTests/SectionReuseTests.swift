import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

/// Stopped transceivers, sections that are used again, and bundle policies.
///
/// - SeeAlso: RFC 9429 §4.1.1, §5.2.1, §5.2.2, §5.3.1
@Suite struct SectionReuseTests {
  private func ports(_ description: SessionDescription?) -> [UInt16] { description?.media.map(\.port) ?? [] }
  private func mids(_ description: SessionDescription?) -> [String?] { description?.media.map(\.attributes.mid) ?? [] }

  private func pair(of kinds: [MediaKind]) throws -> ConnectedPair {
    let pair = try ConnectedPair()
    for kind in kinds { pair.a.core.addTransceiver(kind, direction: .sendrecv) }
    try pair.connect(answer: kinds.map { _ in .sendrecv })
    return pair
  }

  @Test func `a transceiver that is stopped is rejected at both ends, and both know it`() throws {
    let pair = try pair(of: [.audio, .video])
    pair.a.core.stopTransceiver(1)
    #expect(!pair.a.core.transceivers[1].isStopped && pair.a.core.transceivers[1].direction == .inactive)
    try pair.negotiate()
    #expect(pair.sides.map { $0.core.transceivers[1].isStopped } == [true, true])
    #expect(ports(pair.a.core.signaling.currentLocal).last == 0)
    #expect(ports(pair.b.core.signaling.currentLocal).last == 0)
    #expect(pair.sides.map { $0.core.transceivers[0].direction } == [.sendrecv, .sendrecv])
  }

  @Test(arguments: [0, 1])
  func `a rejected section is used again by a new transceiver with a new tag`(offerer: Int) throws {
    let pair = try pair(of: [.audio, .video])
    pair.a.core.stopTransceiver(1)
    try pair.negotiate()
    let side = pair.sides[offerer]
    side.core.addTransceiver(.video, direction: .sendrecv)
    try pair.negotiate(from: offerer, answer: [nil, nil, .sendrecv])
    #expect(mids(side.core.signaling.currentLocal) == ["0", "2"])
    #expect(ports(side.core.signaling.currentLocal).allSatisfy { $0 != 0 })
    #expect(pair.sides.map { $0.core.transceivers.map(\.media.mid) } == [["0", "1", "2"], ["0", "1", "2"]])
    for number in 0..<2 { pair.startVideo(number, on: 2) }
    pair.run(for: .seconds(1))
    pair.stopVideo()
    pair.run(for: .seconds(3))
    #expect(pair.b.played[2] == pair.a.sentFrames[2] && pair.a.played[2] == pair.b.sentFrames[2])
    #expect(pair.a.sentFrames[2]?.count == 25)
  }

  @Test func `a section that one end alone has rejected is not used again`() throws {
    let pair = try pair(of: [.audio, .video])
    pair.a.core.stopTransceiver(1)
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    let offer = try pair.a.core.createOffer()
    #expect(mids(offer) == ["0", "1", "2"] && ports(offer)[1] == 0 && ports(offer)[2] != 0)
  }

  @Test func `the kind of a section may change when it is used again`() throws {
    let pair = try pair(of: [.audio, .video])
    pair.a.core.stopTransceiver(1)
    try pair.negotiate()
    pair.a.core.addTransceiver(.audio, direction: .sendrecv)
    try pair.negotiate()
    #expect(pair.b.core.signaling.currentLocal?.media.map(\.kind) == ["audio", "audio"])
    #expect(pair.sides.map { $0.core.transceivers[2].kind } == [.audio, .audio])
  }

  @Test(arguments: [
    (BundlePolicy.balanced, [false, false, true, true]), (.maxCompat, [false, false, false, false]),
    (.maxBundle, [false, true, true, true]),
  ])
  func `a bundle policy says which new sections are only for the bundle`(policy: BundlePolicy, expected: [Bool]) throws
  {
    var media = [
      LocalMedia(kind: .audio), LocalMedia(kind: .video), LocalMedia(kind: .audio), LocalMedia(kind: .video),
    ]
    media.assignMids()
    let fingerprint = CertificateFingerprint(.sha256, bytes: Array(repeating: 7, count: 32))
    let side = OfferAnswer(
      sessionID: 1,
      transport: LocalTransport(iceUfrag: "abcd", icePwd: "0123456789012345678901", fingerprint: fingerprint))
    let offer = try SessionDescription(parsing: side.offer(media, policy: policy).description)
    #expect(offer.media.map { $0.attributes.contains(.bundleOnly) } == expected)
    #expect(offer.media.map { $0.port == 0 } == expected)
    #expect(offer.media.map { $0.attributes.iceUfrag == nil } == expected)
    #expect(offer.bundleGroups == [["0", "1", "2", "3"]])
    let answer = try side.answer(to: offer, media)
    #expect(answer.media.allSatisfy { !$0.isRejected && $0.attributes.contains(.rtcpMux) })
    let agreed = try Negotiation(localOffer: offer, remoteAnswer: answer)
    #expect(agreed.media.allSatisfy { !$0.isRejected && $0.isRTCPReducedSize })
    // What is in use already is not only for the bundle any more.
    let again = side.offer(media, previous: offer, answered: answer, policy: policy)
    #expect(!again.media.contains { $0.attributes.contains(.bundleOnly) })
  }

  @Test func `sections of a bundle need not repeat its transport, as in the example calls of the RFC`() throws {
    struct File: Decodable {
      struct Vector: Decodable {
        let id: String
        let sdp: String
      }
      let vectors: [Vector]
    }
    let vectors = try Vectors.decode(File.self, from: "sdp/rfc9429_ab.json").vectors
    func description(_ id: String) throws -> SessionDescription {
      try SessionDescription(parsing: try #require(vectors.first { $0.id == "rfc9429/\(id)" }).sdp)
    }
    for (id, directions) in [
      ("A1", [MediaDirection.sendrecv, .sendrecv]), ("B1", [.sendrecv, .inactive]),
      ("B2", [.sendrecv, .inactive, .sendonly, .sendonly]),
    ] {
      let (offer, answer) = (try description("offer-\(id)"), try description("answer-\(id)"))
      let offerer = try Negotiation(localOffer: offer, remoteAnswer: answer)
      #expect(offerer.media.allSatisfy { !$0.isRejected }, "\(id)")
      #expect((offerer.data != nil) == offer.media.contains { $0.kind == "application" }, "\(id)")
      #expect(offerer.media.map(\.direction) == directions, "\(id)")
      var media: [LocalMedia] = []
      media.associate(with: offer)
      // Who has no SCTP rejects the section of the data channels.
      let ours = try OfferAnswerTests.peer("b").answer(to: offer, media)
      #expect(ours.media.map(\.isRejected) == offer.media.map { $0.kind == "application" }, "\(id)")
      #expect(Set(ours.media.filter { !$0.isRejected }.map(\.attributes.setup)).count == 1, "\(id)")
    }
  }

  @Test func `what a peer leaves outside the bundle is rejected, and so is what has RTCP on a port of its own`() throws
  {
    let pair = try ConnectedPair()
    for kind in [MediaKind.audio, .video] { pair.a.core.addTransceiver(kind, direction: .sendrecv) }
    var offer = try pair.a.core.createOffer()
    offer.media[1].attributes.removeAll { $0 == .rtcpMux }
    try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    var answer = try pair.b.core.createAnswer()
    #expect(answer.media.map(\.isRejected) == [false, true])
    offer = try pair.a.core.createOffer()
    offer.attributes = [.group(MediaGroup(semantics: "BUNDLE", mids: ["0"]))]
    try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    answer = try pair.b.core.createAnswer()
    #expect(answer.media.map(\.isRejected) == [false, true])
  }
}

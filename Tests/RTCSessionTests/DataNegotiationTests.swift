import Foundation
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

/// How data channels are offered and answered.
///
/// - SeeAlso: RFC 8841, RFC 9429 §5.2.1
@Suite struct DataNegotiationTests {
  @Test func `the offer of a connection with data alone has one section with the transport`() throws {
    let pair = try ConnectedPair()
    try pair.makeChannel(0)
    let offer = try pair.a.core.createOffer()
    #expect(offer.media.count == 1 && offer.bundleGroups == [["0"]])
    let lines = offer.media[0].description.split(separator: "\r\n").map(String.init)
    #expect(lines[0] == "m=application 9 UDP/DTLS/SCTP webrtc-datachannel")
    #expect(lines.suffix(3) == ["a=mid:0", "a=sctp-port:5000", "a=max-message-size:262144"])
    for name in ["ice-ufrag", "ice-pwd", "fingerprint", "setup"] {
      #expect(lines.count { $0.hasPrefix("a=\(name):") } == 1, "\(name)")
    }
    #expect(offer.media[0].attributes.direction == nil)
  }

  @Test func `data joins a call, and media joins data`() throws {
    for dataFirst in [false, true] {
      let pair = try ConnectedPair()
      if dataFirst { try pair.makeChannel(0) } else { pair.a.core.addTransceiver(.video, direction: .sendrecv) }
      try pair.connect()
      let keys = pair.a.core.transport.keys
      if dataFirst { pair.a.core.addTransceiver(.video, direction: .sendrecv) } else { try pair.makeChannel(0) }
      try pair.negotiate()
      pair.run(for: .seconds(1))
      #expect(
        pair.a.core.signaling.currentLocal?.media.map(\.kind)
          == (dataFirst ? ["application", "video"] : ["video", "application"]))
      #expect(pair.a.core.signaling.currentRemote?.media.allSatisfy { !$0.isRejected } == true)
      #expect(pair.a.core.transport.keys == keys)
      #expect(pair.b.announced.count == 1)
      pair.startVideo(0, on: 0)
      pair.run(for: .seconds(1))
      #expect((pair.b.played[0]?.count ?? 0) > 10)
    }
  }

  @Test(arguments: BundlePolicy.allCases)
  func `data works under every bundle policy, whatever comes first`(policy: BundlePolicy) throws {
    let offerer = OfferAnswerTests.peer("a")
    let media = [LocalMedia(mid: "1", kind: .audio, trackID: "a")]
    let before = offerer.offer([], data: LocalData(mid: "0"), policy: policy)
    let offer = offerer.offer(media, previous: before, data: LocalData(mid: "0"), policy: policy)
    #expect(offer.media.map(\.kind) == ["application", "audio"])
    let answer = try OfferAnswerTests.peer("b").answer(to: offer, media, data: LocalData(mid: "0"))
    let agreed = try Negotiation(remoteOffer: offer, localAnswer: answer)
    #expect(agreed.media.allSatisfy { !$0.isRejected })
    #expect(agreed.transport?.mids == ["0", "1"])
    #expect(agreed.data?.remoteMaxMessageSize == 262_144)
  }

  @Test func `who has no SCTP rejects data, and the channels of the other end close`() throws {
    let pair = try ConnectedPair(hasSCTP: [true, false])
    #expect(throws: DataChannelError.unavailable) { try pair.makeChannel(1) }
    pair.a.core.addTransceiver(.audio, direction: .sendrecv)
    let id = try pair.makeChannel(0)
    try pair.negotiate()
    #expect(pair.a.core.signaling.currentRemote?.media.map { $0.port == 0 } == [false, true])
    #expect(pair.a.dataEvents == [.closed(id)])
  }

  @Test func `what the peer takes is read from its description`() throws {
    func agreed(_ edit: (String) -> String) throws -> Int? {
      let offer = OfferAnswerTests.peer("a").offer([], data: LocalData(mid: "0"))
      let edited = try SessionDescription(parsing: edit(offer.description))
      let answer = try OfferAnswerTests.peer("b").answer(to: edited, [], data: LocalData(mid: "0"))
      return try Negotiation(remoteOffer: edited, localAnswer: answer).data?.remoteMaxMessageSize
    }
    #expect(try agreed { $0 } == 262_144)
    #expect(try agreed { $0.replacing("a=max-message-size:262144\r\n", with: "") } == 65_536)
    #expect(try agreed { $0.replacing("size:262144", with: "size:1000") } == 1000)
    #expect(try agreed { $0.replacing("size:262144", with: "size:0") } == Int.max)
  }

  @Test func `a limit of the peer refuses a message with its exception`() throws {
    let pair = try ConnectedPair()
    let id = try pair.makeChannel(0)
    try pair.connect { $0.replacing("size:262144", with: "size:1000") }
    pair.run(for: .seconds(1))
    let error = #expect(throws: DataChannelError.self) {
      try pair.send(0, .binary(Array(repeating: 0, count: 1001)), on: id)
    }
    #expect(error == .sending(.messageTooLarge(1001, limit: 1000)))
    #expect(error?.name == "TypeError")
  }

  @Test func `an offer as drafts wrote it is answered in kind`() throws {
    let offer = try SessionDescription(
      parsing: OfferAnswerTests.peer("a").offer([], data: LocalData(mid: "0")).description
        .replacing("UDP/DTLS/SCTP webrtc-datachannel", with: "DTLS/SCTP 5001")
        .replacing("a=sctp-port:5000", with: "a=sctpmap:5001 webrtc-datachannel 256"))
    let answer = try OfferAnswerTests.peer("b").answer(to: offer, [], data: LocalData(mid: "0"))
    #expect(answer.media[0].transport == "DTLS/SCTP" && answer.media[0].formats == ["5000"])
    #expect(answer.media[0].attributes.value(of: "sctpmap") == "5000 webrtc-datachannel 1024")
    let agreed = try Negotiation(remoteOffer: offer, localAnswer: answer)
    #expect(agreed.data?.remotePort == 5001 && agreed.data?.localPort == 5000)
  }

  @Test func `a rollback takes the section of an offer back`() throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.audio, direction: .sendrecv)
    try pair.connect()
    try pair.makeChannel(0)
    try pair.a.core.setLocal(.offer(pair.a.core.createOffer()), at: pair.now, into: &pair.a.output)
    try pair.a.core.setLocal(.rollback, at: pair.now, into: &pair.a.output)
    try pair.makeChannel(1)
    try pair.negotiate(from: 1)
    pair.run(for: .seconds(1))
    #expect(pair.a.announced.count == 1 && pair.b.announced.count == 1)
  }

  private static func references() -> [(name: String, offer: SessionDescription)] {
    let folder = Vectors.sharedFolder.appending(path: "reference/sdp")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".sdp") && $0.contains("offer") }.sorted().compactMap { name in
      guard let data = try? Data(contentsOf: folder.appending(path: name)),
        let offer = try? SessionDescription(parsing: String(decoding: data, as: UTF8.self)),
        offer.media.contains(where: { $0.kind == "application" })
      else { return nil }
      return (name, offer)
    }
  }

  @Test(.enabled(if: !references().isEmpty))
  func `the data sections of real implementations are accepted`() throws {
    let references = Self.references()
    #expect(references.count >= 6)
    for (name, offer) in references {
      let pair = try ConnectedPair()
      try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
      let answer = try pair.b.core.createAnswer()
      let index = try #require(offer.media.firstIndex { $0.isData })
      #expect(!answer.media[index].isRejected, "\(name)")
      let agreed = try Negotiation(remoteOffer: offer, localAnswer: answer)
      #expect(agreed.data?.remotePort == 5000 && agreed.data?.remoteMaxMessageSize == 262_144, "\(name)")
      #expect(agreed.transport?.localRole == .client, "\(name)")
    }
  }

  // MARK: What the application may ask for

  private struct Parameters: Decodable {
    struct Identifier: Decodable {
      let ppid: UInt32
      let name: String
    }
    let ppids: [Identifier]
    let createDataChannel_errors: [[String]]
  }

  private static func parameters() throws -> Parameters {
    try Vectors.decode(Parameters.self, from: #require(Vectors.publicData("sctp/parameters.json")))
  }

  @Test(.enabled(if: Vectors.hasPublicData))
  func `the payload identifiers are those of the registry`() throws {
    let names: [DataChannelPayload: String] = [
      .dcep: "WebRTC DCEP", .string: "WebRTC String", .binaryPartial: "WebRTC Binary Partial (deprecated)",
      .binary: "WebRTC Binary", .stringPartial: "WebRTC String Partial (deprecated)",
      .stringEmpty: "WebRTC String Empty", .binaryEmpty: "WebRTC Binary Empty",
    ]
    let listed = try Self.parameters().ppids
    #expect(listed.count == DataChannelPayload.allCases.count)
    Vectors.ran("ppid", count: listed.count, of: "public sctp/parameters.json")
    for entry in listed { #expect(DataChannelPayload(rawValue: entry.ppid).flatMap { names[$0] } == entry.name) }
  }

  @Test(.enabled(if: Vectors.hasPublicData))
  func `what may not be asked for is refused with the exception of the table`() throws {
    let long = String(repeating: "x", count: 65_536)
    for entry in try Self.parameters().createDataChannel_errors {
      Vectors.ran(entry[0], of: "public sctp/parameters.json")
      let pair = try ConnectedPair()
      var label = "data"
      var options = DataChannelOptions()
      switch entry[0] {
      case "label or protocol longer than 65535 bytes (UTF-8)": label = long
      case "both maxPacketLifeTime and maxRetransmits":
        options.maxRetransmits = 1
        options.maxPacketLifeTime = .milliseconds(1)
      case "negotiated true without id": options.isNegotiated = true
      case "id > 65534":
        options.isNegotiated = true
        options.id = 65_535
      case "id already used":
        options.isNegotiated = true
        options.id = 4
        try pair.makeChannel(0) { $0 = options }
      case "id >= maxChannels":
        options.isNegotiated = true
        options.id = 1024
      case "closed connection": pair.close(0)
      default: Issue.record("what is \(entry[0])?")
      }
      let error = #expect(throws: DataChannelError.self) { try pair.makeChannel(0, label) { $0 = options } }
      #expect(error?.name == entry[1], "\(entry[0])")
    }
  }

  @Test func `the protocol and the life time have limits, too`() throws {
    let pair = try ConnectedPair()
    #expect(throws: DataChannelError.textTooLong(field: "protocol", bytes: 65_536)) {
      try pair.makeChannel(0) { $0.subprotocol = String(repeating: "x", count: 65_536) }
    }
    #expect(throws: DataChannelError.lifeTime(.milliseconds(65_536))) {
      try pair.makeChannel(0) { $0.maxPacketLifeTime = .milliseconds(65_536) }
    }
  }
}

import Foundation
import RTCSession
import RTCWire
import TestSupport
import Testing

/// Offers and answers that Chromium, aiortc and Janus made.
@Suite struct ReferenceOfferTests {
  private static func references(_ word: String) -> [(name: String, session: SessionDescription)] {
    let folder = Vectors.sharedFolder.appending(path: "reference/sdp")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".sdp") && $0.contains(word) }.sorted().compactMap { name in
      let text = try? String(decoding: Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
      return text.flatMap { try? SessionDescription(parsing: $0) }.map { (name, $0) }
    }
  }

  @Test(.enabled(if: !references("offer").isEmpty))
  func `every offer of a real implementation is answered by the rules`() throws {
    var agreedSections = 0
    for (name, offer) in Self.references("offer") {
      var media = [LocalMedia(kind: .audio, trackID: "a"), LocalMedia(kind: .video, trackID: "v")]
      media.associate(with: offer)
      let answer = try OfferAnswerTests.peer("b").answer(to: offer, media)
      expectAnswer(answer, obeys: offer)
      #expect(try SessionDescription(parsing: answer.description) == answer, "\(name)")
      let agreed = try Negotiation(remoteOffer: offer, localAnswer: answer)
      for (section, negotiated) in zip(offer.media, agreed.media) where !section.isRejected {
        let isUsable = section.codecs.contains { codec in
          MediaKind(rawValue: section.kind)?.defaultCodecs.contains { $0.isSameFormat(as: codec) } ?? false
        }
        #expect(negotiated.isRejected == !isUsable, "\(name): \(negotiated.mid)")
        guard isUsable else { continue }
        agreedSections += 1
        #expect(negotiated.sendCodecs.map(\.name) == [section.kind == "audio" ? "opus" : "VP8"], "\(name)")
        #expect(negotiated.remoteSources == agreedSources(of: section), "\(name)")
      }
      guard let transport = agreed.transport else { continue }
      #expect(transport.localRole == .client, "\(name)")
      #expect(transport.remotePwd.utf8.count >= 22, "\(name)")
    }
    #expect(agreedSections > 50)
  }

  private func agreedSources(of section: MediaDescription) -> [UInt32] {
    var sources: [UInt32] = []
    for source in section.attributes.sources where !sources.contains(source.ssrc) { sources.append(source.ssrc) }
    return sources
  }

  @Test(.enabled(if: !references("offer").isEmpty))
  func `an offer and its answer by other implementations are understood from both sides`() throws {
    let answers = Dictionary(uniqueKeysWithValues: Self.references("answer").map { ($0.name, $0.session) })
    var pairs = 0
    for (name, offer) in Self.references("offer") {
      let partner = name.replacing("1offer", with: "2answer").replacing("offer", with: "answer")
      guard let answer = answers[partner] else { continue }
      pairs += 1
      let offerer = try Negotiation(localOffer: offer, remoteAnswer: answer)
      let answerer = try Negotiation(remoteOffer: offer, localAnswer: answer)
      #expect(offerer.media.map(\.isRejected) == answerer.media.map(\.isRejected), "\(name)")
      #expect(offerer.media.map(\.direction) == answerer.media.map(\.direction.reversed), "\(name)")
      for (one, other) in zip(offerer.media, answerer.media) {
        #expect(Set(one.sendCodecs.map(\.payloadType)) == Set(other.receiveCodecs.map(\.payloadType)), "\(name)")
        #expect(one.headerExtensions.map(\.id).sorted() == other.headerExtensions.map(\.id).sorted(), "\(name)")
      }
      #expect(offerer.transport?.localRole != answerer.transport?.localRole || offerer.transport == nil, "\(name)")
      #expect(offerer.transport?.mids == answerer.transport?.mids, "\(name)")
    }
    #expect(pairs > 20)
  }
}

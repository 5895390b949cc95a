import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCTransport

/// What an agent makes of STUN messages that break a rule.
struct ICEStrictnessTests {
  /// One rule that a check may break.
  enum Flaw: String, CaseIterable, Sendable {
    case none
    case wrongIntegrity
    case noIntegrity
    case noUsername
    case otherUsername
    case unknownRequiredAttribute
    case unknownOptionalAttribute
    case noPriority
    case wrongFingerprint
    case noFingerprint

    /// The class and error code of the answer; `nil` when there is none.
    var answer: (STUNMessage.Class, Int?)? {
      switch self {
      case .none, .unknownOptionalAttribute: (.success, nil)
      // RFC 8489 §9.1.3
      case .noIntegrity, .noUsername: (.error, 400)
      case .wrongIntegrity, .otherUsername: (.error, 401)
      // RFC 8489 §6.3.1, RFC 8445 §7.3
      case .unknownRequiredAttribute: (.error, 420)
      case .noPriority: (.error, 400)
      // RFC 8489 §7
      case .wrongFingerprint, .noFingerprint: nil
      }
    }

    /// How many messages are counted as unauthenticated, and by their fingerprint.
    var counted: (unauthenticated: Int, badFingerprint: Int) {
      switch self {
      case .none, .unknownOptionalAttribute, .unknownRequiredAttribute, .noPriority: (0, 0)
      case .noIntegrity, .noUsername, .wrongIntegrity, .otherUsername: (1, 0)
      case .wrongFingerprint, .noFingerprint: (0, 1)
      }
    }
  }

  private func pair() -> ICENetwork { RTCTransportTests.network() }

  private let id = TransactionID(high: 0x1122_3344, low: 0x5566_7788_99AA_BBCC)

  private func check(of network: ICENetwork, with flaw: Flaw) -> [UInt8] {
    let (own, peer) = (network.peers[0].localCredentials, network.peers[1].localCredentials)
    var attributes: [STUNAttribute] = []
    if flaw != .noUsername {
      attributes.append(.username("\(flaw == .otherUsername ? "nobody" : peer.ufrag):\(own.ufrag)"))
    }
    if flaw != .noPriority { attributes.append(.priority(1000)) }
    attributes.append(.iceControlling(.max))
    if flaw == .unknownRequiredAttribute { attributes.append(.unknown(STUNAttributeType(rawValue: 0x7FFF), [1])) }
    if flaw == .unknownOptionalAttribute { attributes.append(.unknown(STUNAttributeType(rawValue: 0xFFFE), [1])) }
    let message = STUNMessage(.request, .binding, transactionID: id, attributes: attributes)
    let key = flaw == .wrongIntegrity ? MessageIntegrityKey(shortTerm: "wrong") : peer.key
    var writer = ByteWriter()
    if flaw == .noIntegrity {
      message.write(into: &writer, fingerprint: true)
    } else {
      message.write(into: &writer, key: key, fingerprint: flaw != .noFingerprint)
    }
    var bytes = writer.bytes
    if flaw == .wrongFingerprint { bytes[bytes.count - 1] ^= 1 }
    return bytes
  }

  @Test(arguments: Flaw.allCases)
  func `a check that breaks a rule gets the error that the RFC names, or is dropped and counted`(flaw: Flaw) throws {
    let network = pair()
    network.peers[0].isMute = true
    network.call()
    network.run(for: .milliseconds(200))
    var answers: [STUNMessage] = []
    network.isBlocked = { sender, bytes, _, _ in
      if sender == 1, let message = try? STUNMessage(parsing: bytes.span), message.transactionID == id {
        answers.append(message)
      }
      return false
    }
    let before = network.peers[1].discarded
    let pairs = network.peers[1].agent.pairs.count
    network.inject(check(of: network, with: flaw), from: Endpoint(IPAddress(6, 6, 6, 6), 6), to: 1)
    let answer = flaw.answer
    #expect(answers.map(\.messageClass) == (answer.map { [$0.0] } ?? []))
    #expect(answers.first?.errorCode.map { Int($0.code) } == answer?.1)
    if flaw == .unknownRequiredAttribute { #expect(answers[0].unknownAttributes?.map(\.rawValue) == [0x7FFF]) }
    let after = network.peers[1].discarded
    #expect(after.unauthenticated - before.unauthenticated == flaw.counted.unauthenticated)
    #expect(after.badFingerprint - before.badFingerprint == flaw.counted.badFingerprint)
    // Only a check that is accepted teaches an address.
    #expect(network.peers[1].agent.pairs.count - pairs == (answer?.0 == .success ? 1 : 0))
  }

  /// Replaces every answer of the second peer by one with another attribute.
  private func answering(_ attribute: STUNAttribute?, isFingerprinted: Bool = true) -> ICENetwork {
    let network = pair()
    network.isBlocked = { sender, bytes, source, destination in
      guard sender == 1, let message = try? STUNMessage(parsing: bytes.span), message.messageClass == .success else {
        return false
      }
      let answer = STUNMessage(
        .success, .binding, transactionID: message.transactionID,
        attributes: [.xorMappedAddress(destination)] + (attribute.map { [$0] } ?? []))
      var writer = ByteWriter()
      answer.write(into: &writer, key: network.peers[1].localCredentials.key, fingerprint: isFingerprinted)
      network.schedule(writer.bytes, from: source, to: destination)
      return true
    }
    return network
  }

  @Test func `an answer with an unknown attribute that must be understood fails the check`() {
    let network = answering(.unknown(STUNAttributeType(rawValue: 0x7FFF), [1]))
    network.call()
    network.run(for: .seconds(5))
    #expect(network.peers[0].pair == nil)
    #expect(network.peers[0].agent.pairs.allSatisfy { $0.state == .failed })
    #expect(network.peers[0].discarded.notUnderstood > 0)
  }

  @Test func `an answer with an unknown attribute that need not be understood succeeds`() {
    let network = answering(.unknown(STUNAttributeType(rawValue: 0xFFFE), [1]))
    network.call()
    network.run(for: .seconds(5))
    #expect(network.peers[0].pair != nil)
    #expect(network.peers[0].discarded == ICEAgent.DiscardStatistics())
  }

  @Test func `a peer's answer without FINGERPRINT is dropped and counted`() {
    let network = answering(nil, isFingerprinted: false)
    network.call()
    network.run(for: .seconds(5))
    #expect(network.peers[0].pair == nil)
    #expect(network.peers[0].discarded.badFingerprint > 0)
  }

  @Test func `a STUN server need not know FINGERPRINT, but may ask for nothing that is unknown here`() {
    for (attributes, kinds) in [
      ([], [Candidate.Kind.host, .serverReflexive]),
      ([STUNAttribute.unknown(STUNAttributeType(rawValue: 0x7FFF), [1])], [Candidate.Kind.host]),
    ] {
      let network = pair()
      network.isBlocked = { sender, bytes, source, destination in
        guard sender == 0, destination == ICENetwork.stunServer, let message = try? STUNMessage(parsing: bytes.span)
        else { return false }
        let answer = STUNMessage(
          .success, .binding, transactionID: message.transactionID,
          attributes: [.xorMappedAddress(Endpoint(IPAddress(203, 0, 113, 1), 9))] + attributes)
        network.schedule(answer.bytes(), from: ICENetwork.stunServer, to: source)
        return true
      }
      network.start(0)
      network.run(for: .seconds(1))
      #expect(network.peers[0].agent.localCandidates.map(\.kind) == kinds)
      let isCompleted = network.peers[0].agent.isGatheringCompleted
      #expect(isCompleted)
    }
  }
}

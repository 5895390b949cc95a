import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct STUNFuzzTests {
  @Test(arguments: [UInt64(1), 2, 3])
  func `mutated messages never trap, and what parses is written and parsed alike`(seed: UInt64) throws {
    var dice = SeededGenerator(seed: seed, stream: "stun/mutations")
    let inputs = try STUNVectors.messages().map(\.bytes) + everyAttribute()
    var parsed = 0
    for _ in 0..<4000 {
      let input = mutate(inputs[Int.random(in: 0..<inputs.count, using: &dice)], using: &dice)
      parsed += try exercise(input)
    }
    #expect(parsed > 100, "seed \(seed): too few mutants parse for the round trip to say anything")
  }

  @Test func `random bytes never trap`() throws {
    var dice = SeededGenerator(seed: 4, stream: "stun/random")
    for _ in 0..<4000 {
      var input = (0..<Int.random(in: 0..<80, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
      if input.count >= 20, Bool.random(using: &dice) {
        input.replaceSubrange(0..<8, with: [0, 1, 0, UInt8(input.count - 20), 0x21, 0x12, 0xA4, 0x42])
      }
      _ = try exercise(input)
    }
  }

  @Test func `every attribute is written and parsed alike`() throws {
    for input in everyAttribute() {
      let parsed = try exercise(input)
      #expect(parsed == 1)
    }
  }

  @Test func `every prefix of a message is refused`() throws {
    for vector in try STUNVectors.messages() where vector.verdict == "valid" {
      for count in 0..<vector.bytes.count {
        #expect(throws: STUNError.self) { try STUNMessage(parsing: Array(vector.bytes.prefix(count)).span) }
      }
    }
  }

  /// Feeds every parser; returns 1 when the input is a message.
  private func exercise(_ input: [UInt8]) throws -> Int {
    _ = Demultiplexer.classify(input.span)
    _ = STUNMessage.isSTUN(input.span)
    _ = STUNMessage.fingerprintStatus(of: input.span)
    _ = STUNMessage.integrityInput(of: input.span)
    _ = STUNMessage.integrityInput(of: input.span, attribute: .messageIntegritySHA256)
    for elided in [0, 1, 50] {
      do {
        let data = try ChannelData(parsing: input.span, elided: elided)
        #expect(data.range.upperBound <= input.count && data.elided >= 0 && data.elided <= elided)
      } catch { #expect(!error.description.isEmpty) }
      do {
        let indication = try RelayIndication(parsing: input.span, elided: elided)
        #expect(indication.range.upperBound <= input.count && indication.elided >= 0 && indication.elided <= elided)
      } catch { #expect(!error.description.isEmpty) }
    }
    let message: STUNMessage
    do {
      message = try STUNMessage(parsing: input.span)
    } catch {
      #expect(error.description.contains("offset"))
      return 0
    }
    _ = message.effectiveAttributes
    _ = message.unknownRequiredTypes
    let written = message.bytes()
    #expect(written.count == input.count)
    let again = try STUNMessage(parsing: written.span)
    #expect(again == message, "\(hex(input))")
    return 1
  }

  private func everyAttribute() -> [[UInt8]] {
    let v4 = Endpoint(IPAddress(192, 0, 2, 1), 3478)
    let v6 = Endpoint(IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1), 5349)
    let algorithms = [STUNPasswordAlgorithm(1), STUNPasswordAlgorithm(2, parameters: [1, 2, 3])]
    let attributes: [STUNAttribute] = [
      .mappedAddress(v4), .xorMappedAddress(v6), .username("üser"), .userhash(Array(repeating: 1, count: 32)),
      .errorCode(.roleConflict), .realm("realm"), .nonce("nonce"), .passwordAlgorithms(algorithms),
      .passwordAlgorithm(algorithms[1]), .unknownAttributes([.realm, STUNAttributeType(rawValue: 0x7FFF)]),
      .software(""), .alternateServer(v6), .alternateDomain("example.org"), .priority(7), .useCandidate,
      .iceControlled(8), .iceControlling(.max), .channelNumber(0x4FFF), .lifetime(seconds: 600), .xorPeerAddress(v4),
      .data([1, 2, 3]), .xorRelayedAddress(v6), .requestedAddressFamily(3), .evenPort(reserveNext: true),
      .requestedTransport(17), .dontFragment, .reservationToken(9), .additionalAddressFamily(2),
      .addressErrorCode(family: 2, .addressFamilyNotSupported), .icmp(type: 127, code: 511, data: 5),
      .connectionID(6), .unknown(STUNAttributeType(rawValue: 0xC057), [1]),
      .messageIntegrity(Array(repeating: 2, count: 20)), .messageIntegritySHA256(Array(repeating: 3, count: 16)),
      .fingerprint(1),
    ]
    let transactionID = TransactionID(high: 0x0102_0304, low: 0x0506_0708_090A_0B0C)
    return attributes.map { STUNMessage(.request, .binding, transactionID: transactionID, attributes: [$0]).bytes() }
      + [STUNMessage(.success, .allocate, transactionID: transactionID, attributes: attributes).bytes()]
  }

  private func mutate(_ input: [UInt8], using dice: inout SeededGenerator) -> [UInt8] {
    var input = input
    for _ in 0..<Int.random(in: 1...3, using: &dice) where !input.isEmpty {
      let index = Int.random(in: 0..<input.count, using: &dice)
      switch Int.random(in: 0..<6, using: &dice) {
      case 0: input[index] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
      case 1: input[index] = [0, 1, 4, 0x7F, 0x80, 0xFF].randomElement(using: &dice) ?? 0
      case 2: input.removeLast(min(input.count, Int.random(in: 1...8, using: &dice)))
      case 3: input.insert(UInt8.random(in: 0...255, using: &dice), at: index)
      case 4: input.append(contentsOf: [0, 8, 0, 0])
      default: input[index] = UInt8.random(in: 0...255, using: &dice)
      }
      if input.count >= 20, Bool.random(using: &dice) {
        input[2] = UInt8((input.count - 20) >> 8)
        input[3] = UInt8(truncatingIfNeeded: input.count - 20)
      }
    }
    return input
  }
}

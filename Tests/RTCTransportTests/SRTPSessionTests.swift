import RTCPrimitives
import RTCTransport
import TestSupport
import Testing

@Suite struct SRTPSessionTests {
  private static func keys(_ profile: SRTPProfile, _ first: UInt8 = 1) throws -> SRTPKeys {
    let master = SRTPMasterKey(
      key: (0..<UInt8(profile.keyLength)).map { $0 &+ first },
      salt: (0..<UInt8(profile.saltLength)).map { $0 &+ first &+ 100 })
    return try SRTPKeys(profile: profile, local: master, remote: master)
  }

  private static func packet(_ number: Int, ssrc: UInt32 = 0x1234_5678, payload: Int = 50) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(UInt8(0x80))
    writer.append(UInt8(96))
    writer.append(UInt16(truncatingIfNeeded: number))
    writer.append(UInt32(number) &* 3000)
    writer.append(ssrc)
    for index in 0..<payload { writer.append(UInt8(truncatingIfNeeded: index &* number)) }
    return writer.bytes
  }

  private static func protected(_ session: inout SRTPSession, _ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(packet)
    try session.protectRTP(&writer, from: 0)
    return writer.bytes
  }

  private static func opened(_ session: inout SRTPSession, _ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(packet)
    try session.unprotectRTP(&writer, from: 0)
    return writer.bytes
  }

  /// What opening gives, as a value.
  private static func outcome(_ session: inout SRTPSession, _ packet: [UInt8]) -> Result<[UInt8], SRTPError> {
    Result { () throws(SRTPError) in try opened(&session, packet) }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `every byte is what the oracle makes, over two wraps, three streams and two extensions`(
    profile: SRTPProfile
  ) throws {
    let keys = try Self.keys(profile)
    var session = try SRTPSession(keys)
    let oracle = SRTPOracle(keys.local, .rtp)
    var dice = EntropySource(SeededGenerator(seed: 41, stream: "payload"))
    for index in stride(from: 60_000, to: 200_000, by: 97) {
      for ssrc in [UInt32(1), 2, 0xFFFF_FFFF] {
        var packet = Self.packet(index, ssrc: ssrc, payload: 0)
        if index.isMultiple(of: 2) {
          packet[0] |= 0x10
          packet += bytes(hex: "bede0001 10aabbcc")
        }
        packet += dice.bytes(Int(dice.next() % 200) + 1)
        let rollovers = UInt32(index >> 16)
        let expected =
          switch profile {
          case .aes128CMHMACSHA1_80: oracle.protectRTP_CM(packet, rolloverCounter: rollovers)
          case .aeadAES128GCM: oracle.protectRTP_GCM(packet, rolloverCounter: rollovers)
          }
        guard try Self.protected(&session, packet) == expected else {
          Issue.record("packet \(index) of \(ssrc)")
          return
        }
      }
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `RTCP is what the oracle makes, with an index that counts from one`(profile: SRTPProfile) throws {
    let keys = try Self.keys(profile)
    var session = try SRTPSession(keys)
    let oracle = SRTPOracle(keys.local, .rtcp)
    let report = bytes(hex: "80c80006 9a6ab329 e000000000001234 5ae6a228 0000000c 00000d80")
    for index in UInt32(1)...5 {
      var writer = ByteWriter()
      writer.append(report)
      try session.protectRTCP(&writer, from: 0)
      switch profile {
      case .aes128CMHMACSHA1_80: #expect(writer.bytes == oracle.protectRTCP_CM(report, index: index))
      case .aeadAES128GCM: #expect(writer.bytes == oracle.protectRTCP_GCM(report, index: index))
      }
      #expect(writer.count == report.count + profile.rtcpOverhead)
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `a packet in the middle of a writer leaves what stands before it`(profile: SRTPProfile) throws {
    var session = try SRTPSession(Self.keys(profile))
    var writer = ByteWriter()
    writer.append([1, 2, 3])
    writer.append(Self.packet(1))
    try session.protectRTP(&writer, from: 3)
    #expect(writer.count == 3 + 62 + profile.rtpOverhead && Array(writer.bytes[..<3]) == [1, 2, 3])
    let second = writer.count
    writer.append(Self.packet(2))
    try session.protectRTP(&writer, from: second)
    #expect(writer.bytes[..<second].count == second && writer.count == second + 62 + profile.rtpOverhead)
    try session.unprotectRTP(&writer, from: second)
    #expect(Array(writer.bytes[second...]) == Self.packet(2))
    writer.truncate(to: second)
    try session.unprotectRTP(&writer, from: 3)
    #expect(writer.bytes == [1, 2, 3] + Self.packet(1))
  }

  @Test(arguments: SRTPProfile.allCases)
  func `a retransmission can be sent, but is taken once`(profile: SRTPProfile) throws {
    var sender = try SRTPSession(Self.keys(profile))
    var receiver = try SRTPSession(Self.keys(profile))
    let first = try Self.protected(&sender, Self.packet(1))
    _ = try Self.protected(&sender, Self.packet(500))
    let again = try Self.protected(&sender, Self.packet(1))
    #expect(again == first)
    #expect(Self.outcome(&receiver, first) == .success(Self.packet(1)))
    #expect(Self.outcome(&receiver, again) == .failure(.replayed))
  }

  @Test(arguments: SRTPProfile.allCases)
  func `a stream that is forgotten begins anew, and no other does`(profile: SRTPProfile) throws {
    var sender = try SRTPSession(Self.keys(profile))
    var receiver = try SRTPSession(Self.keys(profile))
    let packets = try [1, 2].map { try Self.protected(&sender, Self.packet(7, ssrc: $0)) }
    for packet in packets { _ = try Self.opened(&receiver, packet) }
    receiver.forgetInbound(1)
    // One that was never there changes nothing.
    receiver.forgetInbound(3)
    #expect(Self.outcome(&receiver, packets[0]) == .success(Self.packet(7, ssrc: 1)))
    #expect(Self.outcome(&receiver, packets[1]) == .failure(.replayed))
  }

  @Test(arguments: SRTPProfile.allCases)
  func `late packets are taken as far back as the replay window reaches`(profile: SRTPProfile) throws {
    var sender = try SRTPSession(Self.keys(profile))
    var receiver = try SRTPSession(Self.keys(profile))
    let window = SRTPSession.replayWindow
    let packets = try (1...window + 2).map { try Self.protected(&sender, Self.packet($0)) }
    #expect(Self.outcome(&receiver, packets[window + 1]) == .success(Self.packet(window + 2)))
    #expect(Self.outcome(&receiver, packets[2]) == .success(Self.packet(3)))
    #expect(Self.outcome(&receiver, packets[0]) == .failure(.tooOldForReplayWindow))
  }

  @Test(arguments: SRTPProfile.allCases)
  func `every changed bit is noticed`(profile: SRTPProfile) throws {
    var sender = try SRTPSession(Self.keys(profile))
    var receiver = try SRTPSession(Self.keys(profile))
    let packet = try Self.protected(&sender, Self.packet(1))
    for bit in 0..<packet.count * 8 {
      var changed = packet
      changed[bit / 8] ^= 1 << (bit % 8)
      guard case .failure = Self.outcome(&receiver, changed) else {
        Issue.record("bit \(bit) was not noticed")
        return
      }
    }
    #expect(Self.outcome(&receiver, packet) == .success(Self.packet(1)))
  }

  @Test(arguments: SRTPProfile.allCases)
  func `another key opens nothing`(profile: SRTPProfile) throws {
    var sender = try SRTPSession(Self.keys(profile))
    var stranger = try SRTPSession(Self.keys(profile, 2))
    let packet = try Self.protected(&sender, Self.packet(1))
    #expect(Self.outcome(&stranger, packet) == .failure(.authenticationFailed))
  }

  @Test(arguments: SRTPProfile.allCases)
  func `random and cut packets are refused, and the writer keeps what stood before`(profile: SRTPProfile) throws {
    var session = try SRTPSession(Self.keys(profile))
    let packet = try Self.protected(&session, Self.packet(1))
    var dice = EntropySource(SeededGenerator(seed: 42, stream: "garbage"))
    for round in 0..<4000 {
      var rubbish = round.isMultiple(of: 2) ? dice.bytes(Int(dice.next() % 100)) : Array(packet.prefix(round % 70))
      if !rubbish.isEmpty, round.isMultiple(of: 3) { rubbish[0] = 0x9F }
      var writer = ByteWriter()
      writer.append([9, 9])
      writer.append(rubbish)
      let outcome = Result { () throws(SRTPError) in
        if round % 4 < 2 {
          try session.unprotectRTP(&writer, from: 2)
        } else {
          try session.unprotectRTCP(&writer, from: 2)
        }
      }
      guard case .failure = outcome, writer.bytes == [9, 9] else {
        Issue.record("round \(round): \(outcome)")
        return
      }
    }
  }

  @Test func `what is too short to be RTP is not protected`() throws {
    var session = try SRTPSession(Self.keys(.aeadAES128GCM))
    for size in [0, 7, 11] {
      var writer = ByteWriter()
      writer.append([UInt8](repeating: 0x80, count: size))
      let outcome = Result { () throws(SRTPError) in try session.protectRTP(&writer, from: 0) }
      #expect(throws: SRTPError.malformed(size: size)) { try outcome.get() }
    }
  }

  @Test func `keys must have the lengths of their profile`() {
    let short = SRTPMasterKey(key: [1], salt: [])
    #expect(throws: SRTPError.wrongKeyLength(profile: .aeadAES128GCM, key: 1, salt: 0)) {
      try SRTPKeys(profile: .aeadAES128GCM, local: short, remote: short)
    }
  }

  @Test func `the keys of a handshake carry media both ways`() throws {
    let pair = try DTLSPair(CryptoProvider(host: SeededHost(seed: 43).host))
    pair.start()
    pair.run()
    var client = try SRTPSession(#require(pair.clientKeys))
    var server = try SRTPSession(#require(pair.serverKeys))
    #expect(Self.outcome(&server, try Self.protected(&client, Self.packet(1))) == .success(Self.packet(1)))
    #expect(Self.outcome(&client, try Self.protected(&server, Self.packet(1))) == .success(Self.packet(1)))
    #expect(Self.outcome(&client, try Self.protected(&client, Self.packet(2))) == .failure(.authenticationFailed))
  }
}

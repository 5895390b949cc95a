import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

@Suite struct ReplayWindowTests {
  /// The definition: what was seen is no longer new, and what lies 1024 or more behind the highest is not known.
  @Test(arguments: [1, 2, 3] as [UInt64]) func `a packet is new once, within the window`(seed: UInt64) {
    var dice = SeededGenerator(seed: seed, stream: "replay")
    var window = ReplayWindow()
    var seen: Set<Int> = []
    var highest = 60_000
    let isFirstNew = window.accept(SequenceNumber(UInt16(highest)))
    #expect(isFirstNew)
    seen.insert(highest)
    for _ in 0..<20_000 {
      let step = dice.next() % 50 == 0 ? Int(dice.next() % 3000) : Int(dice.next() % 8)
      let number = dice.next() % 2 == 0 ? highest + step : highest - Int(dice.next() % 1100)
      let isNew = number > highest - 1024 && !seen.contains(number)
      let isAccepted = window.accept(SequenceNumber(UInt16(truncatingIfNeeded: number)))
      #expect(isAccepted == isNew)
      if isNew { seen.insert(number) }
      highest = max(highest, number)
    }
  }

  /// The oracle is libsrtp2 itself, which sees the same packets, doubled, held up and lost.
  @Test(arguments: [1, 2] as [UInt64])
  func `a packet is new when SRTP takes it`(seed: UInt64) throws {
    var dice = SeededGenerator(seed: seed, stream: "replay")
    let profile = SRTPProfile.aeadAES128GCM
    let material = (0..<profile.keyingMaterialLength).map { UInt8(truncatingIfNeeded: $0) }
    var sender = try SRTPSession(SRTPKeys(profile: profile, keyingMaterial: material, isClient: true))
    var receiver = try SRTPSession(SRTPKeys(profile: profile, keyingMaterial: material, isClient: false))
    var window = ReplayWindow()
    let first = 0x7FFF - Int(dice.next() % 100)
    // Past a wrap of the sequence number.
    var packets: [[UInt8]] = []
    for number in first..<first + 50_000 {
      var writer = ByteWriter()
      let sequenceNumber = SequenceNumber(UInt16(truncatingIfNeeded: number))
      RTPHeader(payloadType: 96, sequenceNumber: sequenceNumber, timestamp: 0, ssrc: 7).write(into: &writer)
      try sender.protectRTP(&writer, from: 0)
      packets.append(writer.bytes)
    }
    var verdicts = [0, 0]
    var newest = 0
    while newest < packets.count - 200 {
      newest += dice.next() % 200 == 0 ? Int(dice.next() % 200) : Int(dice.next() % 24)
      let late = dice.next() % 100 == 0 ? Int(dice.next() % 1100) : Int(dice.next() % 40)
      let place = max(0, newest - late)
      var writer = ByteWriter()
      let packet = packets[place]
      writer.append(packet.span)
      var isTaken = true
      do throws(SRTPError) {
        try receiver.unprotectRTP(&writer, from: 0)
      } catch {
        #expect(error == .replayed || error == .tooOldForReplayWindow)
        isTaken = false
      }
      let isNew = window.accept(SequenceNumber(UInt16(truncatingIfNeeded: first + place)))
      guard isNew == isTaken else {
        Issue.record("number \(first + place), newest \(first + newest): \(isNew), but SRTP says \(isTaken)")
        return
      }
      verdicts[isNew ? 1 : 0] += 1
    }
    #expect(verdicts.allSatisfy { $0 > 100 }, "\(verdicts)")
  }
}

import RTCPrimitives
import RTCWire
import TestSupport
import Testing

/// Extended reports as RFC 3611 draws them.
@Suite struct RTCPExtendedReportTests {
  /// A reference time, delays of two receivers, and a block of statistics summary that is kept as it is.
  static let whole = bytes(
    hex: "80cf000f" + "01020304"
      + "04000002" + "e93c820080000000"
      + "05000006" + "0000000a" + "82000001" + "00010000" + "0000000b" + "00000000" + "00000000"
      + "06e00003" + "0000000c" + "00010002" + "00000003")

  private let report = ExtendedReport(
    ssrc: 0x0102_0304,
    blocks: [
      .receiverReferenceTime(NTPTimestamp(seconds: 0xE93C_8200, fraction: 0x8000_0000)),
      .delaySinceLastReceiverReport([
        .init(ssrc: 10, lastReference: CompactNTP(rawValue: 0x8200_0001), delay: CompactNTP(.seconds(1))),
        .init(ssrc: 11, lastReference: .zero, delay: .zero),
      ]),
      .unknown(type: 6, typeSpecific: 0xE0, content: [0, 0, 0, 12, 0, 1, 0, 2, 0, 0, 0, 3]),
    ])

  @Test func `blocks are read and written as the RFC draws them`() throws {
    #expect(try rtcp(Self.whole) == [.extendedReport(report)])
    #expect(written([.extendedReport(report)]) == Self.whole)
  }

  @Test func `a block that ends early, or cannot hold its entries, is refused with its place`() {
    #expect(throws: RTCPError.truncated(.extendedReport, TruncatedInput(offset: 12, needed: 8, available: 4))) {
      try rtcp(bytes(hex: "80cf0003" + "01020304" + "04000002" + "00000000"))
    }
    #expect(throws: RTCPError.invalidSize(.extendedReport, offset: 12, size: 4, expected: "8 for a reference time")) {
      try rtcp(bytes(hex: "80cf0003" + "01020304" + "04000001" + "00000000"))
    }
    #expect(
      throws: RTCPError.invalidSize(.extendedReport, offset: 12, size: 8, expected: "a multiple of 12 for delays")
    ) { try rtcp(bytes(hex: "80cf0004" + "01020304" + "05000002" + "0000000000000000")) }
  }

  @Test func `the round trip is what passed since the reference time without the delay`() throws {
    let sent = NTPTimestamp(seconds: 100)
    let delay = ExtendedReport.Delay(ssrc: 1, lastReference: sent.compact, delay: CompactNTP(.milliseconds(250)))
    let time = try #require(delay.roundTripTime(at: NTPTimestamp(seconds: 100, fraction: 0x8000_0000)))
    #expect(time == .milliseconds(250))
    #expect(ExtendedReport.Delay(ssrc: 1, lastReference: .zero, delay: .zero).roundTripTime(at: sent) == nil)
  }
}

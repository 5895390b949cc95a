import Foundation
import RTCTransport
import SimNodes
import Testing

@testable import SimSessions

struct CostFileTests {
  @Test func `the shipped file is read, and written and read again is the same`() throws {
    let costs = try models.costs("debian12-x86-2core")
    let again = try CostFile(text: costs.text, file: "again", name: costs.name)
    #expect(again == costs)
    #expect(again.text == costs.text)
  }

  @Test func `work costs what the file says, with a part for each pixel or byte`() throws {
    var file = CostFile(name: "x", machine: "m", source: "s")
    file.videoEncode["VP8"] = LinearCost(fixedNanoseconds: 80_000, picosecondsEach: 4_861)
    file.videoDecode["VP8"] = LinearCost(fixedNanoseconds: 13_300, picosecondsEach: 1_505)
    file.audioEncode["opus"] = LinearCost(fixedNanoseconds: 145_000)
    file.audioDecode["opus"] = LinearCost(fixedNanoseconds: 19_500)
    for profile in SRTPProfile.allCases {
      let each: Int64 = profile == .aeadAES128GCM ? 154 : 1_839
      file.srtpProtect[profile.scenarioName] = LinearCost(fixedNanoseconds: 500, picosecondsEach: each)
      file.srtpUnprotect[profile.scenarioName] = LinearCost(fixedNanoseconds: 600, picosecondsEach: each)
    }
    file.dtlsHandshake = LinearCost(fixedNanoseconds: 274_700)
    let costs = file.costs(video: "VP8", audio: "opus", srtp: .aes128CMHMACSHA1_80)
    #expect(costs.nanoseconds(for: .encodeVideo(pixels: 640 * 360)) == 80_000 + 1_119_974)
    #expect(costs.nanoseconds(for: .decodeVideo(pixels: 320 * 180)) == 13_300 + 86_688)
    #expect(costs.nanoseconds(for: .encodeAudio) == 145_000)
    #expect(costs.nanoseconds(for: .decodeAudio) == 19_500)
    #expect(costs.nanoseconds(for: .protectPacket(bytes: 1000)) == 500 + 1_839)
    #expect(costs.nanoseconds(for: .unprotectPacket(bytes: 1000)) == 600 + 1_839)
    #expect(costs.nanoseconds(for: .dtlsHandshake) == 274_700)
    let galois = file.costs(video: "VP8", audio: "opus", srtp: .aeadAES128GCM)
    #expect(galois.nanoseconds(for: .protectPacket(bytes: 1000)) == 500 + 154)
  }

  @Test func `the shipped figures are measured, all of them, and of one order of magnitude with other machines`() throws
  {
    let file = try models.costs("debian12-x86-2core")
    #expect(file.source.hasPrefix("rtcsim bench --costs on 20"))
    let costs = file.costs(video: "VP8", audio: "opus", srtp: .aes128CMHMACSHA1_80)
    let expected: [(Work, microseconds: ClosedRange<Double>)] = [
      (.encodeVideo(pixels: 640 * 360), 500...5000), (.decodeVideo(pixels: 640 * 360), 150...1500),
      (.encodeAudio, 60...600), (.decodeAudio, 8...80), (.protectPacket(bytes: 1212), 1...15),
      (.unprotectPacket(bytes: 1212), 1...15), (.receivePacket(bytes: 1200), 0.2...5),
      (.sendPacket(bytes: 1200), 0.5...10), (.forwardPacket, 0.02...1), (.mixAudio(inputs: 4), 0.3...10),
      (.composeVideo(pixels: 640 * 360), 1...50), (.scaleVideo(pixels: 25_600), 10...300),
      (.dtlsHandshake, 100...1500), (.iceCheck, 1...20),
    ]
    for (work, range) in expected {
      #expect(range.contains(Double(costs.nanoseconds(for: work)) / 1000), "\(work)")
    }
  }

  @Test func `a file of another machine is written with units in each name`() throws {
    var costs = CostFile(name: "x", machine: "a \"machine\"", source: "by\nhand")
    costs.videoEncode["VP8"] = LinearCost(fixedNanoseconds: 7, picosecondsEach: 12_034)
    let text = costs.text
    #expect(text.contains("VP8: { nanosecondsPerFrame: 7, nanosecondsPerPixel: 12.034 },"))
    #expect(text.contains("dtlsHandshake: { nanosecondsPerHandshake: 0 },"))
    #expect(try CostFile(text: text, file: "x", name: "x") == costs)
  }

  @Test(arguments: [
    ("VP8: {", "VP88: {", "videoEncode.VP88: unknown field, allowed: VP8; did you mean 'VP8'?"),
    ("nanosecondsPerCheck: ", "nanosecondsPerCheck: -", "iceCheck.nanosecondsPerCheck: found -6000, allowed: "),
    ("forward:", "farward:", "farward: unknown field, allowed: machine, source, "),
    ("nanosecondsPerHandshake: 274700", "", "dtlsHandshake.nanosecondsPerHandshake: is missing, allowed: "),
  ])
  func `a wrong figure is named`(old: String, new: String, expected: String) throws {
    var costs = try models.costs("debian12-x86-2core")
    costs.iceCheck.fixedNanoseconds = 6000
    costs.dtlsHandshake.fixedNanoseconds = 274_700
    let text = costs.text
    let place = try #require(text.range(of: old))
    let found = message {
      _ = try CostFile(text: text.replacingCharacters(in: place, with: new), file: "c.json5", name: "c")
    }
    #expect(found.contains(expected), "\(found)")
    #expect(found.hasPrefix("c.json5:"))
  }
}

struct PriceListTests {
  @Test func `the shipped list is read`() throws {
    let prices = try models.prices("default")
    #expect(prices.currency == "USD")
    #expect(prices.egressPerGigabyte > 0)
    #expect(prices.serverPerCoreHour > 0)
    #expect(prices.turnEgressPerGigabyte > 0)
  }

  @Test func `a negative price is refused`() {
    let found = message {
      _ = try PriceList(text: "{currency: 'EUR', egressPerGigabyte: -1}", file: "p", name: "p")
    }
    #expect(found == "p:1: egressPerGigabyte: found -1, allowed: a price from 0 to 1000000")
  }
}

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

  @Test func `the figures are those that were measured`() throws {
    let costs = try models.costs("debian12-x86-2core").costs(
      video: "VP8", audio: "opus", srtp: .aes128CMHMACSHA1_80)
    func microseconds(_ work: Work) -> Double { Double(costs.nanoseconds(for: work)) / 1000 }
    func isNear(_ value: Double, _ measured: Double) -> Bool { abs(value / measured - 1) < 0.01 }
    #expect(isNear(microseconds(.encodeVideo(pixels: 640 * 360)), 1200))
    #expect(isNear(microseconds(.encodeVideo(pixels: 320 * 180)), 360))
    #expect(isNear(microseconds(.decodeVideo(pixels: 640 * 360)), 360))
    #expect(isNear(microseconds(.composeVideo(pixels: 1280 * 720)), 50))
    #expect(isNear(microseconds(.protectPacket(bytes: 12 + 160)), 1e6 / 567_000))
    #expect(isNear(microseconds(.protectPacket(bytes: 12 + 1200)), 1e6 / 272_000))
    #expect(isNear(2 * microseconds(.dtlsHandshake), 1e6 / 1820))
    let galois = try models.costs("debian12-x86-2core").costs(video: "VP8", audio: "opus", srtp: .aeadAES128GCM)
    #expect(isNear(Double(galois.nanoseconds(for: .protectPacket(bytes: 1212))) / 1000, 1e6 / 1_355_000))
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
    let text = try models.costs("debian12-x86-2core").text
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

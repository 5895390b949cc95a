import RTCPrimitives
import Testing

@testable import RTCMedia

struct LayerMeterTests {
  @Test func `rates are of each layer with those below it, over whole quarters of a second`() throws {
    var meter = LayerMeter()
    for millisecond in stride(from: 0, to: 5000, by: 10) {
      let now = Instant.start + .milliseconds(millisecond)
      // 100 bytes every 10 ms are 80 kbit/s, those of the layer above half as many.
      meter.note(.bytes(100), encoding: 1, temporal: 0, at: now)
      if millisecond.isMultiple(of: 50) { meter.note(.bytes(250), encoding: 1, temporal: 1, at: now) }
      if millisecond == 500 {
        meter.measure(at: now)
        #expect(meter.rate(of: ForwardedLayer(encoding: 1, temporal: 0)) == nil)
      }
    }
    let end = Instant.start + .milliseconds(5000)
    meter.measure(at: end)
    #expect(meter.rate(of: ForwardedLayer(encoding: 1, temporal: 0)) == .kilobitsPerSecond(80))
    #expect(meter.rate(of: ForwardedLayer(encoding: 1, temporal: 1)) == .kilobitsPerSecond(120))
    #expect(meter.layers(of: 1) == 2 && meter.layers(of: 0) == 1)
    #expect(meter.isSent(1, at: end) && !meter.isSent(0, at: end))
    // What is not sent keeps the rate that was known last.
    let later = end + .seconds(10)
    meter.measure(at: later)
    #expect(!meter.isSent(1, at: later))
    #expect(meter.rate(of: ForwardedLayer(encoding: 1, temporal: 1)) == .kilobitsPerSecond(120))
  }
}

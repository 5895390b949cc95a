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

  /// A camera of 30 frames a second in two sizes.
  private struct Camera {
    var meter = LayerMeter()
    var now = Instant.start
    /// After how many frames it was told that something had stopped.
    var told: [Int] = []
    private var count = 0

    mutating func send(
      _ encodings: [Int], frames: Int = 1, every gap: Duration = .milliseconds(33), isKeyFrame: Bool = false
    ) {
      for _ in 0..<frames {
        now += gap
        count += 1
        for encoding in encodings {
          let hasStopped = meter.note(
            .bytes(500), encoding: encoding, temporal: 0, startsFrame: true, startsKeyFrame: isKeyFrame, at: now)
          if hasStopped { told.append(count) }
        }
      }
    }
  }

  @Test func `an encoding has stopped when six frames of another have begun since`() {
    var camera = Camera()
    camera.send([0, 1], frames: 70)
    camera.send([0], frames: 5)
    #expect(camera.meter.isSent(1, at: camera.now) && camera.told.isEmpty)
    camera.send([0])
    #expect(!camera.meter.isSent(1, at: camera.now) && camera.meter.isSent(0, at: camera.now))
    camera.send([0], frames: 10)
    #expect(camera.told == [76])
    // A few frames that are left out to keep a rate do not count.
    camera.send([0, 1])
    #expect(camera.meter.isSent(1, at: camera.now))
    for _ in 0..<10 {
      camera.send([0], frames: 5)
      camera.send([1])
    }
    #expect(camera.told == [76] && camera.meter.isSent(1, at: camera.now))
  }

  @Test func `where everything is late nothing has stopped, until nothing comes for 400 ms`() {
    var camera = Camera()
    camera.send([0, 1], frames: 30)
    camera.send([0], every: .milliseconds(399))
    #expect(camera.meter.isSent(0, at: camera.now) && camera.meter.isSent(1, at: camera.now))
    #expect(!camera.meter.isSent(1, at: camera.now + .milliseconds(1)) && camera.told.isEmpty)
  }

  @Test func `what was stopped is sent again with its next packet`() {
    var camera = Camera()
    camera.send([1], frames: 3)
    camera.meter.stop(1)
    #expect(!camera.meter.isSent(1, at: camera.now))
    camera.send([1])
    #expect(camera.meter.isSent(1, at: camera.now))
  }

  @Test func `frames that are left out after a key frame do not count`() {
    var camera = Camera()
    camera.send([0, 1], frames: 70)
    camera.send([0, 1], isKeyFrame: true)
    camera.send([0], frames: 12)
    #expect(camera.meter.isSent(1, at: camera.now) && camera.told.isEmpty)
    // Until nothing has come for 400 ms.
    camera.send([0])
    #expect(!camera.meter.isSent(1, at: camera.now))
  }
}

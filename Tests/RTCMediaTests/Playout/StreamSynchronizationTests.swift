import RTCMedia
import RTCPrimitives
import Testing

@Suite struct StreamSynchronizationTests {
  /// The offset that is left when both buffers hold the delays that they are asked for.
  private func settle(_ offset: Duration, seconds: Int, _ synchronization: inout StreamSynchronization) -> Duration {
    var rest = offset
    for _ in 0..<seconds {
      synchronization.note(offset: rest)
      rest = offset + synchronization.videoDelay - synchronization.audioDelay
    }
    return rest
  }

  @Test(arguments: [-1500, -200, -60, 60, 200, 1500]) func `an offset shrinks below 30 ms and does not swing`(
    offset: Int
  ) {
    var synchronization = StreamSynchronization()
    let rest = settle(.milliseconds(offset), seconds: 60, &synchronization)
    #expect(abs(rest.milliseconds) < 30)
    #expect(offset > 0 ? synchronization.videoDelay == .zero : synchronization.audioDelay == .zero)
    #expect(offset > 0 ? rest >= .zero : rest <= .zero)
  }

  @Test func `offsets below 30 ms are left alone`() {
    var synchronization = StreamSynchronization()
    _ = settle(.milliseconds(29), seconds: 100, &synchronization)
    #expect(synchronization.audioDelay == .zero && synchronization.videoDelay == .zero)
  }

  @Test func `a step is 80 ms at the most`() {
    var synchronization = StreamSynchronization()
    synchronization.note(offset: .seconds(5))
    #expect(synchronization.audioDelay == .milliseconds(80))
    synchronization.note(offset: .milliseconds(200))
    // A quarter of 200 ms is the mean, half of it the step.
    #expect(synchronization.audioDelay == .milliseconds(105))
  }

  @Test func `the delay of the one is taken back before the other waits`() {
    var synchronization = StreamSynchronization()
    _ = settle(.milliseconds(300), seconds: 60, &synchronization)
    #expect(synchronization.audioDelay >= .milliseconds(270))
    // Now the sound is late by itself.
    var rest = Duration.milliseconds(-300)
    while synchronization.audioDelay > .zero {
      #expect(synchronization.videoDelay == .zero)
      let before = synchronization.audioDelay
      synchronization.note(offset: rest)
      rest += before - synchronization.audioDelay
    }
    #expect(synchronization.videoDelay == .zero)
  }

  @Test func `what is ten seconds apart, or further than time goes, changes nothing`() {
    var synchronization = StreamSynchronization()
    for offset in [Duration.seconds(11), .seconds(-11), .nanoseconds(Int64.min), .nanoseconds(Int64.max)] {
      synchronization.note(offset: offset)
    }
    #expect(synchronization.audioDelay == .zero && synchronization.videoDelay == .zero)
  }
}

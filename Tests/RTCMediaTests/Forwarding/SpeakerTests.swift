import RTCPrimitives
import RTCWire
import Testing

@testable import RTCMedia

/// Who has the floor, and who is heard.
struct SpeakerTests {
  /// Lets everybody say, every 20 ms, how loud he is, and decides every 300 ms; gives who had the floor after each decision.
  private func run(
    _ speakers: inout DominantSpeaker, people: Int, from begin: Duration = .zero, for length: Duration,
    level: (_ person: Int, _ frame: Int) -> UInt8?
  ) -> [Int?] {
    var floor: [Int?] = []
    let frames = Int(length.nanoseconds / 20_000_000)
    for frame in 0..<frames {
      let now = Instant.start + begin + .milliseconds(20 * frame)
      for person in 0..<people {
        guard let level = level(person, frame) else { continue }
        _ = speakers.note(AudioLevel(level: level, hasVoice: level < 60), of: person, at: now)
      }
      if frame % 15 == 14 {
        _ = speakers.decide(at: now)
        floor.append(speakers.current)
      }
    }
    return floor
  }

  @Test func `who speaks while the others are silent has the floor within a second`() {
    var speakers = DominantSpeaker(people: 3)
    _ = run(&speakers, people: 3, for: .seconds(2)) { _, _ in 90 }
    #expect(speakers.current == nil)
    let floor = run(&speakers, people: 3, from: .seconds(2), for: .seconds(1)) { person, _ in person == 2 ? 30 : 90 }
    #expect(floor.last == 2)
    #expect(speakers.order == [2, 0, 1])
  }

  @Test func `a short noise does not take the floor, and silence does not lose it`() {
    var speakers = DominantSpeaker(people: 2)
    _ = run(&speakers, people: 2, for: .seconds(1)) { _, _ in 90 }
    _ = run(&speakers, people: 2, from: .seconds(1), for: .seconds(3)) { person, _ in person == 0 ? 30 : 90 }
    #expect(speakers.current == 0)
    // A cough of 60 ms each second, beside somebody who goes on.
    let coughs = run(&speakers, people: 2, from: .seconds(4), for: .seconds(6)) { person, frame in
      person == 0 ? 30 : frame % 50 < 3 ? 10 : 90
    }
    #expect(coughs.allSatisfy { $0 == 0 })
    let silence = run(&speakers, people: 2, from: .seconds(10), for: .seconds(5)) { _, _ in 90 }
    #expect(silence.allSatisfy { $0 == 0 })
    let other = run(&speakers, people: 2, from: .seconds(15), for: .seconds(2)) { person, _ in person == 1 ? 30 : 90 }
    #expect(other.last == 1 && speakers.order == [1, 0])
  }

  @Test func `two who speak at once do not take the floor from each other`() {
    var speakers = DominantSpeaker(people: 2)
    _ = run(&speakers, people: 2, for: .seconds(1)) { _, _ in 90 }
    _ = run(&speakers, people: 2, from: .seconds(1), for: .seconds(2)) { person, _ in person == 1 ? 30 : 90 }
    let floor = run(&speakers, people: 2, from: .seconds(3), for: .seconds(10)) { person, frame in
      // Syllables that do not fall together.
      (frame / 4 + person) % 3 == 0 ? 90 : 30
    }
    #expect(floor.allSatisfy { $0 == 1 })
  }

  @Test func `who stops sending, or leaves, does not keep others from the floor`() {
    var speakers = DominantSpeaker(people: 2)
    _ = run(&speakers, people: 2, for: .seconds(1)) { _, _ in 90 }
    _ = run(&speakers, people: 2, from: .seconds(1), for: .seconds(2)) { person, _ in person == 0 ? 30 : 90 }
    let floor = run(&speakers, people: 2, from: .seconds(3), for: .seconds(2)) { person, _ in person == 0 ? nil : 30 }
    #expect(floor.last == 1)
    speakers.remove(1)
    #expect(speakers.current == nil)
  }

  @Test func `the loudest are heard, no more of them, and who falls silent gives way`() {
    var loudest = LoudestSpeakers(count: 2, people: 4)
    var heard: [[Bool]] = []
    for frame in 0..<100 {
      let now = Instant.start + .milliseconds(20 * frame)
      // 0 speaks throughout, 1 leaves after a second, 2 is quieter, 3 begins loudly after a second.
      let levels: [Int?] = [100, frame < 50 ? 95 : nil, 80, frame < 50 ? 0 : 110]
      heard.append(
        levels.enumerated().map { person, level in
          level.map { loudest.note($0, of: person, at: now) } ?? false
        })
    }
    #expect(heard[49] == [true, true, false, false])
    #expect(heard[99] == [true, false, false, true])
    #expect(heard.allSatisfy { $0.count { $0 } <= 2 })
  }

  @Test func `sound that is left out leaves no gap`() {
    var stream = HeardStream()
    var given: [UInt16] = []
    var talkspurts: [Int] = []
    for number in 65_530..<65_630 {
      let isHeard = (number / 10).isMultiple(of: 2)
      guard let one = stream.number(of: SequenceNumber(UInt16(truncatingIfNeeded: number)), isHeard: isHeard) else {
        continue
      }
      given.append(one.number.rawValue)
      if one.startsTalkspurt { talkspurts.append(number) }
    }
    #expect(given == Array(1...50))
    #expect(talkspurts == [65_540, 65_560, 65_580, 65_600, 65_620])
  }

  @Test func `who is heard for hours is heard to the end`() {
    var stream = HeardStream()
    for number in 0..<200_000 {
      let given = stream.number(of: SequenceNumber(UInt16(truncatingIfNeeded: number)), isHeard: true)
      guard given?.number.rawValue == UInt16(truncatingIfNeeded: number + 1) else {
        Issue.record("packet \(number) became \(String(describing: given))")
        return
      }
    }
    // Late, and not from before.
    #expect(stream.number(of: SequenceNumber(UInt16(truncatingIfNeeded: 199_900)), isHeard: true) != nil)
  }

  @Test func `what was lost before the unit stays a gap, and what is late from before a silence is nobody's`() {
    var stream = HeardStream()
    #expect(stream.number(of: 10, isHeard: true)?.number == 1)
    #expect(stream.number(of: 13, isHeard: true)?.number == 4)
    #expect(stream.number(of: 12, isHeard: true)?.number == 3)
    #expect(stream.number(of: 14, isHeard: false) == nil)
    #expect(stream.number(of: 20, isHeard: true)?.number == 5)
    #expect(stream.number(of: 14, isHeard: true) == nil)
  }
}

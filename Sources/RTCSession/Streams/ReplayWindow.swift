import RTCPrimitives

/// Tells packets of one source that came before from new ones, as SRTP does, so that with and without encryption the
/// same packets count.
///
/// - SeeAlso: RFC 3711 §3.3.2
struct ReplayWindow: Sendable {
  /// How far back a packet may lie: that of our SRTP sessions.
  static let size = 1024

  private var extender = SequenceExtender()
  /// One bit for each number of the window, at its number modulo the size.
  private var seen = InlineArray<16, UInt64>(repeating: 0)

  /// Notes a packet.
  ///
  /// - Returns: whether it is new: not seen, and not too far back to know.
  mutating func accept(_ number: SequenceNumber) -> Bool {
    let highest = extender.highest
    let extended = extender.extend(number)
    guard let highest else {
      mark(extended)
      return true
    }
    if extended > highest {
      forget(highest + 1..<extended)
    } else if highest - extended >= Int64(Self.size) || isMarked(extended) {
      return false
    }
    mark(extended)
    return true
  }

  private func isMarked(_ number: Int64) -> Bool { seen[word(number)] & bit(number) != 0 }

  private mutating func mark(_ number: Int64) { seen[word(number)] |= bit(number) }

  private mutating func forget(_ numbers: Range<Int64>) {
    guard numbers.count < Self.size else {
      seen = InlineArray(repeating: 0)
      return
    }
    for number in numbers { seen[word(number)] &= ~bit(number) }
  }

  private func word(_ number: Int64) -> Int { Int(truncatingIfNeeded: number >> 6) & 15 }

  private func bit(_ number: Int64) -> UInt64 { 1 << UInt64(truncatingIfNeeded: number & 63) }
}

/// What came of sources before they were announced: to SRTP it came, though nobody heard it.
///
/// Empty in most connections, and then it costs nothing.
struct EarlySources: Sendable {
  private var windows: [(ssrc: UInt32, window: ReplayWindow)] = []

  /// Remembers a packet that nobody heard; doing so more than once changes nothing.
  ///
  /// - Returns: whether there is room to remember it.
  mutating func note(_ number: SequenceNumber, of ssrc: UInt32) -> Bool {
    guard let index = index(of: ssrc) else {
      var window = ReplayWindow()
      _ = window.accept(number)
      return keep(window, of: ssrc)
    }
    _ = windows[index].window.accept(number)
    return true
  }

  /// Remembers what came of a source that nobody hears any more.
  ///
  /// - Returns: whether there is room to remember it.
  mutating func keep(_ window: ReplayWindow, of ssrc: UInt32) -> Bool {
    // What came before it was heard first is followed all the time.
    guard index(of: ssrc) == nil else { return true }
    guard windows.count < Self.limit else { return false }
    windows.append((ssrc, window))
    return true
  }

  /// Notes a packet of a source that is announced by now, and tells whether it is new.
  @inline(__always)
  mutating func accept(_ number: SequenceNumber, of ssrc: UInt32) -> Bool {
    windows.isEmpty || acceptEarly(number, of: ssrc)
  }

  @inline(never)
  private mutating func acceptEarly(_ number: SequenceNumber, of ssrc: UInt32) -> Bool {
    guard let index = index(of: ssrc) else { return true }
    return windows[index].window.accept(number)
  }

  /// A peer that invents sources is remembered no further.
  private static let limit = 256

  private func index(of ssrc: UInt32) -> Int? { windows.firstIndex { $0.ssrc == ssrc } }
}

import RTCPrimitives

/// The numbers of one person's sound, of which only some is forwarded: without a gap, so that nobody takes silence for loss.
package struct HeardStream: Sendable {
  /// What is added to the source's numbers.
  private var offset: UInt16 = 0
  /// The first packet since the source was heard again, and the newest number given.
  private var first: SequenceNumber?
  private var newest: SequenceNumber = 0

  /// How far back a late packet may belong: 20 s.
  private static let longestDelay = 1000

  package init() {}

  /// The number of a packet; `nil` when it is not forwarded.
  ///
  /// - Parameter isHeard: whether its source is one of those that are heard now.
  package mutating func number(
    of number: SequenceNumber, isHeard: Bool
  ) -> (number: SequenceNumber, startsTalkspurt: Bool)? {
    guard isHeard else {
      first = nil
      return nil
    }
    guard let first else {
      first = number
      newest = newest.next
      offset = newest.rawValue &- number.rawValue
      return (newest, true)
    }
    // What is late from before the silence has no number.
    let distance = number.distance(from: first)
    guard distance >= 0 else { return nil }
    // Numbers are compared over half their range: the beginning moves along behind who is heard for long.
    if distance > Self.longestDelay { self.first = number + -Self.longestDelay }
    let given = SequenceNumber(number.rawValue &+ offset)
    if given.isNewer(than: newest) { newest = given }
    return (given, false)
  }
}

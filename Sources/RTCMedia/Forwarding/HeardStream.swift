import RTCPrimitives

/// The numbers of one person's sound, of which only some is forwarded: without a gap, so that nobody takes silence for loss.
package struct HeardStream: Sendable {
  /// What is added to the source's numbers.
  private var offset: UInt16 = 0
  /// The first packet since the source was heard again, and the newest number given.
  private var first: SequenceNumber?
  private var newest: SequenceNumber = 0

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
    guard number.distance(from: first) >= 0 else { return nil }
    let given = SequenceNumber(number.rawValue &+ offset)
    if given.isNewer(than: newest) { newest = given }
    return (given, false)
  }
}

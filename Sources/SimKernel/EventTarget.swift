/// Who an event is for: a kind and an index, in 32 bits (3 and 29).
@usableFromInline
struct EventTarget: Equatable {
  @usableFromInline enum Kind: UInt32 {
    /// A packet reaches a node; the argument is its handle.
    case receive = 0
    /// A node asked to be woken.
    case wake = 1
    /// A handler that is no node (the network) gets the argument.
    case handler = 2
    /// A task that sleeps goes on; the argument is its place among the sleepers.
    case sleeper = 3
    /// A packet leaves the node that made it earlier; the argument is its handle.
    case departure = 4
  }

  @usableFromInline let rawValue: UInt32

  @inlinable @inline(__always)
  init(_ kind: Kind, _ index: Int) { rawValue = kind.rawValue << 29 | UInt32(truncatingIfNeeded: index) }

  @inlinable @inline(__always)
  var kind: Kind { Kind(rawValue: rawValue >> 29).unsafelyUnwrapped }

  @inlinable @inline(__always)
  var index: Int { Int(rawValue & 0x1FFF_FFFF) }
}

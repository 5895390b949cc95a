public import RTCPrimitives

/// What surrounds OpenSSL while it works: its library context, its clock and its dice.
///
/// OpenSSL reads a clock and draws random numbers by itself. A simulation therefore lends it a library context of its
/// own, and a virtual clock and one stream of dice for the length of each call; no core ever sees a real clock.
public struct CryptoHost {
  /// OpenSSL's `OSSL_LIB_CTX`; `nil` is the default context with the system's randomness.
  ///
  /// Whoever makes it frees it after the last `CryptoProvider` that uses it; let the closures below hold the owner.
  public let libraryContext: OpaquePointer?
  /// The seed from which each named stream of dice begins; without meaning for `system`.
  public let seed: UInt64
  /// From now on this thread's C libraries read the clock as `now`, and the context draws from `dice`.
  public let enter: (_ now: Instant, _ dice: UInt64) -> Void
  /// Ends what `enter` began, and returns the state of the dice, from which the stream goes on later.
  public let leave: () -> UInt64

  public init(
    libraryContext: OpaquePointer?, seed: UInt64, enter: @escaping (_ now: Instant, _ dice: UInt64) -> Void,
    leave: @escaping () -> UInt64
  ) {
    self.libraryContext = libraryContext
    self.seed = seed
    self.enter = enter
    self.leave = leave
  }

  /// The system's clock and randomness, for real sockets.
  public static var system: CryptoHost {
    CryptoHost(libraryContext: nil, seed: 0, enter: { _, _ in }, leave: { 0 })
  }

  /// The dice of the stream called `name`.
  func dice(named name: String) -> UInt64 {
    var generator = SeededGenerator(seed: seed, stream: name)
    return generator.next()
  }
}

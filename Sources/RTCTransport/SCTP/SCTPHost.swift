public import RTCPrimitives

/// What surrounds usrsctp while it works: its clock and its dice.
///
/// The library calls `gettimeofday` and `getrandom`. A simulation lends it a virtual clock and one stream of dice for
/// the length of each call, as `CryptoHost` does for OpenSSL.
public struct SCTPHost {
  /// The seed from which each named stream of dice begins; without meaning for `system`.
  public let seed: UInt64
  /// From now on this thread's C libraries read the clock as `now`, and `getrandom` draws from `dice`.
  public let enter: (_ now: Instant, _ dice: UInt64) -> Void
  /// Ends what `enter` began, and returns the state of the dice, from which the stream goes on later.
  public let leave: () -> UInt64

  public init(
    seed: UInt64, enter: @escaping (_ now: Instant, _ dice: UInt64) -> Void, leave: @escaping () -> UInt64
  ) {
    self.seed = seed
    self.enter = enter
    self.leave = leave
  }

  /// The system's clock and randomness, for real sockets.
  public static var system: SCTPHost { SCTPHost(seed: 0, enter: { _, _ in }, leave: { 0 }) }
}

import CHostHooks
import RTCPrimitives

/// The clock and the dice that a simulation lends to C libraries, on its own thread and for the length of each call.
///
/// OpenSSL draws from a library context of its own, others from `getrandom`; `gettimeofday` and `time` answer with the
/// virtual time.
public final class HostEnvironment {
  /// What C libraries read at `Instant.start`: 2024-01-01 00:00:00 UTC, in microseconds.
  public static let epoch: Int64 = 1_704_067_200_000_000

  public let seed: UInt64
  private let environment: OpaquePointer
  private let library: OpaquePointer

  public init(seed: UInt64) {
    guard let environment = hosthooks_environment_create(seed), let library = hosthooks_library_create(seed) else {
      preconditionFailure("there is memory for a library context")
    }
    self.seed = seed
    self.environment = environment
    self.library = library
  }

  deinit {
    hosthooks_library_free(library)
    hosthooks_environment_free(environment)
  }

  /// OpenSSL's `OSSL_LIB_CTX`, alive as long as this object.
  public var libraryContext: OpaquePointer { hosthooks_library_context(library) }

  /// From now on this thread's C libraries read the clock as `now` and draw from `dice`.
  public func enter(at now: Instant, dice: UInt64) {
    hosthooks_environment_set_time(environment, Self.epoch + now.nanoseconds / 1000)
    hosthooks_library_set_dice(library, dice)
    _ = hosthooks_enter(environment)
  }

  /// Ends what `enter` began; gives the state of the dice.
  public func leave() -> UInt64 {
    _ = hosthooks_enter(nil)
    return hosthooks_library_dice(library)
  }

  /// The same as `enter` for a library that draws from `getrandom`, as usrsctp does.
  public func enterSystem(at now: Instant, dice: UInt64) {
    hosthooks_environment_set_time(environment, Self.epoch + now.nanoseconds / 1000)
    hosthooks_environment_set_dice(environment, dice)
    _ = hosthooks_enter(environment)
  }

  /// Ends what `enterSystem` began; gives the state of the dice.
  public func leaveSystem() -> UInt64 {
    _ = hosthooks_enter(nil)
    return hosthooks_environment_dice(environment)
  }
}

import CHostHooks
import RTCPrimitives
public import RTCTransport

/// The clock and dice of a simulation, as its kernel lends them to OpenSSL and usrsctp.
public final class SeededHost {
  /// What the C libraries read at `Instant.start`: 2024-01-01.
  public static let epoch: Int64 = 1_704_067_200_000_000
  public let environment: OpaquePointer
  public let library: OpaquePointer
  private let seed: UInt64

  public init(seed: UInt64) {
    self.seed = seed
    environment = hosthooks_environment_create(seed)!
    library = hosthooks_library_create(seed)!
  }

  deinit {
    hosthooks_library_free(library)
    hosthooks_environment_free(environment)
  }

  public var host: CryptoHost {
    CryptoHost(
      libraryContext: hosthooks_library_context(library), seed: seed,
      enter: { [self] now, dice in
        hosthooks_environment_set_time(environment, Self.epoch + now.nanoseconds / 1000)
        hosthooks_library_set_dice(library, dice)
        _ = hosthooks_enter(environment)
      },
      leave: { [self] in
        _ = hosthooks_enter(nil)
        return hosthooks_library_dice(library)
      })
  }

  public var sctp: SCTPHost {
    SCTPHost(
      seed: seed,
      enter: { [self] now, dice in
        hosthooks_environment_set_time(environment, Self.epoch + now.nanoseconds / 1000)
        hosthooks_environment_set_dice(environment, dice)
        _ = hosthooks_enter(environment)
      },
      leave: { [self] in
        _ = hosthooks_enter(nil)
        return hosthooks_environment_dice(environment)
      })
  }
}

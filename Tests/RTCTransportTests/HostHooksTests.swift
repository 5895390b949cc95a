import CHostHooks
import Glibc
import Testing

@Suite struct HostHooksTests {
  /// `syscall` as the shared libraries of this process find it; Swift cannot call variadic functions.
  private static let systemCall = unsafeBitCast(
    dlsym(nil, "syscall"), to: (@convention(c) (Int, Int, Int, Int) -> Int).self)
  #if arch(x86_64)
    private static let (getrandom, getProcess, close) = (318, 39, 3)
  #else
    private static let (getrandom, getProcess, close) = (278, 172, 57)
  #endif

  private static func random(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      written = systemCall(getrandom, Int(bitPattern: buffer.baseAddress), count, 0)
    }
  }

  private static func microseconds() -> Int64 {
    var value = timeval()
    gettimeofday(&value, nil)
    return Int64(value.tv_sec) * 1_000_000 + Int64(value.tv_usec)
  }

  private static func systemMicroseconds() -> Int64 {
    var value = timespec()
    clock_gettime(CLOCK_REALTIME, &value)
    return Int64(value.tv_sec) * 1_000_000 + Int64(value.tv_nsec) / 1000
  }

  @Test func `a thread in an environment reads its clock and draws its dice`() throws {
    let environment = try #require(hosthooks_environment_create(1))
    defer { hosthooks_environment_free(environment) }
    hosthooks_environment_set_time(environment, 1_234_567_890)
    _ = hosthooks_enter(environment)
    defer { _ = hosthooks_enter(nil) }
    #expect(Self.microseconds() == 1_234_567_890)
    #expect(time(nil) == 1234)
    // The first words of SplitMix64 with seed 1, lowest byte first.
    let words = [UInt64(0x910A_2DEC_8902_5CC1), 0xBEEB_8DA1_658E_EC67]
    let expected = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    #expect(Self.random(16) == expected)
    let counts = hosthooks_environment_counts(environment)
    #expect(counts.gettimeofday_calls == 1 && counts.time_calls == 1 && counts.getrandom_calls == 1)
  }

  @Test func `outside of environments the system answers`() throws {
    #expect(hosthooks_current() == nil)
    let (before, reading, after) = (Self.systemMicroseconds(), Self.microseconds(), Self.systemMicroseconds())
    #expect(before <= reading && reading <= after)
    #expect(abs(Int64(time(nil)) - after / 1_000_000) <= 1)
    #expect(Self.random(32) != Self.random(32))
  }

  @Test func `an environment answers its own thread only, and entering tells what was there`() async throws {
    let outer = try #require(hosthooks_environment_create(1))
    let inner = try #require(hosthooks_environment_create(2))
    defer {
      hosthooks_environment_free(outer)
      hosthooks_environment_free(inner)
    }
    #expect(hosthooks_enter(outer) == nil)
    #expect(hosthooks_enter(inner) == outer)
    #expect(hosthooks_current() == inner)
    final class Elsewhere: @unchecked Sendable { var found: OpaquePointer? = OpaquePointer(bitPattern: 1) }
    let elsewhere = Elsewhere()
    var thread = pthread_t()
    let body = Unmanaged.passUnretained(elsewhere).toOpaque()
    pthread_create(
      &thread, nil,
      {
        Unmanaged<Elsewhere>.fromOpaque($0!).takeUnretainedValue().found = hosthooks_current()
        return nil
      }, body)
    pthread_join(thread, nil)
    #expect(elsewhere.found == nil)
    #expect(hosthooks_enter(nil) == inner)
  }

  @Test func `other system calls reach the kernel and report its errors`() {
    #expect(Self.systemCall(Self.getProcess, 0, 0, 0) == Int(getpid()))
    errno = 0
    #expect(Self.systemCall(Self.close, -1, 0, 0) == -1)
    #expect(errno == EBADF)
  }

  @Test func `a stream of dice goes on where it was left`() throws {
    let library = try #require(hosthooks_library_create(9))
    defer { hosthooks_library_free(library) }
    #expect(hosthooks_library_dice(library) == 9)
    hosthooks_library_set_dice(library, 77)
    #expect(hosthooks_library_dice(library) == 77 && hosthooks_library_draws(library) == 0)
  }

  @Test func `many contexts come and go`() throws {
    for seed in 0..<30 {
      let library = try #require(hosthooks_library_create(UInt64(seed)))
      #expect(hosthooks_library_dice(library) == UInt64(seed))
      hosthooks_library_free(library)
    }
  }
}

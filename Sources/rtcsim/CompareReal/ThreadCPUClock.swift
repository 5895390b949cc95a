import Glibc

/// The CPU time that this thread has used, in user mode and in the kernel.
///
/// - SeeAlso: clock_gettime(2), `CLOCK_THREAD_CPUTIME_ID`
enum ThreadCPUClock {
  static var now: Duration {
    var time = timespec()
    let status = clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    precondition(status == 0, "Linux has a clock for each thread")
    return .nanoseconds(Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// Adds to `total` what `body` takes.
  static func add<Result, Failure: Error>(
    to total: inout Duration, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let begin = now
    defer { total += now - begin }
    return try body()
  }
}

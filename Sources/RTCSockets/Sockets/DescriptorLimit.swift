import Glibc

/// How many descriptors this process may have open at once.
public enum DescriptorLimit {
  /// Raises the limit as far as it may be raised, and gives what it is then.
  public static func raise() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
    limit.rlim_cur = limit.rlim_max
    // Without success the limit stays what it was, which is read again.
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}

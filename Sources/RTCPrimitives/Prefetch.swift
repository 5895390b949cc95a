import CHints

/// Fetches the first bytes of an object into the cache, for work that comes next: in a large run they have left it.
///
/// A hint without any effect on results.
public func prefetch(_ object: AnyObject, bytes: Int32) {
  hints_prefetch(Unmanaged.passUnretained(object).toOpaque(), bytes)
}

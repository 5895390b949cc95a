import CHints

/// Fetches the first bytes of an object into the cache, for work that comes next: in a large run they have left it.
///
/// A hint without any effect on results.
public func prefetch(_ object: AnyObject, bytes: Int32) {
  hints_prefetch(Unmanaged.passUnretained(object).toOpaque(), bytes)
}

/// The same by the address, for an object of which not even the reference count is to be touched.
public func prefetch(_ address: UnsafeRawPointer?, bytes: Int32) { hints_prefetch(address, bytes) }

/// Lets the heap of a program grow by `size` bytes of address space at once, in large pages where the kernel has them.
///
/// A hint without any effect on results, for a program's start: a call of a hundred people touches tens of thousands of small
/// pages in turn, more than a processor can look up quickly. What is not touched costs nothing.
public func growHeapInLargePages(by size: Int) { hints_grow_heap_in_large_pages(size) }

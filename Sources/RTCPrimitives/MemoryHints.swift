import CHints

/// Fetches the first bytes of an object into the cache, for work that comes next: in a large run they have left it.
///
/// A hint without any effect on results.
public func prefetch(_ object: AnyObject, bytes: Int32) {
  hints_prefetch(Unmanaged.passUnretained(object).toOpaque(), bytes)
}

/// The same by the address, for an object of which not even the reference count is to be touched.
public func prefetch(_ address: UnsafeRawPointer?, bytes: Int32) { hints_prefetch(address, bytes) }

/// Lets the heap of the main thread grow by `size` bytes of address space at once, in large pages where the kernel has them.
///
/// A hint without any effect on results, for what touches tens of thousands of small pages in turn, more than a processor can look
/// up quickly. Where so much cannot be had, memory is as it was; what is not touched costs nothing.
public func growHeapInLargePages(by size: Int) { hints_grow_heap_in_large_pages(size) }

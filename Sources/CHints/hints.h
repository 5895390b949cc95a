#pragma once

// What a program can tell the processor and the kernel about memory, which Swift has no words for.

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/// Asks for the cache lines of `size` bytes at `address`. A hint: any address is allowed, and nothing is read.
static inline void hints_prefetch(const void *_Nullable address, int size) {
  for (int offset = 0; offset < size; offset += 64) {
    __builtin_prefetch((const char *)address + offset);
  }
}

/// Lets the heap grow by `size` bytes of address space at once and asks for large pages there.
///
/// A hint: without large pages, and where so much cannot be had, memory is as it was. What is not touched costs nothing.
static inline void hints_grow_heap_in_large_pages(size_t size) {
  const uintptr_t page = 2u << 20;
  const uintptr_t begin = ((uintptr_t)sbrk(0) + page - 1) & ~(page - 1);
  // Blocks up to 32 MiB, the most that may be asked for, come from the heap, and none of it is given back before the end.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, INT32_MAX);
  mallopt(M_TOP_PAD, size > INT32_MAX ? INT32_MAX : (int)size);
  // More than the heap has left, so that it grows; volatile, or the compiler sees that nobody wants it.
  void *volatile block = malloc(4 << 20);
  free(block);
  // From now on it grows in the usual steps.
  mallopt(M_TOP_PAD, 128 << 10);
  const uintptr_t end = (uintptr_t)sbrk(0) & ~(page - 1);
  if (end > begin) madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

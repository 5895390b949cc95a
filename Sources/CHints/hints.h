#pragma once

// What a program can tell the processor about memory, which Swift has no words for.

/// Asks for the cache lines of `size` bytes at `address`. A hint: any address is allowed, and nothing is read.
static inline void hints_prefetch(const void *_Nullable address, int size) {
  for (int offset = 0; offset < size; offset += 64) {
    __builtin_prefetch((const char *)address + offset);
  }
}

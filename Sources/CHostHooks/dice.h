#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// SplitMix64: its whole state is one word, so a stream is kept and resumed by copying that word.
static inline uint64_t dice_next(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// Writes `count` bytes, lowest byte of each word first on every machine.
static inline void dice_fill(uint64_t *state, unsigned char *bytes, size_t count) {
  while (count > 0) {
    uint64_t word = dice_next(state);
    size_t part = count < 8 ? count : 8;
    for (size_t index = 0; index < part; index++) bytes[index] = (unsigned char)(word >> (8 * index));
    bytes += part;
    count -= part;
  }
}

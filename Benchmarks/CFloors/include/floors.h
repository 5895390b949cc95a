#pragma once
#include <stdint.h>

// What the same work costs when it is written by hand: the floors that benchmarks compare with.

#ifdef __cplusplus
extern "C" {
#endif

/// The star of `StarWorkload` as a loop over std::priority_queue, without actors and packets.
typedef struct {
  uint64_t deliveries;
  /// The sum over all deliveries of time xor receiver, to show that the same work was done.
  uint64_t checksum;
} floor_star_result;

floor_star_result floor_star(int senders, int receivers_per_sender, int packets_per_second, int bytes,
                             int64_t bits_per_second, int64_t delay_nanoseconds, int64_t duration_nanoseconds);

#ifdef __cplusplus
}
#endif

#include "floors.h"

#include <algorithm>
#include <queue>
#include <vector>

namespace {

struct Event {
  int64_t time;
  uint64_t sequence;
  uint32_t target;
  uint32_t argument;

  bool operator>(const Event &other) const {
    return time != other.time ? time > other.time : sequence > other.sequence;
  }
};

struct Link {
  int64_t busy_until = 0;

  int64_t transmit(int64_t now, int64_t serialisation, int64_t delay) {
    busy_until = std::max(busy_until, now) + serialisation;
    return busy_until + delay;
  }
};

}  // namespace

floor_star_result floor_star(int senders, int receivers_per_sender, int packets_per_second, int bytes,
                             int64_t bits_per_second, int64_t delay, int64_t duration) {
  // Nodes: the hub is 0, sender i is 1 + i and also receives what the hub forwards.
  std::priority_queue<Event, std::vector<Event>, std::greater<Event>> queue;
  std::vector<Link> up(senders), down(senders);
  const int64_t serialisation = (int64_t(bytes) * 8 * 1000000000 + bits_per_second - 1) / bits_per_second;
  const int64_t interval = 1000000000 / packets_per_second;
  const uint32_t alarm = 0x80000000;
  uint64_t sequence = 0;
  floor_star_result result = {0, 0};
  for (int i = 0; i < senders; i++) queue.push({i * interval / senders, sequence++, alarm | uint32_t(i), 0});
  while (!queue.empty()) {
    const Event event = queue.top();
    queue.pop();
    if (event.target & alarm) {
      const int sender = int(event.target & ~alarm);
      queue.push({up[sender].transmit(event.time, serialisation, delay), sequence++, 0, uint32_t(sender)});
      if (event.time + interval < duration) queue.push({event.time + interval, sequence++, event.target, 0});
      continue;
    }
    result.deliveries++;
    result.checksum += uint64_t(event.time) ^ event.target;
    if (event.target != 0) continue;
    for (int k = 1; k <= receivers_per_sender; k++) {
      const int receiver = int(event.argument + k) % senders;
      queue.push({down[receiver].transmit(event.time, serialisation, delay), sequence++, uint32_t(1 + receiver),
                  event.argument});
    }
  }
  return result;
}

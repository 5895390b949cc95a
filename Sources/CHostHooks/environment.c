#define _GNU_SOURCE
#include "hosthooks.h"
#include "dice.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct hosthooks_environment {
  int64_t microseconds;
  uint64_t dice;
  hosthooks_counts counts;
};

static _Thread_local hosthooks_environment *current;

hosthooks_environment *hosthooks_environment_create(uint64_t seed) {
  hosthooks_environment *environment = calloc(1, sizeof *environment);
  if (environment == NULL) return NULL;
  environment->microseconds = 1;
  environment->dice = seed;
  return environment;
}

void hosthooks_environment_free(hosthooks_environment *environment) { free(environment); }

void hosthooks_environment_set_time(hosthooks_environment *environment, int64_t microseconds) {
  environment->microseconds = microseconds;
}

uint64_t hosthooks_environment_dice(const hosthooks_environment *environment) { return environment->dice; }

void hosthooks_environment_set_dice(hosthooks_environment *environment, uint64_t dice) { environment->dice = dice; }

hosthooks_counts hosthooks_environment_counts(const hosthooks_environment *environment) { return environment->counts; }

hosthooks_environment *hosthooks_enter(hosthooks_environment *environment) {
  hosthooks_environment *previous = current;
  current = environment;
  return previous;
}

hosthooks_environment *hosthooks_current(void) { return current; }

// The interposed functions. The real answers come from clock_gettime and the kernel, since the C library's own
// functions of these names are hidden behind ours.

#define INTERPOSED __attribute__((visibility("default"), used))

INTERPOSED int gettimeofday(struct timeval *restrict value, void *restrict zone) {
  if (zone != NULL) memset(zone, 0, sizeof(struct timezone));
  hosthooks_environment *environment = current;
  if (environment != NULL) {
    environment->counts.gettimeofday_calls++;
    value->tv_sec = environment->microseconds / 1000000;
    value->tv_usec = environment->microseconds % 1000000;
    return 0;
  }
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  value->tv_sec = now.tv_sec;
  value->tv_usec = now.tv_nsec / 1000;
  return 0;
}

INTERPOSED time_t time(time_t *result) {
  time_t seconds;
  hosthooks_environment *environment = current;
  if (environment != NULL) {
    environment->counts.time_calls++;
    seconds = environment->microseconds / 1000000;
  } else {
    struct timespec now;
    seconds = clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec : (time_t)-1;
  }
  if (result != NULL) *result = seconds;
  return seconds;
}

// A system call without the C library: the kernel's answer, a negative error number on failure.
static long kernel(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "the system call sequence of this processor is missing"
#endif
}

// Most callers pass fewer arguments than six; what is read in place of the others, the kernel does not look at.
INTERPOSED __attribute__((no_sanitize("address"))) long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (int index = 0; index < 6; index++) arguments[index] = va_arg(list, long);
  va_end(list);
  hosthooks_environment *environment = current;
  if (number == SYS_getrandom && environment != NULL) {
    environment->counts.getrandom_calls++;
    dice_fill(&environment->dice, (unsigned char *)arguments[0], (size_t)arguments[1]);
    return arguments[1];
  }
  long result =
      kernel(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
  if (result < 0 && result > -4096) {
    errno = (int)-result;
    return -1;
  }
  return result;
}

#pragma once
#include <stddef.h>
#include <stdint.h>

// A clock and dice for C libraries that read their own.
//
// This target defines `gettimeofday`, `time` and `syscall`, so every library of the process calls them here. They
// answer from the environment that the calling thread has entered. A thread that has entered none gets the system's
// clock and the system's randomness, so code over real sockets in the same process is not touched.

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#define HOSTHOOKS_NULLABLE _Nullable
#else
#define HOSTHOOKS_NULLABLE
#endif

/// The virtual clock and dice of one simulation. It may be entered by one thread at a time.
typedef struct hosthooks_environment hosthooks_environment;

/// How often the C libraries asked an environment.
typedef struct {
  /// Calls of `gettimeofday`.
  uint64_t gettimeofday_calls;
  /// Calls of `time`.
  uint64_t time_calls;
  /// Calls of `syscall(SYS_getrandom, ...)`.
  uint64_t getrandom_calls;
} hosthooks_counts;

/// Makes an environment whose `getrandom` draws from `seed` alone; NULL when there is no memory.
hosthooks_environment *HOSTHOOKS_NULLABLE hosthooks_environment_create(uint64_t seed);

/// Frees an environment that no thread has entered. NULL is allowed.
void hosthooks_environment_free(hosthooks_environment *HOSTHOOKS_NULLABLE environment);

/// Sets what `gettimeofday` and `time` answer: microseconds since 1970, more than zero (OpenSSL takes 0 for "unset").
void hosthooks_environment_set_time(hosthooks_environment *environment, int64_t microseconds);

/// The state of the dice of `getrandom`: put it back later to go on with the same stream.
uint64_t hosthooks_environment_dice(const hosthooks_environment *environment);

/// Lets `getrandom` draw from `dice` from now on: a seed, or a state read before.
void hosthooks_environment_set_dice(hosthooks_environment *environment, uint64_t dice);

/// The calls that were answered by `environment` so far.
hosthooks_counts hosthooks_environment_counts(const hosthooks_environment *environment);

/// Makes `environment` (NULL: the system) answer the calling thread, and returns what did so before.
hosthooks_environment *HOSTHOOKS_NULLABLE hosthooks_enter(hosthooks_environment *HOSTHOOKS_NULLABLE environment);

/// What answers the calling thread; NULL is the system.
hosthooks_environment *HOSTHOOKS_NULLABLE hosthooks_current(void);

struct ossl_lib_ctx_st;

/// An OpenSSL library context (`OSSL_LIB_CTX`) all of whose randomness comes from dice with a 64-bit state.
///
/// It may be used by one thread at a time. OpenSSL keeps a random generator per thread and context and frees it when
/// the thread ends; so call `OPENSSL_thread_stop_ex` with the context after using it on a thread that may outlive it.
typedef struct hosthooks_library hosthooks_library;

/// Makes a library context whose dice begin at `seed`; NULL when OpenSSL refuses.
hosthooks_library *HOSTHOOKS_NULLABLE hosthooks_library_create(uint64_t seed);

/// Frees the context. Everything that was made with it must be gone. NULL is allowed.
void hosthooks_library_free(hosthooks_library *HOSTHOOKS_NULLABLE library);

/// The `OSSL_LIB_CTX`, owned by `library`.
struct ossl_lib_ctx_st *hosthooks_library_context(const hosthooks_library *library);

/// The state of the dice: put it back later to go on with the same stream.
uint64_t hosthooks_library_dice(const hosthooks_library *library);

/// Lets what follows draw from `dice`: a seed, or a state read before.
void hosthooks_library_set_dice(hosthooks_library *library, uint64_t dice);

/// How often OpenSSL drew from the context.
uint64_t hosthooks_library_draws(const hosthooks_library *library);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#undef HOSTHOOKS_NULLABLE

#ifdef __cplusplus
}
#endif

#include "hosthooks.h"
#include "dice.h"
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdlib.h>

// A built-in OpenSSL provider with one algorithm, the random generator "SIMRAND". All generators of one library
// context (primary, public and private, per thread) draw from the dice in the provider's context.

typedef struct {
  uint64_t dice;
  uint64_t draws;
} provider_context;

typedef struct {
  provider_context *provider;
  int state;
} generator;

static void *generator_new(void *provider, void *parent, const OSSL_DISPATCH *parent_calls) {
  (void)parent, (void)parent_calls;
  generator *made = calloc(1, sizeof *made);
  if (made == NULL) return NULL;
  made->provider = provider;
  made->state = EVP_RAND_STATE_UNINITIALISED;
  return made;
}

static void generator_free(void *self) { free(self); }

static int generator_instantiate(void *self, unsigned int strength, int prediction_resistance,
                                 const unsigned char *personalization, size_t length, const OSSL_PARAM parameters[]) {
  (void)strength, (void)prediction_resistance, (void)personalization, (void)length, (void)parameters;
  ((generator *)self)->state = EVP_RAND_STATE_READY;
  return 1;
}

static int generator_uninstantiate(void *self) {
  ((generator *)self)->state = EVP_RAND_STATE_UNINITIALISED;
  return 1;
}

static int generator_generate(void *self, unsigned char *bytes, size_t count, unsigned int strength,
                              int prediction_resistance, const unsigned char *additional, size_t length) {
  (void)strength, (void)prediction_resistance, (void)additional, (void)length;
  provider_context *provider = ((generator *)self)->provider;
  provider->draws++;
  dice_fill(&provider->dice, bytes, count);
  return 1;
}

static int generator_reseed(void *self, int prediction_resistance, const unsigned char *entropy, size_t entropy_length,
                            const unsigned char *additional, size_t length) {
  (void)self, (void)prediction_resistance, (void)entropy, (void)entropy_length, (void)additional, (void)length;
  return 1;
}

// One thread at a time uses a context, so there is nothing to lock; OpenSSL insists on the functions.
static int generator_enable_locking(void *self) { return self != NULL; }
static int generator_lock(void *self) { return self != NULL; }
static void generator_unlock(void *self) { (void)self; }

static const OSSL_PARAM *generator_gettable(void *self, void *provider) {
  (void)self, (void)provider;
  static const OSSL_PARAM gettable[] = {
      OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL), OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
      OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL), OSSL_PARAM_END};
  return gettable;
}

static int generator_get(void *self, OSSL_PARAM parameters[]) {
  OSSL_PARAM *state = OSSL_PARAM_locate(parameters, OSSL_RAND_PARAM_STATE);
  OSSL_PARAM *strength = OSSL_PARAM_locate(parameters, OSSL_RAND_PARAM_STRENGTH);
  OSSL_PARAM *limit = OSSL_PARAM_locate(parameters, OSSL_RAND_PARAM_MAX_REQUEST);
  if (state != NULL && !OSSL_PARAM_set_int(state, ((generator *)self)->state)) return 0;
  if (strength != NULL && !OSSL_PARAM_set_uint(strength, 256)) return 0;
  if (limit != NULL && !OSSL_PARAM_set_size_t(limit, 1 << 20)) return 0;
  return 1;
}

#define CALL(name, function) {OSSL_FUNC_RAND_##name, (void (*)(void))function}
static const OSSL_DISPATCH generator_calls[] = {
    CALL(NEWCTX, generator_new),
    CALL(FREECTX, generator_free),
    CALL(INSTANTIATE, generator_instantiate),
    CALL(UNINSTANTIATE, generator_uninstantiate),
    CALL(GENERATE, generator_generate),
    CALL(RESEED, generator_reseed),
    CALL(ENABLE_LOCKING, generator_enable_locking),
    CALL(LOCK, generator_lock),
    CALL(UNLOCK, generator_unlock),
    CALL(GETTABLE_CTX_PARAMS, generator_gettable),
    CALL(GET_CTX_PARAMS, generator_get),
    {0, NULL}};

static const OSSL_ALGORITHM algorithms[] = {
    {"SIMRAND", "provider=simrand", generator_calls, "the dice of a simulation"}, {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM *provider_query(void *provider, int operation, int *no_cache) {
  (void)provider;
  *no_cache = 0;
  return operation == OSSL_OP_RAND ? algorithms : NULL;
}

static void provider_teardown(void *provider) { free(provider); }

static const OSSL_DISPATCH provider_calls[] = {
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))provider_query},
    {OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))provider_teardown},
    {0, NULL}};

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core, const OSSL_DISPATCH **calls,
                         void **provider) {
  (void)handle, (void)core;
  *provider = calloc(1, sizeof(provider_context));
  *calls = provider_calls;
  return *provider != NULL;
}

struct hosthooks_library {
  OSSL_LIB_CTX *context;
  OSSL_PROVIDER *standard;
  OSSL_PROVIDER *simrand;
  provider_context *provider;
};

hosthooks_library *hosthooks_library_create(uint64_t seed) {
  hosthooks_library *library = calloc(1, sizeof *library);
  if (library == NULL) return NULL;
  library->context = OSSL_LIB_CTX_new();
  if (library->context == NULL || !OSSL_PROVIDER_add_builtin(library->context, "simrand", provider_init)) goto failed;
  library->standard = OSSL_PROVIDER_load(library->context, "default");
  library->simrand = OSSL_PROVIDER_load(library->context, "simrand");
  if (library->standard == NULL || library->simrand == NULL) goto failed;
  library->provider = OSSL_PROVIDER_get0_provider_ctx(library->simrand);
  library->provider->dice = seed;
  if (!RAND_set_DRBG_type(library->context, "SIMRAND", "provider=simrand", NULL, NULL)) goto failed;
  return library;
failed:
  hosthooks_library_free(library);
  return NULL;
}

void hosthooks_library_free(hosthooks_library *library) {
  if (library == NULL) return;
  // This thread's generators live in the provider, so they go first.
  if (library->context != NULL) OPENSSL_thread_stop_ex(library->context);
  if (library->simrand != NULL) OSSL_PROVIDER_unload(library->simrand);
  if (library->standard != NULL) OSSL_PROVIDER_unload(library->standard);
  OSSL_LIB_CTX_free(library->context);
  free(library);
}

OSSL_LIB_CTX *hosthooks_library_context(const hosthooks_library *library) { return library->context; }

uint64_t hosthooks_library_dice(const hosthooks_library *library) { return library->provider->dice; }

void hosthooks_library_set_dice(hosthooks_library *library, uint64_t dice) { library->provider->dice = dice; }

uint64_t hosthooks_library_draws(const hosthooks_library *library) { return library->provider->draws; }

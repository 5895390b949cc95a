#pragma once
#if __has_include(<openssl/ssl.h>)
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
// Macros with parameters or expressions are not imported into Swift.
static const uint64_t rtcsim_ssl_options =
    SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;
#else
#error "install libssl-dev (make deps does it)"
#endif

#include "floors.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  EVP_PKEY *key;
  X509 *certificate;
  uint8_t fingerprint[32];
} identity;

struct floor_dtls {
  SSL_CTX *context;
  identity client, server;
};

static int make_identity(identity *made) {
  made->key = EVP_EC_gen("P-256");
  made->certificate = X509_new();
  if (made->key == NULL || made->certificate == NULL) return 0;
  X509_set_version(made->certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made->certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(made->certificate), -86400);
  X509_gmtime_adj(X509_getm_notAfter(made->certificate), 30 * 86400);
  X509_NAME *name = X509_get_subject_name(made->certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"WebRTC", -1, -1, 0);
  X509_set_issuer_name(made->certificate, name);
  X509_set_pubkey(made->certificate, made->key);
  unsigned length = 0;
  return X509_sign(made->certificate, made->key, EVP_sha256()) > 0 &&
         X509_digest(made->certificate, EVP_sha256(), made->fingerprint, &length) == 1;
}

// The check of the fingerprint, where a browser has it too.
static int verify(X509_STORE_CTX *store, void *unused) {
  (void)unused;
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  const identity *expected = SSL_get_app_data(ssl);
  uint8_t digest[32];
  unsigned length = 0;
  return X509_digest(X509_STORE_CTX_get0_cert(store), EVP_sha256(), digest, &length) == 1 &&
         memcmp(digest, expected->fingerprint, sizeof digest) == 0;
}

floor_dtls *floor_dtls_create(void) {
  floor_dtls *made = calloc(1, sizeof *made);
  if (made == NULL) return NULL;
  made->context = SSL_CTX_new(DTLS_method());
  if (made->context == NULL || !make_identity(&made->client) || !make_identity(&made->server) ||
      SSL_CTX_set_min_proto_version(made->context, DTLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(made->context,
                              "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                              "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                              "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305") != 1 ||
      SSL_CTX_set1_groups_list(made->context, "X25519:P-256:P-384") != 1) {
    floor_dtls_free(made);
    return NULL;
  }
  SSL_CTX_set_options(made->context,
                      SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(made->context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(made->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_cert_verify_callback(made->context, verify, NULL);
  return made;
}

static void free_identity(identity *made) {
  EVP_PKEY_free(made->key);
  X509_free(made->certificate);
}

void floor_dtls_free(floor_dtls *pair) {
  if (pair == NULL) return;
  free_identity(&pair->client);
  free_identity(&pair->server);
  SSL_CTX_free(pair->context);
  free(pair);
}

static SSL *make_side(floor_dtls *pair, const identity *own, const identity *peer, BIO *in, BIO *out) {
  SSL *ssl = SSL_new(pair->context);
  if (ssl == NULL) return NULL;
  SSL_set_app_data(ssl, (void *)peer);
  SSL_use_certificate(ssl, own->certificate);
  SSL_use_PrivateKey(ssl, own->key);
  SSL_set_tlsext_use_srtp(ssl, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80");
  SSL_set_mtu(ssl, 1200);
  BIO_up_ref(in);
  BIO_up_ref(out);
  SSL_set_bio(ssl, in, out);
  return ssl;
}

static int shake(SSL *client, SSL *server) {
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  for (int step = 0; step < 20; step++) {
    const int client_done = SSL_do_handshake(client) == 1;
    const int server_done = SSL_do_handshake(server) == 1;
    if (client_done && server_done) break;
  }
  uint8_t client_keys[56], server_keys[56];
  const char label[] = "EXTRACTOR-dtls_srtp";
  return SSL_get_selected_srtp_profile(client) != NULL &&
         SSL_export_keying_material(client, client_keys, sizeof client_keys, label, strlen(label), NULL, 0, 0) == 1 &&
         SSL_export_keying_material(server, server_keys, sizeof server_keys, label, strlen(label), NULL, 0, 0) == 1 &&
         memcmp(client_keys, server_keys, sizeof client_keys) == 0;
}

int floor_dtls_handshake(floor_dtls *pair) {
  BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
  int done = 0;
  if (up != NULL && down != NULL) {
    BIO_set_mem_eof_return(up, -1);
    BIO_set_mem_eof_return(down, -1);
    SSL *client = make_side(pair, &pair->client, &pair->server, down, up);
    SSL *server = make_side(pair, &pair->server, &pair->client, up, down);
    done = client != NULL && server != NULL && shake(client, server);
    SSL_free(client);
    SSL_free(server);
  }
  BIO_free(up);
  BIO_free(down);
  return done;
}

int floor_hmac_sha1(const uint8_t *key, int key_length, const uint8_t *bytes, size_t length, int count,
                    uint8_t *output) {
  for (int i = 0; i < count; i++) {
    unsigned size = 0;
    if (HMAC(EVP_sha1(), key, key_length, bytes, length, output, &size) == NULL) return 0;
  }
  return 1;
}

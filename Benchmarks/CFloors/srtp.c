#include "floors.h"

#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

struct floor_srtp {
  srtp_t session;
};

floor_srtp *floor_srtp_create(int is_gcm, int is_inbound, int replay_window, const uint8_t *key_and_salt) {
  srtp_policy_t policy;
  memset(&policy, 0, sizeof policy);
  if (is_gcm) {
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
  } else {
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
  }
  policy.ssrc.type = is_inbound ? ssrc_any_inbound : ssrc_any_outbound;
  policy.window_size = (unsigned long)replay_window;
  policy.allow_repeat_tx = 1;
  policy.key = (unsigned char *)key_and_salt;
  floor_srtp *made = malloc(sizeof *made);
  if (made == NULL) return NULL;
  if (srtp_create(&made->session, &policy) != srtp_err_status_ok) {
    free(made);
    return NULL;
  }
  return made;
}

void floor_srtp_free(floor_srtp *session) {
  if (session == NULL) return;
  srtp_dealloc(session->session);
  free(session);
}

int floor_srtp_protect(floor_srtp *session, uint8_t *packet, int size, uint16_t first_sequence_number, int count) {
  uint16_t number = first_sequence_number;
  for (int i = 0; i < count; i++, number++) {
    packet[2] = (uint8_t)(number >> 8);
    packet[3] = (uint8_t)number;
    int length = size;
    if (srtp_protect(session->session, packet, &length) != srtp_err_status_ok) return 0;
  }
  return 1;
}

int floor_srtp_unprotect(floor_srtp *session, const uint8_t *packets, int size, int count, uint8_t *buffer) {
  for (int i = 0; i < count; i++) {
    memcpy(buffer, packets + (size_t)i * (size_t)size, (size_t)size);
    int length = size;
    if (srtp_unprotect(session->session, buffer, &length) != srtp_err_status_ok) return 0;
  }
  return 1;
}

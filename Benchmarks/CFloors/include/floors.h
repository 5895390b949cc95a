#pragma once
#include <stddef.h>
#include <stdint.h>

// What the same work costs when it is written by hand against the libraries: the floors that benchmarks compare with.
// Every floor gives back enough of its outcome to show that it did the same work. Creators return NULL, and what
// returns a status returns 0, when a library refuses.

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Kernel

/// The star of `StarWorkload` as a loop over std::priority_queue, without actors and packets.
typedef struct {
  uint64_t deliveries;
  /// The sum over all deliveries of time xor receiver, to show that the same work was done.
  uint64_t checksum;
} floor_star_result;

floor_star_result floor_star(int senders, int receivers_per_sender, int packets_per_second, int bytes,
                             int64_t bits_per_second, int64_t delay_nanoseconds, int64_t duration_nanoseconds);

/// How often the calling thread has allocated memory so far, counted by malloc and its relatives themselves;
/// UINT64_MAX where they cannot be counted (another C library, a sanitizer).
uint64_t floor_allocation_count(void);

// MARK: SRTP

typedef struct floor_srtp floor_srtp;

/// A session of libsrtp2 that sends or receives under one master key and salt, with the settings of `SRTPSession`.
///
/// The library takes only one initialisation per process: make an `SRTPSession` first.
floor_srtp *floor_srtp_create(int is_gcm, int is_inbound, int replay_window, const uint8_t *key_and_salt);
void floor_srtp_free(floor_srtp *session);

/// Protects the packet of `size` bytes `count` times in place, under ascending sequence numbers.
int floor_srtp_protect(floor_srtp *session, uint8_t *packet, int size, uint16_t first_sequence_number, int count);

/// Opens `count` packets of `size` bytes each, one after the other, in `buffer`.
int floor_srtp_unprotect(floor_srtp *session, const uint8_t *packets, int size, int count, uint8_t *buffer);

// MARK: DTLS and STUN

typedef struct floor_dtls floor_dtls;

/// Two identities with P-256 keys, and OpenSSL contexts with the settings of `CryptoProvider`.
floor_dtls *floor_dtls_create(void);
void floor_dtls_free(floor_dtls *pair);

/// One handshake between the two over memory BIOs, with fingerprints checked and SRTP keys exported.
int floor_dtls_handshake(floor_dtls *pair);

/// `count` times HMAC-SHA1 with OpenSSL's one-shot function; the code of the last lies in `output` (20 bytes).
int floor_hmac_sha1(const uint8_t *key, int key_length, const uint8_t *bytes, size_t length, int count,
                    uint8_t *output);

// MARK: Codecs

typedef struct floor_vp8 floor_vp8;

/// An encoder with the settings of `VP8Encoder`.
floor_vp8 *floor_vp8_encoder(int width, int height, int kilobits_per_second, int frames_per_second);
floor_vp8 *floor_vp8_decoder(void);
void floor_vp8_free(floor_vp8 *codec);

/// Codes one picture (I420); gives the coded bytes, which the next call overwrites, and their number.
int floor_vp8_encode(floor_vp8 *encoder, const uint8_t *picture, const uint8_t **coded, size_t *size);

/// Decodes one frame and leaves the picture where libvpx has it.
int floor_vp8_decode(floor_vp8 *decoder, const uint8_t *coded, size_t size);

/// The sum of all samples of the picture that was decoded last.
uint64_t floor_vp8_sum(const floor_vp8 *decoder);

typedef struct floor_opus floor_opus;

/// An encoder and a decoder with the settings of `OpusEncoder` and `OpusDecoder`, mono.
floor_opus *floor_opus_create(int bits_per_second, int complexity);
void floor_opus_free(floor_opus *codec);

/// Codes 20 ms; gives the number of bytes in `packet`, which has room for 1275.
int floor_opus_encode(floor_opus *codec, const int16_t *samples, uint8_t *packet);

/// Decodes 20 ms into `samples`.
int floor_opus_decode(floor_opus *codec, const uint8_t *packet, int size, int16_t *samples);

typedef struct {
  int x, y, width, height;
} floor_tile;

/// Blackens the canvas and lets libyuv scale the one picture into each tile (I420, box filter).
int floor_compose(const uint8_t *picture, int width, int height, const floor_tile *tiles, int count, uint8_t *canvas,
                  int canvas_width, int canvas_height);

/// `LIBYUV_VERSION`: the library has no function that tells it.
int floor_libyuv_version(void);

#ifdef __cplusplus
}
#endif

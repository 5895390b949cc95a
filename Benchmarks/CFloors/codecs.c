#include "floors.h"

#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>
#include <libyuv/version.h>
#include <opus/opus.h>
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

struct floor_vp8 {
  vpx_codec_ctx_t context;
  int width, height, ticks;
  vpx_codec_pts_t time;
  const vpx_image_t *image;
};

floor_vp8 *floor_vp8_encoder(int width, int height, int kilobits_per_second, int frames_per_second) {
  vpx_codec_enc_cfg_t configuration;
  floor_vp8 *made = calloc(1, sizeof *made);
  if (made == NULL) return NULL;
  if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &configuration, 0) != VPX_CODEC_OK) {
    free(made);
    return NULL;
  }
  configuration.g_w = (unsigned)width;
  configuration.g_h = (unsigned)height;
  configuration.g_timebase.num = 1;
  configuration.g_timebase.den = 90000;
  configuration.g_threads = 1;
  configuration.g_lag_in_frames = 0;
  configuration.g_pass = VPX_RC_ONE_PASS;
  configuration.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  configuration.rc_end_usage = VPX_CBR;
  configuration.rc_target_bitrate = (unsigned)kilobits_per_second;
  configuration.rc_min_quantizer = 2;
  configuration.rc_max_quantizer = 56;
  configuration.rc_undershoot_pct = 100;
  configuration.rc_overshoot_pct = 15;
  configuration.rc_buf_initial_sz = 500;
  configuration.rc_buf_optimal_sz = 600;
  configuration.rc_buf_sz = 1000;
  configuration.rc_dropframe_thresh = 0;
  configuration.rc_resize_allowed = 0;
  configuration.kf_mode = VPX_KF_DISABLED;
  if (vpx_codec_enc_init(&made->context, vpx_codec_vp8_cx(), &configuration, 0) != VPX_CODEC_OK) {
    free(made);
    return NULL;
  }
  if (vpx_codec_control(&made->context, VP8E_SET_CPUUSED, -6) != VPX_CODEC_OK ||
      vpx_codec_control(&made->context, VP8E_SET_STATIC_THRESHOLD, 1) != VPX_CODEC_OK ||
      vpx_codec_control(&made->context, VP8E_SET_TOKEN_PARTITIONS, 0) != VPX_CODEC_OK ||
      vpx_codec_control(&made->context, VP8E_SET_NOISE_SENSITIVITY, 0) != VPX_CODEC_OK ||
      vpx_codec_control(&made->context, VP8E_SET_MAX_INTRA_BITRATE_PCT, 900) != VPX_CODEC_OK) {
    floor_vp8_free(made);
    return NULL;
  }
  made->width = width;
  made->height = height;
  made->ticks = 90000 / frames_per_second;
  return made;
}

floor_vp8 *floor_vp8_decoder(void) {
  floor_vp8 *made = calloc(1, sizeof *made);
  if (made == NULL) return NULL;
  vpx_codec_dec_cfg_t configuration = {.threads = 1};
  if (vpx_codec_dec_init(&made->context, vpx_codec_vp8_dx(), &configuration, 0) != VPX_CODEC_OK) {
    free(made);
    return NULL;
  }
  return made;
}

void floor_vp8_free(floor_vp8 *codec) {
  if (codec == NULL) return;
  vpx_codec_destroy(&codec->context);
  free(codec);
}

int floor_vp8_encode(floor_vp8 *encoder, const uint8_t *picture, const uint8_t **coded, size_t *size) {
  vpx_image_t image;
  if (vpx_img_wrap(&image, VPX_IMG_FMT_I420, (unsigned)encoder->width, (unsigned)encoder->height, 1,
                   (unsigned char *)picture) == NULL) {
    return 0;
  }
  const vpx_codec_pts_t time = encoder->time;
  encoder->time += encoder->ticks;
  if (vpx_codec_encode(&encoder->context, &image, time, (unsigned long)encoder->ticks, 0, VPX_DL_REALTIME) !=
      VPX_CODEC_OK) {
    return 0;
  }
  vpx_codec_iter_t iterator = NULL;
  const vpx_codec_cx_pkt_t *packet;
  while ((packet = vpx_codec_get_cx_data(&encoder->context, &iterator)) != NULL) {
    if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    *coded = packet->data.frame.buf;
    *size = packet->data.frame.sz;
    return 1;
  }
  return 0;
}

int floor_vp8_decode(floor_vp8 *decoder, const uint8_t *coded, size_t size) {
  if (vpx_codec_decode(&decoder->context, coded, (unsigned)size, NULL, 0) != VPX_CODEC_OK) return 0;
  vpx_codec_iter_t iterator = NULL;
  decoder->image = vpx_codec_get_frame(&decoder->context, &iterator);
  return decoder->image != NULL;
}

uint64_t floor_vp8_sum(const floor_vp8 *decoder) {
  const vpx_image_t *image = decoder->image;
  uint64_t sum = 0;
  for (int plane = 0; image != NULL && plane < 3; plane++) {
    const unsigned width = plane == 0 ? image->d_w : image->d_w / 2;
    const unsigned height = plane == 0 ? image->d_h : image->d_h / 2;
    for (unsigned y = 0; y < height; y++) {
      const uint8_t *row = image->planes[plane] + (ptrdiff_t)y * image->stride[plane];
      for (unsigned x = 0; x < width; x++) sum += row[x];
    }
  }
  return sum;
}

struct floor_opus {
  OpusEncoder *encoder;
  OpusDecoder *decoder;
};

floor_opus *floor_opus_create(int bits_per_second, int complexity) {
  floor_opus *made = calloc(1, sizeof *made);
  if (made == NULL) return NULL;
  int status;
  made->encoder = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &status);
  made->decoder = opus_decoder_create(48000, 1, &status);
  if (made->encoder == NULL || made->decoder == NULL ||
      opus_encoder_ctl(made->encoder, OPUS_SET_BITRATE(bits_per_second)) != OPUS_OK ||
      opus_encoder_ctl(made->encoder, OPUS_SET_COMPLEXITY(complexity)) != OPUS_OK ||
      opus_encoder_ctl(made->encoder, OPUS_SET_INBAND_FEC(1)) != OPUS_OK ||
      opus_encoder_ctl(made->encoder, OPUS_SET_PACKET_LOSS_PERC(0)) != OPUS_OK ||
      opus_encoder_ctl(made->encoder, OPUS_SET_DTX(0)) != OPUS_OK) {
    floor_opus_free(made);
    return NULL;
  }
  return made;
}

void floor_opus_free(floor_opus *codec) {
  if (codec == NULL) return;
  if (codec->encoder != NULL) opus_encoder_destroy(codec->encoder);
  if (codec->decoder != NULL) opus_decoder_destroy(codec->decoder);
  free(codec);
}

int floor_opus_encode(floor_opus *codec, const int16_t *samples, uint8_t *packet) {
  const int size = opus_encode(codec->encoder, samples, 960, packet, 1275);
  return size > 0 ? size : 0;
}

int floor_opus_decode(floor_opus *codec, const uint8_t *packet, int size, int16_t *samples) {
  return opus_decode(codec->decoder, packet, size, samples, 960, 0) == 960;
}

int floor_compose(const uint8_t *picture, int width, int height, const floor_tile *tiles, int count, uint8_t *canvas,
                  int canvas_width, int canvas_height) {
  const size_t luma = (size_t)canvas_width * (size_t)canvas_height;
  const uint8_t *from_u = picture + (size_t)width * (size_t)height;
  const uint8_t *from_v = from_u + (size_t)width * (size_t)height / 4;
  uint8_t *to_u = canvas + luma, *to_v = to_u + luma / 4;
  memset(canvas, 16, luma);
  memset(to_u, 128, luma / 2);
  for (int i = 0; i < count; i++) {
    const floor_tile tile = tiles[i];
    const size_t chroma = (size_t)(tile.y / 2) * (size_t)(canvas_width / 2) + (size_t)(tile.x / 2);
    if (I420Scale(picture, width, from_u, width / 2, from_v, width / 2, width, height,
                  canvas + (size_t)tile.y * (size_t)canvas_width + (size_t)tile.x, canvas_width, to_u + chroma,
                  canvas_width / 2, to_v + chroma, canvas_width / 2, tile.width, tile.height, kFilterBox) != 0) {
      return 0;
    }
  }
  return 1;
}

int floor_libyuv_version(void) { return LIBYUV_VERSION; }

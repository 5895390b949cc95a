#pragma once
#if __has_include(<opus/opus.h>)
#include <opus/opus.h>
// opus_*_ctl are variadic, which Swift cannot call.
static inline int rtcsim_opus_encoder_set(OpusEncoder *encoder, int request, opus_int32 value) {
  return opus_encoder_ctl(encoder, request, value);
}
#else
#error "install libopus-dev (make deps does it)"
#endif

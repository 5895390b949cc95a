#pragma once
#if __has_include(<vpx/vpx_encoder.h>)
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>
// Macros with expressions are not imported into Swift.
static const int rtcsim_vpx_encoder_abi = VPX_ENCODER_ABI_VERSION;
static const int rtcsim_vpx_decoder_abi = VPX_DECODER_ABI_VERSION;
#else
#error "install libvpx-dev (make deps does it)"
#endif

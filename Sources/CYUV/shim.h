#pragma once
#if __has_include(<libyuv/scale.h>)
#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>
#else
#error "install libyuv-dev (make deps does it)"
#endif

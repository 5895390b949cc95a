#pragma once
#if __has_include(<srtp2/srtp.h>)
#include <srtp2/srtp.h>
#else
#error "install libsrtp2-dev (make deps does it)"
#endif

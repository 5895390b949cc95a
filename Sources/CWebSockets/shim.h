#pragma once
#if __has_include(<libwebsockets.h>)
#include <libwebsockets.h>
#else
#error "install libwebsockets-dev (make deps does it)"
#endif

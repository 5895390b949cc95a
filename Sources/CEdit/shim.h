#pragma once
#if __has_include(<editline/readline.h>)
#include <editline/readline.h>
// Swift may not touch global variables of C.
static inline void rtcsim_set_completion(char **(*completion)(const char *text, int start, int end)) {
  rl_attempted_completion_function = completion;
}
static inline const char *rtcsim_line_buffer(void) { return rl_line_buffer; }
#else
#error "install libedit-dev (make deps does it)"
#endif

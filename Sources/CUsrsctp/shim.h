#pragma once
#if __has_include(<usrsctp.h>)
#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <usrsctp.h>

// The headers hide these from who does not ask for GNU's extensions.
int memfd_create(const char *_Nonnull name, unsigned int flags);
int dlinfo(void *_Nonnull library, int request, void *_Nonnull answer);

/// The file that `library`, which `dlopen` gave, was loaded from; NULL when the loader does not tell.
static inline const char *_Nullable rtcsim_library_path(void *_Nonnull library) {
  enum { link_map_request = 2 };
  struct link_map *map = NULL;
  return dlinfo(library, link_map_request, &map) == 0 && map != NULL ? map->l_name : NULL;
}

// The functions that are called, by their names after `usrsctp_`.
#define RTCSIM_USRSCTP_FUNCTIONS(NAME)                                                                                 \
  NAME(init_nothreads)                                                                                                 \
  NAME(finish)                                                                                                         \
  NAME(handle_timers)                                                                                                  \
  NAME(register_address)                                                                                               \
  NAME(deregister_address)                                                                                             \
  NAME(conninput)                                                                                                      \
  NAME(socket)                                                                                                         \
  NAME(set_non_blocking)                                                                                               \
  NAME(setsockopt)                                                                                                     \
  NAME(getsockopt)                                                                                                     \
  NAME(bind)                                                                                                           \
  NAME(connect)                                                                                                        \
  NAME(sendv)                                                                                                          \
  NAME(recvv)                                                                                                          \
  NAME(close)                                                                                                          \
  NAME(sysctl_set_sctp_sendspace)                                                                                      \
  NAME(sysctl_set_sctp_recvspace)                                                                                      \
  NAME(sysctl_set_sctp_ecn_enable)                                                                                     \
  NAME(sysctl_set_sctp_asconf_enable)                                                                                  \
  NAME(sysctl_set_sctp_auto_asconf)                                                                                    \
  NAME(sysctl_set_sctp_auth_enable)                                                                                    \
  NAME(sysctl_set_sctp_nrsack_enable)                                                                                  \
  NAME(sysctl_set_sctp_pktdrop_enable)                                                                                 \
  NAME(sysctl_set_sctp_blackhole)                                                                                      \
  NAME(sysctl_set_sctp_rto_initial_default)                                                                            \
  NAME(sysctl_set_sctp_rto_min_default)                                                                                \
  NAME(sysctl_set_sctp_rto_max_default)                                                                                \
  NAME(sysctl_set_sctp_init_rto_max_default)                                                                           \
  NAME(sysctl_set_sctp_init_rtx_max_default)                                                                           \
  NAME(sysctl_set_sctp_assoc_rtx_max_default)                                                                          \
  NAME(sysctl_set_sctp_path_rtx_max_default)                                                                           \
  NAME(sysctl_set_sctp_delayed_sack_time_default)                                                                      \
  NAME(sysctl_set_sctp_initial_cwnd)                                                                                   \
  NAME(sysctl_set_sctp_max_burst_default)                                                                              \
  NAME(sysctl_set_sctp_max_chunks_on_queue)

#define RTCSIM_USRSCTP_FIELD(name) __typeof__(&usrsctp_##name) name;
typedef struct {
  RTCSIM_USRSCTP_FUNCTIONS(RTCSIM_USRSCTP_FIELD)
} rtcsim_usrsctp;

#define RTCSIM_USRSCTP_LOOK_UP(name)                                                                                   \
  *(void **)&functions->name = dlsym(library, "usrsctp_" #name);                                                       \
  if (functions->name == NULL) return "usrsctp_" #name;

/// Fills `functions` from a library that `dlopen` gave; returns the name of one that is missing, or NULL.
static inline const char *_Nullable rtcsim_usrsctp_look_up(void *_Nonnull library, rtcsim_usrsctp *_Nonnull functions) {
  RTCSIM_USRSCTP_FUNCTIONS(RTCSIM_USRSCTP_LOOK_UP)
  return NULL;
}
#else
#error "install libusrsctp-dev (make deps does it)"
#endif

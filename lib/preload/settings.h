/* What tcpengine-run has put into the environment, as read once per process. */
#ifndef TCPENGINE_PRELOAD_SETTINGS_H
#define TCPENGINE_PRELOAD_SETTINGS_H

#include <stdbool.h>
#include <sys/un.h>

#include "cidr.h"

#define SETTING_CONTROL "TCPENGINE_CONTROL"
#define SETTING_ONLY "TCPENGINE_RUN_ONLY"
#define SETTING_EXCEPT "TCPENGINE_RUN_EXCEPT"
#define SETTING_VERBOSE "TCPENGINE_RUN_VERBOSE"
/* The library's own path: what a program must find in LD_PRELOAD. */
#define SETTING_LIBRARY "TCPENGINE_RUN_LIBRARY"
/* tcpengine-run itself, which supervises programs that take no library. */
#define SETTING_PROGRAM "TCPENGINE_RUN_PROGRAM"
#define SETTING_PRELOAD "LD_PRELOAD"

/* All that its children need, but LD_PRELOAD. */
#define SETTING_LIST(X) X(CONTROL) X(ONLY) X(EXCEPT) X(VERBOSE) X(LIBRARY) X(PROGRAM)
#define X(name) SETTING_##name##_ROW,
enum { SETTING_LIST(X) SETTING_COUNT };
#undef X

#define SETTING_TEXT_MAX 4096u

struct settings {
    struct sockaddr_un requests; /* the daemon's socket for requests */
    socklen_t requests_length;
    struct cidr_set only, except;
    bool verbose;
};

/* Safe at any time, from any thread; allocates nothing. */
const struct settings *settings_get(void);
/* The environment has been changed on purpose, by tcpengine-run: it is read anew. */
void settings_forget(void);
/* "NAME=value" of a row of SETTING_LIST, as it was when the process began; NULL: not set. It
 * outlives whatever the program does to its environment. */
const char *settings_row(unsigned row);
/* The paths of the library and of tcpengine-run. NULL: unknown. */
const char *settings_library(void);
const char *settings_program(void);

/* Whether a connection to address is the engine's. To the wildcard is to this host (RFC 1122
 * 3.2.1.3 has no such destination; Linux takes it for loopback). False if it is not IP. */
bool settings_engine_reaches(const struct sockaddr *address, socklen_t length);
/* Whether a socket bound to address is the engine's; the wildcard is, whatever --only says. */
bool settings_engine_holds(const struct sockaddr *address, socklen_t length);
/* The same for a socket that listens without a bind(). */
bool settings_engine_holds_wildcard(int family);

#endif

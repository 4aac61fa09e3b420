/* Everything about the daemon that its user may set.
 *
 * Theory of operation of this room: struct config starts with the defaults, is filled key by key
 * from the file and then from the command line (options), and is checked as a whole once
 * (config_check). A mistake never ends the reading: all of them are reported, each with its remedy.
 *
 * One table (config_keys.c) drives the defaults, the configuration file, --set, the help, the
 * shipped tcpengined.conf and the reference in docs/configuration.md. The command line goes over
 * the file; a list (address, gateway, route) given on the command line replaces the file's. */
#ifndef TCPENGINED_CONFIG_H
#define TCPENGINED_CONFIG_H

#include <net/if.h>
#include <stdio.h>
#include <tcpengine/config.h>

#include "rpc/rpc_options.h"
#include "util/log.h"

#define CONFIG_GATEWAYS_MAX 8
/* "ipc://" and what sun_path holds with its final NUL. */
#define CONFIG_CONTROL_MAX (6 + 108)
#define CONFIG_GROUP_MAX 33
/* The longest message about one value, and the longest value of a key as text. */
#define CONFIG_MESSAGE_MAX 512
#define CONFIG_VALUE_MAX 1024
#define CONFIG_LINK_PREFIX "ipc://"

struct config {
    /* mac, mtu, addresses, routes, limits, timers. allocator and secret are not set here; routes
     * holds the gateways only after config_finish(). */
    struct te_config engine;
    /* Limits of clients and sessions. The socket's path and groups are not set here. */
    struct rpc_options rpc;

    /* [daemon] */
    char control[CONFIG_CONTROL_MAX];     /* "ipc:///run/tcpengine/control.sock" */
    char control_group[CONFIG_GROUP_MAX]; /* "": the socket belongs to the daemon's own group */
    char admin_group[CONFIG_GROUP_MAX];   /* "": none */
    bool http_enabled;
    struct te_endpoint http;
    enum log_level log_level;
    uint32_t event_log_max;
    int64_t shutdown_timeout_us;
    bool watchdog;
    uint64_t memory_max_bytes; /* of the engine; 0: no limit */

    /* [link] */
    char tap[IFNAMSIZ];
    uint32_t tap_queue_len;
    bool large_receive;
    bool mac_is_set; /* false: config_finish() derives engine.mac */
    struct te_addr gateways[CONFIG_GATEWAYS_MAX];
    unsigned gateway_count;
};

void config_init(struct config *config);

/* Reads an INI file into config. Writes one line "FILE:LINE: KEY: what is wrong; what would be
 * right" to errors for each mistake, goes on after it, and returns how many there were. */
unsigned config_load_file(struct config *config, const char *path, FILE *errors);
/* The same for an open stream; name stands for FILE in messages. */
unsigned config_load_stream(struct config *config, FILE *stream, const char *name, FILE *errors);

/* Sets one key. key may be "name" or "section.name". False: *ret_message (CONFIG_MESSAGE_MAX) says
 * what is wrong and what would be right, without naming the key; config is unchanged. */
bool config_set(struct config *config, const char *key, const char *value, char *ret_message);

/* Empties a list so that the next config_set() starts it anew; does nothing to other keys. */
void config_clear_list(struct config *config, const char *key);

/* To be called once, after the last value: makes routes of the gateways, derives the MAC when none
 * was set, and checks what one key alone does not tell. Returns the number of mistakes written to
 * errors, each line beginning with source. */
unsigned config_finish(struct config *config, const char *source, FILE *errors);

/* The keys with defaults and one line of help each, for --help. */
void config_print_keys(FILE *stream);
/* The same with section, kind, range, default and help, for --help-keys. */
void config_print_keys_whole(FILE *stream);
/* docs/configuration.md. */
void config_print_reference(FILE *stream);

#endif

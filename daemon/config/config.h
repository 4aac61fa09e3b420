/* Everything a user of the daemon can set.
 *
 * Theory of operation of this room: struct config starts with the defaults, is filled key by key
 * from the file and then from the command line (options), and is finally checked as a whole
 * (config_check). A mistake does not stop the reading: each is reported with its remedy.
 *
 * One table (config_keys.c) drives the defaults, the configuration file, --set, the help, the
 * shipped tcpengined.conf and the reference in docs/configuration.md. The command line overrides
 * the file; a list (address, gateway, route) on the command line replaces the file's. */
#ifndef TCPENGINED_CONFIG_H
#define TCPENGINED_CONFIG_H

#include <net/if.h>
#include <stdio.h>
#include <tcpengine/config.h>

#include "rpc/rpc_options.h"
#include "util/log.h"

#define CONFIG_GATEWAYS_MAX 8
/* "ipc://" and a full sun_path, its NUL included. */
#define CONFIG_CONTROL_MAX (6 + 108)
#define CONFIG_GROUP_MAX 33
/* Sizes, NUL included, of a message about one value and of a value as text. */
#define CONFIG_MESSAGE_MAX 512
#define CONFIG_VALUE_MAX 1024
#define CONFIG_LINK_PREFIX "ipc://"

struct config {
    /* mac, mtu, addresses, routes, limits, timers. Nothing here sets allocator and secret: the
     * service does. routes includes the gateways only after config_finish(). */
    struct te_config engine;
    /* Limits on clients and sessions. The service sets the socket's path and groups. */
    struct rpc_options rpc;

    /* [daemon] */
    char control[CONFIG_CONTROL_MAX];     /* "ipc:///run/tcpengine/control.sock" */
    char control_group[CONFIG_GROUP_MAX]; /* "": the socket belongs to the daemon's own group */
    char admin_group[CONFIG_GROUP_MAX];   /* "": none */
    bool http_enabled, http_allow_remote, http_page;
    struct te_endpoint http;
    enum log_level log_level;
    uint32_t event_log_max;
    int64_t shutdown_timeout_us;
    int64_t busy_poll_us, short_poll_us;
    uint32_t priority; /* the nice value is minus that */
    bool watchdog;
    bool allow_faults;
    uint32_t faults_max, faults_per_uid_max; /* nothing without allow_faults */
    uint64_t faults_held_max_bytes;          /* each way */
    bool sandbox;
    uint64_t memory_max_bytes; /* for the engine */

    /* [link] */
    char tap[IFNAMSIZ];
    uint32_t tap_queue_len;
    bool large_receive;
    bool gso_is_set; /* else it follows checksum_offload */
    bool mac_is_set; /* false: config_finish() derives engine.mac */
    struct te_addr gateways[CONFIG_GATEWAYS_MAX];
    unsigned gateway_count;
};

/* Sets every key to its default. */
void config_init(struct config *config);

/* Reads an INI file into config. Writes one line per mistake to errors, "FILE:LINE: KEY: what is
 * wrong; what would be right", and carries on with the next line. Returns the number of mistakes; a
 * file that cannot be opened is one. Keys that were right are set all the same. */
unsigned config_load_file(struct config *config, const char *path, FILE *errors);
/* The same for an open stream, which stays open; name is the FILE of the messages. */
unsigned config_load_stream(struct config *config, FILE *stream, const char *name, FILE *errors);

/* Sets one key, given as "name" or "section.name"; a list grows by one item. False: ret_message
 * (CONFIG_MESSAGE_MAX bytes) says what is wrong and what would be right, without the key's name;
 * config is unchanged. */
bool config_set(struct config *config, const char *key, const char *value, char *ret_message);

/* Empties the list called key, so that the next config_set() starts it afresh. Ignores keys that
 * are not lists, and unknown ones. */
void config_clear_list(struct config *config, const char *key);

/* Call once, after the last value: turns the gateways into routes, derives the MAC if none was set,
 * and checks relations between keys. Returns the number of mistakes, one line each in errors,
 * beginning with source ("SOURCE: KEY: ..."). */
unsigned config_finish(struct config *config, const char *source, FILE *errors);

/* For --help: every key with its default and one line of help. */
void config_print_keys(FILE *stream);
/* For --help-keys: every key with section, default, kind and range, and help. */
void config_print_keys_whole(FILE *stream);
/* For --list-config: docs/configuration.md. */
void config_print_reference(FILE *stream);

#endif

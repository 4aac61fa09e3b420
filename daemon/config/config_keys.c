#include "config/config_keys.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_custom.h"
#include "config/config_value.h"
#include "fault/fault_layer.h"
#include "rpc/event_log.h"
#include "rpc/rpc_options.h"
#include "session/recent.h"
#include "util/priority.h"

/* The daemon's own keys: a number, a value with its own parser, and a list of such. */
#define NUMBER(section, name, at, KIND, initial, range, help)                                      \
    {                                                                                              \
        .row =                                                                                     \
            TE_CONFIG_ROW(struct config, at, section, name, at, KIND, initial, range, range, help) \
    }
#define TEXT(section_, name_, initial_, values_, help_)                                            \
    {                                                                                              \
        .row = {.section = section_, .name = #name_, .help = help_},                               \
        .parse = config_parse_##name_, .format = config_format_##name_, .initial = initial_,       \
        .values = values_                                                                          \
    }
#define LIST(section_, name_, values_, help_)                                                      \
    {                                                                                              \
        .row = {.section = section_, .name = #name_, .help = help_},                               \
        .parse = config_parse_##name_, .format = config_format_##name_,                            \
        .clear = config_clear_##name_, .values = values_                                           \
    }
/* The engine's keys. */
#define ENGINE(section, name, type, field, ...)                                                    \
    {.row = TE_CONFIG_ROW(struct config, engine.field, section, name, field, __VA_ARGS__)},
#define FEATURE(...) {.row = TE_CONFIG_FEATURE_ROW(struct config, engine.features, __VA_ARGS__)},

#define TABLE_MAX 4194304

static const struct config_key keys[] = {
    /* --- [daemon] ----------------------------------------------------------------------------- */
    TEXT("daemon", control, "ipc:///run/tcpengine/control.sock", "ipc:///PATH",
         "Control socket, an absolute path."),
    TEXT("daemon", control_group, "", "a group's name or number, or empty",
         "Group that the control socket belongs to, whose members may use it. Empty: the "
         "daemon's own group."),
    TEXT("daemon", admin_group, "", "a group's name or number, or empty",
         "Group whose members see and control everybody's connections, as root does. Empty: none."),
    LIST("daemon", privileged_ports, "users by name or number, separated by commas; repeated",
         "Users who may use local ports below 1024, beside root and the admin group."),
    TEXT("daemon", http, "127.0.0.1:9409", "ADDRESS:PORT or off",
         "Where metrics, health and the live page are served. Keep it on loopback: there is no "
         "password."),
    NUMBER(
        "daemon", http_allow_remote, http_allow_remote, SWITCH, false, (0, 1),
        "Let http be an address beyond loopback, where anyone who reaches it can read all of it."),
    NUMBER("daemon", http_page, http_page, SWITCH, true, (0, 1),
           "Serve the live page, which shows everybody's connections to every user of this host. "
           "Off: metrics and health alone."),
    TEXT("daemon", log_level, "info", "error, warning, notice, info, debug",
         "Least important level that is logged. SIGHUP rereads it."),
    NUMBER("daemon", event_log_max, event_log_max, COUNT, EVENT_LOG_MAX_DEFAULT, (16, 1048576),
           "State changes kept for clients that watch events."),
    NUMBER("daemon", session_grace, rpc.session_grace_us, DURATION, RPC_SESSION_GRACE_DEFAULT_US,
           (0, TE_HOUR), "How long a session outlives its last link before its policy applies."),
    NUMBER("daemon", session_keep_max, rpc.session_keep_max_us, DURATION,
           RPC_SESSION_KEEP_MAX_DEFAULT_US, (0, 30 * TE_DAY),
           "Longest time that a client may have its session kept for re-attachment."),
    NUMBER("daemon", wait_max, rpc.wait_max_us, DURATION, RPC_WAIT_MAX_DEFAULT_US,
           (TE_SECOND, TE_DAY), "Longest time that a request may wait for something to happen."),
    NUMBER("daemon", shutdown_timeout, shutdown_timeout_us, DURATION, 5 * TE_SECOND, (0, TE_HOUR),
           "How long the end may take after SIGTERM; what has not closed shortly before is reset."),
    NUMBER("daemon", busy_poll, busy_poll_us, DURATION, 0, (0, TE_SECOND),
           "For so long after there was something to do the daemon looks for more without pause, "
           "instead of sleeping: shorter round trips, for up to a whole processor."),
    NUMBER("daemon", short_poll, short_poll_us, DURATION, 50, (0, TE_MS),
           "For so long the daemon looks for more before it sleeps, giving way to others, and only "
           "while most of that is not in vain: news that follows closely needs no wake-up. 0: "
           "never."),
    NUMBER(
        "daemon", priority, priority, COUNT, PRIORITY_DEFAULT, (0, PRIORITY_MAX),
        "How far the daemon comes before other programs when all processors are busy, as the "
        "kernel's TCP does: it gives itself the nice value of minus this, if it may and has none "
        "that is lower. The packaged service may not, and has Nice= instead."),
    NUMBER("daemon", watchdog, watchdog, SWITCH, true, (0, 1),
           "Answer systemd's watchdog after a check of the daemon's own state."),
    NUMBER("daemon", sandbox, sandbox, SWITCH, true, (0, 1),
           "Give up all capabilities and unneeded system calls once started. Off: for debuggers."),
    NUMBER("daemon", allow_faults, allow_faults, SWITCH, false, (0, 1),
           "Let users inject faults into their own connections, and admins into all "
           "(tcpctl fault): for tests and teaching, not for a host that others depend on."),
    NUMBER("daemon", memory_max, memory_max_bytes, BYTES, 2 * TE_GIB, (16 * TE_MIB, 1024 * TE_GIB),
           "Memory of the engine, stream buffers included; memory_pressure_percent and the keys "
           "beside it "
           "say what happens when it runs short."),

    /* --- [link] ------------------------------------------------------------------------------- */
    TEXT("link", tap, "tcpengine0", "an interface name, at most 15 bytes",
         "TAP interface. Created if it is missing, and then removed when the daemon ends."),
    NUMBER("link", tap_queue_len, tap_queue_len, COUNT, 1000, (16, 65536),
           "Frames that the kernel queues toward the daemon (txqueuelen)."),
    TEXT("link", mac, "auto", "XX:XX:XX:XX:XX:XX or auto",
         "Ethernet address of the engine. auto: derived from the names of host and TAP, so that it "
         "stays the same."),
    LIST("link", address, "ADDRESS/PREFIX, IPv4 or IPv6; repeated",
         "Address of the engine on the link."),
    LIST("link", gateway, "ADDRESS; repeated, one per family",
         "Default gateway; it must lie in the network of an address."),
    LIST("link", route, "NETWORK/PREFIX via ADDRESS, or NETWORK/PREFIX for on-link; repeated",
         "Further route."),
    NUMBER("link", large_receive, large_receive, SWITCH, true, (0, 1),
           "Let the kernel hand us segments of up to 64 KiB in one frame; nothing without "
           "checksum_offload."),

    /* --- [limits] ----------------------------------------------------------------------------- */
    NUMBER("limits", links_per_uid_max, rpc.control.links_per_uid_max, COUNT,
           SP_LINKS_PER_UID_MAX_DEFAULT, (1, 1024),
           "Links to the control socket that one user may hold."),
    NUMBER("limits", links_max, rpc.control.links_max, COUNT, SP_LINKS_MAX_DEFAULT, (1, 1024),
           "Links to the control socket in all; a few more are reserved for root."),
    NUMBER("limits", sessions_per_uid_max, rpc.sessions_per_uid_max, COUNT,
           RPC_SESSIONS_PER_UID_MAX_DEFAULT, (1, TABLE_MAX), "Sessions of one user."),
    NUMBER("limits", sessions_max, rpc.sessions_max, COUNT, RPC_SESSIONS_MAX_DEFAULT,
           (1, TABLE_MAX), "Sessions in all."),
    NUMBER("limits", objects_per_uid_max, rpc.objects_per_uid_max, COUNT,
           RPC_OBJECTS_PER_UID_MAX_DEFAULT, (1, TABLE_MAX),
           "Connections and listeners that one user may hold."),
    NUMBER("limits", waits_per_link_max, rpc.waits_per_link_max, COUNT,
           RPC_WAITS_PER_LINK_MAX_DEFAULT, (1, 1024),
           "Waiting requests of one link to the control socket."),
    NUMBER("limits", waits_per_uid_max, rpc.waits_per_uid_max, COUNT, RPC_WAITS_PER_UID_MAX_DEFAULT,
           (1, 65536), "Waiting requests of one user."),
    NUMBER("limits", event_readers_per_uid_max, rpc.event_readers_per_uid_max, COUNT,
           RPC_EVENT_READERS_PER_UID_MAX_DEFAULT, (1, 65536),
           "Requests of one user that wait for events, each of which wakes them all."),
    NUMBER("limits", held_per_uid_max, rpc.held_per_uid_max, BYTES, RPC_HELD_PER_UID_MAX_DEFAULT,
           (256 * TE_KIB, TE_GIB), "Data of one user that waits for room in send buffers."),
    NUMBER("limits", held_max, rpc.held_max, BYTES, RPC_HELD_MAX_DEFAULT, (256 * TE_KIB, TE_GIB),
           "Data that waits for room in send buffers, in all."),
    NUMBER("limits", channels_per_uid_max, rpc.channels_per_uid_max, COUNT,
           RPC_CHANNELS_PER_UID_MAX_DEFAULT, (0, 1024),
           "Channels (shared memory with a program) that one user may hold."),
    NUMBER("limits", channels_max, rpc.channels_max, COUNT, RPC_CHANNELS_MAX_DEFAULT, (0, 1024),
           "Channels in all; each takes two descriptors. 0: there are none."),
    NUMBER("limits", sockets_per_uid_max, rpc.sockets_per_uid_max, COUNT,
           RPC_SOCKETS_PER_UID_MAX_DEFAULT, (0, 1048576),
           "Sockets (connections and listeners as descriptors) that one user may hold. Where "
           "descriptors do not suffice for sockets_max, as large a part of those that there are."),
    NUMBER("limits", sockets_max, rpc.sockets_max, COUNT, RPC_SOCKETS_MAX_DEFAULT, (0, 1048576),
           "Sockets in all; each takes a descriptor. 0: there are none."),
    NUMBER("limits", answers_max, rpc.recent_max, COUNT, RECENT_MAX_DEFAULT, (16, TABLE_MAX),
           "Answers remembered, for requests that arrive twice."),

    NUMBER("limits", faults_max, faults_max, COUNT, FAULT_MAX_DEFAULT, (1, 1024),
           "Faults at a time, in all; nothing without allow_faults."),
    NUMBER("limits", faults_per_uid_max, faults_per_uid_max, COUNT, FAULT_PER_UID_MAX_DEFAULT,
           (1, 1024), "Faults at a time of one user who is no admin."),
    NUMBER("limits", faults_held_max, faults_held_max_bytes, BYTES, FAULT_HELD_MAX_DEFAULT,
           (64 * TE_KIB, TE_GIB),
           "Frames that faults hold back, each way; what comes beyond is lost."),

    TE_CONFIG_LIST(ENGINE) TE_FEATURE_LIST(FEATURE)};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

const struct config_key *config_key_table(size_t *ret_count)
{
    *ret_count = KEY_COUNT;
    return keys;
}

bool config_key_is_text(const struct config_key *key)
{
    return key->parse != NULL;
}

void config_keys_init(struct config *config)
{
    char message[CONFIG_MESSAGE_MAX];
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (!config_key_is_text(&keys[i])) {
            te_config_put(&keys[i].row, config, keys[i].row.initial);
        } else if (keys[i].initial != NULL) {
            bool is_right = keys[i].parse(config, keys[i].initial, message);
            assert(is_right);
            (void)is_right;
        }
    }
}

static const struct config_key *find_exact(const char *name, size_t len)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strlen(keys[i].row.name) == len && memcmp(keys[i].row.name, name, len) == 0)
            return &keys[i];
    return NULL;
}

static int64_t default_scale(const struct config_key *key)
{
    return key->row.kind == TE_CONFIG_DURATION ? TE_SECOND : 1;
}

const struct config_key *config_key_find(const char *name, int64_t *ret_scale)
{
    static const struct {
        const char *suffix;
        enum te_config_kind kind;
        int64_t scale;
    } units[] = {{"_s", TE_CONFIG_DURATION, TE_SECOND},
                 {"_ms", TE_CONFIG_DURATION, TE_MS},
                 {"_us", TE_CONFIG_DURATION, 1},
                 {"_bytes", TE_CONFIG_BYTES, 1}};
    const struct config_key *key = find_exact(name, strlen(name));
    if (key != NULL) {
        *ret_scale = default_scale(key);
        return key;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strlen(name), suffix_len = strlen(units[i].suffix);
        if (len <= suffix_len || strcmp(name + len - suffix_len, units[i].suffix) != 0)
            continue;
        key = find_exact(name, len - suffix_len);
        if (key != NULL && !config_key_is_text(key) && key->row.kind == units[i].kind) {
            *ret_scale = units[i].scale;
            return key;
        }
    }
    return NULL;
}

/* With more edits than this, the name meant is anybody's guess. */
static unsigned suggestion_distance_max(const char *name)
{
    size_t len = strlen(name);
    return len < 4 ? 1 : len < 8 ? 2 : 4;
}

static const char *name_of(const struct config_key *key)
{
    return key->row.name;
}

static const char *section_of(const struct config_key *key)
{
    return key->row.section;
}

static const char *suggest(const char *name, const char *(*candidate)(const struct config_key *))
{
    const char *best = NULL;
    unsigned best_distance = suggestion_distance_max(name) + 1;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        unsigned distance = value_name_distance(name, candidate(&keys[i]));
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate(&keys[i]);
        }
    }
    return best;
}

const char *config_key_suggest(const char *name)
{
    return suggest(name, name_of);
}

const char *config_section_suggest(const char *name)
{
    return suggest(name, section_of);
}

bool config_section_exists(const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].row.section, name) == 0)
            return true;
    return false;
}

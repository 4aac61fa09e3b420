/* What the host gives the stack at birth: memory, a secret, and every limit.
 *
 *     te_config_init(&config);            defaults
 *     config.allocator = ...;             required; so is mac, and secret for everything but tests
 *     config.addresses[config.address_count++] = ...;
 *     te_stack_new(&config, now_us, &stack);
 *
 * te_stack_new() copies the struct; a running stack has no way to change it. Most fields are rows
 * of TE_CONFIG_LIST (config_list.h), which says what each means, its default, and its range. No
 * function of this header keeps state; all may be called from anywhere. */
#ifndef TCPENGINE_CONFIG_H
#define TCPENGINE_CONFIG_H

#include <tcpengine/config_list.h>
#include <tcpengine/types.h>

/* The host's allocator for everything but stream buffers.
 *
 * alloc returns memory aligned for any object, zeroed or not, or NULL when it refuses: the engine
 * then answers TE_ERR_NOMEM, or drops the segment and counts it. It is never asked for 0 bytes.
 * free gets back each block once, with the size that was asked for.
 *
 * Both are called from te_stack_new(), te_stack_restore(), te_stack_free() and any function that
 * takes a non-const te_stack, and must not call one that takes this stack (stack.h). ctx is the
 * host's own; it has to outlive the stack. */
struct te_allocator {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size_bytes);
    void (*free)(void *ctx, void *block, size_t size_bytes);
};

/* Where the bytes of a connection's streams live: a region per direction, a ring of a power of two
 * of bytes, in which byte number n of the stream lies at n mod size. So that a region can be memory
 * that the application shares, the host provides it. The first three functions are given, or none.
 *
 * reserve: the first region of a direction, size_bytes large; for the first byte, or at a restore.
 * grow: another region, larger, or smaller or as large when the stream holds little. The old one
 * stays valid; the engine copies the ring over and releases it.
 * release: the region is free, because the stream has run empty (and config.idle_release_us have
 * passed), the connection has ended, or another region has taken over.
 * vacate: a region that the host has lent (buffers.h) holds nothing for now, and its pages may be
 * dropped: what is read there before it is written again has no meaning. False: somebody may be
 * writing there, and the pages stay until it has run empty again. NULL: it keeps them.
 * copy_lent: as memcpy(), with which received bytes get into a region that the host has lent:
 * whoever reads them there may be on another processor. NULL: memcpy(). page_bytes: a region larger
 * than four pages of this size, a power of two, costs the host only those pages that were written
 * (mmap, madvise). 0: any region costs all of its bytes. The engine charges memory by it
 * (pressure.h).
 *
 * reserve and grow return NULL to refuse. The engine keeps what it has: te_send() accepts less,
 * received text is dropped (TE_DROP_RECEIVE_NO_MEMORY) and comes again, a restore answers
 * TE_ERR_NOMEM. The rules for calls and for ctx are those of te_allocator. */
struct te_buffer_memory {
    void *ctx;
    uint8_t *(*reserve)(void *ctx, uint64_t conn_id, bool is_send, size_t size_bytes);
    uint8_t *(*grow)(void *ctx, uint64_t conn_id, bool is_send, size_t old_bytes, size_t new_bytes);
    void (*release)(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes);
    uint32_t page_bytes;
    bool (*vacate)(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes);
    void (*copy_lent)(uint8_t *to, const uint8_t *from, size_t len);
};

/* The values of config_list.h that have names, explained there. */
#define TE_CONFIG_CONSTANT(constant, name) constant,
enum te_time_wait_policy { TE_TIME_WAIT_POLICY_LIST(TE_CONFIG_CONSTANT) };
enum te_ecn_mode { TE_ECN_MODE_LIST(TE_CONFIG_CONSTANT) };
enum te_fast_open { TE_FAST_OPEN_LIST(TE_CONFIG_CONSTANT) };
enum te_syn_cookies { TE_SYN_COOKIES_LIST(TE_CONFIG_CONSTANT) };
enum te_mtu_probing { TE_MTU_PROBING_LIST(TE_CONFIG_CONSTANT) };
#undef TE_CONFIG_CONSTANT

#define TE_LOCAL_ADDRESSES_MAX 16
#define TE_ROUTES_MAX 32

struct te_route {
    struct te_cidr destination; /* prefix 0: the default route of the gateway's family */
    struct te_addr gateway;     /* unspecified: destination is on the link */
};

#define TE_FEATURE_CONSTANT(bit, NAME, ...) TE_FEATURE_##NAME = 1 << (bit),
enum te_feature { TE_FEATURE_LIST(TE_FEATURE_CONSTANT) };
#undef TE_FEATURE_CONSTANT

#define TE_FEATURE_ANY(bit, ...) | 1u << (bit)
#define TE_FEATURE_INITIAL(bit, NAME, name, is_on, ...) | (unsigned)(is_on) << (bit)
#define TE_FEATURES_ALL (0u TE_FEATURE_LIST(TE_FEATURE_ANY))
#define TE_FEATURES_DEFAULT (0u TE_FEATURE_LIST(TE_FEATURE_INITIAL))

#define TE_CC_NAME_MAX 16 /* final NUL included */
typedef char te_cc_name_text[TE_CC_NAME_MAX];
#define TE_CC_ONE(name) +1
#define TE_CC_COUNT (0 TE_CC_LIST(TE_CC_ONE))
/* The algorithms' names in the order of TE_CC_LIST, static; NULL beyond the last. */
const char *te_cc_name(unsigned index);

/* Of first_id: ids stay below 2^53, whatever comes after it. */
#define TE_FIRST_ID_MAX ((UINT64_C(1) << 53) - (UINT64_C(1) << 51))

#define TE_CONFIG_FIELD(section, name, type, field, ...) type field;
struct te_config {
    struct te_allocator allocator;         /* required */
    struct te_buffer_memory buffer_memory; /* all NULL: taken from allocator */
    /* The budget (pressure.h); 0: none, the allocator alone decides. At least 1 MiB otherwise. */
    uint64_t memory_max_bytes;
    /* Random bytes, new for each stack and known to nobody else: ISNs (RFC 6528), ports (RFC 6056),
     * SYN and Fast Open cookies, timestamp offsets and the hash tables are keyed by them. */
    uint8_t secret[16];
    uint8_t mac[6]; /* ours; a unicast address, not all zero */
    /* Ids are given out from here on, each once; 0 counts as 1. A host whose users remember ids
     * beyond the life of a stack starts the next one behind the ids of the last
     * (te_stack_next_id). A restored stack goes on with its own. */
    uint64_t first_id;
    struct te_cidr addresses[TE_LOCAL_ADDRESSES_MAX];
    unsigned address_count;
    struct te_route routes[TE_ROUTES_MAX]; /* beside the networks that the addresses imply */
    unsigned route_count;
    uint32_t features; /* set of enum te_feature */
    TE_CONFIG_LIST(TE_CONFIG_FIELD)
};
#undef TE_CONFIG_FIELD

/* Sets every field of TE_CONFIG_LIST and features to its default, all others to zero: allocator,
 * buffer_memory, memory_max_bytes, secret, mac, first_id, addresses, routes. */
void te_config_init(struct te_config *config);

/* Checks everything that te_stack_new() demands: what the host must give, each range, addresses and
 * routes, and fields that have to agree (TE_CONFIG_ORDER_LIST, gso with checksum_offload, IPv6 with
 * mtu_bytes of at least 1280).
 *
 * TE_ERR_INVALID: *ret_field is the static name of the first field that is wrong, "mtu_bytes".
 *     Correct it, and check again. *ret_field is untouched otherwise. */
enum te_err te_config_check(const struct te_config *config, const char **ret_field);

/* --- the table of keys ------------------------------------------------------------------------ */

enum te_config_kind {
    TE_CONFIG_SWITCH,   /* bool, or one bit of a set */
    TE_CONFIG_COUNT,    /* a whole number */
    TE_CONFIG_BYTES,    /* a size */
    TE_CONFIG_DURATION, /* microseconds */
    TE_CONFIG_CHOICE,   /* an enumeration whose values have names */
    TE_CONFIG_ALGORITHM /* congestion control: te_cc_name_text, as a number its te_cc_name() index
                         */
};

/* One key of a struct: a row of TE_CONFIG_LIST for struct te_config, or one of the host's own
 * (TE_CONFIG_ROW). The field is bool, an enum, an unsigned integer of 8, 16 or 32 bits, or an
 * int64_t that is never negative. */
struct te_config_key {
    const char *section, *name, *field;
    enum te_config_kind kind;
    size_t offset, size_bytes;
    uint32_t mask;              /* SWITCH: the bit in a field of 32; 0: the whole field */
    const char *const *names;   /* CHOICE: of the values from 0 on; NULL ends them */
    int64_t initial;            /* default */
    int64_t min, max;           /* what te_config_check() takes */
    int64_t user_min, user_max; /* what a user may ask for */
    const char *help;
};

/* All keys of struct te_config, *ret_count of them, static: TE_CONFIG_LIST, then TE_FEATURE_LIST.
 */
const struct te_config_key *te_config_table(size_t *ret_count);

/* A key's value in *config, the struct that its offset counts in. -1 for an ALGORITHM whose name is
 * none. */
int64_t te_config_get(const struct te_config_key *key, const void *config);
/* Writes value unchecked: the caller has compared it with the key's range. */
void te_config_put(const struct te_config_key *key, void *config, int64_t value);
/* The static name of a CHOICE's or ALGORITHM's value; NULL when the value, or the kind, has none.
 */
const char *te_config_value_name(const struct te_config_key *key, int64_t value);
/* The value of a name, in upper or lower case. False, with *ret_value untouched: there is none. */
bool te_config_value_find(const struct te_config_key *key, const char *name, int64_t *ret_value);

/* Names of each enumeration's values from 0 on; NULL ends them. */
extern const char *const te_time_wait_policy_names[],
    *const te_ecn_mode_names[], *const te_fast_open_names[], *const te_syn_cookies_names[],
                                                                 *const te_mtu_probing_names[];

/* Makes a row of a table of struct te_config_key: base is the struct, at the field's place in it
 * ("engine.mtu_bytes"), the rest as in TE_CONFIG_LIST. */
#define TE_CONFIG_LOW(low, high) low
#define TE_CONFIG_HIGH(low, high) high
#define TE_CONFIG_KIND_SWITCH .kind = TE_CONFIG_SWITCH
#define TE_CONFIG_KIND_COUNT .kind = TE_CONFIG_COUNT
#define TE_CONFIG_KIND_BYTES .kind = TE_CONFIG_BYTES
#define TE_CONFIG_KIND_DURATION .kind = TE_CONFIG_DURATION
#define TE_CONFIG_KIND_CHOICE(list) .kind = TE_CONFIG_CHOICE, .names = list##_names
#define TE_CONFIG_KIND_ALGORITHM .kind = TE_CONFIG_ALGORITHM
#define TE_CONFIG_ROW(base, at, section_, name_, field_, KIND, initial_, range, user_range, help_) \
    {                                                                                              \
        .section = section_, .name = #name_, .field = #field_, TE_CONFIG_KIND_##KIND,              \
        .offset = offsetof(base, at), .size_bytes = sizeof(((base *)NULL)->at),                    \
        .initial = initial_, .min = TE_CONFIG_LOW range, .max = TE_CONFIG_HIGH range,              \
        .user_min = TE_CONFIG_LOW user_range, .user_max = TE_CONFIG_HIGH user_range, .help = help_ \
    }
/* The same for a row of TE_FEATURE_LIST. */
#define TE_CONFIG_FEATURE_ROW(base, at, bit, NAME_, name_, is_on, help_)                           \
    {                                                                                              \
        .section = "tcp", .name = #name_, .field = "features", .kind = TE_CONFIG_SWITCH,           \
        .offset = offsetof(base, at), .size_bytes = sizeof(uint32_t), .mask = TE_FEATURE_##NAME_,  \
        .initial = is_on, .max = 1, .user_max = 1, .help = help_                                   \
    }

#endif

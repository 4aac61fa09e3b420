/* What the host gives the stack at birth: memory, a secret, and every limit.
 *
 * te_config_init() fills in the defaults; the host changes what it wants and hands the struct to
 * te_stack_new(), which copies it. Most fields are rows of TE_CONFIG_LIST (config_list.h). */
#ifndef TCPENGINE_CONFIG_H
#define TCPENGINE_CONFIG_H

#include <tcpengine/config_list.h>
#include <tcpengine/types.h>

/* The host's allocator for everything but stream buffers. alloc returns NULL when it refuses;
 * free gets back the size that was asked for. Both may be called from any te_ function. */
struct te_allocator {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size_bytes);
    void (*free)(void *ctx, void *block, size_t size_bytes);
};

/* Where the bytes of a connection's streams live. Regions are rings of a power-of-two size. The
 * engine calls reserve for the first byte, grow for a larger region (it copies the ring over by
 * itself, and releases the old region after that), release when a buffer runs empty or dies.
 * reserve and grow return NULL to refuse: the engine then keeps what it has and lets the window,
 * or the user call, feel it. */
struct te_buffer_memory {
    void *ctx;
    uint8_t *(*reserve)(void *ctx, uint64_t conn_id, bool is_send, size_t size_bytes);
    uint8_t *(*grow)(void *ctx, uint64_t conn_id, bool is_send, size_t old_bytes, size_t new_bytes);
    void (*release)(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes);
};

/* The values of config_list.h that have names. */
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
    struct te_cidr destination; /* prefix 0 = the default route of the family of gateway */
    struct te_addr gateway;     /* unspecified: on the link */
};

#define TE_FEATURE_CONSTANT(bit, NAME, ...) TE_FEATURE_##NAME = 1 << (bit),
enum te_feature { TE_FEATURE_LIST(TE_FEATURE_CONSTANT) };
#undef TE_FEATURE_CONSTANT

#define TE_FEATURE_ANY(bit, ...) | 1u << (bit)
#define TE_FEATURE_INITIAL(bit, NAME, name, is_on, ...) | (unsigned)(is_on) << (bit)
#define TE_FEATURES_ALL (0u TE_FEATURE_LIST(TE_FEATURE_ANY))
#define TE_FEATURES_DEFAULT (0u TE_FEATURE_LIST(TE_FEATURE_INITIAL))

#define TE_CC_NAME_MAX 16 /* with its 0 */
typedef char te_cc_name_text[TE_CC_NAME_MAX];
#define TE_CC_ONE(name) +1
#define TE_CC_COUNT (0 TE_CC_LIST(TE_CC_ONE))
/* The algorithms' names in the order of TE_CC_LIST; NULL beyond the last. */
const char *te_cc_name(unsigned index);

#define TE_CONFIG_FIELD(section, name, type, field, ...) type field;
struct te_config {
    struct te_allocator allocator;         /* required */
    struct te_buffer_memory buffer_memory; /* all NULL: taken from allocator */
    uint8_t secret[16]; /* random key of this boot: ISNs, ports, hashes, offsets */
    uint8_t mac[6];
    struct te_cidr addresses[TE_LOCAL_ADDRESSES_MAX];
    unsigned address_count;
    struct te_route routes[TE_ROUTES_MAX]; /* beside the on-link ones that the addresses imply */
    unsigned route_count;
    uint32_t features; /* set of enum te_feature */
    TE_CONFIG_LIST(TE_CONFIG_FIELD)
};
#undef TE_CONFIG_FIELD

/* Sets every field to its default. allocator, secret, mac and addresses stay zero. */
void te_config_init(struct te_config *config);

/* Checks ranges. Returns TE_OK, or TE_ERR_INVALID with *ret_field set to the static name of the
 * first field that is wrong. */
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

/* One key of a struct: the rows of TE_CONFIG_LIST for struct te_config, and what a host has of its
 * own. Fields are unsigned integers of any width, or int64_t that is never negative. */
struct te_config_key {
    const char *section, *name, *field;
    enum te_config_kind kind;
    size_t offset, size_bytes;
    uint32_t mask;            /* SWITCH: the bit in a field of 32; 0: the whole field */
    const char *const *names; /* CHOICE: of the values from 0 on; NULL ends them */
    int64_t initial;
    int64_t min, max;           /* what te_config_check() takes */
    int64_t user_min, user_max; /* what a user may ask for */
    const char *help;
};

/* All keys of struct te_config: TE_CONFIG_LIST, then TE_FEATURE_LIST. */
const struct te_config_key *te_config_table(size_t *ret_count);

/* A key's value in *config, the struct that its offset counts in. */
int64_t te_config_get(const struct te_config_key *key, const void *config);
/* Writes it as it is: the caller has checked the range. */
void te_config_put(const struct te_config_key *key, void *config, int64_t value);
/* The name of a CHOICE's or ALGORITHM's value; NULL: there is none. */
const char *te_config_value_name(const struct te_config_key *key, int64_t value);
/* The value of a name, upper and lower case being the same. False: there is none. */
bool te_config_value_find(const struct te_config_key *key, const char *name, int64_t *ret_value);

extern const char *const te_time_wait_policy_names[],
    *const te_ecn_mode_names[], *const te_fast_open_names[], *const te_syn_cookies_names[],
                                                                 *const te_mtu_probing_names[];

/* Makes a row of a table of struct te_config_key: base is the struct, at the place of the field in
 * it, the rest as in TE_CONFIG_LIST. */
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

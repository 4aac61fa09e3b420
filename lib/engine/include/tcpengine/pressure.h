/* Memory as a budget: who holds how much of config.memory_max_bytes, and what happens when it runs
 * short.
 *
 * Charged is what the stack takes from the host's allocator, and of stream buffers what was written
 * (te_buffer_memory.page_bytes). Each connection is charged to its uid, and one that the peer has
 * opened to the remote address as well (with IPv6 to its /64). Between them stand, from below:
 *
 * - the reserve: config.memory_reserve_bytes per direction of each connection, which it gets as
 *   long as there is any memory, so that it can always make progress;
 * - shares: a uid may hold config.memory_per_uid_percent of the budget, a remote
 *   config.memory_per_remote_percent. Beyond it its openings are refused (TE_ERR_MEMORY_SHARE, or
 *   a SYN dropped) and its buffers do not grow, before anybody else notices;
 * - pressure, from config.memory_pressure_percent on: shares are a quarter, so that whoever holds
 *   little may still grow; windows open no further than that; buffers are cut to their content; and
 *   what lies beyond a hole that has not moved for a second is dropped, to be sent again (RFC 2018
 *   8);
 * - the limit, from config.memory_limit_percent on: connections are reset (TE_CAUSE_MEMORY,
 *   TE_ERR_MEMORY_PRESSURE), first those that nobody is left to use (te_set_client_present), then
 *   those that have made no progress for long: by that time above all, by what their uid or remote
 *   holds in all, and by the bytes held.
 *
 * With config.memory_max_bytes 0 there is no budget: nothing of this happens. */
#ifndef TCPENGINE_PRESSURE_H
#define TCPENGINE_PRESSURE_H

#include <tcpengine/stack.h>

enum te_memory_level {
    TE_MEMORY_PLENTY = 0,
    TE_MEMORY_PRESSURE, /* since used_bytes reached pressure_bytes, until it is an eighth below */
    TE_MEMORY_LIMIT     /* and used_bytes has reached limit_bytes */
};
/* "plenty", "pressure", "limit". Static. */
const char *te_memory_level_name(enum te_memory_level level);

/* Uids that te_memory() names, by what they hold. */
#define TE_MEMORY_OWNERS_MAX 8

struct te_memory_owner {
    uint32_t uid;
    uint32_t connections; /* remains included */
    uint64_t bytes;
    bool is_client_present; /* te_set_client_present */
};

struct te_memory_use {
    enum te_memory_level level;
    uint64_t used_bytes;
    uint64_t max_bytes; /* config.memory_max_bytes; 0: no budget, and the next four are 0 as well */
    uint64_t pressure_bytes, limit_bytes;
    uint64_t per_uid_bytes, per_remote_bytes; /* the shares, while there is no pressure */
    struct te_memory_owner owners[TE_MEMORY_OWNERS_MAX]; /* those with the most, falling */
    unsigned owner_count;
    uint64_t other_bytes; /* of all further uids */
    uint64_t refused;     /* allocations that the budget or the host refused */
};

enum te_memory_level te_memory_level(const struct te_stack *stack);
/* O(uids that hold connections). */
void te_memory(const struct te_stack *stack, struct te_memory_use *ret_use);

/* Whether a program of uid is there to use its connections; true until the host says otherwise.
 * Without one its connections are the first to go at the limit, but for those that
 * te_set_kept() names. */
void te_set_client_present(struct te_stack *stack, uint32_t uid, bool is_present);
/* Whether somebody is known to come back for a connection or listener (a session that is kept);
 * false at birth. Does nothing for an id that is neither's. */
void te_set_kept(struct te_stack *stack, uint64_t id, bool is_kept);

#endif

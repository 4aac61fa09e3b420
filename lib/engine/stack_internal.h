/* The stack's own struct: what the modules of ip/ and tcp/ share. Not installed.
 *
 * Every module embeds its table here and owns it: others go through its functions. A new field has
 * to be saved, or named in a TE_NOT_SAVED with the reason (save/save_sections.h). */
#ifndef TCPENGINE_STACK_INTERNAL_H
#define TCPENGINE_STACK_INTERNAL_H

#include <tcpengine/tcpengine.h>

#include "drop.h"
#include "event_queue.h"
#include "ip/control_queue.h"
#include "ip/local.h"
#include "ip/mld.h"
#include "ip/neighbour.h"
#include "ip/pmtu.h"
#include "ip/reassembly.h"
#include "ip/route.h"
#include "ip/transport.h"
#include "memory.h"
#include "note.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/conn_table.h"
#include "tcp/conn/graveyard.h"
#include "tcp/conn/owner.h"
#include "tcp/conn/port_use.h"
#include "tcp/conn/tag.h"
#include "tcp/conn/tally.h"
#include "tcp/listen/fast_open.h"
#include "tcp/listen/listener_table.h"
#include "tcp/listen/remotes.h"
#include "tcp/time_wait/time_wait.h"
#include "util/limiter.h"
#include "util/siphash.h"
#include "util/wheel.h"

struct te_stack {
    struct te_config config;
    struct te_memory_count memory; /* of everything, this block included */
    struct te_siphash_key key;
    int64_t now_us; /* the latest time that the host gave (te_stack_set_now) */
    int64_t born_at_us;
    struct te_counters counters;
    const struct te_transport *transport; /* what ip/ hands segments to */
    struct te_wheel wheel;                /* one node per connection, one per timed module */

    struct te_locals locals; /* our addresses and their DAD state */
    struct te_mld mld;       /* the IPv6 groups that routers are told of */
    struct te_routes routes;
    struct te_neighbours neighbours; /* ARP and ND cache */
    struct te_pmtus pmtus;           /* destinations behind narrow paths */
    struct te_reassemblies reassemblies;
    struct te_control_queue control; /* whole packets that no connection owns: ARP, ND, ICMP, RST */
    uint16_t ip_id;                  /* keyed counter for the fragments that we send */

    struct te_conn_table conns;
    struct te_charges charges;    /* who pays for memory */
    struct te_owner_table owners; /* connections and memory per uid */
    struct te_tag_table tags;     /* the host's notes of who has what */
    uint64_t yield_cursor;        /* where the search for one that yields goes on */
    struct te_listener_table listeners;
    struct te_remotes remotes; /* connections per remote address */
    struct te_time_wait_table time_wait;
    struct te_fast_open_cache fast_open;
    struct te_graveyard graveyard; /* histories of connections that are gone */
    struct te_event_queue events;
    struct te_note_logs notes; /* what happened to connections; not saved (note.h) */
    struct te_list output;     /* connections that want to send, the next one first */
    uint64_t next_id;
    uint64_t isn_lead_ticks;  /* of ISNs over the clock (isn.h) */
    uint32_t next_ephemeral;  /* RFC 6056 3.3.3 */
    struct te_tree port_uses; /* ephemeral ports in use, per remote endpoint */
    struct te_limiter challenge_limiter, rst_limiter, icmp_limiter;
    struct te_limiter time_wait_limiter; /* challenge ACKs of TIME_WAIT, which has no connections */
    struct te_limiter echo_limiter;      /* echo replies; icmp_limiter has the errors */
    struct te_tally_state tally;         /* sums for monitoring; not saved (tally.h) */
    struct te_drop_logs *drops; /* behind this struct, in the same block; not saved (drop.h) */
};

/* What a stack is born with: from the configuration and the host's clock, or from a saved state. */
struct te_stack_birth {
    struct te_siphash_key key;
    int64_t now_us, born_at_us;
    int64_t wheel_now_us;
};

/* Makes a stack with empty tables that has sent nothing yet. config has been checked. TE_ERR_NOMEM,
 * with everything given back and *ret_stack untouched. */
enum te_err te_stack_make(const struct te_config *config, const struct te_stack_birth *birth,
                          struct te_stack **ret_stack);

#endif

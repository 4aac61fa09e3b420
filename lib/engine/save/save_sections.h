/* How each noun of the engine is saved and restored: one function per section, for both directions
 * (util/codec.h), in a file named after the noun. docs/state-format.md describes the bytes.
 *
 * Sections come in the order of this list, each once. What refers to a connection comes after the
 * connections, and names them by id. Hash tables and the timing wheel are not written: they are
 * rebuilt from what was in them.
 *
 * When a struct gets a new field, tests/lint's rule saved_fields fails until the field is saved or
 * named in a TE_NOT_SAVED with the reason (util/codec.h). To save it:
 * - add one line to its list of fields, under if (codec->version >= VERSION) once a version without
 *   it was released;
 * - check what was read: a value that the engine would never have written is TE_ERR_INVALID, and
 *   none may lead into an assert later. te_stack_check_invariants runs at the end of a restore;
 * - keep what is saved canonical: where the engine rounds, cuts or narrows what was read, saving
 * and restoring it again must change nothing more (assert_saved_again in save_test.c);
 * - add it to docs/state-format.md, and to a list in saved_fields_*.h.
 *
 * Errors stick in the codec: TE_ERR_INVALID for values that cannot be, TE_ERR_RESOURCES for more
 * than a limit of the new configuration, TE_ERR_ADDR_NOT_AVAILABLE for an address that it lacks,
 * TE_ERR_NOMEM. Writing cannot fail. */
#ifndef TCPENGINE_SAVE_SAVE_SECTIONS_H
#define TCPENGINE_SAVE_SAVE_SECTIONS_H

#include <tcpengine/save.h>

#include "tcp/conn/history.h"
#include "util/codec.h"

struct te_conn;
struct te_control_frame;

#define TE_SAVE_VERSION 7
#define TE_SAVE_VERSION_TIME_WAIT_LIMITER 2
#define TE_SAVE_VERSION_PROBE_NEEDS_RTT 2
#define TE_SAVE_VERSION_LAN 3       /* neighbours that move, limiters that know their start */
#define TE_SAVE_VERSION_DURATIONS 4 /* keepalive in microseconds; what ISNs lead the clock by */
#define TE_SAVE_VERSION_GROUPS 5    /* MLD, conflicts of addresses, names of ICMP errors */
#define TE_SAVE_VERSION_FAMILIES 6  /* listeners of one family */
#define TE_SAVE_VERSION_FRAMES 6    /* who gets text in frames of many segments */
#define TE_SAVE_VERSION_TAGS 7      /* the host's notes of who has what */

/* Ids are below 2^53 (conn.h). */
#define TE_SAVE_ID_MAX (UINT64_C(1) << 53)

/* The smallest packet that has room for headers, options, and one byte. */
#define TE_SAVE_MTU_MIN 73

enum te_save_tag {
    TE_SAVE_BIRTH = 1, /* save.c: key and clocks */
    TE_SAVE_COUNTERS,
    TE_SAVE_STACK,
    TE_SAVE_LOCALS,
    TE_SAVE_CONTROL,
    TE_SAVE_REASSEMBLIES,
    TE_SAVE_GRAVEYARD,
    TE_SAVE_CONNS,
    TE_SAVE_LISTENERS,
    TE_SAVE_TIME_WAIT,
    TE_SAVE_NEIGHBOURS,
    TE_SAVE_OUTPUT,
    TE_SAVE_EVENTS,
    TE_SAVE_READY,
    TE_SAVE_FAST_OPEN,
    TE_SAVE_PMTUS,
    TE_SAVE_WHEEL
};

/* Writes the section, or reads it into a stack whose earlier sections have been read. */
typedef void te_save_fn(struct te_codec *codec, struct te_stack *stack);

te_save_fn te_save_counters;
te_save_fn te_save_stack;
te_save_fn te_save_locals;
te_save_fn te_save_control;
te_save_fn te_save_reassemblies;
te_save_fn te_save_graveyard;
te_save_fn te_save_conns;
te_save_fn te_save_listeners;
te_save_fn te_save_time_wait;
te_save_fn te_save_neighbours;
te_save_fn te_save_output; /* conn_save.c */
te_save_fn te_save_events;
te_save_fn te_save_ready; /* event_queue_save.c */
te_save_fn te_save_fast_open;
te_save_fn te_save_pmtus;
te_save_fn te_save_wheel;

/* --- values that several sections are made of ------------------------------------------------- */

/* Any 16 bytes; whoever needs a unicast or local address checks that. */
void te_save_addr(struct te_codec *codec, struct te_addr *addr);
void te_save_endpoint(struct te_codec *codec, struct te_endpoint *endpoint);
/* Reading: TE_ERR_INVALID unless it was given out, 0 < id < next_id. */
void te_save_id(struct te_codec *codec, const struct te_stack *stack, uint64_t *id);
/* A tag as its number. 0 in versions without tags. */
void te_save_tag(struct te_codec *codec, uint32_t *tag);
/* Reading: TE_ERR_INVALID when it is above 0. Codes of a later version are kept. */
void te_save_error(struct te_codec *codec, int8_t *error);
/* Reading: log is empty before, and the caller's to clear afterwards, whatever came of it;
 * TE_ERR_INVALID for more than TE_HISTORY_MAX transitions, TE_ERR_NOMEM. */
void te_save_history(struct te_codec *codec, struct te_history_log *log,
                     const struct te_allocator *allocator);
/* Reading: TE_ERR_INVALID for a time after the header's, or a state or cause that does not exist.
 */
void te_save_transition(struct te_codec *codec, struct te_transition *transition);
/* Writing: the id of conn; returns conn. Reading: the connection that has the id read; NULL, with
 * TE_ERR_INVALID, when none has. */
struct te_conn *te_save_conn_ref(struct te_codec *codec, struct te_stack *stack,
                                 struct te_conn *conn);
/* Writing: frame; returns it. Reading: a new frame, in no list, the caller's. NULL after an error,
 * and, without an error, when there is no room or memory for it: any link loses frames. */
struct te_control_frame *te_save_frame(struct te_codec *codec, struct te_stack *stack,
                                       struct te_control_frame *frame);

#endif

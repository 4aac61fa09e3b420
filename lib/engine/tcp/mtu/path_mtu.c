#include "tcp/mtu/path_mtu.h"

#include <assert.h>

#include "ip/pmtu.h"
#include "stack_internal.h"
#include "tcp/conn/conn_note.h"
#include "tcp/conn/options.h"
#include "tcp/conn/sender.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/mtu/packet_size.h"
#include "util/seq.h"

void te_path_mtu_start(struct te_stack *stack, struct te_conn *conn)
{
    conn->path_mtu = (uint16_t)te_pmtu_get(stack, &conn->remote.addr);
    conn->pmtu_generation = stack->pmtus.generation;
    conn->acked_mtu = (uint16_t)te_pmtu_min(&conn->remote.addr);
}

/* --- what was sent and what arrived ----------------------------------------------------------- */

void te_path_mtu_on_sent(struct te_conn *conn, uint32_t packet_bytes, uint32_t end)
{
    assert(packet_bytes <= UINT16_MAX);
    if (conn->sender == NULL)
        return; /* a SYN or an ACK: no path is too narrow for these */
    struct te_path_mtu *mtu = &conn->sender->mtu;
    if (packet_bytes > mtu->sent_bytes)
        mtu->sent_bytes = (uint16_t)packet_bytes;
    if (packet_bytes > conn->acked_mtu && packet_bytes > mtu->watched_bytes) {
        mtu->watched_bytes = (uint16_t)packet_bytes;
        mtu->watched_end = end;
    }
}

void te_path_mtu_on_ack(struct te_conn *conn)
{
    if (conn->sender == NULL)
        return;
    struct te_path_mtu *mtu = &conn->sender->mtu;
    if (mtu->watched_bytes != 0 && seq_geq(conn->snd_una, mtu->watched_end)) {
        conn->acked_mtu = mtu->watched_bytes;
        mtu->watched_bytes = 0;
        mtu->cuts = 0;
    }
    if (mtu->claimed_bytes != 0 && seq_gt(conn->snd_una, mtu->claimed_seq))
        mtu->claimed_bytes = 0; /* it did get there */
}

/* --- a smaller path --------------------------------------------------------------------------- */

/* What is in flight in the old size no longer proves anything. */
static void forget_sizes(struct te_conn *conn)
{
    if (conn->sender != NULL)
        conn->sender->mtu = (struct te_path_mtu){.cuts = conn->sender->mtu.cuts};
    if (conn->acked_mtu > conn->path_mtu)
        conn->acked_mtu = conn->path_mtu;
}

static void lower(struct te_stack *stack, struct te_conn *conn, uint32_t mtu_bytes)
{
    stack->counters.path_mtu_changes++;
    te_pmtu_lower(stack, &conn->remote.addr, mtu_bytes);
    te_path_mtu_set(conn, mtu_bytes);
    te_note(stack, conn, TE_NOTE_PATH_MTU, conn->path_mtu);
    te_mtu_probe_on_lowered(stack, conn);
    forget_sizes(conn);
}

static bool is_plausible(const struct te_conn *conn, uint32_t mtu_bytes)
{
    return conn->sender != NULL && mtu_bytes < conn->path_mtu &&
           mtu_bytes < conn->sender->mtu.sent_bytes;
}

bool te_path_mtu_on_too_big(struct te_stack *stack, struct te_conn *conn, uint32_t seq,
                            uint32_t mtu_bytes)
{
    if (mtu_bytes < te_pmtu_min(&conn->remote.addr))
        mtu_bytes = te_pmtu_min(&conn->remote.addr);
    if (te_mtu_probe_on_too_big(stack, conn, seq, mtu_bytes))
        return false;
    if (!is_plausible(conn, mtu_bytes)) {
        struct te_drop_about about = {
            .id = conn->id, .local = &conn->local, .remote = &conn->remote};
        te_drop(stack, TE_DROP_TOO_BIG_IGNORED, &about);
        return false;
    }
    if (mtu_bytes < conn->acked_mtu || conn->sender->mtu.cuts >= TE_PATH_MTU_CUTS_MAX) {
        stack->counters.too_big_held++;
        conn->sender->mtu.claimed_bytes = (uint16_t)mtu_bytes;
        conn->sender->mtu.claimed_seq = seq;
        return false;
    }
    lower(stack, conn, mtu_bytes);
    conn->sender->mtu.cuts++;
    return true;
}

void te_path_mtu_on_timeout(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->sender != NULL && conn->sender->mtu.claimed_bytes != 0)
        lower(stack, conn, conn->sender->mtu.claimed_bytes);
}

/* --- changes of the cache --------------------------------------------------------------------- */

void te_path_mtu_refresh(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->pmtu_generation == stack->pmtus.generation)
        return;
    conn->pmtu_generation = stack->pmtus.generation;
    uint32_t known = te_pmtu_get(stack, &conn->remote.addr);
    bool is_contradicted = known < conn->path_mtu && known < conn->acked_mtu;
    bool is_searched = known > conn->path_mtu && conn->mtu_search != NULL; /* it finds out itself */
    if (known == conn->path_mtu || is_contradicted || is_searched)
        return;
    te_path_mtu_set(conn, known);
    te_note(stack, conn, TE_NOTE_PATH_MTU, conn->path_mtu);
    te_mtu_probe_on_lowered(stack, conn);
    forget_sizes(conn);
}

/* Duplicates not yet reported to the peer (D-SACK, RFC 2883).
 *
 * Each is reported once, as the first block of one ACK. Several may arrive before the next ACK
 * leaves, and a sender that undoes a spurious recovery waits for all of them (RFC 3708), so they
 * queue. Memory comes with the first and goes with the last; a duplicate for which there is none is
 * not reported, which costs the peer no more than a lost ACK would. */
#ifndef TCPENGINE_TCP_CONN_DSACK_H
#define TCPENGINE_TCP_CONN_DSACK_H

#include <tcpengine/config.h>

#include "wire/tcp.h"

#define TE_DSACKS_MAX 31 /* a read of 64 frames hardly brings more; any beyond are dropped */

struct te_dsacks;
struct te_codec;

/* Appends; *dsacks is NULL while the queue is empty. A block that starts where the last one ends
 * extends it. */
void te_dsacks_add(struct te_dsacks **dsacks, struct te_sack_block block,
                   const struct te_allocator *allocator);
/* The block for the next ACK; NULL: none. Valid until the queue changes. */
const struct te_sack_block *te_dsacks_first(const struct te_dsacks *dsacks);
/* The first block was sent. The queue must not be empty. */
void te_dsacks_remove_first(struct te_dsacks **dsacks, const struct te_allocator *allocator);
/* Empties the queue and frees it; legal when it is empty. */
void te_dsacks_clear(struct te_dsacks **dsacks, const struct te_allocator *allocator);
/* Saves or restores the queue; no memory for a restored one fails the codec with TE_ERR_NOMEM. */
void te_dsacks_save(struct te_codec *codec, struct te_dsacks **dsacks,
                    const struct te_allocator *allocator);

#endif

/* Duplicates that the peer has not been told of (D-SACK, RFC 2883).
 *
 * Each is told once, as the first block of one ACK. Several may come before the next ACK leaves,
 * and a sender that undoes a needless recovery waits for all of them (RFC 3708): they queue. Memory
 * comes with the first and goes with the last; a duplicate for which there is none goes untold,
 * which costs the peer no more than a lost ACK would. */
#ifndef TCPENGINE_TCP_CONN_DSACK_H
#define TCPENGINE_TCP_CONN_DSACK_H

#include <tcpengine/config.h>

#include "wire/tcp.h"

#define TE_DSACKS_MAX 31 /* in a read of 64 frames hardly more are duplicates */

struct te_dsacks;
struct te_codec;

/* *dsacks is NULL while nothing waits. One that goes on where the last ends is told with it. */
void te_dsacks_add(struct te_dsacks **dsacks, struct te_sack_block block,
                   const struct te_allocator *allocator);
/* What the next ACK tells; NULL: nothing. */
const struct te_sack_block *te_dsacks_first(const struct te_dsacks *dsacks);
/* It was told. */
void te_dsacks_remove_first(struct te_dsacks **dsacks, const struct te_allocator *allocator);
void te_dsacks_clear(struct te_dsacks **dsacks, const struct te_allocator *allocator);
void te_dsacks_save(struct te_codec *codec, struct te_dsacks **dsacks,
                    const struct te_allocator *allocator);

#endif

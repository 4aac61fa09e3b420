/* The bytes that the applications send: a function of the stream and the offset, so that any byte
 * can be checked wherever it is seen, without keeping a copy. */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpengine/types.h>

/* Identifies one direction of one incarnation of a connection. */
uint64_t stream_key(const struct te_endpoint *sender, const struct te_endpoint *receiver,
                    uint32_t iss);
void stream_fill(uint64_t key, uint64_t offset, uint8_t *ret_bytes, size_t len);
bool stream_matches(uint64_t key, uint64_t offset, const uint8_t *bytes, size_t len);

#endif

/* SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash whose result an attacker without the key can
 * neither predict nor steer. The same on every machine. */
#ifndef TCPENGINE_UTIL_SIPHASH_H
#define TCPENGINE_UTIL_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct te_siphash_key {
    uint8_t bytes[16];
};

uint64_t te_siphash(const struct te_siphash_key *key, const void *data, size_t len);

#endif

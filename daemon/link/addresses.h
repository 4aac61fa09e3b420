/* Conflicts of our addresses, in words: for the log, /healthz and clients.
 *
 * An address that another station holds is not used (RFC 5227, RFC 4862): connections from it fail,
 * and nothing else would say why. */
#ifndef TCPENGINED_ADDRESSES_H
#define TCPENGINED_ADDRESSES_H

#include <tcpengine/tcpengine.h>

#define ADDRESSES_TEXT_MAX 192

struct addresses {
    uint32_t conflicts; /* a bit per index of te_stack_address(): it was logged */
    char trouble[ADDRESSES_TEXT_MAX + 32]; /* of addresses_trouble() */
};

/* Logs the beginning and the end of a conflict, once each, and each defence of an address in use.
 * Other events are ignored. */
void addresses_on_event(struct addresses *addresses, const struct te_stack *stack,
                        const struct te_event *event);
/* "degraded: address conflict: 10.0.0.2 is in use by 02:00:00:00:00:77"; NULL when there is none.
 * Valid until the next call. addresses_degradation(): the same from "address" on, while another
 * address is in use; then addresses_trouble() is NULL. */
const char *addresses_trouble(struct addresses *addresses, const struct te_stack *stack);
const char *addresses_degradation(struct addresses *addresses, const struct te_stack *stack);
/* The first address in conflict that addr stands for: addr itself or, when that is unspecified, any
 * of family's family (NULL: of both). False when there is none. */
bool addresses_find_conflict(const struct te_stack *stack, const struct te_addr *addr,
                             const struct te_addr *family, struct te_address_info *ret_info);
/* "02:00:00:00:00:77", 18 bytes. */
void addresses_format_mac(const uint8_t mac[6], char ret_text[18]);

#endif

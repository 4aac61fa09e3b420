/* The IP packet in an Ethernet frame, of either version. Checksums are not verified. */
#ifndef TCPENGINE_IP_VIEW_H
#define TCPENGINE_IP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpengine/types.h>

struct te_ip_view {
    struct te_addr source, destination;
    size_t ip_at; /* offset in the frame */
    const uint8_t *payload;
    size_t payload_len;
    bool has_segment; /* payload is a TCP segment, as far as IP can tell, and no fragment of one */
};

/* False: the frame is malformed, or holds no IP. */
bool te_ip_view_find(const uint8_t *frame, size_t len, struct te_ip_view *ret_view);

#endif

/* virtio_net_hdr (virtio 1.2, 5.1.6) to struct te_frame_meta and back. Pure functions. */
#ifndef TCPENGINED_VNET_H
#define TCPENGINED_VNET_H

#include <linux/virtio_net.h>
#include <tcpengine/frame.h>

/* The header without num_buffers: behind its 10 bytes and Ethernet's 14, the IP header is aligned
 * when the buffer is. */
#define VNET_HEADER_BYTES sizeof(struct virtio_net_hdr)

/* False, *ret_meta untouched, if the header asks for something we never offered (UDP segments), or
 * contradicts the frame of frame_len bytes behind it: drop the frame. */
bool vnet_to_meta(const struct virtio_net_hdr *header, size_t frame_len,
                  struct te_frame_meta *ret_meta);
/* Fills all of *ret_header. */
void vnet_from_meta(const struct te_frame_meta *meta, struct virtio_net_hdr *ret_header);

#endif

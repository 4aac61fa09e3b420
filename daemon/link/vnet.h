/* virtio_net_hdr of <linux/virtio_net.h> to struct te_frame_meta and back. Pure functions. */
#ifndef TCPENGINED_VNET_H
#define TCPENGINED_VNET_H

#include <linux/virtio_net.h>
#include <tcpengine/frame.h>

/* The header without num_buffers: with its 10 bytes and Ethernet's 14 in front, an IP header read
 * into an aligned buffer is aligned too. */
#define VNET_HEADER_BYTES sizeof(struct virtio_net_hdr)

/* False when the header asks for something that was never offered (UDP segments), or contradicts
 * the frame of frame_len bytes that follows it. */
bool vnet_to_meta(const struct virtio_net_hdr *header, size_t frame_len,
                  struct te_frame_meta *ret_meta);
void vnet_from_meta(const struct te_frame_meta *meta, struct virtio_net_hdr *ret_header);

#endif

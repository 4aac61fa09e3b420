#include "link/vnet.h"

#include <string.h>

/* In virtio's terms this is a legacy device: fields are in the host's byte order. */

static bool checksum_to_meta(const struct virtio_net_hdr *header, size_t frame_len,
                             struct te_frame_meta *meta)
{
    if ((header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0) {
        bool is_valid = (header->flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0;
        meta->checksum = is_valid ? TE_CHECKSUM_VALID : TE_CHECKSUM_UNKNOWN;
        return true;
    }
    if ((size_t)header->csum_start + header->csum_offset + 2 > frame_len)
        return false;
    meta->checksum = TE_CHECKSUM_PARTIAL;
    meta->checksum_start = header->csum_start;
    meta->checksum_offset = header->csum_offset;
    return true;
}

static bool gso_to_meta(const struct virtio_net_hdr *header, size_t frame_len,
                        struct te_frame_meta *meta)
{
    switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        return true;
    case VIRTIO_NET_HDR_GSO_TCPV4:
        meta->gso_type = TE_GSO_TCPV4;
        break;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        meta->gso_type = TE_GSO_TCPV6;
        break;
    default:
        return false;
    }
    meta->gso_has_cwr = (header->gso_type & VIRTIO_NET_HDR_GSO_ECN) != 0;
    meta->gso_size_bytes = header->gso_size;
    meta->header_len_bytes = header->hdr_len;
    return header->gso_size > 0 && header->hdr_len <= frame_len;
}

bool vnet_to_meta(const struct virtio_net_hdr *header, size_t frame_len,
                  struct te_frame_meta *ret_meta)
{
    struct te_frame_meta meta = {0};
    if (!checksum_to_meta(header, frame_len, &meta) || !gso_to_meta(header, frame_len, &meta))
        return false;
    *ret_meta = meta;
    return true;
}

static uint8_t gso_type_of(enum te_gso_type type)
{
    switch (type) {
    case TE_GSO_TCPV4:
        return VIRTIO_NET_HDR_GSO_TCPV4;
    case TE_GSO_TCPV6:
        return VIRTIO_NET_HDR_GSO_TCPV6;
    default:
        return VIRTIO_NET_HDR_GSO_NONE;
    }
}

void vnet_from_meta(const struct te_frame_meta *meta, struct virtio_net_hdr *ret_header)
{
    memset(ret_header, 0, sizeof(*ret_header));
    if (meta->checksum == TE_CHECKSUM_PARTIAL) {
        ret_header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        ret_header->csum_start = meta->checksum_start;
        ret_header->csum_offset = meta->checksum_offset;
    }
    ret_header->gso_type = gso_type_of(meta->gso_type);
    if (meta->gso_type != TE_GSO_NONE) {
        if (meta->gso_has_cwr)
            ret_header->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
        ret_header->gso_size = meta->gso_size_bytes;
        ret_header->hdr_len = meta->header_len_bytes;
    }
}

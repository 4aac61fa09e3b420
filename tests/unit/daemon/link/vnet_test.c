#include <stdio.h>
#include <string.h>

#include "link/vnet.h"
#include "support/test.h"

struct to_meta_case {
    const char *name;
    struct virtio_net_hdr header;
    size_t frame_len;
    bool is_right;
    struct te_frame_meta meta;
};

static const struct to_meta_case to_meta_cases[] = {
    {.name = "plain", .frame_len = 60, .is_right = true},
    {.name = "verified",
     .header = {.flags = VIRTIO_NET_HDR_F_DATA_VALID},
     .frame_len = 60,
     .is_right = true,
     .meta = {.checksum = TE_CHECKSUM_VALID}},
    {.name = "partial",
     .header = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16},
     .frame_len = 54,
     .is_right = true,
     .meta = {.checksum = TE_CHECKSUM_PARTIAL, .checksum_start = 34, .checksum_offset = 16}},
    {.name = "partial, field at the very end",
     .header = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 18},
     .frame_len = 54,
     .is_right = true,
     .meta = {.checksum = TE_CHECKSUM_PARTIAL, .checksum_start = 34, .checksum_offset = 18}},
    {.name = "partial, field beyond the frame",
     .header = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 19},
     .frame_len = 54},
    {.name = "partial, offsets at their most",
     .header = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 65535, .csum_offset = 65535},
     .frame_len = 65535},
    {.name = "large IPv4 segment",
     .header = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                .hdr_len = 66,
                .gso_size = 1448,
                .csum_start = 34,
                .csum_offset = 16},
     .frame_len = 30000,
     .is_right = true,
     .meta = {.checksum = TE_CHECKSUM_PARTIAL,
              .gso_type = TE_GSO_TCPV4,
              .gso_size_bytes = 1448,
              .header_len_bytes = 66,
              .checksum_start = 34,
              .checksum_offset = 16}},
    {.name = "large IPv6 segment with CWR",
     .header = {.gso_type = VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN,
                .hdr_len = 86,
                .gso_size = 1428},
     .frame_len = 30000,
     .is_right = true,
     .meta = {.gso_type = TE_GSO_TCPV6,
              .gso_size_bytes = 1428,
              .gso_has_cwr = true,
              .header_len_bytes = 86}},
    {.name = "large segment without a size",
     .header = {.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .hdr_len = 66},
     .frame_len = 30000},
    {.name = "headers longer than the frame",
     .header = {.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .hdr_len = 66, .gso_size = 1448},
     .frame_len = 65},
    {.name = "UDP, which was never offered",
     .header = {.gso_type = VIRTIO_NET_HDR_GSO_UDP, .hdr_len = 42, .gso_size = 1448},
     .frame_len = 30000},
    {.name = "a type nobody knows",
     .header = {.gso_type = 77, .gso_size = 1448},
     .frame_len = 3000},
};

static void assert_meta(const char *name, const struct te_frame_meta *got,
                        const struct te_frame_meta *want)
{
    if (got->checksum != want->checksum || got->gso_type != want->gso_type ||
        got->gso_size_bytes != want->gso_size_bytes || got->gso_has_cwr != want->gso_has_cwr ||
        got->header_len_bytes != want->header_len_bytes ||
        got->checksum_start != want->checksum_start ||
        got->checksum_offset != want->checksum_offset)
        fail_msg("%s: the metadata are other ones", name);
}

static void test_to_meta(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(to_meta_cases) / sizeof(to_meta_cases[0]); i++) {
        const struct to_meta_case *row = &to_meta_cases[i];
        struct te_frame_meta untouched = {.gso_size_bytes = 4711}, meta = untouched;
        if (vnet_to_meta(&row->header, row->frame_len, &meta) != row->is_right)
            fail_msg("%s: %s", row->name, row->is_right ? "refused" : "taken");
        assert_meta(row->name, &meta, row->is_right ? &row->meta : &untouched);
    }
}

/* What the engine writes, the kernel hands to the next engine as it was. */
static void test_from_meta_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(to_meta_cases) / sizeof(to_meta_cases[0]); i++) {
        const struct to_meta_case *row = &to_meta_cases[i];
        struct virtio_net_hdr header;
        struct te_frame_meta meta, want = row->meta;
        if (!row->is_right)
            continue;
        vnet_from_meta(&row->meta, &header);
        assert_true(vnet_to_meta(&header, row->frame_len, &meta));
        /* A checksum that we wrote ourselves is nothing to tell. */
        if (want.checksum == TE_CHECKSUM_VALID)
            want.checksum = TE_CHECKSUM_UNKNOWN;
        assert_meta(row->name, &meta, &want);
    }
}

static void test_from_meta_is_all_zero_without_offload(void **state)
{
    static const struct virtio_net_hdr zero;
    struct te_frame_meta meta = {0};
    struct virtio_net_hdr header;
    (void)state;
    memset(&header, 0xff, sizeof(header));
    vnet_from_meta(&meta, &header);
    assert_memory_equal(&header, &zero, sizeof(zero));
    assert_int_equal(VNET_HEADER_BYTES, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_meta),
        cmocka_unit_test(test_from_meta_and_back),
        cmocka_unit_test(test_from_meta_is_all_zero_without_offload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

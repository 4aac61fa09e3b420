#include "wire/mld.h"

#include <string.h>
#include <tcpengine/units.h>

#include "util/bytes.h"

#define V2_QUERY_LEN 28

static bool is_group(const struct te_addr *addr)
{
    return addr->bytes[0] == 0xff;
}

/* RFC 3810 5.1.3: from 32,768 on a floating-point number. */
static uint32_t max_response_ms(uint16_t code)
{
    if (code < 32768)
        return code;
    return ((code & 0x0fffu) | 0x1000u) << ((code >> 12 & 7u) + 3u);
}

static bool has_its_sources(const uint8_t *message, size_t len)
{
    return len >= V2_QUERY_LEN &&
           (len - V2_QUERY_LEN) / 16 >= (size_t)te_load_be16(message + V2_QUERY_LEN - 2);
}

bool te_mld_parse_query(const uint8_t *message, size_t len, struct te_mld_query *ret_query)
{
    if (len < TE_MLD_V1_LEN || message[0] != TE_MLD_QUERY)
        return false;
    uint16_t code = te_load_be16(message + 4);
    struct te_mld_query query = {.group = te_addr_from_v6(message + 8),
                                 .is_v1 = len == TE_MLD_V1_LEN};
    if (!query.is_v1 && !has_its_sources(message, len))
        return false;
    if (!is_group(&query.group) && !te_addr_is_unspecified(&query.group))
        return false;
    query.max_response_us = TE_MS * (int64_t)(query.is_v1 ? code : max_response_ms(code));
    query.robustness = query.is_v1 ? 0 : message[TE_MLD_V1_LEN] & 7;
    *ret_query = query;
    return true;
}

bool te_mld_parse_report_v1(const uint8_t *message, size_t len, struct te_addr *ret_group)
{
    if (len < TE_MLD_V1_LEN || message[0] != TE_MLD_REPORT_V1)
        return false;
    struct te_addr group = te_addr_from_v6(message + 8);
    if (!is_group(&group))
        return false;
    *ret_group = group;
    return true;
}

void te_mld_emit_v1(uint8_t type, const struct te_addr *group, uint8_t *ret_bytes)
{
    memset(ret_bytes, 0, TE_MLD_V1_LEN);
    ret_bytes[0] = type;
    memcpy(ret_bytes + 8, group->bytes, 16);
}

void te_mld_emit_report_header(unsigned record_count, uint8_t *ret_bytes)
{
    memset(ret_bytes, 0, TE_MLD_REPORT_HEADER_LEN);
    ret_bytes[0] = TE_MLD_REPORT;
    te_store_be16(ret_bytes + 6, (uint16_t)record_count);
}

void te_mld_emit_record(enum te_mld_record_type type, const struct te_addr *group,
                        uint8_t *ret_bytes)
{
    memset(ret_bytes, 0, TE_MLD_RECORD_LEN);
    ret_bytes[0] = (uint8_t)type;
    memcpy(ret_bytes + 4, group->bytes, 16);
}

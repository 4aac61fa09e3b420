/* Multicast Listener Discovery, versions 1 and 2 (RFC 2710, RFC 3810), as bytes and as values: what
 * a host receives and sends. No state. */
#ifndef TCPENGINE_WIRE_MLD_H
#define TCPENGINE_WIRE_MLD_H

#include <tcpengine/types.h>

#define TE_MLD_QUERY 130
#define TE_MLD_REPORT_V1 131
#define TE_MLD_DONE 132
#define TE_MLD_REPORT 143 /* version 2 */

#define TE_MLD_V1_LEN 24
#define TE_MLD_REPORT_HEADER_LEN 8
#define TE_MLD_RECORD_LEN 20 /* without sources, as we always send it */

/* Types of records (RFC 3810 5.2.12). */
enum te_mld_record_type {
    TE_MLD_IS_EXCLUDE = 2, /* an answer: we listen, to all sources */
    TE_MLD_TO_INCLUDE = 3, /* a change: we listen no longer */
    TE_MLD_TO_EXCLUDE = 4  /* a change: we listen from now on, to all sources */
};

struct te_mld_query {
    struct te_addr group;    /* unspecified: a general query */
    int64_t max_response_us; /* the answer is due within it */
    bool is_v1;
    uint8_t robustness; /* the querier's; 0: unknown */
};

/* Reads an ICMPv6 message of type TE_MLD_QUERY. False when its length is no query's (RFC 3810 8.1),
 * it has fewer sources than it says, or its group is none. The checksum is not verified. */
bool te_mld_parse_query(const uint8_t *message, size_t len, struct te_mld_query *ret_query);
/* Reads a message of type TE_MLD_REPORT_V1. False when it is too short or its group is none. */
bool te_mld_parse_report_v1(const uint8_t *message, size_t len, struct te_addr *ret_group);

/* Writes TE_MLD_V1_LEN bytes with checksum 0: a report or a Done of version 1. */
void te_mld_emit_v1(uint8_t type, const struct te_addr *group, uint8_t *ret_bytes);
/* Writes TE_MLD_REPORT_HEADER_LEN bytes with checksum 0; records follow. */
void te_mld_emit_report_header(unsigned record_count, uint8_t *ret_bytes);
/* Writes TE_MLD_RECORD_LEN bytes. */
void te_mld_emit_record(enum te_mld_record_type type, const struct te_addr *group,
                        uint8_t *ret_bytes);

#endif

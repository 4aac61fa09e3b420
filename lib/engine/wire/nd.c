#include "wire/nd.h"

#include <string.h>

#include "wire/eth.h"

#define FIXED_LEN 24 /* ICMPv6 header and target */
#define OPTION_SOURCE_MAC 1
#define OPTION_TARGET_MAC 2
#define OPTION_MAC_LEN 8

#define FLAG_ROUTER 0x80
#define FLAG_SOLICITED 0x40
#define FLAG_OVERRIDE 0x20

static uint8_t mac_option_of(uint8_t type)
{
    return type == TE_ND_SOLICIT ? OPTION_SOURCE_MAC : OPTION_TARGET_MAC;
}

/* One option of option_len bytes; false when it makes the message invalid. */
static bool parse_option(const uint8_t *option, size_t option_len, struct te_nd *nd)
{
    if (option[0] != mac_option_of(nd->type))
        return true;
    if (option_len != OPTION_MAC_LEN || !te_mac_is_station(option + 2))
        return false;
    nd->has_mac = true;
    memcpy(nd->mac, option + 2, 6);
    return true;
}

static bool parse_options(const uint8_t *options, size_t len, struct te_nd *nd)
{
    for (unsigned count = 0; len > 0; count++) {
        if (count == TE_ND_OPTIONS_MAX || len < 8)
            return false;
        size_t option_len = (size_t)options[1] * 8;
        if (option_len == 0 || option_len > len || !parse_option(options, option_len, nd))
            return false;
        options += option_len;
        len -= option_len;
    }
    return true;
}

static bool is_valid_target(const struct te_addr *target)
{
    return target->bytes[0] != 0xff && !te_addr_is_v4(target) && !te_addr_is_unspecified(target);
}

bool te_nd_parse(const uint8_t *message, size_t len, struct te_nd *ret_nd)
{
    if (len < FIXED_LEN || message[1] != 0)
        return false;
    if (message[0] != TE_ND_SOLICIT && message[0] != TE_ND_ADVERTISE)
        return false;
    struct te_nd nd = {.type = message[0], .target = te_addr_from_v6(message + 8)};
    if (nd.type == TE_ND_ADVERTISE) {
        nd.is_router = (message[4] & FLAG_ROUTER) != 0;
        nd.is_solicited = (message[4] & FLAG_SOLICITED) != 0;
        nd.is_override = (message[4] & FLAG_OVERRIDE) != 0;
    }
    if (!is_valid_target(&nd.target) || !parse_options(message + FIXED_LEN, len - FIXED_LEN, &nd))
        return false;
    *ret_nd = nd;
    return true;
}

size_t te_nd_emit(const struct te_nd *nd, uint8_t *ret_bytes)
{
    memset(ret_bytes, 0, TE_ND_LEN_MAX);
    ret_bytes[0] = nd->type;
    if (nd->type == TE_ND_ADVERTISE)
        ret_bytes[4] =
            (uint8_t)((nd->is_router ? FLAG_ROUTER : 0) | (nd->is_solicited ? FLAG_SOLICITED : 0) |
                      (nd->is_override ? FLAG_OVERRIDE : 0));
    memcpy(ret_bytes + 8, nd->target.bytes, 16);
    if (!nd->has_mac)
        return FIXED_LEN;
    ret_bytes[FIXED_LEN] = mac_option_of(nd->type);
    ret_bytes[FIXED_LEN + 1] = OPTION_MAC_LEN / 8;
    memcpy(ret_bytes + FIXED_LEN + 2, nd->mac, 6);
    return FIXED_LEN + OPTION_MAC_LEN;
}

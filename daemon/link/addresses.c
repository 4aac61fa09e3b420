#include "link/addresses.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/units.h>

#include "util/log.h"

#define DEGRADED "degraded: " /* as /healthz has it */

void addresses_format_mac(const uint8_t mac[6], char ret_text[18])
{
    snprintf(ret_text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
}

/* "10.0.0.2 is in use by 02:00:00:00:00:77" */
static void format_claim(const struct te_address_info *info, char ret_text[ADDRESSES_TEXT_MAX])
{
    char addr[TE_ADDR_TEXT_MAX], mac[18];
    te_addr_format(&info->cidr.addr, addr);
    addresses_format_mac(info->claimed_by, mac);
    snprintf(ret_text, ADDRESSES_TEXT_MAX, "%s is in use by %s", addr, mac);
}

/* The index of addr; -1 when it is not ours. */
static int find(const struct te_stack *stack, const struct te_addr *addr,
                struct te_address_info *ret_info)
{
    for (unsigned i = 0; te_stack_address(stack, i, ret_info); i++) {
        if (te_addr_equal(&ret_info->cidr.addr, addr))
            return (int)i;
    }
    return -1;
}

/* --- the log ---------------------------------------------------------------------------------- */

static void log_conflict(struct addresses *addresses, const struct te_address_info *info, int index)
{
    char text[ADDRESSES_TEXT_MAX];
    uint32_t bit = UINT32_C(1) << index;
    format_claim(info, text);
    if (info->state == TE_ADDRESS_READY)
        log_write(LOG_LEVEL_WARNING, "address conflict: %s as well; the address is defended", text);
    else if ((addresses->conflicts & bit) == 0)
        log_write(LOG_LEVEL_WARNING,
                  "address conflict: %s; it is not used, and tried again every few seconds", text);
    if (info->state != TE_ADDRESS_READY)
        addresses->conflicts |= bit;
}

static void log_ready(struct addresses *addresses, const struct te_address_info *info, int index)
{
    char addr[TE_ADDR_TEXT_MAX];
    te_addr_format(&info->cidr.addr, addr);
    log_write(LOG_LEVEL_NOTICE, "address conflict over: %s is used", addr);
    addresses->conflicts &= ~(UINT32_C(1) << index);
}

void addresses_on_event(struct addresses *addresses, const struct te_stack *stack,
                        const struct te_event *event)
{
    struct te_address_info info;
    if (event->kind != TE_EVENT_ADDRESS_CONFLICT && event->kind != TE_EVENT_ADDRESS_READY)
        return;
    int index = find(stack, &event->local.addr, &info);
    if (index < 0)
        return;
    if (event->kind == TE_EVENT_ADDRESS_CONFLICT)
        log_conflict(addresses, &info, index);
    else
        log_ready(addresses, &info, index);
}

/* --- questions -------------------------------------------------------------------------------- */

static bool stands_for(const struct te_addr *addr, const struct te_addr *family,
                       const struct te_addr *ours)
{
    if (!te_addr_is_unspecified(addr))
        return te_addr_equal(addr, ours);
    return family == NULL || te_addr_is_v4(family) == te_addr_is_v4(ours);
}

bool addresses_find_conflict(const struct te_stack *stack, const struct te_addr *addr,
                             const struct te_addr *family, struct te_address_info *ret_info)
{
    struct te_address_info info;
    for (unsigned i = 0; te_stack_address(stack, i, &info); i++) {
        if (info.state == TE_ADDRESS_CONFLICT && stands_for(addr, family, &info.cidr.addr)) {
            *ret_info = info;
            return true;
        }
    }
    return false;
}

/* Any of the configured ones: an address that only comes along with them helps nobody. */
static bool has_working_address(const struct te_stack *stack)
{
    struct te_address_info info;
    for (unsigned i = 0; te_stack_address(stack, i, &info); i++) {
        if (info.is_configured && info.state == TE_ADDRESS_READY)
            return true;
    }
    return false;
}

/* "address conflict: ..."; NULL: none. */
static const char *describe_conflict(struct addresses *addresses, const struct te_stack *stack)
{
    static const struct te_addr any = {{0}};
    struct te_address_info info;
    char text[ADDRESSES_TEXT_MAX];
    if (!addresses_find_conflict(stack, &any, NULL, &info))
        return NULL;
    format_claim(&info, text);
    snprintf(addresses->trouble, sizeof(addresses->trouble), DEGRADED "address conflict: %s", text);
    return addresses->trouble + strlen(DEGRADED);
}

const char *addresses_trouble(struct addresses *addresses, const struct te_stack *stack)
{
    if (has_working_address(stack) || describe_conflict(addresses, stack) == NULL)
        return NULL;
    return addresses->trouble;
}

const char *addresses_degradation(struct addresses *addresses, const struct te_stack *stack)
{
    return has_working_address(stack) ? describe_conflict(addresses, stack) : NULL;
}

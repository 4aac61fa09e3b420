#include "link/offload.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define OFFLOAD_ROW(name, text, flag) [OFFLOAD_##name] = {text, flag},
static const struct {
    const char *text;
    unsigned flag;
} rows[] = {OFFLOAD_LIST(OFFLOAD_ROW)};

static unsigned bit(unsigned offload)
{
    return 1u << offload;
}

unsigned offload_wanted(bool checksum_offload, bool gso, bool large_receive)
{
    unsigned wanted = bit(OFFLOAD_SEND_CHECKSUM) | bit(OFFLOAD_RECEIVE_CHECKSUM);
    if (!checksum_offload)
        return 0;
    if (gso)
        wanted |= bit(OFFLOAD_SEND_GSO);
    if (large_receive)
        wanted |=
            bit(OFFLOAD_RECEIVE_TSO4) | bit(OFFLOAD_RECEIVE_TSO6) | bit(OFFLOAD_RECEIVE_TSO_ECN);
    return wanted;
}

bool offload_has(const struct offloads *offloads, enum offload offload)
{
    return (offloads->in_use & bit(offload)) != 0;
}

unsigned offload_refused(const struct offloads *offloads)
{
    return offloads->wanted & ~offloads->in_use;
}

const char *offload_name(unsigned offload)
{
    return offload < OFFLOAD_COUNT ? rows[offload].text : NULL;
}

void offload_format(unsigned set, char ret_text[OFFLOAD_TEXT_MAX])
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (unsigned i = 0; i < OFFLOAD_COUNT; i++)
        if (set & bit(i))
            len += (size_t)snprintf(ret_text + len, OFFLOAD_TEXT_MAX - len, " %s", rows[i].text);
}

/* A kernel that cannot be asked is older than the header. */
bool offload_has_header(int fd)
{
    unsigned features = 0;
    return ioctl(fd, TUNGETFEATURES, &features) == 0 && (features & IFF_VNET_HDR) != 0;
}

static unsigned flags_of(unsigned set)
{
    unsigned flags = 0;
    for (unsigned i = 0; i < OFFLOAD_COUNT; i++)
        if (set & bit(i))
            flags |= rows[i].flag;
    return flags;
}

static bool set_try(int fd, unsigned set)
{
    return ioctl(fd, TUNSETOFFLOAD, (unsigned long)flags_of(set)) == 0;
}

/* A refusal leaves what was set before, perhaps by the device's last user: begin with nothing. */
static unsigned set_one_by_one(int fd, unsigned wanted)
{
    unsigned granted = 0;
    set_try(fd, 0);
    for (unsigned i = 0; i < OFFLOAD_COUNT; i++)
        if ((wanted & bit(i)) && rows[i].flag != 0 && set_try(fd, granted | bit(i)))
            granted |= bit(i);
    return granted;
}

struct offloads offload_negotiate(int fd, unsigned wanted, bool has_header)
{
    struct offloads offloads = {.wanted = wanted, .has_header = has_header};
    unsigned sending = wanted & (bit(OFFLOAD_SEND_CHECKSUM) | bit(OFFLOAD_SEND_GSO));
    if (!has_header)
        set_try(fd, 0);
    else if (set_try(fd, wanted))
        offloads.in_use = wanted;
    else
        offloads.in_use = sending | set_one_by_one(fd, wanted & ~sending);
    return offloads;
}

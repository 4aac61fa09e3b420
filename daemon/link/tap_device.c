#include "link/tap_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/vnet.h"
#include "util/log.h"

#define TUN_PATH "/dev/net/tun"

/* Any socket will do for the interface ioctls; the sandbox allows Unix ones anyway. */
int tap_device_control(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int interface_ioctl(int control, const char *name, unsigned long request, struct ifreq *ifr)
{
    snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
    return ioctl(control, request, ifr);
}

/* --- what it is ------------------------------------------------------------------------------- */

/* What the driver says at once; IFF_RUNNING follows a second later. */
static bool has_carrier(int control, const char *name)
{
    struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
    struct ifreq ifr = {.ifr_data = (char *)&value};
    return interface_ioctl(control, name, SIOCETHTOOL, &ifr) < 0 || value.data != 0;
}

enum tap_link tap_device_link(int fd, int control, char *ret_name)
{
    struct ifreq ifr = {0}, flags = {0};
    if (ioctl(fd, TUNGETIFF, &ifr) < 0)
        return errno == EBADFD ? TAP_LINK_GONE : TAP_LINK_UNKNOWN;
    if (interface_ioctl(control, ifr.ifr_name, SIOCGIFFLAGS, &flags) < 0)
        return TAP_LINK_UNKNOWN; /* renamed just now, perhaps */
    memcpy(ret_name, ifr.ifr_name, IFNAMSIZ);
    if ((flags.ifr_flags & IFF_UP) == 0)
        return TAP_LINK_DOWN;
    return has_carrier(control, ret_name) ? TAP_LINK_UP : TAP_LINK_NO_CARRIER;
}

static bool interface_exists(int control, const char *name)
{
    struct ifreq ifr = {0};
    return interface_ioctl(control, name, SIOCGIFINDEX, &ifr) == 0 || errno != ENODEV;
}

unsigned tap_device_index(int control, const char *name)
{
    struct ifreq ifr = {0};
    return interface_ioctl(control, name, SIOCGIFINDEX, &ifr) == 0 ? (unsigned)ifr.ifr_ifindex : 0;
}

/* Whether it is the tun driver's, and of that kind: "tap" or "tun". */
static bool interface_is(int control, const char *name, const char *kind)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq ifr = {.ifr_data = (char *)&info};
    return interface_ioctl(control, name, SIOCETHTOOL, &ifr) == 0 &&
           strncmp(info.driver, "tun", sizeof(info.driver)) == 0 &&
           strncmp(info.bus_info, kind, sizeof(info.bus_info)) == 0;
}

/* "; the TAPs here are tap1 tap2", or nothing: ours may have been renamed. */
static void taps_list(int control, char *ret_text, size_t size)
{
    struct if_nameindex *all = if_nameindex();
    size_t len = 0;
    ret_text[0] = '\0';
    for (struct if_nameindex *each = all; each != NULL && each->if_name != NULL; each++) {
        if (!interface_is(control, each->if_name, "tap") || len + IFNAMSIZ + 32 > size)
            continue;
        len += (size_t)snprintf(ret_text + len, size - len, "%s %s",
                                len == 0 ? "; the TAPs here are" : "", each->if_name);
    }
    if (all != NULL) /* the sandbox allows no netlink sockets */
        if_freenameindex(all);
}

/* --- settings --------------------------------------------------------------------------------- */

static void mtu_set(const struct tap_options *options, int control)
{
    struct ifreq ifr = {0};
    int wanted = (int)options->mtu_bytes;
    if (interface_ioctl(control, options->name, SIOCGIFMTU, &ifr) == 0 && ifr.ifr_mtu == wanted)
        return;
    int present = ifr.ifr_mtu;
    ifr.ifr_mtu = wanted;
    if (interface_ioctl(control, options->name, SIOCSIFMTU, &ifr) < 0)
        log_write(LOG_LEVEL_WARNING,
                  "cannot set the MTU of %s to %d: %s; it stays %d, so larger packets may be lost; "
                  "run 'ip link set %s mtu %d' as root",
                  options->name, wanted, strerror(errno), present, options->name, wanted);
}

static void queue_len_set(const struct tap_options *options, int control)
{
    struct ifreq ifr = {0};
    int wanted = (int)options->queue_len;
    if (interface_ioctl(control, options->name, SIOCGIFTXQLEN, &ifr) == 0 && ifr.ifr_qlen == wanted)
        return;
    ifr.ifr_qlen = wanted;
    if (interface_ioctl(control, options->name, SIOCSIFTXQLEN, &ifr) < 0)
        log_write(LOG_LEVEL_INFO, "cannot set the queue length of %s to %d frames: %s",
                  options->name, wanted, strerror(errno));
}

static void link_set_up(const struct tap_options *options, int control)
{
    struct ifreq ifr = {0};
    if (interface_ioctl(control, options->name, SIOCGIFFLAGS, &ifr) == 0 &&
        (ifr.ifr_flags & IFF_UP) != 0)
        return;
    ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
    if (interface_ioctl(control, options->name, SIOCSIFFLAGS, &ifr) < 0)
        log_write(LOG_LEVEL_WARNING, "cannot bring %s up: %s; run 'ip link set %s up' as root",
                  options->name, strerror(errno), options->name);
}

/* With the same address at both ends of the link, neither would hear the other. */
static void mac_compare(const struct tap_options *options, int control)
{
    struct ifreq ifr = {0};
    if (interface_ioctl(control, options->name, SIOCGIFHWADDR, &ifr) == 0 &&
        memcmp(ifr.ifr_hwaddr.sa_data, options->mac, sizeof(options->mac)) == 0)
        log_write(
            LOG_LEVEL_WARNING,
            "mac is also the address of %s itself, so the kernel will not send us any frames; "
            "give another address, or auto",
            options->name);
}

static int reserve_fd = -1;

void tap_device_reserve(void)
{
    if (reserve_fd < 0)
        reserve_fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

void tap_device_unreserve(void)
{
    if (reserve_fd >= 0)
        close(reserve_fd);
    reserve_fd = -1;
}

/* A file whose device was deleted can be attached again. */
static int tun_open(char *ret_message)
{
    int fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == EPERM && reserve_fd >= 0)
        fd = fcntl(reserve_fd, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0)
        return fd;
    const char *advice = "";
    if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
        advice = "; 'modprobe tun' loads the driver";
    else if (errno == EACCES || errno == EPERM)
        advice = "; the daemon's user needs read and write permission";
    snprintf(ret_message, TAP_MESSAGE_MAX, "cannot open " TUN_PATH ": %s%s", strerror(errno),
             advice);
    return -1;
}

/* --- attaching -------------------------------------------------------------------------------- */

#define TAPS_TEXT_MAX 160

static void not_permitted(const char *name, int control, char *ret_message)
{
    char taps[TAPS_TEXT_MAX] = "";
    bool exists = interface_exists(control, name);
    if (!exists)
        taps_list(control, taps, sizeof(taps));
    snprintf(ret_message, TAP_MESSAGE_MAX,
             "%snot permitted to use or create TAP %s: run with CAP_NET_ADMIN, or have root create "
             "it for this user: ip tuntap add dev %s mode tap user %u%s%s",
             exists ? "" : "there is no such interface, and we are ", name, name,
             (unsigned)geteuid(), taps, taps[0] != '\0' ? " (if it was renamed: --tap)" : "");
}

/* The kernel has one answer for all that does not fit. */
static void does_not_fit(const char *name, int control, char *ret_message)
{
    if (interface_is(control, name, "tap"))
        snprintf(ret_message, TAP_MESSAGE_MAX,
                 "TAP %s was made with multi_queue, and we use one queue; make it anew without: ip "
                 "tuntap del dev %s mode tap multi_queue; ip tuntap add dev %s mode tap user %u",
                 name, name, name, (unsigned)geteuid());
    else if (interface_is(control, name, "tun"))
        snprintf(ret_message, TAP_MESSAGE_MAX,
                 "%s is a TUN, which has no Ethernet, and not a TAP; make one with mode tap: ip "
                 "tuntap add dev NAME mode tap user %u, and give its name with --tap",
                 name, (unsigned)geteuid());
    else
        snprintf(ret_message, TAP_MESSAGE_MAX,
                 "%s is an interface, but not a TAP; give another name with --tap", name);
}

static void attach_failed(const char *name, int control, char *ret_message)
{
    switch (errno) {
    case EPERM:
        not_permitted(name, control, ret_message);
        break;
    case EBUSY:
        snprintf(ret_message, TAP_MESSAGE_MAX,
                 "TAP %s is in use by another program; stop that, or give another name with --tap",
                 name);
        break;
    case EINVAL:
        does_not_fit(name, control, ret_message);
        break;
    default:
        snprintf(ret_message, TAP_MESSAGE_MAX, "cannot attach to TAP %s: %s", name,
                 strerror(errno));
    }
}

/* A new device has no address on the host's side: say so, or a name that is wrong goes unseen. */
static void tell_created(const char *name, int control)
{
    char taps[TAPS_TEXT_MAX];
    taps_list(control, taps, sizeof(taps));
    log_write(LOG_LEVEL_NOTICE,
              "there was no TAP %s, so we have made it; it goes when we end, and has no address on "
              "the host's side%s",
              name, taps);
}

static int attach(int fd, int control, const char *name, bool has_header, char *ret_message)
{
    int header_bytes = VNET_HEADER_BYTES;
    short flags = has_header ? IFF_TAP | IFF_NO_PI | IFF_VNET_HDR : IFF_TAP | IFF_NO_PI;
    struct ifreq ifr = {.ifr_flags = flags};
    bool existed = interface_exists(control, name);
    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
        attach_failed(name, control, ret_message);
        return -1;
    }
    if (!existed)
        tell_created(name, control);
    /* A persistent device keeps what its last user set. */
    if (has_header && ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) < 0) {
        snprintf(ret_message, TAP_MESSAGE_MAX, "TAP %s: cannot set the offload header's size: %s",
                 name, strerror(errno));
        return -1;
    }
    return 0;
}

int tap_device_open(const struct tap_options *options, int control, struct offloads *ret_offloads,
                    char *ret_message)
{
    int fd = tun_open(ret_message);
    if (fd < 0)
        return -1;
    bool has_header = offload_has_header(fd);
    if (attach(fd, control, options->name, has_header, ret_message) < 0) {
        close(fd);
        return -1;
    }
    *ret_offloads = offload_negotiate(fd, options->offloads, has_header);
    mtu_set(options, control);
    queue_len_set(options, control);
    mac_compare(options, control);
    link_set_up(options, control);
    return fd;
}

#include "link/tap_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
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
static int interface_ioctl(const char *name, unsigned long request, struct ifreq *ifr)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
    int answer = ioctl(fd, request, ifr);
    int error = errno;
    close(fd);
    errno = error;
    return answer;
}

int tap_device_is_up(const char *name)
{
    struct ifreq ifr = {0};
    if (interface_ioctl(name, SIOCGIFFLAGS, &ifr) < 0)
        return errno == ENODEV ? -1 : 0;
    return (ifr.ifr_flags & IFF_UP) != 0 ? 1 : 0;
}

static void mtu_set(const struct tap_options *options)
{
    struct ifreq ifr = {0};
    int wanted = (int)options->mtu_bytes;
    if (interface_ioctl(options->name, SIOCGIFMTU, &ifr) == 0 && ifr.ifr_mtu == wanted)
        return;
    int present = ifr.ifr_mtu;
    ifr.ifr_mtu = wanted;
    if (interface_ioctl(options->name, SIOCSIFMTU, &ifr) < 0)
        log_write(LOG_LEVEL_WARNING,
                  "cannot set the MTU of %s to %d: %s; it stays %d, so larger packets may be lost; "
                  "run 'ip link set %s mtu %d' as root",
                  options->name, wanted, strerror(errno), present, options->name, wanted);
}

static void queue_len_set(const struct tap_options *options)
{
    struct ifreq ifr = {0};
    int wanted = (int)options->queue_len;
    if (interface_ioctl(options->name, SIOCGIFTXQLEN, &ifr) == 0 && ifr.ifr_qlen == wanted)
        return;
    ifr.ifr_qlen = wanted;
    if (interface_ioctl(options->name, SIOCSIFTXQLEN, &ifr) < 0)
        log_write(LOG_LEVEL_INFO, "cannot set the queue length of %s to %d frames: %s",
                  options->name, wanted, strerror(errno));
}

static void link_set_up(const struct tap_options *options)
{
    struct ifreq ifr = {0};
    if (interface_ioctl(options->name, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP) != 0)
        return;
    ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
    if (interface_ioctl(options->name, SIOCSIFFLAGS, &ifr) < 0)
        log_write(LOG_LEVEL_WARNING, "cannot bring %s up: %s; run 'ip link set %s up' as root",
                  options->name, strerror(errno), options->name);
}

/* With the same address at both ends of the link, neither would hear the other. */
static void mac_compare(const struct tap_options *options)
{
    struct ifreq ifr = {0};
    if (interface_ioctl(options->name, SIOCGIFHWADDR, &ifr) == 0 &&
        memcmp(ifr.ifr_hwaddr.sa_data, options->mac, sizeof(options->mac)) == 0)
        log_write(
            LOG_LEVEL_WARNING,
            "mac is also the address of %s itself, so the kernel will not send us any frames; "
            "give another address, or auto",
            options->name);
}

static void offload_set(int fd, const struct tap_options *options)
{
    unsigned offload = TUN_F_CSUM;
    if (options->large_receive)
        offload |= TUN_F_TSO4 | TUN_F_TSO6;
    if (ioctl(fd, TUNSETOFFLOAD, offload) < 0)
        log_write(LOG_LEVEL_WARNING, "%s: no offloads: %s; transfers will be slower", options->name,
                  strerror(errno));
}

static int tun_open(char *ret_message)
{
    int fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
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

static void attach_failed(const char *name, char *ret_message)
{
    switch (errno) {
    case EPERM:
        snprintf(
            ret_message, TAP_MESSAGE_MAX,
            "not permitted to use or create TAP %s: run with CAP_NET_ADMIN, or have root create "
            "it for this user: ip tuntap add dev %s mode tap user %u",
            name, name, (unsigned)geteuid());
        break;
    case EBUSY:
        snprintf(ret_message, TAP_MESSAGE_MAX,
                 "TAP %s is in use by another program; stop that, or give another name with --tap",
                 name);
        break;
    case EINVAL:
        snprintf(ret_message, TAP_MESSAGE_MAX,
                 "%s is an interface, but not a TAP; give another name with --tap", name);
        break;
    default:
        snprintf(ret_message, TAP_MESSAGE_MAX, "cannot attach to TAP %s: %s", name,
                 strerror(errno));
    }
}

static int attach(int fd, const char *name, char *ret_message)
{
    int header_bytes = VNET_HEADER_BYTES;
    struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
        attach_failed(name, ret_message);
        return -1;
    }
    /* A persistent device keeps what its last user set. */
    if (ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) < 0) {
        snprintf(ret_message, TAP_MESSAGE_MAX, "TAP %s: cannot set the offload header's size: %s",
                 name, strerror(errno));
        return -1;
    }
    return 0;
}

int tap_device_open(const struct tap_options *options, char *ret_message)
{
    int fd = tun_open(ret_message);
    if (fd < 0)
        return -1;
    if (attach(fd, options->name, ret_message) < 0) {
        close(fd);
        return -1;
    }
    offload_set(fd, options);
    mtu_set(options);
    queue_len_set(options);
    mac_compare(options);
    link_set_up(options);
    return fd;
}

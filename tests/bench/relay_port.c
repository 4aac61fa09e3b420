#include "relay_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tcpengine/units.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

#define RECEIVE_BUFFER_BYTES (64 << 20)
#define CONTROL_BYTES 128u

static int64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * TE_NS_PER_SECOND + time.tv_nsec;
}

int64_t port_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static void set_option(int fd, int level, int option, int value)
{
    if (setsockopt(fd, level, option, &value, sizeof(value)) != 0)
        bench_die("packet socket", strerror(errno));
}

static uint64_t read_statistic(const char *interface, const char *name)
{
    char path[128];
    unsigned long long value = 0;
    snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", interface, name);
    FILE *file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%llu", &value) != 1)
        bench_die(path, "cannot be read");
    fclose(file);
    return value;
}

/* The interface counts what it drops of the relay's frames as transmit drops (a TAP whose queue is
 * full). Frames of the host would be receive drops, but a TAP also counts frames there that nobody
 * in this namespace wants, which all of the host's are; the packet socket's statistics are used
 * instead. */
static uint64_t interface_drops(const struct port *port)
{
    return read_statistic(port->name, "tx_dropped");
}

void port_open(struct port *port, const char *interface)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(interface)};

    snprintf(port->name, sizeof(port->name), "%s", interface);
    if (address.sll_ifindex == 0)
        bench_die(interface, strerror(errno));
    port->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    port->memory = malloc((size_t)PORT_BATCH * PORT_FRAME_MAX);
    if (port->fd < 0 || port->memory == NULL)
        bench_die("packet socket", strerror(errno));
    set_option(port->fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
    set_option(port->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    set_option(port->fd, SOL_PACKET, PACKET_AUXDATA, 1);
    set_option(port->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    set_option(port->fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
    if (bind(port->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        bench_die(interface, strerror(errno));
    port->send_failures = 0;
    port->interface_drops_before = interface_drops(port);
}

void port_close(struct port *port)
{
    close(port->fd);
    free(port->memory);
}

/* The timestamp is CLOCK_REALTIME; only its age matters. */
static int64_t arrival_of(struct msghdr *message, int64_t now_ns, int64_t real_ns)
{
    int64_t ago_ns = 0;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level == SOL_PACKET && at->cmsg_type == PACKET_AUXDATA) {
            struct tpacket_auxdata auxdata;
            memcpy(&auxdata, CMSG_DATA(at), sizeof(auxdata));
            if ((auxdata.tp_status & TP_STATUS_CSUMNOTREADY) != 0)
                bench_die("relay", "a host leaves checksums to hardware");
        } else if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(at), sizeof(time));
            ago_ns = real_ns - ((int64_t)time.tv_sec * TE_NS_PER_SECOND + time.tv_nsec);
        }
    }
    return ago_ns > 0 && ago_ns < TE_NS_PER_SECOND ? now_ns - ago_ns : now_ns;
}

size_t port_read(struct port *port, struct port_frame *frames)
{
    struct mmsghdr messages[PORT_BATCH];
    struct iovec pieces[PORT_BATCH];
    _Alignas(struct cmsghdr) uint8_t controls[PORT_BATCH][CONTROL_BYTES];

    memset(messages, 0, sizeof(messages));
    for (size_t i = 0; i < PORT_BATCH; i++) {
        pieces[i] = (struct iovec){port->memory + i * PORT_FRAME_MAX, PORT_FRAME_MAX};
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_control = controls[i];
        messages[i].msg_hdr.msg_controllen = CONTROL_BYTES;
    }
    int count = recvmmsg(port->fd, messages, PORT_BATCH, MSG_DONTWAIT, NULL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
        bench_die(port->name, strerror(errno));
    int64_t now_ns = port_now_ns(), real_ns = clock_ns(CLOCK_REALTIME);
    for (int i = 0; i < count; i++) {
        if ((messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0)
            bench_die("relay", "a host leaves segmentation to hardware");
        frames[i] = (struct port_frame){pieces[i].iov_base, messages[i].msg_len,
                                        arrival_of(&messages[i].msg_hdr, now_ns, real_ns)};
    }
    return count > 0 ? (size_t)count : 0;
}

void port_write(struct port *port, const void *bytes, size_t len)
{
    if (send(port->fd, bytes, len, MSG_DONTWAIT) != (ssize_t)len)
        port->send_failures++;
}

uint64_t port_unwanted_drops(struct port *port)
{
    struct tpacket_stats stats = {0};
    socklen_t len = sizeof(stats);
    if (getsockopt(port->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) != 0)
        bench_die(port->name, strerror(errno));
    uint64_t by_interface = interface_drops(port) - port->interface_drops_before;
    /* A TAP also counts the frame of a failed send. */
    uint64_t sent = by_interface > port->send_failures ? by_interface : port->send_failures;
    return stats.tp_drops + sent;
}

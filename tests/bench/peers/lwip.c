/* The work of tests/bench/work on lwIP's raw API, with stack and application in one thread:
 *
 *   lwip MODE ADDRESS PORT AMOUNT tap=NAME [key=value]...     ../plan.h says what there is
 *
 * Debian builds lwIP for a thread of its own. Nothing demands that thread as long as it was never
 * started: this program calls the stack from its only one, and runs its timers. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <net/if.h>
#include <netif/ethernet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../plan.h"
#include "../support.h"

#define FRAME_MAX 1600u
#define BATCH_FRAMES 64u
#define PIECE 65536u
#define TIMES_MAX 1000000u
#define OUR_ADDRESS "10.11.0.2"
#define NETMASK "255.255.255.0"
#define PORT_FIRST 1024u
#define PEER_WAIT_SECONDS 10

struct mode;

/* One client: the connection it has at present, and how far that is. */
struct client {
    struct tcp_pcb *pcb;
    uint64_t left, got;
    bool is_over;
};

static struct {
    struct plan plan;
    const struct mode *mode;
    int fd;
    struct netif netif;
    struct client clients[PLAN_CLIENTS_MAX];
    unsigned busy;
    uint16_t local_port;
    uint64_t started, done, filled;
    double start, deadline, sent_at;
    double *times;
} bench;

static const uint8_t zeros[PIECE];

/* --- the interface ---------------------------------------------------------------------------- */

static err_t tap_output(struct netif *netif, struct pbuf *packet)
{
    uint8_t frame[FRAME_MAX];
    (void)netif;
    size_t len = pbuf_copy_partial(packet, frame, sizeof(frame), 0);
    return write(bench.fd, frame, len) == (ssize_t)len ? ERR_OK : ERR_IF;
}

static err_t tap_init(struct netif *netif)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 11, 2};
    netif->name[0] = 't';
    netif->name[1] = 'p';
    netif->output = etharp_output;
    netif->linkoutput = tap_output;
    netif->mtu = 1500;
    netif->hwaddr_len = sizeof(mac);
    memcpy(netif->hwaddr, mac, sizeof(mac));
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

static void tap_open(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    bench.fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (bench.fd < 0 || ioctl(bench.fd, TUNSETIFF, &request) != 0)
        bench_die(name, strerror(errno));
}

static bool tap_read(void)
{
    uint8_t frame[FRAME_MAX];
    ssize_t len = read(bench.fd, frame, sizeof(frame));
    if (len <= 0)
        return false;
    /* PBUF_POOL has blocks of 592 bytes in Debian's library, which writes 1,514 into them. */
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);
    if (packet == NULL)
        return true;
    pbuf_take(packet, frame, (u16_t)len);
    if (bench.netif.input(packet, &bench.netif) != ERR_OK)
        pbuf_free(packet);
    return true;
}

static void stack_start(void)
{
    ip4_addr_t address, netmask, gateway;
    ip4addr_aton(OUR_ADDRESS, &address);
    ip4addr_aton(NETMASK, &netmask);
    ip4_addr_set_zero(&gateway);
    lwip_init();
    if (netif_add(&bench.netif, &address, &netmask, &gateway, NULL, tap_init, ethernet_input) ==
        NULL)
        bench_die("lwip", "no interface");
    netif_set_default(&bench.netif);
    netif_set_up(&bench.netif);
    bench.local_port = (uint16_t)(PORT_FIRST + (unsigned)getpid() % 30000u);
}

static void stack_run_once(void)
{
    struct pollfd wait = {.fd = bench.fd, .events = POLLIN};
    u32_t sleep_ms = sys_timeouts_sleeptime();
    poll(&wait, 1, sleep_ms < 10 ? (int)sleep_ms : 10);
    for (unsigned i = 0; i < BATCH_FRAMES && tap_read(); i++)
        continue;
    sys_check_timeouts();
}

/* The kernel takes up to a second to notice that somebody has opened its TAP. */
static void wait_for_peer(void)
{
    ip4_addr_t peer;
    const ip4_addr_t *ignored;
    struct eth_addr *mac;
    double end = plan_now() + PEER_WAIT_SECONDS;
    ip4addr_aton(bench.plan.address, &peer);
    while (etharp_find_addr(&bench.netif, &peer, &mac, &ignored) < 0) {
        if (plan_now() > end)
            bench_die(bench.plan.address, "does not answer ARP");
        etharp_request(&bench.netif, &peer);
        stack_run_once();
    }
}

/* --- the works -------------------------------------------------------------------------------- */

struct mode {
    const char *name;
    void (*connected)(struct client *client);
    void (*received)(struct client *client, size_t len);
    void (*ended)(struct client *client); /* the peer closed; NULL: it must not */
    void (*room)(struct client *client);  /* the peer acknowledged; NULL: does not matter */
};

static void client_connect(struct client *client);

static bool is_late(void)
{
    return plan_now() >= bench.deadline;
}

static void client_over(struct client *client)
{
    client->is_over = true;
    bench.busy--;
}

static void client_forget(struct client *client)
{
    tcp_arg(client->pcb, NULL);
    tcp_recv(client->pcb, NULL);
    tcp_err(client->pcb, NULL);
    tcp_sent(client->pcb, NULL);
}

static void client_close(struct client *client)
{
    client_forget(client);
    if (tcp_close(client->pcb) != ERR_OK)
        bench_die("lwip", "close failed");
    client->pcb = NULL;
}

static void client_write(struct client *client, const void *data, size_t len)
{
    if (tcp_write(client->pcb, data, (u16_t)len, TCP_WRITE_FLAG_COPY) != ERR_OK)
        bench_die("lwip", "write failed");
    tcp_output(client->pcb);
}

static void bulk_out_room(struct client *client)
{
    while (client->left > 0 && tcp_sndbuf(client->pcb) > 0 && !is_late()) {
        size_t len = tcp_sndbuf(client->pcb);
        len = len < client->left ? len : (size_t)client->left;
        len = len < 0xffff ? len : 0xffff;
        /* ERR_MEM: the queue of segments is full, and goes on when some are acknowledged. */
        if (tcp_write(client->pcb, zeros, (u16_t)len, TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
        client->left -= len;
        bench.done += len;
    }
    tcp_output(client->pcb);
    if (client->left == 0 || is_late()) {
        client->left = 0;
        tcp_sent(client->pcb, NULL);
        tcp_shutdown(client->pcb, 0, 1);
    }
}

static void bulk_out_connected(struct client *client)
{
    client->left = bench.plan.amount / bench.plan.clients;
    bulk_out_room(client);
}

static void bulk_out_received(struct client *client, size_t len)
{
    client->got += len;
}

static void bulk_out_ended(struct client *client)
{
    if (client->got != 1)
        bench_die("bulk_out", "the peer did not confirm");
    client_close(client);
    client_over(client);
}

static void bulk_in_connected(struct client *client)
{
    uint8_t ask[8];
    client->left = bench.plan.amount / bench.plan.clients;
    for (unsigned i = 0; i < sizeof(ask); i++)
        ask[i] = (uint8_t)(client->left >> (56 - 8 * i));
    client_write(client, ask, sizeof(ask));
}

static void bulk_in_received(struct client *client, size_t len)
{
    client->left -= len;
    bench.done += len;
}

static void bulk_in_ended(struct client *client)
{
    if (client->left > 0)
        bench_die("bulk_in", "bytes are missing");
    client_close(client);
    client_over(client);
}

static void request(struct client *client)
{
    client->got = 0;
    bench.sent_at = plan_now();
    client_write(client, zeros, PLAN_REQUEST_BYTES);
}

static void latency_received(struct client *client, size_t len)
{
    client->got += len;
    if (client->got < PLAN_REQUEST_BYTES)
        return;
    bench.times[bench.done++] = plan_now() - bench.sent_at;
    if (bench.done < bench.plan.amount && bench.done < TIMES_MAX && !is_late())
        request(client);
    else
        client_over(client);
}

static void requests_received(struct client *client, size_t len)
{
    client->got += len;
    if (client->got < PLAN_REQUEST_BYTES)
        return;
    client_close(client);
    bench.done++;
    if (bench.started < bench.plan.amount && !is_late())
        client_connect(client);
    else
        client_over(client);
}

static void hold_connected(struct client *client)
{
    client->pcb = NULL; /* the stack keeps it */
    bench.done++;
    if (bench.started < bench.plan.amount)
        client_connect(client);
    else
        client_over(client);
}

static void hold_received(struct client *client, size_t len)
{
    (void)client;
    (void)len;
}

static const struct mode modes[] = {
    {"bulk_out", bulk_out_connected, bulk_out_received, bulk_out_ended, bulk_out_room},
    {"bulk_in", bulk_in_connected, bulk_in_received, bulk_in_ended, NULL},
    {"latency", request, latency_received, NULL, NULL},
    {"requests", request, requests_received, NULL, NULL},
    {"hold", hold_connected, hold_received, NULL, NULL},
};

/* --- connections ------------------------------------------------------------------------------ */

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)pcb;
    (void)err;
    bench.mode->connected(arg);
    return ERR_OK;
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *packet, err_t err)
{
    struct client *client = arg;
    (void)err;
    if (packet == NULL) {
        if (bench.mode->ended == NULL)
            bench_die("lwip", "the peer closed");
        bench.mode->ended(client);
        return ERR_OK;
    }
    size_t len = packet->tot_len;
    tcp_recved(pcb, (u16_t)len);
    pbuf_free(packet);
    bench.mode->received(client, len);
    return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    (void)pcb;
    (void)len;
    bench.mode->room(arg);
    return ERR_OK;
}

static void on_error(void *arg, err_t err)
{
    struct client *client = arg;
    (void)err;
    if (!client->is_over)
        bench_die("lwip", "the connection failed");
}

/* lwIP alone would not choose a port that has a TIME_WAIT with any remote, and has only 16,384 of
 * them; with SO_REUSEADDR only the same 4-tuple is refused, which the next port avoids. */
static err_t connect_from_next_port(struct client *client)
{
    ip_addr_t remote;
    ipaddr_aton(bench.plan.address, &remote);
    ip_set_option(client->pcb, SOF_REUSEADDR);
    if (++bench.local_port < PORT_FIRST)
        bench.local_port = PORT_FIRST;
    err_t err = tcp_bind(client->pcb, IP_ADDR_ANY, bench.local_port);
    return err != ERR_OK ? err : tcp_connect(client->pcb, &remote, bench.plan.port, on_connected);
}

static void client_connect(struct client *client)
{
    err_t err = ERR_USE;
    for (unsigned tries = 0; err == ERR_USE && tries < 65536u; tries++) {
        client->pcb = tcp_new();
        if (client->pcb == NULL)
            bench_die("lwip", "no memory for a connection");
        client->got = 0;
        err = connect_from_next_port(client);
        if (err == ERR_USE)
            tcp_abort(client->pcb);
    }
    if (err != ERR_OK)
        bench_die("lwip", "connect failed");
    bench.started++;
    tcp_nagle_disable(client->pcb);
    tcp_arg(client->pcb, client);
    tcp_recv(client->pcb, on_received);
    tcp_err(client->pcb, on_error);
    if (bench.mode->room != NULL)
        tcp_sent(client->pcb, on_sent);
}

static double run_clients(void)
{
    bench.busy = bench.plan.clients;
    bench.started = bench.done = 0;
    bench.start = plan_now();
    bench.deadline = bench.start + bench.plan.seconds;
    for (unsigned i = 0; i < bench.plan.clients; i++) {
        bench.clients[i] = (struct client){0};
        client_connect(&bench.clients[i]);
    }
    bool is_receiver = strcmp(bench.mode->name, "bulk_in") == 0;
    while (bench.busy > 0 && !(is_receiver && is_late()))
        stack_run_once();
    return plan_now() - bench.start;
}

/* Nothing of this run may be left in the kernel's half when the next one starts. */
static void abort_all(void)
{
    for (unsigned i = 0; i < bench.plan.clients; i++) {
        bench.clients[i].is_over = true;
        if (bench.clients[i].pcb != NULL)
            tcp_abort(bench.clients[i].pcb);
    }
    while (tcp_active_pcbs != NULL)
        tcp_abort(tcp_active_pcbs);
}

static void use_mode(const char *name)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(modes[i].name, name) == 0)
            bench.mode = &modes[i];
    if (bench.mode == NULL)
        bench_die(name, "no such work");
}

static void fill_time_waits(void)
{
    struct plan plan = bench.plan;
    use_mode("requests");
    bench.plan.clients = 8;
    for (unsigned i = 0; i < PLAN_FILL_PORTS; i++) {
        bench.plan.port = (uint16_t)(plan.fill_port + i);
        bench.plan.amount = plan.fill * (i + 1) / PLAN_FILL_PORTS - plan.fill * i / PLAN_FILL_PORTS;
        bench.plan.seconds = plan.fill_seconds / PLAN_FILL_PORTS;
        run_clients();
        bench.filled += bench.done;
    }
    bench.plan = plan;
}

/* Until standard input ends; the stack goes on meanwhile. */
static void hold_until_told(void)
{
    struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
    while (poll(&wait, 1, 0) == 0)
        stack_run_once();
}

static void report(double seconds)
{
    if (bench.times != NULL)
        plan_report_times(seconds, bench.times, bench.done);
    else
        plan_report(seconds, strncmp(bench.mode->name, "bulk", 4) == 0 ? "bytes" : "count",
                    bench.done, bench.filled);
}

int main(int argc, char **argv)
{
    if (!plan_parse(&bench.plan, argc - 1, argv + 1) || bench.plan.tap == NULL) {
        fprintf(stderr, "usage: lwip MODE ADDRESS PORT AMOUNT tap=NAME [key=value]...\n");
        return 2;
    }
    tap_open(bench.plan.tap);
    stack_start();
    wait_for_peer();
    if (bench.plan.fill > 0)
        fill_time_waits();
    use_mode(bench.plan.mode);
    if (strcmp(bench.plan.mode, "latency") == 0)
        bench.times = calloc(TIMES_MAX, sizeof(*bench.times));
    report(run_clients());
    if (strcmp(bench.plan.mode, "hold") == 0)
        hold_until_told();
    abort_all();
    free(bench.times);
    return 0;
}

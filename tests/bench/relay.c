/* An emulated path between two hosts:
 *
 *   relay INTERFACE_A INTERFACE_B [KEY=VALUE]...
 *
 * Each frame that comes in at one interface leaves at the other, or is lost; relay_path.h says how.
 * Both directions behave alike. Keys: rate_bps, queue_bytes, delay_us (one way), loss_ppm,
 * reorder_ppm, reorder_us, seed, trace (a folder: a.pcap and b.pcap hold what the hosts sent and
 * received, dropped.pcap what was lost). Prints "ready" once it carries frames; on SIGTERM prints
 * its statistics as one line of JSON and exits.
 *
 * Timing. A frame's arrival is the kernel's timestamp, so rate and queue are exact however late the
 * relay reads it. The relay sleeps until SPIN_NS before a departure, then polls. It measures and
 * reports how late frames left and how late they were read, and every frame lost for a reason
 * outside the model. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <tcpengine/units.h>

#include "relay_line.h"
#include "relay_path.h"
#include "relay_port.h"
#include "relay_trace.h"
#include "support.h"

#define SPIN_NS (60 * TE_NS_PER_US)
/* How long a signal that arrives just before the sleep may wait. */
#define REST_MOST_NS (20000 * TE_NS_PER_US)
#define PORTS 2u
#define PRIORITY 10 /* of SCHED_FIFO */

/* Lateness in buckets of one microsecond; the last bucket holds everything beyond. */
#define LATENESS_BUCKETS 10000u
struct lateness {
    uint64_t buckets[LATENESS_BUCKETS];
    uint64_t count;
    int64_t max_us;
};

struct relay {
    struct port ports[PORTS];
    struct path paths[PORTS]; /* by ingress port */
    struct line line;
    struct trace traces[PORTS];
    struct trace dropped;
    const char *trace_folder;
    uint64_t no_room;
    struct lateness read, sent;
};

static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
    (void)number;
    is_over = 1;
}

static void lateness_note(struct lateness *lateness, int64_t ns)
{
    int64_t us = ns > 0 ? ns / TE_NS_PER_US : 0;
    lateness->buckets[us < LATENESS_BUCKETS ? us : LATENESS_BUCKETS - 1]++;
    lateness->count++;
    lateness->max_us = us > lateness->max_us ? us : lateness->max_us;
}

static unsigned lateness_percentile(const struct lateness *lateness, unsigned percent)
{
    uint64_t below = 0;
    for (unsigned us = 0; us < LATENESS_BUCKETS; us++) {
        below += lateness->buckets[us];
        if (below * 100 >= lateness->count * percent)
            return us;
    }
    return LATENESS_BUCKETS;
}

static void take(struct relay *relay, unsigned port, const struct port_frame *frame)
{
    int64_t at_ns;
    trace_frame(&relay->traces[port], frame->bytes, frame->len, frame->arrival_ns);
    enum path_fate fate =
        path_input(&relay->paths[port], frame->bytes, frame->len, frame->arrival_ns, &at_ns);
    struct line_frame *room = line_room(&relay->line);
    if (fate != PATH_PASSED || room == NULL) {
        relay->no_room += fate == PATH_PASSED;
        trace_frame(&relay->dropped, frame->bytes, frame->len, frame->arrival_ns);
        return;
    }
    room->at_ns = at_ns;
    room->port = PORTS - 1 - port;
    room->len = (uint32_t)frame->len;
    memcpy(room->bytes, frame->bytes, frame->len);
    line_push(&relay->line);
}

static void take_all(struct relay *relay, unsigned port)
{
    struct port_frame frames[PORT_BATCH];
    size_t count = port_read(&relay->ports[port], frames);
    int64_t now_ns = port_now_ns();
    for (size_t i = 0; i < count; i++) {
        lateness_note(&relay->read, now_ns - frames[i].arrival_ns);
        take(relay, port, &frames[i]);
    }
}

static void deliver_due(struct relay *relay)
{
    struct line_frame *frame;
    int64_t now_ns = port_now_ns();
    while ((frame = line_first(&relay->line)) != NULL && frame->at_ns <= now_ns) {
        port_write(&relay->ports[frame->port], frame->bytes, frame->len);
        trace_frame(&relay->traces[frame->port], frame->bytes, frame->len, now_ns);
        lateness_note(&relay->sent, now_ns - frame->at_ns);
        line_pop(&relay->line);
        now_ns = port_now_ns();
    }
}

/* Waits until a frame arrives or one is nearly due. */
static void rest(struct relay *relay)
{
    struct pollfd polled[PORTS] = {{.fd = relay->ports[0].fd, .events = POLLIN},
                                   {.fd = relay->ports[1].fd, .events = POLLIN}};
    const struct line_frame *first = line_first(&relay->line);
    int64_t left_ns = first != NULL ? first->at_ns - port_now_ns() - SPIN_NS : REST_MOST_NS;
    if (left_ns <= 0)
        return;
    const struct timespec time = {.tv_nsec = left_ns < REST_MOST_NS ? left_ns : REST_MOST_NS};
    ppoll(polled, PORTS, &time, NULL);
}

static void run(struct relay *relay)
{
    const struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    puts("ready");
    fflush(stdout);
    while (!is_over) {
        rest(relay);
        for (unsigned port = 0; port < PORTS; port++)
            take_all(relay, port);
        deliver_due(relay);
    }
}

static void print_path(const char *name, const struct path *path)
{
    uint64_t passed = path->frames - path->lost - path->overflowed;
    printf("\"%s\": {\"frames\": %" PRIu64 ", \"segments\": %" PRIu64 ", \"lost\": %" PRIu64
           ", \"overflowed\": %" PRIu64 ", \"reordered\": %" PRIu64 ", \"passed_bytes\": %" PRIu64
           ", \"queue_mean_us\": %" PRId64 ", \"queue_max_us\": %" PRId64 "}, ",
           name, path->frames, path->segments, path->lost, path->overflowed, path->reordered,
           path->passed_bytes, passed > 0 ? path->queue_sum_ns / TE_NS_PER_US / (int64_t)passed : 0,
           path->queue_max_ns / TE_NS_PER_US);
}

static void print_lateness(const char *name, const struct lateness *lateness)
{
    printf("\"%s\": {\"p50_us\": %u, \"p99_us\": %u, \"max_us\": %" PRId64 "}", name,
           lateness_percentile(lateness, 50), lateness_percentile(lateness, 99), lateness->max_us);
}

static void report(struct relay *relay)
{
    uint64_t unwanted = relay->no_room;
    for (unsigned port = 0; port < PORTS; port++)
        unwanted += port_unwanted_drops(&relay->ports[port]);
    printf("{\"unwanted_drops\": %" PRIu64 ", ", unwanted);
    print_path("a_to_b", &relay->paths[0]);
    print_path("b_to_a", &relay->paths[1]);
    print_lateness("read_late", &relay->read);
    printf(", ");
    print_lateness("sent_late", &relay->sent);
    printf("}\n");
}

static void save_traces(struct relay *relay)
{
    static const char *const names[PORTS] = {"a", "b"};
    char path[4096];

    if (relay->trace_folder == NULL)
        return;
    for (unsigned port = 0; port < PORTS; port++) {
        snprintf(path, sizeof(path), "%s/%s.pcap", relay->trace_folder, names[port]);
        trace_save(&relay->traces[port], path);
        trace_done(&relay->traces[port]);
    }
    snprintf(path, sizeof(path), "%s/dropped.pcap", relay->trace_folder);
    trace_save(&relay->dropped, path);
    trace_done(&relay->dropped);
}

/* False if there is no such key. */
static bool set_key(struct relay *relay, struct path_config *config, char *word)
{
    char *value = strchr(word, '=');
    if (value == NULL)
        return false;
    *value++ = '\0';
    uint64_t number = strtoull(value, NULL, 10);
    if (strcmp(word, "rate_bps") == 0 && number > 0)
        config->rate_bps = number;
    else if (strcmp(word, "queue_bytes") == 0)
        config->queue_bytes = number;
    else if (strcmp(word, "delay_us") == 0)
        config->delay_ns = (int64_t)number * TE_NS_PER_US;
    else if (strcmp(word, "loss_ppm") == 0)
        config->loss_ppm = (uint32_t)number;
    else if (strcmp(word, "reorder_ppm") == 0)
        config->reorder_ppm = (uint32_t)number;
    else if (strcmp(word, "reorder_us") == 0)
        config->reorder_ns = (int64_t)number * TE_NS_PER_US;
    else if (strcmp(word, "seed") == 0)
        config->seed = number;
    else if (strcmp(word, "trace") == 0)
        relay->trace_folder = value;
    else
        return false;
    return true;
}

static void configure(struct relay *relay, int argc, char **argv)
{
    struct path_config config = {.rate_bps = 100000000, .queue_bytes = 250000};
    for (int i = 3; i < argc; i++) {
        if (!set_key(relay, &config, argv[i]))
            bench_die(argv[i], "no such key, or no such value");
    }
    for (unsigned port = 0; port < PORTS; port++) {
        config.direction = port;
        relay->paths[port].config = config;
        if (relay->trace_folder != NULL)
            trace_init(&relay->traces[port]);
    }
    if (relay->trace_folder != NULL)
        trace_init(&relay->dropped);
}

/* The machine's other work must not delay frames. Carries on without the privilege. */
static void be_prompt(void)
{
    const struct sched_param param = {.sched_priority = PRIORITY};
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    sched_setscheduler(0, SCHED_FIFO, &param);
    mlockall(MCL_CURRENT);
}

int main(int argc, char **argv)
{
    static struct relay relay;

    if (argc < 3) {
        fprintf(stderr, "usage: relay INTERFACE_A INTERFACE_B [KEY=VALUE]...\n");
        return 2;
    }
    configure(&relay, argc, argv);
    if (!line_init(&relay.line))
        bench_die("relay", "no memory");
    for (unsigned port = 0; port < PORTS; port++)
        port_open(&relay.ports[port], argv[1 + port]);
    be_prompt();
    run(&relay);
    report(&relay);
    save_traces(&relay);
    for (unsigned port = 0; port < PORTS; port++)
        port_close(&relay.ports[port]);
    line_done(&relay.line);
    return 0;
}

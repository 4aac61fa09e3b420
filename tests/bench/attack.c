/* What a hostile neighbour does to the daemon, as hard as one process can, until it is killed:
 *
 *   attack requests SOCKET LINKS HEX        pipelines one request on each link
 *   attack storm SOCKET                     connects and closes
 *   attack scrape ADDRESS PORT              GET /metrics, eight at a time
 *   attack flood INTERFACE RATE FILE        sends the frames in FILE, RATE a second, over and over
 *   attack spin                             only keeps a processor busy
 *   attack probe SOCKET SECONDS HEX         an honest client instead: how long does each request
 * take, and each new link? Prints one line of JSON
 *
 * HEX is an encoded Request. FILE has frames of equal length, its first line says how long. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

#define LINKS_MAX 256
#define BATCH 64u
#define HELLO_BYTES 8
#define HEADER_BYTES 13 /* of a frame: type, length, request id */
#define SAMPLES_MAX 100000
#define SCRAPERS 8

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- links ------------------------------------------------------------------------------------ */

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        bench_die("socket", strerror(errno));
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static const uint8_t hello[HELLO_BYTES] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

static bool read_exactly(int fd, uint8_t *bytes, size_t len)
{
    for (ssize_t count; len > 0; bytes += count, len -= (size_t)count)
        if ((count = recv(fd, bytes, len, 0)) <= 0)
            return false;
    return true;
}

/* -1: refused. */
static int link_open(const char *path)
{
    uint8_t answer[HELLO_BYTES];
    int fd = connect_to(path);
    if (fd < 0)
        return -1;
    if (send(fd, hello, sizeof(hello), MSG_NOSIGNAL) == HELLO_BYTES &&
        read_exactly(fd, answer, sizeof(answer)))
        return fd;
    close(fd);
    return -1;
}

/* The frame of a request. Returns its length. */
static size_t frame_make(const char *hex, uint8_t *frame, size_t size)
{
    size_t len = strlen(hex) / 2;
    if (HEADER_BYTES + len > size)
        bench_die("request", "too long");
    memset(frame, 0, HEADER_BYTES);
    frame[0] = 1;
    frame[7] = (uint8_t)((len + 4) >> 8);
    frame[8] = (uint8_t)(len + 4);
    frame[9] = 0x80;
    for (size_t i = 0; i < len; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        frame[HEADER_BYTES + i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return HEADER_BYTES + len;
}

/* --- requests --------------------------------------------------------------------------------- */

/* A stream of the same frame; sent counts its bytes. */
struct stream {
    uint8_t bytes[16384];
    size_t frame_bytes, len;
    size_t sent[LINKS_MAX];
};

static void stream_make(struct stream *stream, const char *hex)
{
    stream->frame_bytes = frame_make(hex, stream->bytes, sizeof(stream->bytes));
    stream->len = stream->frame_bytes;
    while (stream->len + stream->frame_bytes <= sizeof(stream->bytes)) {
        memcpy(stream->bytes + stream->len, stream->bytes, stream->frame_bytes);
        stream->len += stream->frame_bytes;
    }
}

static bool pump_link(struct stream *stream, unsigned link, const struct pollfd *poll)
{
    static char rubbish[262144];
    if (poll->revents & (POLLERR | POLLHUP))
        return false;
    if ((poll->revents & POLLIN) && recv(poll->fd, rubbish, sizeof(rubbish), MSG_DONTWAIT) == 0)
        return false;
    if (poll->revents & POLLOUT) {
        size_t at = stream->sent[link] % stream->len;
        ssize_t count =
            send(poll->fd, stream->bytes + at, stream->len - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0)
            stream->sent[link] += (size_t)count;
    }
    return true;
}

static void requests(char **argv)
{
    static struct stream stream;
    struct pollfd polls[LINKS_MAX];
    unsigned count = (unsigned)strtoul(argv[1], NULL, 10);
    stream_make(&stream, argv[2]);
    for (unsigned i = 0; i < count && i < LINKS_MAX; i++)
        polls[i] = (struct pollfd){.fd = link_open(argv[0]), .events = POLLIN | POLLOUT};
    puts("ready");
    fflush(stdout);
    for (;;) {
        poll(polls, count, -1);
        for (unsigned i = 0; i < count; i++) {
            if (polls[i].fd >= 0 && !pump_link(&stream, i, &polls[i]))
                bench_die("requests", "the daemon closed a link");
        }
    }
}

/* --- storms ----------------------------------------------------------------------------------- */

static void storm(char **argv)
{
    puts("ready");
    fflush(stdout);
    for (;;) {
        int fd = connect_to(argv[0]);
        if (fd >= 0)
            close(fd);
    }
}

static int scrape_start(const struct sockaddr_in *address)
{
    static const char ask[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        bench_die("socket", strerror(errno));
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
        send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL);
    return fd;
}

static void scrape(char **argv)
{
    static char rubbish[262144];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10))};
    struct pollfd polls[SCRAPERS];
    inet_pton(AF_INET, argv[0], &address.sin_addr);
    for (unsigned i = 0; i < SCRAPERS; i++)
        polls[i] = (struct pollfd){.fd = scrape_start(&address), .events = POLLIN};
    puts("ready");
    fflush(stdout);
    for (;;) {
        poll(polls, SCRAPERS, -1);
        for (unsigned i = 0; i < SCRAPERS; i++) {
            if (polls[i].revents == 0 || recv(polls[i].fd, rubbish, sizeof(rubbish), 0) > 0)
                continue;
            close(polls[i].fd);
            polls[i].fd = scrape_start(&address);
        }
    }
}

static void spin(char **argv)
{
    (void)argv;
    puts("ready");
    fflush(stdout);
    for (volatile unsigned turns = 0;; turns++)
        continue;
}

/* --- floods ----------------------------------------------------------------------------------- */

/* The frames of a file, one after the other. */
struct frames {
    uint8_t *bytes;
    size_t len, count;
};

static void frames_read(struct frames *frames, const char *path)
{
    FILE *file = fopen(path, "rb");
    char line[32];
    if (file == NULL || fgets(line, sizeof(line), file) == NULL)
        bench_die(path, strerror(errno));
    frames->len = strtoul(line, NULL, 10);
    frames->bytes = malloc(frames->len << 16);
    if (frames->bytes == NULL || frames->len == 0)
        bench_die(path, "not frames");
    frames->count = fread(frames->bytes, frames->len, 1u << 16, file);
    fclose(file);
}

static int packet_socket(const char *interface)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        bench_die(interface, strerror(errno));
    return fd;
}

static void send_batch(int fd, const struct frames *frames, size_t first)
{
    struct mmsghdr messages[BATCH] = {0};
    struct iovec pieces[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        pieces[i].iov_base = frames->bytes + (first + i) % frames->count * frames->len;
        pieces[i].iov_len = frames->len;
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    sendmmsg(fd, messages, BATCH, MSG_DONTWAIT);
}

static void flood(char **argv)
{
    struct frames frames;
    double rate = strtod(argv[1], NULL), start = now();
    int fd = packet_socket(argv[0]);
    frames_read(&frames, argv[2]);
    puts("ready");
    fflush(stdout);
    for (size_t sent = 0;; sent += BATCH) {
        double early = start + (double)sent / rate - now();
        if (early > 0)
            usleep((useconds_t)(early * 1e6));
        send_batch(fd, &frames, sent);
    }
}

/* --- the honest client ------------------------------------------------------------------------ */

struct samples {
    double seconds[SAMPLES_MAX];
    size_t count, failures;
};

static void sample_add(struct samples *samples, double start, bool is_good)
{
    if (!is_good)
        samples->failures++;
    else if (samples->count < SAMPLES_MAX)
        samples->seconds[samples->count++] = now() - start;
}

static bool exchange(int fd, const uint8_t *frame, size_t len)
{
    static uint8_t answer[262144];
    uint64_t answer_len = 0;
    if (fd < 0 || send(fd, frame, len, MSG_NOSIGNAL) != (ssize_t)len ||
        !read_exactly(fd, answer, HEADER_BYTES))
        return false;
    for (unsigned i = 1; i < 9; i++)
        answer_len = answer_len << 8 | answer[i];
    return answer_len >= 4 && answer_len < sizeof(answer) &&
           read_exactly(fd, answer, (size_t)answer_len - 4);
}

static double quantile_ms(struct samples *samples, double part)
{
    if (samples->count == 0)
        return -1;
    qsort(samples->seconds, samples->count, sizeof(double), bench_compare_doubles);
    return samples->seconds[(size_t)((double)(samples->count - 1) * part)] * 1e3;
}

static void probe(char **argv)
{
    static struct samples old, new;
    uint8_t frame[4096];
    size_t len = frame_make(argv[2], frame, sizeof(frame));
    double end = now() + strtod(argv[1], NULL);
    int fd = link_open(argv[0]);
    for (unsigned i = 0; now() < end; i++) {
        double start = now();
        sample_add(&old, start, exchange(fd, frame, len));
        if (i % 8 == 0) {
            start = now();
            int other = link_open(argv[0]);
            sample_add(&new, start, exchange(other, frame, len));
            close(other);
        }
        usleep(2000);
    }
    printf("{\"requests\": %zu, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"links\": %zu, "
           "\"link_p99_ms\": %.3f, \"link_max_ms\": %.3f, \"failures\": %zu}\n",
           old.count, quantile_ms(&old, 0.99), quantile_ms(&old, 1), new.count,
           quantile_ms(&new, 0.99), quantile_ms(&new, 1), old.failures + new.failures);
}

/* ---------------------------------------------------------------------------------------------- */

static const struct mode {
    const char *name;
    int arguments;
    void (*run)(char **argv);
} modes[] = {
    {"requests", 3, requests}, {"storm", 1, storm}, {"scrape", 2, scrape},
    {"spin", 0, spin},         {"flood", 3, flood}, {"probe", 3, probe},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].name, argv[1]) == 0 && argc == modes[i].arguments + 2) {
            modes[i].run(argv + 2);
            return 0;
        }
    }
    fprintf(stderr, "usage: attack requests|storm|scrape|flood|probe ...\n");
    return 2;
}

/* tcpctl capture: what goes in and out of the engine, as pcapng. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "cli_clock.h"
#include "filter.h"
#include "json.h"
#include "parse.h"

/* So often the signals and the clock are looked at while nothing comes. */
enum { WAIT_MS = 200, FILES_MAX = 1000 };

struct capturing {
    struct cli *cli;
    struct filter filter;
    const char *path; /* "-": stdout */
    uint32_t snaplen, seconds_ms, files_max;
    uint64_t count, ring_bytes;
    uint64_t capture, offset, packets, lost;
    int fd;
    unsigned file; /* of the ring, from 0 */
    uint64_t file_bytes;
    uint8_t *head; /* what each file begins with: all before the first packet */
    size_t head_len;
    bool has_packets, has_reader_left; /* of a FIFO: as Wireshark has it, when it stops */
    uint8_t *rest;                     /* the beginning of a block whose end has not come yet */
    size_t rest_len, rest_size;
};

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
    (void)number;
    is_interrupted = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* --- files ------------------------------------------------------------------------------------ */

static bool is_stdout(const struct capturing *capturing)
{
    return strcmp(capturing->path, "-") == 0;
}

static int fail_file(const char *path)
{
    cli_note("capture: %s: %s", path, strerror(errno));
    return EXIT_FAILED;
}

static void file_name(const struct capturing *capturing, char *ret_name, size_t size)
{
    if (capturing->ring_bytes == 0)
        snprintf(ret_name, size, "%s", capturing->path);
    else
        snprintf(ret_name, size, "%s.%u", capturing->path, capturing->file % capturing->files_max);
}

static int open_file(struct capturing *capturing)
{
    char name[4096];
    capturing->file_bytes = 0;
    if (is_stdout(capturing)) {
        capturing->fd = STDOUT_FILENO;
        return EXIT_DONE;
    }
    file_name(capturing, name, sizeof(name));
    capturing->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return capturing->fd >= 0 ? EXIT_DONE : fail_file(name);
}

static int write_all(struct capturing *capturing, const uint8_t *bytes, size_t len)
{
    if (is_stdout(capturing)) {
        cli_write(bytes, len);
        return EXIT_DONE;
    }
    for (size_t done = 0; done < len && !capturing->has_reader_left;) {
        ssize_t written = write(capturing->fd, bytes + done, len - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno != EPIPE)
            return fail_file(capturing->path);
        capturing->has_reader_left = written < 0;
        done += written > 0 ? (size_t)written : 0;
    }
    capturing->file_bytes += len;
    return EXIT_DONE;
}

/* --- blocks ----------------------------------------------------------------------------------- */

enum { BLOCK_MIN = 12, BLOCK_PACKET = 6 };

static uint32_t load_le32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* A ring's next file begins as the first did. */
static int turn_file(struct capturing *capturing)
{
    if (capturing->fd != STDOUT_FILENO)
        close(capturing->fd);
    capturing->file++;
    int status = open_file(capturing);
    return status == EXIT_DONE ? write_all(capturing, capturing->head, capturing->head_len)
                               : status;
}

static void keep_head(struct capturing *capturing, const uint8_t *block, size_t len)
{
    uint8_t *grown = realloc(capturing->head, capturing->head_len + len);
    if (grown == NULL)
        cli_no_memory();
    memcpy(grown + capturing->head_len, block, len);
    capturing->head = grown;
    capturing->head_len += len;
}

static int take_block(struct capturing *capturing, const uint8_t *block, size_t len)
{
    bool is_packet = load_le32(block) == BLOCK_PACKET;
    capturing->has_packets |= is_packet;
    capturing->packets += is_packet;
    if (!capturing->has_packets)
        keep_head(capturing, block, len);
    bool is_full = capturing->ring_bytes > 0 && is_packet &&
                   capturing->file_bytes > capturing->head_len &&
                   capturing->file_bytes + len > capturing->ring_bytes;
    int status = is_full ? turn_file(capturing) : EXIT_DONE;
    return status == EXIT_DONE ? write_all(capturing, block, len) : status;
}

static void keep_rest(struct capturing *capturing, const uint8_t *data, size_t len)
{
    if (len == 0) /* data may be NULL then */
        return;
    if (capturing->rest_len + len > capturing->rest_size) {
        capturing->rest_size = capturing->rest_len + len;
        capturing->rest = realloc(capturing->rest, capturing->rest_size);
        if (capturing->rest == NULL)
            cli_no_memory();
    }
    memcpy(capturing->rest + capturing->rest_len, data, len);
    capturing->rest_len += len;
}

/* Whole blocks go out; the beginning of the next stays. */
static int take_data(struct capturing *capturing, const uint8_t *data, size_t len)
{
    size_t done = 0;
    int status = EXIT_DONE;
    keep_rest(capturing, data, len);
    while (status == EXIT_DONE && capturing->rest_len - done >= BLOCK_MIN) {
        size_t block_len = load_le32(capturing->rest + done + 4);
        if (block_len < BLOCK_MIN || block_len > capturing->rest_len - done)
            break;
        status = take_block(capturing, capturing->rest + done, block_len);
        done += block_len;
    }
    memmove(capturing->rest, capturing->rest + done, capturing->rest_len - done);
    capturing->rest_len -= done;
    cli_flush();
    return status;
}

/* --- the daemon ------------------------------------------------------------------------------- */

static int start(struct capturing *capturing)
{
    struct tcpc_filter_node nodes[TCPC_FILTER_NODES_MAX];
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    size_t count = filter_own_nodes(&capturing->filter, nodes);
    struct tcpc_request request = {.op = TCPC_OP_CAPTURE};
    request.u.capture = (struct tcpc_capture){.snaplen = capturing->snaplen,
                                              .count = capturing->count,
                                              .filter = nodes,
                                              .filter_count = count};
    if (tcpc_call(capturing->cli->client, &request, &response, &error) != TCPC_OK)
        return cli_fail(capturing->cli, &error, "capture");
    capturing->capture = response->u.captured.capture;
    tcpc_response_free(response);
    return EXIT_DONE;
}

/* One request; *ret_is_over: all was read. */
static int read_once(struct capturing *capturing, bool is_stopping, bool *ret_is_over)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    struct tcpc_request request = {.op = TCPC_OP_CAPTURE};
    request.u.capture = (struct tcpc_capture){.capture = capturing->capture,
                                              .from_offset = capturing->offset,
                                              .stop = is_stopping,
                                              .wait_ms = WAIT_MS};
    if (tcpc_call(capturing->cli->client, &request, &response, &error) != TCPC_OK)
        return cli_fail(capturing->cli, &error, "capture");
    const struct tcpc_captured *captured = &response->u.captured;
    capturing->offset += captured->len;
    capturing->lost = captured->lost;
    *ret_is_over = captured->is_over;
    int status = take_data(capturing, captured->data, captured->len);
    tcpc_response_free(response);
    return status;
}

static int read_all(struct capturing *capturing)
{
    int64_t end_ms = cli_now_ms() + capturing->seconds_ms;
    bool is_over = false;
    int status = EXIT_DONE;
    while (status == EXIT_DONE && !is_over && !capturing->has_reader_left) {
        bool is_late = capturing->seconds_ms > 0 && cli_now_ms() >= end_ms;
        status = read_once(capturing, is_late || is_interrupted, &is_over);
    }
    return status;
}

static void report(const struct capturing *capturing)
{
    if (!capturing->has_reader_left && (capturing->lost > 0 || !is_stdout(capturing)))
        cli_note("capture: %" PRIu64 " packet%s, %" PRIu64 " lost because they came faster than "
                 "they were written",
                 capturing->packets, capturing->packets == 1 ? "" : "s", capturing->lost);
}

static int run(struct capturing *capturing)
{
    int status = cli_connect(capturing->cli, TCPC_POLICY_NONE);
    if (status == EXIT_DONE)
        status = start(capturing);
    if (status == EXIT_DONE)
        status = open_file(capturing);
    if (status != EXIT_DONE)
        return status;
    catch_signals();
    status = read_all(capturing);
    if (capturing->fd != STDOUT_FILENO && close(capturing->fd) != 0)
        status = fail_file(capturing->path);
    report(capturing);
    free(capturing->head);
    free(capturing->rest);
    return status;
}

/* --- the command line ------------------------------------------------------------------------- */

static const struct option options[] = {{"write", required_argument, NULL, 'w'},
                                        {"snaplen", required_argument, NULL, 's'},
                                        {"count", required_argument, NULL, 'c'},
                                        {"seconds", required_argument, NULL, 't'},
                                        {"file-size", required_argument, NULL, 'C'},
                                        {"files", required_argument, NULL, 'W'},
                                        {NULL, 0, NULL, 0}};

static bool take_number(uint64_t max, uint64_t *ret_number)
{
    return parse_number(optarg, max, ret_number) && *ret_number > 0;
}

/* False: the value is none. */
static bool take_option(struct capturing *capturing, int option)
{
    uint64_t number = 0;
    bool is_good = true;
    switch (option) {
    case 'w':
        capturing->path = optarg;
        break;
    case 's':
        is_good = take_number(UINT32_MAX, &number);
        capturing->snaplen = (uint32_t)number;
        break;
    case 'c':
        is_good = take_number(UINT64_MAX / 2, &capturing->count);
        break;
    case 't':
        is_good = parse_seconds(optarg, &capturing->seconds_ms) && capturing->seconds_ms > 0;
        break;
    case 'C':
        is_good = take_number(UINT64_MAX / 2, &capturing->ring_bytes);
        break;
    default:
        is_good = take_number(FILES_MAX, &number);
        capturing->files_max = (uint32_t)number;
        break;
    }
    return is_good;
}

static int cmd_capture(struct cli *cli, int argc, char **argv)
{
    struct capturing capturing = {.cli = cli, .files_max = 2, .fd = -1};
    char why[FILTER_ERROR_MAX];
    int option;
    while ((option = cli_next_option(cli, argc, argv, "w:s:c:C:W:", options)) >= 0) {
        if (option == '?')
            return EXIT_USAGE;
        if (!take_option(&capturing, option))
            return cli_usage(cli, "%s is no number above 0 that it can be", optarg);
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (capturing.path == NULL)
        return cli_usage(cli, "-w FILE says where to write, - is stdout");
    if (capturing.ring_bytes > 0 && is_stdout(&capturing))
        return cli_usage(cli, "--file-size needs files to write to");
    if (is_stdout(&capturing) && isatty(STDOUT_FILENO))
        return cli_usage(cli, "pcapng is not for terminals: pipe it into tshark -r -");
    if (!filter_parse_words(argc - optind, argv + optind, &capturing.filter, why))
        return cli_usage(cli, "%s", why);
    return run(&capturing);
}

const struct verb verb_capture = {
    .name = "capture",
    .arguments = "-w FILE|- [EXPR]",
    .summary = "Write packets with what the engine did with them",
    .options = "  -w, --write FILE        where to, as pcapng; - is stdout\n"
               "  -s, --snaplen N         only the first N bytes of each packet\n"
               "  -c, --count N           end after N packets\n"
               "      --seconds N         end after so long\n"
               "  -C, --file-size BYTES   ring of files FILE.0, FILE.1, ... of that size\n"
               "  -W, --files N           so many of them (2)\n",
    .details = FILTER_DETAILS "tcpctl capture -w - 'program = curl' | tshark -r -\n",
    .run = cmd_capture};

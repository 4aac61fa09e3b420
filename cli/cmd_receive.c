/* tcpctl receive: received bytes to stdout.
 *
 * It keeps the offsets itself, so that bytes are freed at the daemon only after they were written:
 * an interrupted command loses none. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "cli.h"
#include "json.h"
#include "lane.h"
#include "parse.h"
#include "progress.h"

enum {
    JSON_BYTES_MAX = 64 * 1024 * 1024,
    MANY_BYTES = 16 * 1024 /* in one answer: what follows is worth a channel */
};

struct receiving {
    struct cli *cli;
    uint64_t id, offset, max_bytes, start;
    uint64_t freed; /* at the daemon: what lies below */
    uint32_t wait_ms;
    bool is_end;
    struct progress progress;
    uint8_t *kept; /* with --json */
    size_t kept_bytes;
};

static void keep(struct receiving *receiving, const struct tcpc_received *received)
{
    uint8_t *grown = realloc(receiving->kept, receiving->kept_bytes + received->len);
    if (grown == NULL)
        abort();
    memcpy(grown + receiving->kept_bytes, received->data, received->len);
    receiving->kept = grown;
    receiving->kept_bytes += received->len;
}

static void take(struct receiving *receiving, const struct tcpc_received *received)
{
    if (received->len && receiving->cli->is_json)
        keep(receiving, received);
    else
        cli_write(received->data, received->len);
    receiving->offset += received->len;
    receiving->is_end = received->is_end;
    progress_add(&receiving->progress, received->len);
}

/* One request, which also frees what was written before. *ret_len: the bytes that came. */
static enum tcpc_code receive_once(struct receiving *receiving, uint32_t max_bytes, size_t *ret_len,
                                   struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_RECEIVE};
    struct tcpc_response *response = NULL;
    bool is_first = receiving->offset == receiving->start;
    request.u.receive = (struct tcpc_receive){.id = receiving->id,
                                              .from_offset = receiving->offset,
                                              .max_bytes = max_bytes,
                                              .wait_ms = is_first ? receiving->wait_ms : 0};
    enum tcpc_code code = tcpc_call(receiving->cli->client, &request, &response, ret_error);
    if (code != TCPC_OK)
        return code;
    receiving->freed = receiving->offset;
    *ret_len = response->u.received.len;
    take(receiving, &response->u.received);
    tcpc_response_free(response);
    return TCPC_OK;
}

static uint64_t left_of(const struct receiving *receiving)
{
    return receiving->max_bytes - (receiving->offset - receiving->start);
}

/* All that is there now, in place. It is freed once it was written. */
static void drain(struct receiving *receiving, struct lane *lane)
{
    const uint8_t *bytes;
    size_t len;
    lane_release(lane, (size_t)(receiving->offset - receiving->freed));
    while ((len = lane_peek(lane, &bytes)) > 0 && left_of(receiving) > 0) {
        if (len > left_of(receiving))
            len = (size_t)left_of(receiving);
        cli_write(bytes, len);
        lane_release(lane, len);
        receiving->offset += len;
        progress_add(&receiving->progress, len);
    }
    receiving->freed = receiving->offset;
}

/* By a channel, if there is one to be had; who sends meanwhile is not disturbed. What comes of the
 * connection afterwards, the next request says. */
static void borrow_and_drain(struct receiving *receiving)
{
    struct tcpc_error error;
    struct lane lane;
    lane_borrow(&lane, receiving->cli->client, receiving->id, TCPC_RECEIVES);
    if (lane.stream == NULL)
        return;
    drain(receiving, &lane);
    lane_give_back(&lane, &error);
}

/* Frees at the daemon what was written last. */
static void release(const struct receiving *receiving)
{
    struct tcpc_request request = {.op = TCPC_OP_RECEIVE};
    struct tcpc_response *response = NULL;
    request.u.receive = (struct tcpc_receive){
        .id = receiving->id, .from_offset = receiving->offset, .max_bytes = 1};
    if (tcpc_call(receiving->cli->client, &request, &response, NULL) == TCPC_OK)
        tcpc_response_free(response);
}

static int receive_all(struct receiving *receiving)
{
    struct tcpc_error error = {.code = TCPC_OK};
    enum tcpc_code code = TCPC_OK;
    size_t len = 1;
    while (code == TCPC_OK && len && !receiving->is_end) {
        uint64_t left = left_of(receiving);
        uint32_t max_bytes = left < TCPC_DATA_MAX ? (uint32_t)left : TCPC_DATA_MAX;
        if (!left)
            break;
        code = receive_once(receiving, max_bytes, &len, &error);
        /* Another request would free what is not printed yet. */
        if (code == TCPC_OK && receiving->cli->is_json && len < max_bytes)
            break;
        if (code == TCPC_OK && !receiving->cli->is_json && len >= MANY_BYTES && !receiving->is_end)
            borrow_and_drain(receiving);
    }
    progress_end(&receiving->progress);
    if (receiving->offset > receiving->start) {
        return code == TCPC_OK || code == TCPC_AGAIN
                   ? EXIT_DONE
                   : cli_fail(receiving->cli, &error, "receive %" PRIu64, receiving->id);
    }
    if (receiving->is_end || !receiving->max_bytes)
        return EXIT_DONE;
    if (code == TCPC_OK) {
        cli_note("receive %" PRIu64 ": nothing came in time (EAGAIN)", receiving->id);
        return EXIT_TIMED_OUT;
    }
    return cli_fail(receiving->cli, &error, "receive %" PRIu64, receiving->id);
}

static void print_json(const struct receiving *receiving)
{
    json_t *object = json_object();
    char *text = base64_encode(receiving->kept, receiving->kept_bytes);
    json_put(object, "id", json_number(receiving->id));
    json_put(object, "offset", json_number(receiving->start));
    json_put(object, "bytes", json_number(receiving->kept_bytes));
    json_put(object, "end", json_boolean(receiving->is_end));
    json_put(object, "data_base64", json_string(text));
    json_print(object);
    free(text);
}

static int ask_and_receive(struct receiving *receiving)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    struct cli *cli = receiving->cli;
    if (tcpc_status(cli->client, receiving->id, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "receive %" PRIu64, receiving->id);
    receiving->start = receiving->offset = response->u.status.receive_released;
    tcpc_response_free(response);
    progress_begin(&receiving->progress,
                   receiving->max_bytes == UINT64_MAX ? 0 : receiving->max_bytes,
                   !isatty(STDOUT_FILENO) && !cli->is_json);
    int status = receive_all(receiving);
    progress_end(&receiving->progress);
    if (cli->is_json && status == EXIT_DONE)
        print_json(receiving);
    bool is_printed = !cli->is_json || status == EXIT_DONE;
    if (receiving->offset > receiving->start && is_printed) {
        cli_flush(); /* or does not return */
        release(receiving);
    }
    free(receiving->kept);
    return status;
}

/* EXIT_DONE and optind; EXIT_USAGE; or OPTION_STOP. */
static int read_options(struct receiving *receiving, int argc, char **argv)
{
    static const struct option options[] = {{"max", required_argument, NULL, 'm'},
                                            {"wait", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    struct cli *cli = receiving->cli;
    int option;
    while ((option = cli_next_option(cli, argc, argv, "m:w:", options)) >= 0) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'm' && !parse_number(optarg, UINT64_MAX - 1, &receiving->max_bytes))
            return cli_usage(cli, "--max %s: must be a number of bytes", optarg);
        if (option == 'w' && !parse_seconds(optarg, &receiving->wait_ms))
            return cli_usage(cli, "--wait %s: must be a number of seconds", optarg);
    }
    return option == OPTION_STOP ? OPTION_STOP : EXIT_DONE;
}

static int cmd_receive(struct cli *cli, int argc, char **argv)
{
    struct receiving receiving = {.cli = cli, .max_bytes = UINT64_MAX};
    int status = read_options(&receiving, argc, argv);
    if (status == OPTION_STOP)
        return EXIT_DONE;
    if (status != EXIT_DONE || !cli_count_arguments(cli, argc, 1, 1))
        return EXIT_USAGE;
    if (!cli_id_argument(cli, argv[optind], &receiving.id))
        return EXIT_USAGE;
    if (cli->is_json && receiving.max_bytes > JSON_BYTES_MAX)
        receiving.max_bytes = JSON_BYTES_MAX;
    status = cli_connect(cli, TCPC_POLICY_NONE);
    return status != EXIT_DONE ? status : ask_and_receive(&receiving);
}

const struct verb verb_receive = {.name = "receive",
                                  .arguments = "ID",
                                  .summary = "Write received bytes to stdout",
                                  .options = "      --max N             at most N bytes\n"
                                             "      --wait SECONDS      wait for the first byte\n",
                                  .run = cmd_receive};

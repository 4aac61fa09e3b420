#include "relay.h"

/* Two threads: the caller receives and writes stdout, the other reads stdin and sends.
 *
 * The reader of stdin cannot be woken from read(2). So there is one for the whole program: what it
 * reads goes to whichever connection is current by then (a server's next one, if the last has ended
 * meanwhile). relay_run() returns only while the reader is not inside the library. */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli_clock.h"
#include "fatal_signal.h"
#include "input.h"
#include "json.h"
#include "lane.h"
#include "parse.h"

/* As much as the library sends in four requests, the most that it has out at once. */
enum { PIECE_BYTES = 4 * TCPC_DATA_MAX, SLICE_MS = 200, DRAIN_TURN_NS = 50000000 };

struct relay {
    struct cli *cli;
    struct relay_options options;
    uint64_t id;
    struct lane lane;
    unsigned number; /* 1 is the program's first */
    int64_t active_at_ms;
    bool is_input_done;
    uint64_t sent_bytes, received_bytes;
    struct tcpc_error send_error;
};

/* The reader of stdin, and the connection it feeds. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_started;
    bool is_sending;              /* to current, inside the library */
    int failure;                  /* errno of reading; 0: none */
    struct relay *current;        /* NULL: none that takes input */
    unsigned count;               /* connections so far */
    struct relay_options options; /* of the first */
    struct input source;
} input = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* --- signals ---------------------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    struct tcpc_client *client;
    uint64_t ids[2];
} guard = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Closes, then dies by the signal, so that the shell sees the cause. */
static void *wait_for_signal(void *arg)
{
    sigset_t set;
    int number;
    (void)arg;
    fatal_signal_set(&set);
    if (sigwait(&set, &number) != 0)
        return NULL;
    alarm(2); /* in case the daemon does not answer */
    pthread_mutex_lock(&guard.lock);
    for (int i = 0; i < 2; i++) {
        if (guard.ids[i])
            tcpc_close(guard.client, guard.ids[i], 0, NULL, NULL);
    }
    fatal_signal_die(number);
    return NULL;
}

void relay_catch_signals(void)
{
    sigset_t set;
    pthread_t thread;
    fatal_signal_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&thread, NULL, wait_for_signal, NULL) == 0)
        pthread_detach(thread);
    else
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void relay_yield_to_signal(void)
{
    pthread_mutex_lock(&guard.lock); /* which the other thread keeps once a signal has come */
    pthread_mutex_unlock(&guard.lock);
}

void relay_guard(struct cli *cli, uint64_t listener, uint64_t connection)
{
    pthread_mutex_lock(&guard.lock);
    guard.client = cli->client;
    guard.ids[0] = listener;
    guard.ids[1] = connection;
    pthread_mutex_unlock(&guard.lock);
}

/* --- stdin to the peer ------------------------------------------------------------------------ */

/* Waits for a connection after number `last`; returns its number. */
static unsigned wait_for_connection(unsigned last)
{
    pthread_mutex_lock(&input.lock);
    while (input.current == NULL || input.current->number <= last)
        pthread_cond_wait(&input.changed, &input.lock);
    unsigned number = input.current->number;
    pthread_mutex_unlock(&input.lock);
    return number;
}

/* Marks the library as in use for connection `number`; 0: for the current one, or the next. NULL:
 * that one has ended. */
static struct relay *sending_begin(unsigned number)
{
    pthread_mutex_lock(&input.lock);
    while (input.current == NULL && number == 0)
        pthread_cond_wait(&input.changed, &input.lock);
    struct relay *relay = input.current;
    if (number != 0 && relay != NULL && relay->number != number)
        relay = NULL;
    input.is_sending = relay != NULL;
    pthread_mutex_unlock(&input.lock);
    return relay;
}

/* After a failure the connection takes no more input. */
static void sending_end(struct relay *relay, size_t bytes, bool is_end,
                        const struct tcpc_error *error)
{
    pthread_mutex_lock(&input.lock);
    input.is_sending = false;
    relay->is_input_done = is_end;
    relay->sent_bytes += bytes;
    relay->active_at_ms = cli_now_ms();
    if (error->code != TCPC_OK) {
        relay->send_error = *error;
        input.current = NULL;
    }
    pthread_cond_broadcast(&input.changed);
    pthread_mutex_unlock(&input.lock);
}

static void send_piece(unsigned number, const char *buffer, size_t len)
{
    struct tcpc_error error = {.code = TCPC_OK};
    struct relay *relay = sending_begin(number);
    if (relay == NULL)
        return;
    enum tcpc_code code = lane_send(&relay->lane, buffer, len, TCPC_WAIT_FOREVER, &error);
    sending_end(relay, code == TCPC_OK ? len : 0, false, &error);
}

/* The end of a connection's input; with -N its FIN. */
static void end_input(unsigned number)
{
    struct tcpc_error error = {.code = TCPC_OK};
    struct relay *relay = sending_begin(number);
    if (relay == NULL)
        return;
    if (relay->options.half_closes)
        tcpc_shutdown(relay->cli->client, relay->id, &error);
    sending_end(relay, 0, true, &error);
}

/* stdin cannot be read. A FIN would tell the peer that it has everything. */
static void fail_input(int number)
{
    struct tcpc_error error = {.code = TCPC_OK};
    pthread_mutex_lock(&input.lock);
    input.failure = number;
    pthread_mutex_unlock(&input.lock);
    struct relay *relay = sending_begin(0);
    tcpc_abort(relay->cli->client, relay->id, NULL);
    sending_end(relay, 0, true, &error);
}

static void *send_stdin(void *arg)
{
    static char buffer[PIECE_BYTES];
    const struct relay_options *options = arg;
    bool is_stream = input.source.kind == INPUT_STREAM;
    unsigned number = 0, ended = 0;
    uint64_t offset = 0;
    ssize_t len;
    if (options->rest_len > 0)
        send_piece(0, options->rest, options->rest_len);
    for (;;) {
        unsigned next = wait_for_connection(ended);
        offset = next == number ? offset : 0;
        number = next;
        len = input_read(&input.source, offset, buffer, sizeof(buffer));
        if (len < 0)
            break;
        if (len > 0)
            send_piece(is_stream ? 0 : number, buffer, (size_t)len);
        else
            end_input(ended = number);
        offset += (size_t)len;
    }
    fail_input(errno);
    return NULL;
}

static bool input_attach(struct relay *relay)
{
    pthread_t thread;
    pthread_mutex_lock(&input.lock);
    if (!input.is_started) {
        input.options = relay->options;
        input_init(&input.source, STDIN_FILENO, relay->options.repeats,
                   relay->options.repeats && relay->options.half_closes);
    }
    if (!input.is_started && pthread_create(&thread, NULL, send_stdin, &input.options) == 0) {
        pthread_detach(thread);
        input.is_started = true;
    }
    relay->number = ++input.count;
    input.current = input.is_started ? relay : NULL;
    pthread_cond_broadcast(&input.changed);
    bool is_started = input.is_started;
    pthread_mutex_unlock(&input.lock);
    return is_started;
}

/* Waits until the reader is out of the library; tcpc_send() returns when the connection fails. */
static void input_detach(void)
{
    pthread_mutex_lock(&input.lock);
    while (input.is_sending)
        pthread_cond_wait(&input.changed, &input.lock);
    input.current = NULL;
    pthread_mutex_unlock(&input.lock);
}

/* --- the peer to stdout ----------------------------------------------------------------------- */

/* input.lock is held. */
static bool is_idle_now(const struct relay *relay)
{
    return relay->options.idle_ms && cli_now_ms() - relay->active_at_ms >= relay->options.idle_ms;
}

static bool is_idle(const struct relay *relay)
{
    pthread_mutex_lock(&input.lock);
    bool is_so = is_idle_now(relay);
    pthread_mutex_unlock(&input.lock);
    return is_so;
}

/* TCPC_OK at the end of the stream; TCPC_AGAIN when the connection was idle for too long. */
static enum tcpc_code receive_stdout(struct relay *relay, struct tcpc_error *ret_error)
{
    static char buffer[PIECE_BYTES];
    uint32_t wait_ms = relay->options.idle_ms ? SLICE_MS : TCPC_WAIT_FOREVER;
    for (;;) {
        size_t len = sizeof(buffer);
        enum tcpc_code code = lane_receive(&relay->lane, buffer, &len, wait_ms, ret_error);
        if (code == TCPC_AGAIN && !is_idle(relay))
            continue;
        if (code != TCPC_OK || len == 0)
            return code;
        cli_write(buffer, len);
        pthread_mutex_lock(&input.lock);
        relay->received_bytes += len;
        relay->active_at_ms = cli_now_ms();
        pthread_mutex_unlock(&input.lock);
    }
}

/* --- both ------------------------------------------------------------------------------------- */

/* Whether more of stdin is ready, or already on its way. */
static bool has_input_now(void)
{
    struct pollfd stdin_fd = {.fd = STDIN_FILENO, .events = POLLIN};
    return input.is_sending || input.source.kind != INPUT_STREAM || poll(&stdin_fd, 1, 0) > 0;
}

/* The peer has finished; the rest of stdin still goes out, unless that fails or the connection
 * idles. A server without -N stops when no input is ready: its stdin may never end. */
static void drain_stdin(const struct relay *relay)
{
    bool until_end = !relay->options.is_server || relay->options.half_closes;
    pthread_mutex_lock(&input.lock);
    while (input.current != NULL && !relay->is_input_done && !is_idle_now(relay) &&
           (until_end || has_input_now())) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += DRAIN_TURN_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&input.changed, &input.lock, &until);
    }
    pthread_mutex_unlock(&input.lock);
}

/* On stderr, since stdout belongs to the peer's bytes. */
static void print_summary(const struct relay *relay, const struct tcpc_opened *connection)
{
    if (!relay->cli->is_json)
        return;
    json_t *object = json_opened(connection);
    json_put(object, "bytes_sent", json_number(relay->sent_bytes));
    json_put(object, "bytes_received", json_number(relay->received_bytes));
    char *text = json_dumps(object, JSON_COMPACT);
    fprintf(stderr, "%s\n", text != NULL ? text : "{}");
    free(text);
    json_decref(object);
}

static int input_failed(void)
{
    cli_note("stdin: %s (%s)", strerror(input.failure), strerrorname_np(input.failure));
    return EXIT_FAILED;
}

static int relay_finish(struct relay *relay, enum tcpc_code code, const struct tcpc_error *error,
                        const struct tcpc_opened *connection)
{
    char remote[TCPC_ENDPOINT_TEXT_MAX];
    tcpc_endpoint_format(&connection->remote, remote);
    input_detach();
    /* What is left of a failed connection goes the same way. */
    tcpc_close(relay->cli->client, relay->id, 0, NULL, NULL);
    lane_close(&relay->lane);
    if (relay->send_error.code == TCPC_OK)
        relay->send_error = relay->lane.send_error;
    print_summary(relay, connection);
    relay_yield_to_signal();
    if (input.failure)
        return input_failed();
    bool is_daemon_gone = code == TCPC_UNREACHABLE || code == TCPC_RESTARTED;
    if ((code == TCPC_OK || is_daemon_gone) && relay->send_error.code != TCPC_OK) {
        /* It came first, and may say that the daemon was stopping. */
        int status =
            cli_fail(relay->cli, &relay->send_error, "%s %s", relay->cli->verb->name, remote);
        return is_daemon_gone ? EXIT_UNREACHABLE : status;
    }
    if (code == TCPC_OK || code == TCPC_AGAIN)
        return EXIT_DONE;
    return cli_fail(relay->cli, error, "%s %s", relay->cli->verb->name, remote);
}

int relay_run(struct cli *cli, const struct relay_options *options,
              const struct tcpc_opened *connection)
{
    struct relay relay = {.cli = cli,
                          .options = *options,
                          .id = connection->id,
                          .active_at_ms = cli_now_ms(),
                          .sent_bytes = options->sent_bytes};
    struct tcpc_error error = {.code = TCPC_OK};
    lane_open(&relay.lane, cli->client, connection->id);
    if (!input_attach(&relay)) {
        cli_note("%s: no thread (EAGAIN)", cli->verb->name);
        return EXIT_FAILED;
    }
    enum tcpc_code code = receive_stdout(&relay, &error);
    if (code == TCPC_OK)
        drain_stdin(&relay);
    return relay_finish(&relay, code, &error, connection);
}

bool relay_has_input(const struct cli *cli)
{
    pthread_mutex_lock(&input.lock);
    bool is_lost = input.source.is_lost;
    bool has_more = !is_lost && !input.failure;
    pthread_mutex_unlock(&input.lock);
    if (is_lost)
        cli_note("%s: stdin is longer than %d MiB, too long to be kept for the next connection: "
                 "give a file (EFBIG)",
                 cli->verb->name, INPUT_KEPT_MAX >> 20);
    return has_more;
}

bool relay_option(const struct cli *cli, struct relay_options *options, int option)
{
    switch (option) {
    case 'N':
        options->half_closes = true;
        return true;
    case 'v':
        options->is_verbose = true;
        return true;
    case 'w':
        if (parse_seconds(optarg, &options->idle_ms) && options->idle_ms)
            return true;
        cli_usage(cli, "-w %s: must be a number of seconds above 0", optarg);
        return false;
    default:
        return false;
    }
}

/* tcpctl send: a file or stdin into a connection. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "descriptor.h"
#include "json.h"
#include "lane.h"
#include "progress.h"

/* Large pieces, so that the library can have several requests out. */
enum { PIECE_BYTES = 8 * TCPC_DATA_MAX };

struct sending {
    struct cli *cli;
    uint64_t id;
    int fd;
    const char *name;
    struct progress progress;
    struct lane lane;
};

static int file_failed(const struct sending *sending, const char *what)
{
    cli_note("%s %s: %s (%s)", what, sending->name, strerror(errno), strerrorname_np(errno));
    return EXIT_FAILED;
}

/* Fills buffer from a regular file; takes what is there from a pipe. */
static ssize_t read_piece(int fd, char *buffer, bool is_regular)
{
    size_t done = 0;
    while (done < PIECE_BYTES) {
        ssize_t got = descriptor_read(fd, buffer + done, PIECE_BYTES - done);
        if (got < 0)
            return -1;
        done += (size_t)got;
        if (got == 0 || !is_regular)
            break;
    }
    return (ssize_t)done;
}

static int send_failed(struct sending *sending, const struct tcpc_error *error)
{
    progress_end(&sending->progress);
    return cli_fail(sending->cli, error, "send %" PRIu64, sending->id);
}

static int send_pieces(struct sending *sending, char *buffer, bool is_regular)
{
    struct cli *cli = sending->cli;
    struct tcpc_error error;
    ssize_t len;
    while ((len = read_piece(sending->fd, buffer, is_regular)) > 0) {
        enum tcpc_code code =
            lane_send(&sending->lane, buffer, (size_t)len, cli_patience_ms(cli), &error);
        if (code == TCPC_CONNECTION_CLOSING &&
            lane_give_back(&sending->lane, &error) == TCPC_OK) /* a request says more */
            code = tcpc_send(cli->client, sending->id, buffer, (size_t)len, 0, &error);
        if (code != TCPC_OK)
            return send_failed(sending, &error);
        progress_add(&sending->progress, (uint64_t)len);
    }
    return len < 0 ? file_failed(sending, "read") : EXIT_DONE;
}

/* By a channel, if there is one to be had; who receives meanwhile is not disturbed. */
static int borrow_and_send(struct sending *sending, char *buffer, bool is_regular)
{
    struct cli *cli = sending->cli;
    struct tcpc_error error;
    /* First nothing: then an unknown id is an error even if there is nothing to send. */
    if (tcpc_send(cli->client, sending->id, "", 0, 0, &error) != TCPC_OK)
        return send_failed(sending, &error);
    lane_borrow(&sending->lane, cli->client, sending->id, TCPC_SENDS);
    int status = send_pieces(sending, buffer, is_regular);
    enum tcpc_code code = lane_give_back(&sending->lane, &error);
    return status == EXIT_DONE && code != TCPC_OK ? send_failed(sending, &error) : status;
}

static int send_all(struct sending *sending)
{
    struct stat info;
    char *buffer = malloc(PIECE_BYTES);
    if (buffer == NULL || fstat(sending->fd, &info) != 0) {
        free(buffer);
        return file_failed(sending, "read");
    }
    bool is_regular = S_ISREG(info.st_mode);
    progress_begin(&sending->progress, is_regular ? (uint64_t)info.st_size : 0,
                   !isatty(sending->fd));
    int status = borrow_and_send(sending, buffer, is_regular);
    progress_end(&sending->progress);
    free(buffer);
    return status;
}

static int open_and_send(struct cli *cli, uint64_t id, const char *name)
{
    struct sending sending = {.cli = cli, .id = id, .fd = STDIN_FILENO, .name = name};
    if (strcmp(name, "-") == 0)
        sending.name = "stdin";
    else
        sending.fd = open(name, O_RDONLY | O_CLOEXEC);
    if (sending.fd < 0)
        return file_failed(&sending, "open");
    int status = send_all(&sending);
    if (sending.fd != STDIN_FILENO)
        close(sending.fd);
    if (status != EXIT_DONE || !cli->is_json)
        return status;
    json_t *object = json_object();
    json_put(object, "id", json_number(id));
    json_put(object, "bytes", json_number(sending.progress.done_bytes));
    json_print(object);
    return EXIT_DONE;
}

static int cmd_send(struct cli *cli, int argc, char **argv)
{
    uint64_t id;
    int status;
    if (!cli_arguments(cli, argc, argv, 1, 2, &status))
        return status;
    if (!cli_id_argument(cli, argv[optind], &id))
        return EXIT_USAGE;
    status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    return open_and_send(cli, id, optind + 1 < argc ? argv[optind + 1] : "-");
}

const struct verb verb_send = {.name = "send",
                               .arguments = "ID [FILE|-]",
                               .summary = "Send a file, or stdin",
                               .run = cmd_send};

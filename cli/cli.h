/* What the verbs of tcpctl share: options, errors, exit statuses. */
#ifndef TCPCTL_CLI_H
#define TCPCTL_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <tcpclient/tcpclient.h>

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3, /* the daemon */
    EXIT_DENIED = 4,
    EXIT_TIMED_OUT = 5 /* or nothing came, nobody was there */
};

struct cli;

struct verb {
    const char *name;
    const char *arguments; /* as in the usage line */
    const char *summary;
    const char *options; /* lines of the help text; NULL: none of its own */
    int (*run)(struct cli *cli, int argc, char **argv);
};

struct cli {
    const struct verb *verb;
    const char *control_url; /* NULL: the library's default */
    uint32_t timeout_ms;     /* --timeout; 0: not given */
    bool is_json, is_headerless;
    struct tcpc_client *client; /* after cli_connect() */
};

/* --- options.c -------------------------------------------------------------------------------- */
/* Reads the next option, global ones included, which are dealt with here. Returns the verb's own
 * short option (or the val of its long one), -1 at the end (optind is the first argument), or '?'
 * after a complaint: return EXIT_USAGE then. OPTION_STOP after --help: return EXIT_DONE. */
enum { OPTION_END = -1, OPTION_STOP = -2 };
int cli_next_option(struct cli *cli, int argc, char **argv, const char *letters,
                    const struct option *long_options);
/* For verbs without options: the number of arguments must be min to max. Sets optind. True, or
 * false with the status to return. */
bool cli_arguments(struct cli *cli, int argc, char **argv, int min, int max, int *ret_status);
/* Both false after a complaint: return EXIT_USAGE then. */
bool cli_count_arguments(const struct cli *cli, int argc, int min, int max);
bool cli_id_argument(const struct cli *cli, const char *word, uint64_t *ret_id);
void cli_print_version(void);
void cli_print_verb_help(const struct verb *verb);
/* Says how it should be used, and returns EXIT_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- session.c -------------------------------------------------------------------------------- */
/* Connects to the daemon. EXIT_DONE, or a complaint and another status. */
int cli_connect(struct cli *cli, enum tcpc_policy policy);
/* "tcpctl: WHAT: WHY (ERRNO); HINT" on stderr. Returns the exit status for the code. */
int cli_fail(const struct cli *cli, const struct tcpc_error *error, const char *what, ...)
    __attribute__((format(printf, 3, 4)));
int cli_exit_status(enum tcpc_code code);
/* A line on stderr that is no error. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* --timeout, or forever. */
uint32_t cli_patience_ms(const struct cli *cli);
/* Writes to stdout and returns, or does not return: a dead pipe ends the program quietly, by
 * SIGPIPE, anything else with a complaint. */
void cli_write(const void *data, size_t len);
void cli_flush(void);

/* --- verbs, one a file ------------------------------------------------------------------------ */
int cmd_abort(struct cli *cli, int argc, char **argv);
int cmd_accept(struct cli *cli, int argc, char **argv);
int cmd_close(struct cli *cli, int argc, char **argv);
int cmd_connect(struct cli *cli, int argc, char **argv);
int cmd_events(struct cli *cli, int argc, char **argv);
int cmd_history(struct cli *cli, int argc, char **argv);
int cmd_listen(struct cli *cli, int argc, char **argv);
int cmd_ls(struct cli *cli, int argc, char **argv);
int cmd_open(struct cli *cli, int argc, char **argv);
int cmd_receive(struct cli *cli, int argc, char **argv);
int cmd_send(struct cli *cli, int argc, char **argv);
int cmd_serve(struct cli *cli, int argc, char **argv);
int cmd_set(struct cli *cli, int argc, char **argv);
int cmd_show(struct cli *cli, int argc, char **argv);
int cmd_shutdown(struct cli *cli, int argc, char **argv);
int cmd_stats(struct cli *cli, int argc, char **argv);
int cmd_status(struct cli *cli, int argc, char **argv);
int cmd_tw(struct cli *cli, int argc, char **argv);

#endif

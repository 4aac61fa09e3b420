/* What tcpctl's verbs share: options, errors, exit statuses. */
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
    EXIT_TIMED_OUT = 5 /* or nothing to accept or receive */
};

struct cli;

struct verb {
    const char *name;
    const char *arguments; /* as in the usage line */
    const char *summary;
    const char *options;         /* lines of the help text; NULL: none of its own */
    const char *details;         /* what the help text ends with; NULL: nothing */
    void (*print_details)(void); /* the same, when it comes from a list; NULL: nothing */
    /* argv[0] is the verb's name. Returns the exit status. */
    int (*run)(struct cli *cli, int argc, char **argv);
};

struct cli {
    const struct verb *verb;
    const char *control_url; /* NULL: the library's default */
    uint32_t timeout_ms;     /* --timeout; 0: not given */
    bool is_json, is_headerless;
    bool separates_ids;         /* of several ids: an empty line between what is printed for each */
    struct tcpc_client *client; /* after cli_connect() */
};

/* --- options.c -------------------------------------------------------------------------------- */
/* Reads the next option, and handles the global ones itself. letters and long_options (NULL: none)
 * are the verb's own, as for getopt_long(); a leading '+' stops at the first argument. Returns the
 * verb's short option, or the val of its long one; OPTION_END after the last (optind is the first
 * argument);
 * '?' after a complaint: return EXIT_USAGE then; OPTION_STOP after --help: return EXIT_DONE.
 * --version ends the program. */
enum { OPTION_END = -1, OPTION_STOP = -2 };
int cli_next_option(struct cli *cli, int argc, char **argv, const char *letters,
                    const struct option *long_options);
/* For verbs without options of their own: reads the global ones, and expects min to max arguments,
 * from optind on. False: return *ret_status. */
bool cli_arguments(struct cli *cli, int argc, char **argv, int min, int max, int *ret_status);
/* Whether there are min to max arguments from optind on, and whether word is an id. Both false
 * after a complaint: return EXIT_USAGE then. */
bool cli_count_arguments(const struct cli *cli, int argc, int min, int max);
bool cli_id_argument(const struct cli *cli, const char *word, uint64_t *ret_id);
/* Reads the value of --name, a number from 1 to max. False after a complaint. */
bool cli_count_option(const struct cli *cli, const char *name, unsigned max, unsigned *ret_count);
void cli_print_version(void);
void cli_print_verb_help(const struct verb *verb);
/* "tcpctl: VERB: MESSAGE; see tcpctl VERB --help" on stderr. Returns EXIT_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- link.c ----------------------------------------------------------------------------------- */
/* Connects to the daemon and sets cli->client, which main() frees. EXIT_DONE, or another status
 * after a complaint. */
int cli_connect(struct cli *cli, enum tcpc_policy policy);

/* --- session.c -------------------------------------------------------------------------------- */
/* Ends the program: there is no memory. */
_Noreturn void cli_no_memory(void);
/* "tcpctl: WHAT: WHY (ERRNO); HINT" on stderr, with tcpctl's own hint where the daemon's speaks of
 * the protocol. Returns the exit status for the error's code. */
int cli_fail(const struct cli *cli, const struct tcpc_error *error, const char *what, ...)
    __attribute__((format(printf, 3, 4)));
int cli_exit_status(enum tcpc_code code);
/* "tcpctl: MESSAGE" on stderr: a line of -v, or an error that is not the daemon's. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* --timeout, or TCPC_WAIT_FOREVER. */
uint32_t cli_patience_ms(const struct cli *cli);
/* Before anything else: makes stdio's stdout and stderr write all, whatever they are (stdio alone
 * loses what a non-blocking one does not take at once), and opens those of descriptors 0 to 2 that
 * are closed. */
void cli_streams_init(void);
/* Writes all of data to stdout. Does not return when that fails: a closed pipe ends the program
 * quietly, by SIGPIPE, anything else with a complaint and EXIT_FAILED. */
void cli_write(const void *data, size_t len);
/* The same for what stdio has buffered for stdout. */
void cli_flush(void);

/* --- verbs, one per file ---------------------------------------------------------------------- */
/* In the order of the help. NAME is in cmd_NAME.c, as verb_NAME; tcpctl(1) describes it, and the
 * completion asks the help. */
#define CLI_VERB_LIST(X)                                                                           \
    X(connect)                                                                                     \
    X(serve)                                                                                       \
    X(forward)                                                                                     \
    X(socks)                                                                                       \
    X(open)                                                                                        \
    X(listen)                                                                                      \
    X(accept)                                                                                      \
    X(send)                                                                                        \
    X(receive)                                                                                     \
    X(shutdown)                                                                                    \
    X(close)                                                                                       \
    X(abort)                                                                                       \
    X(ls)                                                                                          \
    X(tw)                                                                                          \
    X(sessions)                                                                                    \
    X(show)                                                                                        \
    X(history)                                                                                     \
    X(explain)                                                                                     \
    X(top)                                                                                         \
    X(events)                                                                                      \
    X(capture)                                                                                     \
    X(stats)                                                                                       \
    X(status)                                                                                      \
    X(set)                                                                                         \
    X(fault)

#define CLI_VERB(name) extern const struct verb verb_##name;
CLI_VERB_LIST(CLI_VERB)
#undef CLI_VERB

#endif

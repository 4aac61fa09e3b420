/* tcpengine-run: starts a program with the library that makes its TCP sockets the engine's. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cidr.h"
#include "filter.h"
#include "guard.h"
#include "note.h"
#include "program.h"
#include "settings.h"
#include "supervise.h"
#include "sys.h"

/* As env(1) and timeout(1) have them. */
enum { EXIT_OWN_FAILURE = 125, EXIT_NOT_RUN = 126, EXIT_NOT_FOUND = 127 };

static bool is_supervised;
static const char *own_name_of_program; /* --argv0; NULL: as it is called */

#define LIBRARY_NAME "libtcpengine-preload.so"

static const char usage[] =
    "Usage: tcpengine-run [OPTIONS] PROGRAM [ARGUMENTS]\n"
    "Run PROGRAM with its TCP connections on tcpengine's stack instead of the kernel's.\n\n"
    "  --control URL         the daemon's control socket, ipc:///PATH ($TCPENGINE_CONTROL)\n"
    "  --only CIDR[,CIDR]    only what these networks hold is the engine's\n"
    "  --except CIDR[,CIDR]  what these hold stays with the kernel, as loopback does\n"
    "  --supervise           by a supervisor, as statically linked programs are, not by a library\n"
    "  --argv0 NAME          what PROGRAM is told that its name is\n"
    "  --verbose             say what is not supported, as it happens\n"
    "  --help, --version\n\n"
    "The exit status is PROGRAM's; 125: no daemon, or wrong usage; 126: PROGRAM cannot be run\n"
    "this way; 127: there is no such PROGRAM.\n";

__attribute__((format(printf, 2, 3), noreturn)) static void die(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "tcpengine-run: ");
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(status);
}

/* --- options ---------------------------------------------------------------------------------- */

static void set_networks(const char *name, const char *option, const char *text)
{
    struct cidr_set set;
    if (!cidr_set_parse(text, &set))
        die(EXIT_OWN_FAILURE,
            "%s %s: addresses or networks are needed, such as 10.0.0.0/8,fd00::/8", option, text);
    setenv(name, text, 1);
}

static void handle_option(int option, const char *value)
{
    switch (option) {
    case 'c':
        setenv(SETTING_CONTROL, value, 1);
        break;
    case 'o':
        set_networks(SETTING_ONLY, "--only", value);
        break;
    case 'e':
        set_networks(SETTING_EXCEPT, "--except", value);
        break;
    case 'a':
        own_name_of_program = value;
        break;
    case 's':
        is_supervised = true;
        break;
    case 'v':
        setenv(SETTING_VERBOSE, "1", 1);
        break;
    case 'V':
        puts("tcpengine-run " TCPENGINE_VERSION_TEXT);
        exit(EXIT_SUCCESS);
    case 'h':
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    default:
        fputs("Try 'tcpengine-run --help'.\n", stderr);
        exit(EXIT_OWN_FAILURE);
    }
}

/* Returns the place of PROGRAM. */
static int handle_options(int count, char **words)
{
    static const struct option options[] = {{"argv0", required_argument, NULL, 'a'},
                                            {"control", required_argument, NULL, 'c'},
                                            {"only", required_argument, NULL, 'o'},
                                            {"except", required_argument, NULL, 'e'},
                                            {"supervise", no_argument, NULL, 's'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(count, words, "+", options, NULL)) != -1)
        handle_option(option, optarg);
    if (optind == count) {
        fputs(usage, stderr);
        exit(EXIT_OWN_FAILURE);
    }
    return optind;
}

/* --- the program ------------------------------------------------------------------------------ */

static void find_program(const char *name, char ret_file[PATH_MAX])
{
    if (!program_find(name, ret_file, PATH_MAX))
        die(errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_RUN, "%s: %s", name,
            strerror(errno));
}

/* Chooses how, unless the command line has. */
static void check_program(const char *file)
{
    char judged[PATH_MAX];
    switch (program_kind_of(file, judged, sizeof(judged))) {
    case PROGRAM_STATIC:
        is_supervised = true;
        break;
    case PROGRAM_FOREIGN:
        die(EXIT_NOT_RUN, "%s is for another machine than tcpengine-run", judged);
    case PROGRAM_PRIVILEGED:
        die(EXIT_NOT_RUN, "%s gets privileges when started: it would ignore the library", judged);
    case PROGRAM_UNREADABLE:
    case PROGRAM_DYNAMIC:
    case PROGRAM_UNRECOGNISED:
        break; /* execvp() has the last word */
    }
}

/* --- the environment -------------------------------------------------------------------------- */

/* Beside this program, where it was built; else where it was installed. */
static void find_library(char ret_path[PATH_MAX])
{
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
    if (length > 0) {
        own[length] = '\0';
        *strrchr(own, '/') = '\0';
        static const char *const places[] = {"", TCPENGINE_LIBRARY_FROM_PROGRAM};
        for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
            char place[2 * PATH_MAX];
            snprintf(place, sizeof(place), "%s/%s/" LIBRARY_NAME, own, places[i]);
            if (realpath(place, ret_path) != NULL)
                return;
        }
    }
    die(EXIT_OWN_FAILURE, LIBRARY_NAME " is missing beside tcpengine-run");
}

/* For static programs that the program executes. */
static int set_own_path(void)
{
    char own[PATH_MAX];
    return realpath("/proc/self/exe", own) == NULL ? -1 : setenv(SETTING_PROGRAM, own, 1);
}

static void set_preload(void)
{
    char library[PATH_MAX];
    find_library(library);
    if (strpbrk(library, ": ") != NULL)
        die(EXIT_OWN_FAILURE, "%s: LD_PRELOAD takes no path with a space or colon", library);
    const char *others = getenv(SETTING_PRELOAD);
    char *value = NULL;
    if (others == NULL || *others == '\0' || strstr(others, library) != NULL)
        value = strdup(others == NULL || *others == '\0' ? library : others);
    else if (asprintf(&value, "%s:%s", library, others) < 0)
        value = NULL;
    if (value == NULL || setenv(SETTING_PRELOAD, value, 1) < 0 ||
        setenv(SETTING_LIBRARY, library, 1) < 0 || set_own_path() < 0)
        die(EXIT_OWN_FAILURE, "out of memory");
    free(value);
}

static void check_daemon(void)
{
    const struct settings *settings = settings_get();
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    const struct sockaddr *address = (const void *)&settings->requests;
    if (fd < 0 || connect(fd, address, settings->requests_length) < 0)
        die(EXIT_OWN_FAILURE, "no tcpengined at %s: %s", settings->requests.sun_path,
            strerror(errno));
    close(fd);
}

/* Static programs that it executes are then supervised by its guard, and by nobody else. 0 or
 * -errno. */
static int guard_program(void)
{
    int result = filter_is_installed() ? 0 : guard_start();
    if (result == 0)
        unsetenv(SETTING_PROGRAM);
    return result;
}

/* Who may look into his descendants only is its parent. */
static int guard_as_parent(const char *file, char **words)
{
    note("kernel.yama.ptrace_scope allows no guard but the program's parent");
    unsetenv(SETTING_PROGRAM);
    int result = supervise(file, words);
    if (result >= 0)
        return result;
    die(result == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN, "%s: %s", words[0], strerror(-result));
}

/* Not the C library's: see supervise.c. */
static int execute(const char *file, char **words)
{
    return (int)sys_call(SYS_execve, (const long[6]){(long)file, (long)words, (long)environ});
}

/* The program's dynamic children are supervised as well: the library would come in between. */
static int run_supervised(const char *file, char **words)
{
    unsetenv(SETTING_PRELOAD);
    unsetenv(SETTING_LIBRARY);
    unsetenv(SETTING_PROGRAM);
    /* Who answers for this process does so for the program, too. */
    int result = filter_is_installed() ? execute(file, words) : supervise(file, words);
    if (result >= 0)
        return result;
    die(result == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN, "%s: %s", words[0], strerror(-result));
}

int main(int count, char **words)
{
    char file[PATH_MAX];
    int at = handle_options(count, words);
    settings_forget(); /* as they were before the options */
    check_daemon();
    find_program(words[at], file);
    check_program(file);
    if (own_name_of_program != NULL)
        words[at] = (char *)(uintptr_t)own_name_of_program;
    if (is_supervised)
        return run_supervised(file, words + at);
    set_preload();
    int result = guard_program();
    if (result == -EPERM)
        return guard_as_parent(file, words + at);
    if (result < 0)
        note_always("no guard (%s): system calls that go past the library are the kernel's TCP",
                    strerror(-result));
    execvp(file, words + at); /* a file without "#!" goes to the shell */
    die(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN, "%s: %s", words[at], strerror(errno));
}

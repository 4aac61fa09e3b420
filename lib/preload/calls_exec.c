/* exec and posix_spawn: the next program gets the library, too, whatever environment it is given,
 * or a supervisor if it can take none. A server that executes itself anew with a few variables of
 * its own would otherwise open its sockets with the kernel. All on the stack: a child of vfork()
 * may be running here. */
#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "program.h"
#include "real.h"
#include "settings.h"
#include "sys.h"

/* --- the environment -------------------------------------------------------------------------- */

#define PRELOAD_ROW SETTING_PRELOAD "="
#define PRELOAD_BYTES_MAX (2 * SETTING_TEXT_MAX)

static size_t count_words(char *const *words)
{
    size_t count = 0;
    while (words != NULL && words[count] != NULL)
        count++;
    return count;
}

static const char *find_row(char *const *environment, const char *row)
{
    size_t length = (size_t)(strchr(row, '=') - row) + 1;
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        if (strncmp(environment[i], row, length) == 0)
            return environment[i];
    }
    return NULL;
}

/* LD_PRELOAD with the library in front of what is there. */
static void write_preload_row(char *row, const char *library, const char *present)
{
    char *end = stpcpy(stpcpy(row, PRELOAD_ROW), library);
    const char *others = present == NULL ? "" : present + sizeof(PRELOAD_ROW) - 1;
    if (*others == '\0' || strlen(others) > SETTING_TEXT_MAX)
        return;
    *end++ = ':';
    stpcpy(end, others);
}

/* rows has room for all of environment, LD_PRELOAD, the settings, and a NULL. */
static void complete(char **rows, char *const *environment, char *preload_row)
{
    const char *present = find_row(environment, PRELOAD_ROW);
    const char *library = settings_library();
    size_t count = 0;
    write_preload_row(preload_row, library, present);
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        if (environment[i] != present)
            rows[count++] = environment[i];
    }
    rows[count++] = preload_row;
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        const char *row = settings_row(i);
        if (row != NULL && find_row(environment, row) == NULL)
            rows[count++] = (char *)(uintptr_t)row;
    }
    rows[count] = NULL;
}

static bool is_complete(char *const *environment)
{
    const char *library = settings_library();
    const char *preload = find_row(environment, PRELOAD_ROW);
    if (library == NULL || *library == '\0' || strlen(library) > SETTING_TEXT_MAX)
        return true; /* not started by tcpengine-run: nothing to hand on */
    if (preload == NULL || strstr(preload, library) == NULL)
        return false;
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        const char *row = settings_row(i);
        if (row != NULL && find_row(environment, row) == NULL)
            return false;
    }
    return true;
}

/* A macro, because what alloca() gives ends with the function that calls it. */
#define COMPLETED(environment)                                                                     \
    (is_complete(environment)                                                                      \
         ? (environment)                                                                           \
         : complete_into(alloca(rows_bytes(environment)), environment, alloca(PRELOAD_BYTES_MAX)))

static size_t rows_bytes(char *const *environment)
{
    return (count_words(environment) + SETTING_COUNT + 2) * sizeof(char *);
}

static char *const *complete_into(char **rows, char *const *environment, char *preload_row)
{
    complete(rows, environment, preload_row);
    return rows;
}

/* --- programs that take no library ------------------------------------------------------------ */

static bool needs_supervisor(const char *path)
{
    char judged[PATH_MAX];
    int saved = errno;
    bool is_needed = settings_program() != NULL &&
                     program_kind_of(path, judged, sizeof(judged)) == PROGRAM_STATIC;
    errno = saved;
    return is_needed;
}

/* tcpengine-run --supervise --argv0 NAME -- PATH ARGUMENTS */
enum { SUPERVISED_WORDS = 6 };

static size_t words_bytes(char *const *arguments)
{
    return (count_words(arguments) + SUPERVISED_WORDS + 1) * sizeof(char *);
}

static char *const *supervised_words(char **words, const char *path, char *const *arguments)
{
    size_t count = count_words(arguments);
    const char *const first[SUPERVISED_WORDS] = {
        settings_program(), "--supervise", "--argv0", count > 0 ? arguments[0] : path, "--", path};
    memcpy(words, first, sizeof(first));
    for (size_t i = 1; i < count; i++)
        words[SUPERVISED_WORDS - 1 + i] = arguments[i];
    words[SUPERVISED_WORDS + (count > 0 ? count - 1 : 0)] = NULL;
    return words;
}

/* Macros, for alloca(). They change path. */
#define SUPERVISED(path, arguments)                                                                \
    (needs_supervisor(path) ? supervised_as(&(path), alloca(words_bytes(arguments)), arguments)    \
                            : (arguments))

static char *const *supervised_as(const char **path, char **words, char *const *arguments)
{
    char *const *supervised = supervised_words(words, *path, arguments);
    *path = settings_program();
    return supervised;
}

/* --- exec ------------------------------------------------------------------------------------- */

REPLACES int execve(const char *path, char *const arguments[], char *const environment[])
{
    char *const *words = SUPERVISED(path, arguments);
    const long values[6] = {(long)path, (long)words, (long)COMPLETED(environment)};
    return (int)real_result(sys_call(SYS_execve, values));
}

REPLACES int execv(const char *path, char *const arguments[])
{
    return execve(path, arguments, environ);
}

REPLACES int execveat(int folder_fd, const char *path, char *const arguments[],
                      char *const environment[], int flags)
{
    const long words[6] = {folder_fd, (long)path, (long)arguments, (long)COMPLETED(environment),
                           flags};
    return (int)real_result(sys_call(SYS_execveat, words));
}

REPLACES int fexecve(int fd, char *const arguments[], char *const environment[])
{
    return execveat(fd, "", arguments, environment, AT_EMPTY_PATH);
}

REPLACES int execvpe(const char *file, char *const arguments[], char *const environment[])
{
    char found[PATH_MAX];
    if (program_find(file, found, sizeof(found)) && needs_supervisor(found))
        return execve(found, arguments, environment);
    if (real.execvpe == NULL)
        return (int)real_result(-ENOSYS); /* before main(), without a path: nobody does */
    return real.execvpe(file, arguments, COMPLETED(environment));
}

REPLACES int execvp(const char *file, char *const arguments[])
{
    return execvpe(file, arguments, environ);
}

/* The words of execl() and its like, from the first on to the NULL, then what follows it. */
#define COLLECT(first, words, list)                                                                \
    do {                                                                                           \
        size_t count = 1;                                                                          \
        va_start(list, first);                                                                     \
        while (va_arg(list, char *) != NULL)                                                       \
            count++;                                                                               \
        va_end(list);                                                                              \
        words = alloca((count + 1) * sizeof(char *));                                              \
        words[0] = (char *)(uintptr_t)first;                                                       \
        va_start(list, first);                                                                     \
        for (size_t i = 1; i <= count; i++)                                                        \
            words[i] = va_arg(list, char *);                                                       \
    } while (0)

REPLACES int execl(const char *path, const char *first, ...)
{
    va_list list;
    char **words;
    COLLECT(first, words, list);
    va_end(list);
    return execv(path, words);
}

REPLACES int execlp(const char *file, const char *first, ...)
{
    va_list list;
    char **words;
    COLLECT(first, words, list);
    va_end(list);
    return execvp(file, words);
}

REPLACES int execle(const char *path, const char *first, ...)
{
    va_list list;
    char **words;
    COLLECT(first, words, list);
    char *const *environment = va_arg(list, char *const *);
    va_end(list);
    return execve(path, words, environment);
}

/* --- posix_spawn ------------------------------------------------------------------------------ */

REPLACES int posix_spawn(pid_t *restrict ret_pid, const char *restrict path,
                         const posix_spawn_file_actions_t *restrict actions,
                         const posix_spawnattr_t *restrict attributes,
                         char *const arguments[restrict], char *const environment[restrict])
{
    if (real.posix_spawn == NULL)
        return ENOSYS;
    const char *file = path;
    char *const *words = SUPERVISED(file, arguments);
    return real.posix_spawn(ret_pid, file, actions, attributes, words, COMPLETED(environment));
}

REPLACES int posix_spawnp(pid_t *restrict ret_pid, const char *restrict file,
                          const posix_spawn_file_actions_t *restrict actions,
                          const posix_spawnattr_t *restrict attributes,
                          char *const arguments[restrict], char *const environment[restrict])
{
    char found[PATH_MAX];
    if (program_find(file, found, sizeof(found)) && needs_supervisor(found))
        return posix_spawn(ret_pid, found, actions, attributes, arguments, environment);
    if (real.posix_spawnp == NULL)
        return ENOSYS;
    return real.posix_spawnp(ret_pid, file, actions, attributes, arguments, COMPLETED(environment));
}

#include "util/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/anchor.h"
#include "util/spare.h"
#include "util/text.h"

#define STAT_MAX 1024
#define PATH_BYTES 32
/* Fields of /proc/PID/stat behind the name: the state is the third of all, the start the 22nd. */
#define FIELDS_TO_START 19
#define FIRST_PROCESS 1 /* everybody may see it, unless /proc hides processes */

static int open_stat(const char *path)
{
    int proc_fd = anchor_fd(ANCHOR_PROCESSES);
    return proc_fd >= 0 ? openat(proc_fd, path + strlen("/proc/"), O_RDONLY | O_CLOEXEC)
                        : open(path, O_RDONLY | O_CLOEXEC);
}

/* /proc/PID/stat into text, with a NUL. False: errno says why. */
static bool read_stat(pid_t pid, char text[STAT_MAX])
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open_stat(path);
    bool is_lent = fd < 0 && errno == EMFILE && spare_lend();
    if (is_lent)
        fd = open_stat(path);
    ssize_t len = fd >= 0 ? read(fd, text, STAT_MAX - 1) : -1;
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (is_lent)
        spare_return();
    errno = error;
    text[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* The name is in parentheses and may contain any byte, parentheses too. */
bool process_parse(const char *text, struct process *process)
{
    const char *start = strchr(text, '('), *end = strrchr(text, ')');
    if (start == NULL || end == NULL || end < start)
        return false;
    size_t len = (size_t)(end - start - 1);
    if (len > PROCESS_NAME_MAX)
        len = PROCESS_NAME_MAX;
    const char *field = end + 1;
    for (unsigned i = 0; i < FIELDS_TO_START + 1 && field != NULL; i++)
        field = strchr(field + (i > 0), ' ');
    if (field == NULL)
        return false;
    memset(process->name, 0, sizeof(process->name));
    memcpy(process->name, start + 1, len);
    text_make_printable(process->name, len);
    process->started = strtoull(field, NULL, 10);
    return true;
}

struct process process_find(pid_t pid)
{
    struct process process = {.pid = pid};
    char text[STAT_MAX];
    if (pid > 0 && read_stat(pid, text))
        process_parse(text, &process);
    return process;
}

static bool hides_processes(void)
{
    char text[STAT_MAX];
    return !read_stat(FIRST_PROCESS, text);
}

/* Of a text that process_parse takes. It waits for its parent, and does nothing else any more. */
static bool is_zombie(const char *text)
{
    const char *state = strrchr(text, ')') + 2;
    return *state == 'Z' || *state == 'X';
}

bool process_is_gone(const struct process *process)
{
    struct process now = {.pid = process->pid};
    char text[STAT_MAX];
    if (process->pid <= 0)
        return false;
    if (!read_stat(process->pid, text)) /* ESRCH: it ended while we read */
        return (errno == ENOENT || errno == ESRCH) && (process->started != 0 || !hides_processes());
    if (process->started == 0 || !process_parse(text, &now))
        return false;
    return now.started != process->started || is_zombie(text);
}

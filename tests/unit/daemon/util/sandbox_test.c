/* Each test enters the sandbox in a child of its own, which ends with 0 if all was as expected, and
 * with the number of the line otherwise. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "util/anchor.h"
#include "util/log.h"
#include "util/sandbox.h"

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            _exit(__LINE__ % 255 + 1);                                                             \
    } while (0)

/* Whether the call failed as the sandbox makes it fail. */
#define IS_REFUSED(call) ((errno = 0, (call)) < 0 && errno == EPERM)

/* Sanitizers need calls that the sandbox refuses otherwise. */
static bool is_instrumented(void)
{
    return sandbox_more_calls[0] != SANDBOX_CALLS_END;
}

static char folder[] = "/tmp/sandbox-test-XXXXXX";
static char config_path[sizeof(folder) + 8], other_path[sizeof(folder) + 8];

static void file_make(char *ret_path, const char *name, const char *text)
{
    sprintf(ret_path, "%s/%s", folder, name);
    t_file_write(ret_path, text);
}

static int group_setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    file_make(config_path, "c.conf", "one");
    file_make(other_path, "other", "two");
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    unlink(config_path);
    unlink(other_path);
    rmdir(folder);
    return 0;
}

static void in_sandbox(void (*body)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        log_set_level(LOG_LEVEL_ERROR);
        anchor_set(ANCHOR_CONFIG, config_path);
        EXPECT(!sandbox_is_entered());
        EXPECT(sandbox_enter());
        EXPECT(sandbox_is_entered());
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status)); /* refused, not killed */
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- files ------------------------------------------------------------------------------------ */

static void open_files(void)
{
    char text[8] = "";
    int fd = anchor_open(ANCHOR_CONFIG, config_path);
    EXPECT(fd >= 0 && read(fd, text, sizeof(text)) == 3 && memcmp(text, "one", 3) == 0);
    EXPECT(anchor_open(ANCHOR_PROC, "/proc/self/statm") >= 0);
    int anchor = anchor_fd(ANCHOR_CONFIG);
    EXPECT(IS_REFUSED(open(other_path, O_RDONLY)));
    EXPECT(IS_REFUSED(open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC)));
    EXPECT(IS_REFUSED(openat(fd, "c.conf", O_RDONLY)));
    EXPECT(IS_REFUSED(openat(anchor, "c.conf", O_WRONLY)));
    EXPECT(IS_REFUSED(openat(anchor, "c.conf", O_RDWR)));
    EXPECT(IS_REFUSED(openat(anchor, "c.conf", O_RDONLY | O_TRUNC)));
    EXPECT(IS_REFUSED(openat(anchor, "new", O_RDONLY | O_CREAT, 0600)));
    EXPECT(IS_REFUSED(rename(other_path, config_path)));
    EXPECT(IS_REFUSED(chmod(config_path, 0777)));
}

static void test_files_are_opened_at_anchors_only(void **state)
{
    (void)state;
    if (is_instrumented())
        skip();
    in_sandbox(open_files);
}

/* --- other calls ------------------------------------------------------------------------------ */

static void call_others(void)
{
    char *const words[] = {"true", NULL};
    struct rlimit limit;
    EXPECT(IS_REFUSED(socket(AF_INET, SOCK_STREAM, 0)));
    EXPECT(IS_REFUSED(socket(AF_NETLINK, SOCK_RAW, 0)));
    EXPECT(IS_REFUSED(setuid(0)));
    EXPECT(IS_REFUSED(chroot("/")));
    if (is_instrumented())
        return;
    EXPECT(IS_REFUSED(execv("/bin/true", words)));
    EXPECT(IS_REFUSED(fork()));
    EXPECT(IS_REFUSED(ioctl(STDERR_FILENO, TIOCSTI, "x")));
    EXPECT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    EXPECT(IS_REFUSED(setrlimit(RLIMIT_NOFILE, &limit)));
    void *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(page != MAP_FAILED);
    EXPECT(IS_REFUSED(mprotect(page, 1, PROT_READ | PROT_EXEC)));
    EXPECT(mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static void test_other_calls_are_refused(void **state)
{
    (void)state;
    in_sandbox(call_others);
}

static void keep_going(void)
{
    const size_t size_bytes = 64 << 20;
    EXPECT(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
    int copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    EXPECT(copy >= 0 && close(copy) == 0);
    void *block = malloc(size_bytes);
    EXPECT(block != NULL);
    memset(block, 1, size_bytes);
    free(block);
    EXPECT(unlink(other_path) == 0);
}

static void test_what_the_daemon_needs_is_there(void **state)
{
    (void)state;
    in_sandbox(keep_going);
    file_make(other_path, "other", "two");
}

/* --- capabilities ----------------------------------------------------------------------------- */

/* The lines of /proc/PID/status that begin with name, checked against the value that they end in.
 */
static void assert_status(pid_t pid, const char *name, const char *value)
{
    char path[64], line[256];
    unsigned found = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, strlen(name)) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        assert_string_equal(strchr(line, '\t') + 1, value);
        found++;
    }
    fclose(file);
    assert_true(found > 0);
}

static void test_no_privilege_is_left(void **state)
{
    (void)state;
    int entered[2], looked[2];
    char byte = 0;
    assert_int_equal(pipe(entered), 0);
    assert_int_equal(pipe(looked), 0);
    pid_t child = fork();
    if (child == 0) {
        log_set_level(LOG_LEVEL_ERROR);
        EXPECT(sandbox_enter());
        EXPECT(write(entered[1], &byte, 1) == 1);
        _exit(read(looked[0], &byte, 1) == 1 ? 0 : 1);
    }
    assert_int_equal(read(entered[0], &byte, 1), 1);
    assert_status(child, "Cap", "0000000000000000"); /* all five sets */
    assert_status(child, "NoNewPrivs", "1");
    assert_status(child, "Seccomp:", "2");
    assert_int_equal(write(looked[1], &byte, 1), 1);
    waitpid(child, NULL, 0);
    close(entered[0]);
    close(entered[1]);
    close(looked[0]);
    close(looked[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_opened_at_anchors_only),
        cmocka_unit_test(test_other_calls_are_refused),
        cmocka_unit_test(test_what_the_daemon_needs_is_there),
        cmocka_unit_test(test_no_privilege_is_left),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link/tap_device.h"
#include "support/test.h"
#include "util/log.h"

/* What can be seen without making a device: the answers about interfaces that every machine has,
 * and the refusals. tests/system has the rest. */

#define TUN_PATH "/dev/net/tun"
#define MISSING "te-missing-7"
#define OTHER_UID 65534

static bool tun_can_be_opened(int *ret_error)
{
    int fd = open(TUN_PATH, O_RDWR | O_CLOEXEC);
    *ret_error = errno;
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* A descriptor that is no TAP's, or is none: not a word about any device. */
static void test_link_state_of_no_tap(void **state)
{
    char name[IFNAMSIZ] = "before";
    int control = tap_device_control();
    (void)state;
    assert_true(control >= 0);
    assert_int_equal(tap_device_link(control, control, name), TAP_LINK_UNKNOWN);
    assert_int_equal(tap_device_link(-1, control, name), TAP_LINK_UNKNOWN);
    assert_string_equal(name, "before");
    close(control);
}

/* A descriptor of the driver to which no device belongs, as after its deletion. */
static void test_link_state_of_a_deleted_device(void **state)
{
    char name[IFNAMSIZ] = "before";
    int fd = open(TUN_PATH, O_RDWR | O_CLOEXEC), control = tap_device_control();
    (void)state;
    if (fd < 0) {
        close(control);
        skip();
    }
    assert_int_equal(tap_device_link(fd, control, name), TAP_LINK_GONE);
    assert_string_equal(name, "before");
    close(fd);
    close(control);
}

static unsigned fds_open(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 64; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* An interface that is no TAP is left alone, whoever asks. */
static void test_interface_that_is_no_tap(void **state)
{
    const struct tap_options options = {.name = "lo", .mtu_bytes = 1500, .queue_len = 100};
    struct offloads offloads;
    char message[TAP_MESSAGE_MAX] = "";
    int error;
    unsigned before = fds_open();
    (void)state;
    bool has_tun = tun_can_be_opened(&error);
    int control = tap_device_control();
    assert_int_equal(tap_device_open(&options, control, &offloads, message), -1);
    close(control);
    if (has_tun) {
        assert_non_null(strstr(message, "lo is an interface, but not a TAP"));
        assert_non_null(strstr(message, "--tap"));
    } else {
        assert_non_null(strstr(message, "cannot open " TUN_PATH ": "));
        assert_non_null(strstr(message, strerror(error)));
    }
    assert_int_equal(fds_open(), before);
}

/* Another user, who may open every file but not make interfaces. */
static bool privileges_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = 1u << CAP_DAC_OVERRIDE, .permitted = 1u << CAP_DAC_OVERRIDE}};
    if (geteuid() != 0)
        return true;
    return prctl(PR_SET_KEEPCAPS, 1) == 0 && setgid(OTHER_UID) == 0 && setuid(OTHER_UID) == 0 &&
           syscall(SYS_capset, &header, data) == 0;
}

/* In a process without privileges. Its exit status says what was wrong. */
static int open_unprivileged(void)
{
    const struct tap_options options = {.name = MISSING, .mtu_bytes = 1500};
    struct offloads offloads;
    char message[TAP_MESSAGE_MAX] = "", user[32];
    int error;
    if (!privileges_drop())
        return 1;
    bool has_tun = tun_can_be_opened(&error);
    if (tap_device_open(&options, tap_device_control(), &offloads, message) != -1)
        return 2;
    if (!has_tun)
        return strstr(message, "cannot open " TUN_PATH) != NULL &&
                       (error != EACCES || strstr(message, "read and write permission") != NULL)
                   ? 0
                   : 3;
    snprintf(user, sizeof(user), "user %u", (unsigned)geteuid());
    if (strstr(message, "CAP_NET_ADMIN") == NULL || strstr(message, MISSING) == NULL ||
        strstr(message, "there is no such interface") == NULL)
        return 4;
    return strstr(message, user) != NULL ? 0 : 5; /* the command to type is complete */
}

static void test_refusal_says_what_root_can_do(void **state)
{
    int status = -1;
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(open_unprivileged());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(if_nametoindex(MISSING), 0); /* none was made */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_state_of_no_tap),
        cmocka_unit_test(test_link_state_of_a_deleted_device),
        cmocka_unit_test(test_interface_that_is_no_tap),
        cmocka_unit_test(test_refusal_says_what_root_can_do),
    };
    log_set_level((enum log_level)0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

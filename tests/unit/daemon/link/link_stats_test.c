/* Against the kernel: any namespace has a loopback interface. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/link_stats.h"
#include "support.h"

static uint64_t sysfs_dropped(void)
{
    unsigned long value = 0;
    FILE *file = fopen("/sys/class/net/lo/statistics/tx_dropped", "re");
    if (file == NULL)
        return 0;
    assert_int_equal(fscanf(file, "%lu", &value), 1);
    fclose(file);
    return value;
}

static void test_the_kernel_answers_at_once(void **state)
{
    uint64_t frames = UINT64_MAX;
    (void)state;
    int fd = link_stats_open();
    assert_true(fd >= 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(link_stats_dropped(fd, if_nametoindex("lo"), &frames));
        assert_int_equal(frames, sysfs_dropped());
    }
    close(fd);
}

static void test_no_interface_no_answer(void **state)
{
    uint64_t frames = 4711;
    (void)state;
    int fd = link_stats_open();
    assert_false(link_stats_dropped(fd, 0, &frames));
    assert_false(link_stats_dropped(fd, 0x7ffffff0, &frames));
    assert_false(link_stats_dropped(-1, 1, &frames));
    assert_int_equal(frames, 4711);
    /* The refusal is not taken for the next answer. */
    assert_true(link_stats_dropped(fd, if_nametoindex("lo"), &frames));
    assert_int_equal(frames, sysfs_dropped());
    close(fd);
}

static void test_asking_needs_no_descriptor(void **state)
{
    int fd = link_stats_open(), last;
    uint64_t frames;
    static int taken[4096];
    unsigned count = 0;
    (void)state;
    while (count < 4096 && (last = dup(fd)) >= 0)
        taken[count++] = last;
    assert_true(link_stats_dropped(fd, if_nametoindex("lo"), &frames) || count == 4096);
    while (count > 0)
        close(taken[--count]);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_kernel_answers_at_once),
        cmocka_unit_test(test_no_interface_no_answer),
        cmocka_unit_test(test_asking_needs_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/test.h"
#include "watch/process_stats.h"

static struct process_stats stats_now(void)
{
    struct process_stats stats;
    memset(&stats, 0xff, sizeof(stats));
    process_stats_read(&stats);
    return stats;
}

static void test_open_descriptors_are_counted(void **state)
{
    enum { COUNT = 5 };
    int fds[COUNT];
    uint64_t before = stats_now().open_fds;
    (void)state;
    assert_true(before >= 3 || fcntl(2, F_GETFD) < 0);
    for (int i = 0; i < COUNT; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(stats_now().open_fds, before + COUNT);
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
    assert_int_equal(stats_now().open_fds, before); /* reading leaves none open */
}

static void test_limit_is_the_soft_one(void **state)
{
    struct rlimit before, lower;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    lower = before;
    lower.rlim_cur = 77;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
    uint64_t seen = stats_now().max_fds;
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(seen, 77);
}

static void test_memory_is_in_bytes(void **state)
{
    static const size_t size = (size_t)32 << 20;
    struct process_stats before = stats_now();
    (void)state;
    assert_true(before.resident_bytes > 0);
    assert_true(before.virtual_bytes >= before.resident_bytes);
    assert_int_equal(before.resident_bytes % (uint64_t)sysconf(_SC_PAGESIZE), 0);
    char *block = malloc(size);
    memset(block, 1, size);
    struct process_stats after = stats_now();
    assert_true(after.virtual_bytes >= before.virtual_bytes + size);
    assert_true(after.resident_bytes >= before.resident_bytes + size / 2);
    assert_int_equal(block[size - 1], 1);
    free(block);
}

/* The same by another call; each part of it is cut to whole microseconds. */
static int64_t cpu_now_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void test_cpu_time_is_user_and_system_in_microseconds(void **state)
{
    (void)state;
    int64_t before_us = cpu_now_us();
    while (cpu_now_us() < before_us + 5000)
        ;
    int64_t least_us = cpu_now_us(), seen_us = stats_now().cpu_us;
    assert_in_range(seen_us, least_us, cpu_now_us() + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_descriptors_are_counted),
        cmocka_unit_test(test_limit_is_the_soft_one),
        cmocka_unit_test(test_memory_is_in_bytes),
        cmocka_unit_test(test_cpu_time_is_user_and_system_in_microseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

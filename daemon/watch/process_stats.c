#include "watch/process_stats.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <tcpengine/units.h>
#include <time.h>
#include <unistd.h>

#include "util/anchor.h"
#include "util/spare.h"

static void read_memory(struct process_stats *stats)
{
    uint64_t virtual_pages, resident_pages, page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    int fd = anchor_open(ANCHOR_PROC, "/proc/self/statm");
    FILE *stream = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (stream == NULL)
        return;
    if (fscanf(stream, "%" SCNu64 " %" SCNu64, &virtual_pages, &resident_pages) == 2) {
        stats->virtual_bytes = virtual_pages * page_bytes;
        stats->resident_bytes = resident_pages * page_bytes;
    }
    fclose(stream);
}

static uint64_t count_fds(void)
{
    uint64_t count = 0;
    int fd = anchor_open(ANCHOR_PROC, "/proc/self/fd");
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL)
        return 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count - 1; /* the directory's own */
}

void process_stats_read(struct process_stats *ret_stats)
{
    struct timespec cpu = {0};
    struct rlimit limit = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    getrlimit(RLIMIT_NOFILE, &limit);
    *ret_stats = (struct process_stats){
        .cpu_us = (int64_t)cpu.tv_sec * TE_SECOND + cpu.tv_nsec / TE_NS_PER_US,
        .max_fds = limit.rlim_cur,
    };
    bool is_lent = spare_lend(); /* reading takes one descriptor at a time */
    ret_stats->open_fds = count_fds() + is_lent;
    read_memory(ret_stats);
    spare_return();
}

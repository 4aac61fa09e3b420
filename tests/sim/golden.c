#include "golden.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transfer.h"
#include "units.h"

#define RATE_BYTES_PER_S UINT64_C(12500000) /* 100 Mbit/s */
#define QUEUE_LEAST_BYTES UINT64_C(65536)
#define TRANSFER_BYTES UINT64_C(16000000)
#define TRANSFER_MAX_US (300 * SECOND)
#define SEEDS 7 /* a cell is their median */
#define FAILED UINT64_MAX

static const struct loss {
    uint32_t parts; /* out of 10,000 */
    const char *text;
} losses[] = {{0, "0"}, {10, "0.1"}, {100, "1"}, {300, "3"}, {1000, "10"}, {3000, "30"}};
static const int64_t rtts_us[] = {1 * MS, 20 * MS, 100 * MS};
static const uint32_t buffers_bytes[] = {16384, 262144, 4194304};

#define LOSSES (sizeof(losses) / sizeof(losses[0]))
#define RTTS (sizeof(rtts_us) / sizeof(rtts_us[0]))
#define BUFFERS (sizeof(buffers_bytes) / sizeof(buffers_bytes[0]))
#define CELLS (BUFFERS * LOSSES * RTTS)
#define RUNS (CELLS * SEEDS)

struct board {
    atomic_uint next_run;
    uint64_t kbit_per_s[RUNS]; /* a cell's seeds side by side */
};

/* --- one transfer ----------------------------------------------------------------------------- */

/* Only data is lost: the effect of lost ACKs is another question. */
static void draw(struct scenario *scenario, unsigned run)
{
    unsigned cell = run / SEEDS;
    int64_t rtt_us = rtts_us[cell % RTTS];
    uint64_t bandwidth_delay = RATE_BYTES_PER_S * (uint64_t)rtt_us / SECOND;
    struct transfer_path path = {
        .rtt_us = rtt_us,
        .bytes_per_s = RATE_BYTES_PER_S,
        .queue_bytes = bandwidth_delay > QUEUE_LEAST_BYTES ? bandwidth_delay : QUEUE_LEAST_BYTES,
    };
    transfer_draw(scenario, &path, TRANSFER_BYTES);
    scenario->seed = run % SEEDS + 1;
    scenario->link[0].drop = losses[cell / RTTS % LOSSES].parts;
    for (unsigned side = 0; side < scenario->host_count; side++) {
        struct te_config *config = &scenario->hosts[side].config;
        uint32_t most = buffers_bytes[cell / RTTS / LOSSES];
        config->send_buffer_max_bytes = config->receive_buffer_max_bytes = most;
        if (config->send_buffer_initial_bytes > most)
            config->send_buffer_initial_bytes = most;
        if (config->receive_buffer_initial_bytes > most)
            config->receive_buffer_initial_bytes = most;
    }
}

/* Goodput as the receiving application sees it, from the OPEN on. */
static uint64_t transfer(unsigned run)
{
    static struct world world;
    static struct coverage coverage;
    struct scenario scenario;
    struct world_options options = {.coverage = &coverage};
    int64_t time_us = TRANSFER_MAX_US;
    uint64_t bytes = 0;
    draw(&scenario, run);
    if (transfer_start(&world, &scenario, &options)) {
        int64_t start_us = world.now_us;
        while (world.failure == NULL && transfer_received_bytes(&world) < TRANSFER_BYTES &&
               world.now_us < start_us + TRANSFER_MAX_US)
            world_run(&world, world.now_us + MS);
        time_us = world.now_us - start_us;
        bytes = transfer_received_bytes(&world);
    }
    world_done(&world);
    return world.failure != NULL ? FAILED : bytes * 8 * MS / (uint64_t)time_us;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Without loss nothing is random: one seed is enough. */
static unsigned first_like(unsigned run)
{
    return losses[run / SEEDS / RTTS % LOSSES].parts == 0 ? run - run % SEEDS : run;
}

static void work(struct board *board)
{
    unsigned run;
    while ((run = atomic_fetch_add(&board->next_run, 1)) < RUNS)
        if (first_like(run) == run)
            board->kbit_per_s[run] = transfer(run);
}

static void run_all(struct board *board, unsigned jobs)
{
    for (unsigned run = 0; run < RUNS; run++)
        board->kbit_per_s[run] = FAILED;
    fflush(NULL);
    for (unsigned i = 0; i < jobs; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("sim: fork");
            exit(1);
        }
        if (pid == 0) {
            work(board);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        continue;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool print_cell(const struct board *board, unsigned cell, FILE *file)
{
    uint64_t sorted[SEEDS];
    for (unsigned i = 0; i < SEEDS; i++)
        sorted[i] = board->kbit_per_s[first_like(cell * SEEDS + i)];
    qsort(sorted, SEEDS, sizeof(sorted[0]), compare);
    if (sorted[SEEDS - 1] == FAILED) {
        fprintf(file, " failed |");
        return false;
    }
    fprintf(file, " %" PRIu64 " |", sorted[SEEDS / 2]);
    return true;
}

static bool print_table(const struct board *board, unsigned buffer, FILE *file)
{
    bool ok = true;
    fprintf(file, "\n| buffers %" PRIu32 " KiB |", buffers_bytes[buffer] / 1024);
    for (unsigned i = 0; i < RTTS; i++)
        fprintf(file, " RTT %" PRId64 " ms |", rtts_us[i] / MS);
    fprintf(file, "\n|---|");
    for (unsigned i = 0; i < RTTS; i++)
        fprintf(file, "---:|");
    for (unsigned loss = 0; loss < LOSSES; loss++) {
        fprintf(file, "\n| loss %s %% |", losses[loss].text);
        for (unsigned rtt = 0; rtt < RTTS; rtt++)
            ok = print_cell(board, (unsigned)((buffer * LOSSES + loss) * RTTS + rtt), file) && ok;
    }
    fprintf(file, "\n");
    return ok;
}

bool golden_run(unsigned jobs, FILE *file)
{
    bool ok = true;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct board *board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        return false;
    run_all(board, jobs > 0 ? jobs : processors > 0 ? (unsigned)processors : 1);
    for (unsigned buffer = 0; buffer < BUFFERS; buffer++)
        ok = print_table(board, buffer, file) && ok;
    munmap(board, sizeof(*board));
    return ok;
}

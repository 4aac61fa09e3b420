/* Saved state: te_stack_restore() of arbitrary bytes. What is refused leaves nothing behind; what
 * is accepted is a stack whose invariants hold, which runs, and which can be saved and restored
 * again, byte for byte; and so it is on a host with smaller limits that takes it over later. The
 * input is the state without its checksum, which is appended here so that the fuzzer gets past that
 * check.
 *
 * The format changes, and old states are refused: the target "stack" writes new ones into the
 * folder named by FUZZ_STATES, one per program of its kept corpus. With FUZZ_ALL_VALID every input
 * must be accepted. */
#include <stdlib.h>
#include <string.h>
#include <tcpengine/save.h>

#include "fuzz.h"
#include "util/siphash.h"

#define STEPS 64
#define LATER_US INT64_C(3600000000)
#define SECONDS_LATER_US INT64_C(4500123)

static void check(const struct te_stack *stack)
{
    uint64_t id = 0;
    const char *wrong = te_stack_check_invariants(stack, &id);
    FUZZ_CHECK(wrong == NULL, "%s (id %llu)", wrong, (unsigned long long)id);
}

static void set_up(struct te_config *config, struct fuzz_memory *memory)
{
    const uint8_t v4[4] = {10, 0, 0, 1};
    const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    te_config_init(config);
    config->allocator = fuzz_allocator(memory);
    memcpy(config->mac, (const uint8_t[6]){2, 0, 0, 0, 0, 1}, 6);
    config->addresses[0] = (struct te_cidr){te_addr_from_v4(v4), 24};
    config->addresses[1] = (struct te_cidr){te_addr_from_v6(v6), 64};
    config->address_count = 2;
    config->dad = config->optimistic_dad = false;
    config->conn_max = 64;
    config->time_wait_max = config->neighbour_max = config->neighbour_incomplete_max = 16;
    config->event_max = 64;
    config->history_conn_max = 16;
    config->drop_log_conn_max = 16;
    config->note_log_conn_max = 16;
}

/* A host with smaller limits and a later clock. */
static void set_up_smaller(struct te_config *config, struct fuzz_memory *memory)
{
    set_up(config, memory);
    config->mtu_bytes = 1280;
    config->msl_us /= 7;
    config->path_mtu_age_us /= 7;
    config->event_max = config->history_conn_max = 3;
    config->control_queue_max = config->fast_open_cache_max = 2;
    config->send_buffer_max_bytes = config->receive_buffer_max_bytes = 8192;
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
    size_t at = 0;
    while (at < len && a[at] == b[at])
        at++;
    return at;
}

static void check_again(const struct te_config *config, const struct te_stack *stack,
                        int64_t now_us)
{
    struct te_stack *again = NULL;
    size_t len, again_len;
    uint8_t *bytes = fuzz_save(stack, &len);
    FUZZ_CHECK(te_stack_restore(config, bytes, len, now_us, &again) == TE_OK,
               "what was restored cannot be restored again");
    uint8_t *again_bytes = fuzz_save(again, &again_len);
    size_t at = first_difference(bytes, again_bytes, len < again_len ? len : again_len);
    FUZZ_CHECK(at == len && len == again_len,
               "the state differs when saved again: at %zu of %zu, %zu bytes", at, len, again_len);
    te_stack_free(again);
    free(bytes);
    free(again_bytes);
}

static void check_on_smaller_host(const uint8_t *bytes, size_t len, int64_t now_us)
{
    struct te_config config;
    struct fuzz_memory memory;
    struct te_stack *stack = NULL;
    set_up_smaller(&config, &memory);
    if (te_stack_restore(&config, bytes, len, now_us, &stack) == TE_OK) {
        check(stack);
        check_again(&config, stack, now_us);
    }
    te_stack_free(stack);
    FUZZ_CHECK(memory.bytes == 0, "%lld bytes are left", (long long)memory.bytes);
}

static void run(struct te_stack *stack, int64_t now_us)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    struct te_event event;
    int64_t end_us = now_us < INT64_MAX - LATER_US ? now_us + LATER_US : INT64_MAX - 1;
    for (unsigned i = 0; i < STEPS; i++) {
        while (te_stack_poll_output(stack, header, &output, now_us))
            ;
        while (te_stack_next_event(stack, &event))
            ;
        check(stack);
        int64_t next_us = te_stack_next_timeout(stack);
        if (next_us > end_us)
            return;
        now_us = next_us > now_us ? next_us : now_us;
        te_stack_handle_timeout(stack, now_us);
    }
}

/* docs/state-format.md, "Frame". */
static uint8_t *seal(const uint8_t *data, size_t size)
{
    static const struct te_siphash_key key = {"tcpengine state"};
    uint8_t *bytes = malloc(size + FUZZ_STATE_CHECKSUM_BYTES);
    if (size > 0)
        memcpy(bytes, data, size);
    uint64_t checksum = te_siphash(&key, bytes, size);
    for (unsigned i = 0; i < FUZZ_STATE_CHECKSUM_BYTES; i++)
        bytes[size + i] = (uint8_t)(checksum >> 8 * i);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct te_config config;
    struct fuzz_memory memory;
    struct te_stack *stack = NULL;
    int64_t now_us = 0;
    size_t len = size + FUZZ_STATE_CHECKSUM_BYTES;
    uint8_t *bytes = seal(data, size);
    set_up(&config, &memory);
    (void)te_save_time(bytes, len, &now_us);
    enum te_err err = te_stack_restore(&config, bytes, len, now_us, &stack);
    FUZZ_CHECK((err == TE_OK) == (stack != NULL), "%s", te_err_text(err));
    FUZZ_CHECK(err == TE_OK || getenv("FUZZ_ALL_VALID") == NULL, "%s", te_err_text(err));
    if (stack != NULL) {
        check(stack);
        check_again(&config, stack, now_us);
        check_on_smaller_host(bytes, len, now_us + SECONDS_LATER_US);
        run(stack, now_us);
    }
    te_stack_free(stack);
    free(bytes);
    FUZZ_CHECK(memory.bytes == 0, "%lld bytes are left", (long long)memory.bytes);
    return 0;
}

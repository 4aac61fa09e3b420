#include <assert.h>
#include <string.h>

#include "ip/ip.h"
#include "memory.h"
#include "stack_internal.h"
#include "tcp/relief.h"
#include "tcp/tcp.h"

#define TIMERS_MAX 4096 /* run by one te_stack_handle_timeout() */

/* --- life ------------------------------------------------------------------------------------- */

static size_t block_bytes(const struct te_config *config)
{
    return sizeof(struct te_stack) + te_drop_logs_bytes(config);
}

enum te_err te_stack_make(const struct te_config *config, const struct te_stack_birth *birth,
                          struct te_stack **ret_stack)
{
    struct te_stack *stack = config->allocator.alloc(config->allocator.ctx, block_bytes(config));
    if (stack == NULL)
        return TE_ERR_NOMEM;
    memset(stack, 0, block_bytes(config));
    stack->config = *config;
    te_memory_start_count(stack, block_bytes(config));
    stack->drops = te_drop_logs_init(config, stack + 1);
    te_memory_use_plain_buffers(stack);
    memcpy(stack->config.secret, birth->key.bytes, sizeof(stack->config.secret));
    stack->key = birth->key;
    stack->now_us = birth->now_us;
    stack->born_at_us = birth->born_at_us;
    te_wheel_init(&stack->wheel, birth->wheel_now_us);
    enum te_err err = te_tcp_init(stack);
    if (err == TE_OK)
        err = te_ip_init(stack);
    if (err != TE_OK) {
        te_stack_free(stack);
        return err;
    }
    *ret_stack = stack;
    return TE_OK;
}

enum te_err te_stack_new(const struct te_config *config, int64_t now_us,
                         struct te_stack **ret_stack)
{
    const char *field;
    enum te_err err = te_config_check(config, &field);
    if (err != TE_OK)
        return err;
    struct te_stack_birth birth = {.now_us = now_us, .born_at_us = now_us, .wheel_now_us = now_us};
    memcpy(birth.key.bytes, config->secret, sizeof(birth.key.bytes));
    struct te_stack *stack;
    err = te_stack_make(config, &birth, &stack);
    if (err != TE_OK)
        return err;
    te_locals_start(stack);
    *ret_stack = stack;
    return TE_OK;
}

void te_stack_free(struct te_stack *stack)
{
    if (stack == NULL)
        return;
    struct te_allocator allocator = stack->memory.host;
    size_t bytes = block_bytes(&stack->config);
    te_tcp_done(stack);
    te_ip_done(stack);
    allocator.free(allocator.ctx, stack, bytes);
}

/* --- the verbs -------------------------------------------------------------------------------- */

void te_stack_input(struct te_stack *stack, const uint8_t *frame, size_t len,
                    const struct te_frame_meta *meta, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    te_relief_run(stack);
    stack->counters.frames_in++;
    stack->counters.frame_bytes_in += len;
    te_ip_input_frame(stack, frame, len, meta);
}

bool te_stack_poll_output(struct te_stack *stack, uint8_t *header, struct te_output *ret_output,
                          int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    if (!te_ip_poll_output(stack, ret_output) && !te_tcp_poll_output(stack, header, ret_output) &&
        !te_ip_poll_output(stack, ret_output))
        return false;
    stack->counters.frames_out++;
    stack->counters.frame_bytes_out += ret_output->total_bytes;
    return true;
}

int64_t te_stack_next_timeout(const struct te_stack *stack)
{
    int64_t wheel_us = te_wheel_next_us(&stack->wheel);
    if (!te_relief_is_needed(stack))
        return wheel_us;
    int64_t relief_us = te_relief_work_at_us(stack);
    return wheel_us < relief_us ? wheel_us : relief_us;
}

void te_stack_handle_timeout(struct te_stack *stack, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    te_relief_run(stack);
    te_wheel_advance(&stack->wheel, stack->now_us);
    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        struct te_wheel_node *node = te_wheel_pop_due(&stack->wheel);
        if (node == NULL)
            return;
        if (!te_ip_handle_timer(stack, node))
            te_tcp_handle_timer(stack, node);
    }
}

bool te_stack_next_event(struct te_stack *stack, struct te_event *ret_event)
{
    return te_event_pop(stack, ret_event);
}

const struct te_counters *te_stack_counters(const struct te_stack *stack)
{
    return &stack->counters;
}

bool te_stack_is_address_ready(const struct te_stack *stack)
{
    return te_locals_any_ready(stack);
}

const char *te_address_state_name(enum te_address_state state)
{
    static const char *const names[] = {
#define NAME(constant, name) [TE_ADDRESS_##constant] = (name),
        TE_ADDRESS_STATE_LIST(NAME)
#undef NAME
    };
    return (unsigned)state < TE_ADDRESS_STATE_COUNT ? names[state] : "?";
}

static_assert((int)TE_LOCAL_TENTATIVE == (int)TE_ADDRESS_TENTATIVE &&
                  (int)TE_LOCAL_READY == (int)TE_ADDRESS_READY &&
                  (int)TE_LOCAL_CONFLICT == (int)TE_ADDRESS_CONFLICT,
              "one enum is the other");

bool te_stack_address(const struct te_stack *stack, unsigned index,
                      struct te_address_info *ret_info)
{
    if (index >= stack->locals.count)
        return false;
    const struct te_local *local = &stack->locals.items[index];
    bool is_conflict = local->state == TE_LOCAL_CONFLICT;
    *ret_info = (struct te_address_info){.cidr = {local->addr, local->network_bits},
                                         .is_configured = index < stack->locals.configured_count,
                                         .state = (enum te_address_state)local->state,
                                         .was_claimed = local->was_claimed,
                                         .claimed_at_us = local->claimed_at_us,
                                         .retry_at_us = is_conflict ? local->step_at_us : TE_NEVER};
    memcpy(ret_info->claimed_by, local->claimed_by, 6);
    return true;
}

const struct te_cidr *te_stack_addresses(const struct te_stack *stack, unsigned *ret_count)
{
    *ret_count = stack->config.address_count;
    return stack->config.addresses;
}

uint64_t te_stack_next_id(const struct te_stack *stack)
{
    return stack->next_id;
}

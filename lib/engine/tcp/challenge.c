#include "tcp/challenge.h"

#include "stack_internal.h"
#include "tcp/conn.h"

void te_challenge_ack(struct te_stack *stack, struct te_conn *conn)
{
    int64_t since_us = stack->now_us - conn->last_challenge_at_us;
    if (since_us < stack->config.challenge_ack_interval_us ||
        !te_limiter_take(&stack->challenge_limiter, stack->config.challenge_ack_per_second,
                         &stack->key, stack->now_us)) {
        stack->counters.challenge_acks_limited++;
        return;
    }
    conn->last_challenge_at_us = stack->now_us;
    stack->counters.challenge_acks++;
    if (conn->ack.owed == 0)
        conn->ack.owed = 1;
    te_conn_want_output(stack, conn);
}

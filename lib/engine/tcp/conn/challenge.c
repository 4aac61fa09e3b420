#include "tcp/conn/challenge.h"

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/conn_note.h"

#define PROBE_ANSWER_INTERVAL_US 500000 /* probes soon come slower than that */

static int64_t since_last_us(const struct te_stack *stack, const struct te_conn *conn)
{
    return stack->now_us - conn->last_challenge_at_us;
}

static void answer(struct te_stack *stack, struct te_conn *conn)
{
    conn->last_challenge_at_us = stack->now_us;
    if (conn->ack.owed == 0)
        conn->ack.owed = 1;
    te_conn_want_output(stack, conn);
}

void te_challenge_ack(struct te_stack *stack, struct te_conn *conn)
{
    if (since_last_us(stack, conn) < stack->config.challenge_ack_interval_us ||
        !te_limiter_take(&stack->challenge_limiter, stack->config.challenge_ack_per_second,
                         &stack->key, stack->now_us)) {
        stack->counters.challenge_acks_limited++;
        return;
    }
    stack->counters.challenge_acks++;
    te_note(stack, conn, TE_NOTE_CHALLENGE_ACK, 0);
    answer(stack, conn);
}

void te_challenge_answer_probe(struct te_stack *stack, struct te_conn *conn)
{
    uint32_t interval_us = stack->config.challenge_ack_interval_us;
    if (interval_us > PROBE_ANSWER_INTERVAL_US)
        interval_us = PROBE_ANSWER_INTERVAL_US;
    if (since_last_us(stack, conn) < interval_us) {
        stack->counters.challenge_acks_limited++;
        return;
    }
    answer(stack, conn);
}

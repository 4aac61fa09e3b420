/* The receiver's SACK and D-SACK blocks: RFC 2018 3 and 4, RFC 2883 4, and every order of a few
 * segments with a FIN among them. */
#include <stdio.h>
#include <string.h>

#include "script.h"

#define STEP_BYTES 100
#define SEGMENTS_MAX 5
#define BLOCKS_WITH_TIMESTAMPS 3

static void open_with(struct script *s, unsigned options)
{
    s->options = options;
    s->f.config.receive_buffer_initial_bytes = 65535;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_DELAYED_ACK, 0), TE_OK);
}

/* --- tables of the RFCs ----------------------------------------------------------------------- */

/* One received segment and the ACK of it, in the numbers of the RFC: its byte 0 is our 1. */
struct step {
    uint32_t from, to; /* to: exclusive */
    uint32_t ack;
    unsigned count;
    struct te_sack_block blocks[TE_SACK_BLOCKS_MAX];
};

static void run_steps(struct script *s, const struct step *steps, size_t count, struct script_at at)
{
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        struct seg want = {.flags = TE_ACK, .seq = 1, .ack = step->ack + 1};
        want.sack_count = step->count;
        for (unsigned b = 0; b < step->count; b++) {
            want.sack[b].start = step->blocks[b].start + 1;
            want.sack[b].end = step->blocks[b].end + 1;
        }
        T_SEND(s, .flags = TE_ACK, .seq = step->from + 1, .ack = 1, .len = step->to - step->from);
        script_expect(s, &want, at);
        script_expect_none(s, at);
    }
}
#define T_STEPS(s, steps) run_steps((s), (steps), sizeof(steps) / sizeof((steps)[0]), T_HERE)

/* RFC 2018 4, the examples: segments of 500 bytes from 5000 on, the left edge at 5000. */
static void rfc2018_case_2_the_first_segment_is_lost(void **state)
{
    static const struct step steps[] = {
        {0, 5000, 5000, 0, {{0}}},
        {5500, 6000, 5000, 1, {{5500, 6000}}},
        {6000, 6500, 5000, 1, {{5500, 6500}}},
        {6500, 7000, 5000, 1, {{5500, 7000}}},
        {7000, 7500, 5000, 1, {{5500, 7500}}},
        {7500, 8000, 5000, 1, {{5500, 8000}}},
        {8000, 8500, 5000, 1, {{5500, 8500}}},
        {8500, 9000, 5000, 1, {{5500, 9000}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
}

static void rfc2018_case_3_every_second_segment_is_lost(void **state)
{
    static const struct step steps[] = {
        {0, 5500, 5500, 0, {{0}}},
        {6000, 6500, 5500, 1, {{6000, 6500}}},
        {7000, 7500, 5500, 2, {{7000, 7500}, {6000, 6500}}},
        {8000, 8500, 5500, 3, {{8000, 8500}, {7000, 7500}, {6000, 6500}}},
        /* The fourth, then the second, finally arrive out of order. */
        {6500, 7000, 5500, 2, {{6000, 7500}, {8000, 8500}}},
        {5500, 6000, 7500, 1, {{8000, 8500}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
}

/* RFC 2018 3: four blocks fit, three beside timestamps; the newest are reported. */
static const struct step many_holes[] = {
    {100, 200, 0, 1, {{100, 200}}},
    {300, 400, 0, 2, {{300, 400}, {100, 200}}},
    {500, 600, 0, 3, {{500, 600}, {300, 400}, {100, 200}}},
    {700, 800, 0, 4, {{700, 800}, {500, 600}, {300, 400}, {100, 200}}},
    {900, 1000, 0, 4, {{900, 1000}, {700, 800}, {500, 600}, {300, 400}}},
    {200, 250, 0, 4, {{100, 250}, {900, 1000}, {700, 800}, {500, 600}}},
};

static void rfc2018_3_four_blocks_fit(void **state)
{
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, many_holes);
}

static void rfc2018_3_three_blocks_fit_beside_timestamps(void **state)
{
    struct script *s = *state;
    struct step cut[sizeof(many_holes) / sizeof(many_holes[0])];
    memcpy(cut, many_holes, sizeof(many_holes));
    for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
        if (cut[i].count > BLOCKS_WITH_TIMESTAMPS)
            cut[i].count = BLOCKS_WITH_TIMESTAMPS;
    open_with(s, SPEAKS_SACK | SPEAKS_TIMESTAMPS);
    T_STEPS(s, cut);
}

static void rfc2018_4_no_blocks_without_agreement(void **state)
{
    struct script *s = *state;
    open_with(s, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 1);
}

/* --- D-SACK, the examples of RFC 2883 4 ------------------------------------------------------- */

static void rfc2883_4_1_1_duplicate_segment(void **state)
{
    static const struct step steps[] = {
        {0, 3000, 3000, 0, {{0}}},
        {3000, 3500, 3500, 0, {{0}}},
        {3500, 4000, 4000, 0, {{0}}},
        {3000, 3500, 4000, 1, {{3000, 3500}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
    T_COUNT(s, dsack_sent, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 4001, .ack = 1, .len = 10); /* reported only once */
    T_EXPECT_ACK(s, 1, 4011);
}

static void rfc2883_4_1_2_hole_and_duplicate(void **state)
{
    static const struct step steps[] = {
        {0, 4000, 4000, 0, {{0}}},
        {4500, 5000, 4000, 1, {{4500, 5000}}},
        {3000, 3500, 4000, 2, {{3000, 3500}, {4500, 5000}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
}

static void rfc2883_4_1_3_duplicate_of_a_segment_out_of_order(void **state)
{
    static const struct step steps[] = {
        {0, 4000, 4000, 0, {{0}}},
        {4500, 5000, 4000, 1, {{4500, 5000}}},
        {5000, 5500, 4000, 1, {{4500, 5500}}},
        {5000, 5500, 4000, 2, {{5000, 5500}, {4500, 5500}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
}

/* Rule (4): the block around the duplicate comes second, whichever was the newest. */
static void rfc2883_4_rule_4_the_larger_block_comes_second(void **state)
{
    static const struct step steps[] = {
        {0, 4000, 4000, 0, {{0}}},
        {4500, 5500, 4000, 1, {{4500, 5500}}},
        {6000, 6500, 4000, 2, {{6000, 6500}, {4500, 5500}}},
        {5000, 5500, 4000, 3, {{5000, 5500}, {4500, 5500}, {6000, 6500}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
}

static void rfc2883_4_2_1_duplicate_part_below_the_ack(void **state)
{
    static const struct step steps[] = {
        {0, 1000, 1000, 0, {{0}}},
        {2000, 2500, 1000, 1, {{2000, 2500}}},
        {1000, 1500, 1500, 1, {{2000, 2500}}},
        {1000, 2000, 2500, 1, {{1000, 1500}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
}

static void rfc2883_4_2_2_two_duplicate_parts_the_first_is_told(void **state)
{
    static const struct step steps[] = {
        {0, 1000, 1000, 0, {{0}}},
        {3000, 3500, 1000, 1, {{3000, 3500}}},
        {1000, 1500, 1500, 1, {{3000, 3500}}},
        {2000, 2500, 1500, 2, {{2000, 2500}, {3000, 3500}}},
        {1000, 2500, 2500, 2, {{1000, 1500}, {3000, 3500}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
}

static void rfc2883_4_2_3_two_duplicate_parts_above_the_ack(void **state)
{
    static const struct step steps[] = {
        {0, 1000, 1000, 0, {{0}}},
        {3500, 4000, 1000, 1, {{3500, 4000}}},
        {1500, 2000, 1000, 2, {{1500, 2000}, {3500, 4000}}},
        {2500, 3000, 1000, 3, {{2500, 3000}, {1500, 2000}, {3500, 4000}}},
        {1500, 3000, 1000, 3, {{1500, 2000}, {1500, 3000}, {3500, 4000}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
}

/* The duplicate part lies in the middle of the segment, or at its end. */
static void rfc2883_4_2_duplicate_part_behind_new_bytes(void **state)
{
    static const struct step steps[] = {
        {0, 1000, 1000, 0, {{0}}},
        {2000, 2500, 1000, 1, {{2000, 2500}}},
        {1500, 3000, 1000, 2, {{2000, 2500}, {1500, 3000}}},
        {1000, 1600, 3000, 1, {{1500, 1600}}},
    };
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
}

/* Three duplicates in one read: a sender that undoes a spurious recovery needs each of them. */
static void rfc2883_4_each_duplicate_of_one_read_is_told(void **state)
{
    static const struct step steps[] = {{0, 4000, 4000, 0, {{0}}}};
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_STEPS(s, steps);
    script_hold(s);
    for (uint32_t seq = 1; seq < 4000; seq += 1500)
        T_SEND(s, .flags = TE_ACK, .seq = seq, .ack = 1, .len = 500);
    script_release(s);
    for (uint32_t seq = 1; seq < 4000; seq += 1500)
        T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 4001, SACK1(BLOCK(seq, seq + 500)));
    T_EXPECT_NONE(s);
    T_COUNT(s, dsack_sent, 3);
}

static void rfc2883_4_3_paws_and_dsack_agree(void **state)
{
    struct script *s = *state;
    open_with(s, SPEAKS_SACK | SPEAKS_TIMESTAMPS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, TSVAL(100));
    T_EXPECT_ACK(s, 1, 101);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, TSVAL(99));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, SACK1(BLOCK(1, 101)));
    T_COUNT(s, paws_rejected, 1);
}

/* Our text carries no blocks, but they are not lost. */
static void blocks_are_told_beside_text_of_ours(void **state)
{
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101, .ack = 1, SACK1(BLOCK(101, 201)));
}

/* Text leaves first, and carries no blocks: the ACK that has them follows it. */
static void blocks_follow_text_that_was_waiting(void **state)
{
    struct script *s = *state;
    open_with(s, SPEAKS_SACK);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EQUAL(script_user_send(s, 50), 50); /* Nagle holds it */
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 101, .len = 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 50);
    T_EXPECT(s, .flags = TE_ACK, .seq = 151, .ack = 1, SACK1(BLOCK(101, 201)));
    T_EXPECT_NONE(s);
}

/* --- every order ------------------------------------------------------------------------------ */

/* Segments of STEP_BYTES each; the FIN is the last one, or part of it. */
enum fin_kind { NO_FIN, FIN_ON_LAST, FIN_ALONE };

struct order {
    unsigned count; /* segments, including a bare FIN */
    unsigned index[SEGMENTS_MAX];
    enum fin_kind fin;
    unsigned options;
};

/* What RFC 2018 4 asks for: held blocks, newest first. */
struct model {
    bool arrived[SEGMENTS_MAX];
    unsigned in_order; /* of the segments with text */
    unsigned block_count;
    struct te_sack_block blocks[SEGMENTS_MAX];
};

static uint32_t start_of(unsigned index)
{
    return 1 + index * STEP_BYTES;
}

static unsigned text_count(const struct order *order)
{
    return order->count - (order->fin == FIN_ALONE ? 1 : 0);
}

static void remove_block(struct model *model, unsigned at)
{
    memmove(&model->blocks[at], &model->blocks[at + 1],
            (model->block_count - at - 1) * sizeof(model->blocks[0]));
    model->block_count--;
}

/* A segment out of order comes first, merged with its neighbours. */
static void model_hold(struct model *model, unsigned index)
{
    struct te_sack_block block = {start_of(index), start_of(index + 1)};
    for (unsigned i = 0; i < model->block_count;) {
        const struct te_sack_block *other = &model->blocks[i];
        if (other->start != block.end && other->end != block.start) {
            i++;
            continue;
        }
        block.start = other->start < block.start ? other->start : block.start;
        block.end = other->end > block.end ? other->end : block.end;
        remove_block(model, i);
    }
    memmove(&model->blocks[1], &model->blocks[0], model->block_count * sizeof(model->blocks[0]));
    model->blocks[0] = block;
    model->block_count++;
}

static void model_arrive(struct model *model, const struct order *order, unsigned index)
{
    model->arrived[index] = true;
    if (index >= text_count(order))
        return; /* the FIN has no text */
    if (index != model->in_order) {
        model_hold(model, index);
        return;
    }
    while (model->in_order < text_count(order) && model->arrived[model->in_order])
        model->in_order++;
    for (unsigned i = 0; i < model->block_count;)
        if (model->blocks[i].end <= start_of(model->in_order))
            remove_block(model, i);
        else
            i++;
}

static bool model_has_fin(const struct model *model, const struct order *order)
{
    return order->fin != NO_FIN && model->arrived[order->count - 1] &&
           model->in_order == text_count(order);
}

static void name_of_order(const struct order *order, char *ret_name, size_t size)
{
    size_t used = 0;
    for (unsigned i = 0; i < order->count && used < size; i++)
        used += (size_t)snprintf(ret_name + used, size - used, "%u ", order->index[i]);
    if (used < size)
        snprintf(ret_name + used, size - used, "fin %u options %u", order->fin, order->options);
}

static void arrive(struct script *s, const struct order *order, unsigned index)
{
    bool is_last = index + 1 == order->count;
    bool has_fin = is_last && order->fin != NO_FIN;
    uint32_t len = index < text_count(order) ? STEP_BYTES : 0;
    T_SEND(s, .flags = TE_ACK | (has_fin ? TE_FIN : 0), .seq = start_of(index), .ack = 1,
           .len = len);
}

static void try_order(struct script *s, const struct order *order)
{
    struct model model = {.in_order = 0};
    char name[64];
    name_of_order(order, name, sizeof(name));
    script_start_over(s);
    open_with(s, order->options);
    for (unsigned i = 0; i < order->count; i++) {
        char why[SCRIPT_WHY_MAX];
        model_arrive(&model, order, order->index[i]);
        arrive(s, order, order->index[i]);
        struct seg want = {.flags = TE_ACK, .seq = 1};
        bool fin = model_has_fin(&model, order);
        want.ack = start_of(model.in_order) + (fin ? 1 : 0);
        want.sack_count = (order->options & SPEAKS_SACK) ? model.block_count : 0;
        memcpy(want.sack, model.blocks, want.sack_count * sizeof(want.sack[0]));
        if (!script_matches(s, script_next(s), &want, why))
            fail_msg("%s, segment %u: %s", name, i, why);
        if (script_next(s) != NULL)
            fail_msg("%s, segment %u: more than one ACK", name, i);
        T_STATE(s, fin ? TE_CLOSE_WAIT : TE_ESTABLISHED);
    }
    bool is_end = false;
    T_EQUAL(script_user_take(s, &is_end), text_count(order) * STEP_BYTES);
    T_EQUAL(is_end, order->fin != NO_FIN);
    script_skip(s);
}

static void swap(unsigned *a, unsigned *b)
{
    unsigned was = *a;
    *a = *b;
    *b = was;
}

/* Every permutation of order->index from at on. */
static void try_orders_from(struct script *s, struct order *order, unsigned at)
{
    if (at == order->count || at == SEGMENTS_MAX) {
        try_order(s, order);
        return;
    }
    for (unsigned i = at; i < order->count; i++) {
        swap(&order->index[at], &order->index[i]);
        try_orders_from(s, order, at + 1);
        swap(&order->index[at], &order->index[i]);
    }
}

static void try_all(struct script *s, unsigned options)
{
    for (unsigned count = 3; count <= SEGMENTS_MAX; count++)
        for (int fin = NO_FIN; fin <= FIN_ALONE; fin++) {
            struct order order = {.count = count, .fin = (enum fin_kind)fin, .options = options};
            for (unsigned i = 0; i < count; i++)
                order.index[i] = i;
            try_orders_from(s, &order, 0);
        }
}

static void every_order_of_three_to_five_segments(void **state)
{
    try_all(*state, 0);
}

static void every_order_with_sack(void **state)
{
    try_all(*state, SPEAKS_SACK);
}

static void every_order_with_sack_and_timestamps(void **state)
{
    try_all(*state, SPEAKS_SACK | SPEAKS_TIMESTAMPS);
}

static void every_order_with_ipv6(void **state)
{
    try_all(*state, SPEAKS_ALL | SPEAKS_IPV6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc2018_case_2_the_first_segment_is_lost),
        SCRIPT_TEST(rfc2018_case_3_every_second_segment_is_lost),
        SCRIPT_TEST(rfc2018_3_four_blocks_fit),
        SCRIPT_TEST(rfc2018_3_three_blocks_fit_beside_timestamps),
        SCRIPT_TEST(rfc2018_4_no_blocks_without_agreement),
        SCRIPT_TEST(rfc2883_4_1_1_duplicate_segment),
        SCRIPT_TEST(rfc2883_4_1_2_hole_and_duplicate),
        SCRIPT_TEST(rfc2883_4_1_3_duplicate_of_a_segment_out_of_order),
        SCRIPT_TEST(rfc2883_4_rule_4_the_larger_block_comes_second),
        SCRIPT_TEST(rfc2883_4_2_1_duplicate_part_below_the_ack),
        SCRIPT_TEST(rfc2883_4_2_2_two_duplicate_parts_the_first_is_told),
        SCRIPT_TEST(rfc2883_4_2_3_two_duplicate_parts_above_the_ack),
        SCRIPT_TEST(rfc2883_4_2_duplicate_part_behind_new_bytes),
        SCRIPT_TEST(rfc2883_4_each_duplicate_of_one_read_is_told),
        SCRIPT_TEST(rfc2883_4_3_paws_and_dsack_agree),
        SCRIPT_TEST(blocks_are_told_beside_text_of_ours),
        SCRIPT_TEST(blocks_follow_text_that_was_waiting),
        SCRIPT_TEST(every_order_of_three_to_five_segments),
        SCRIPT_TEST(every_order_with_sack),
        SCRIPT_TEST(every_order_with_sack_and_timestamps),
        SCRIPT_TEST(every_order_with_ipv6),
    };
    return cmocka_run_group_tests_name("sack", tests, NULL, NULL);
}

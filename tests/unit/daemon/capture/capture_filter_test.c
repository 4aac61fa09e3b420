/* Filters as nodes: what is one, and what it takes. */
#include "capture/capture_filter.h"
#include "support/test.h"

static struct te_endpoint local, remote;
static bool is_nobodys; /* the packet */

static int setup(void **state)
{
    (void)state;
    local = (struct te_endpoint){te_addr_from_v4((const uint8_t[]){10, 0, 0, 2}), 4000};
    remote = (struct te_endpoint){te_addr_from_v4((const uint8_t[]){192, 0, 2, 7}), 80};
    return 0;
}

static bool is_valid(const struct filter *filter)
{
    return filter->count <= FILTER_NODES_MAX &&
           filter_find_bad(filter, CONN_FILTER_FIELDS) == filter->count;
}

static bool matches(const struct filter *filter)
{
    struct te_status status = {.id = 17,
                               .uid = 1000,
                               .opened_at_us = 5000000,
                               .active_at_us = TE_NEVER,
                               .retransmits = 3,
                               .timer = TE_TIMER_RETRANSMIT};
    struct capture_subject subject = {.before = TE_SYN_SENT,
                                      .after = TE_ESTABLISHED,
                                      .local = &local,
                                      .remote = &remote,
                                      .status = is_nobodys ? NULL : &status,
                                      .now_us = 7000000};
    assert_true(is_valid(filter));
    return capture_filter_matches(filter, &subject);
}

static bool takes(struct filter_node node)
{
    struct filter filter = {.nodes = {node}, .count = 1};
    return matches(&filter);
}
#define TAKES(...) takes((struct filter_node){__VA_ARGS__})

static void nothing_takes_everything(void **state)
{
    (void)state;
    struct filter filter = {.count = 0};
    assert_true(matches(&filter));
}

static void numbers(void **state)
{
    (void)state;
    assert_true(TAKES(.kind = FILTER_NUMBER, .field = FILTER_ID, .number = 17));
    assert_false(TAKES(.kind = FILTER_NUMBER, .field = FILTER_ID, .number = 18));
    assert_true(
        TAKES(.kind = FILTER_NUMBER, .field = FILTER_UID, .op = FILTER_LESS, .number = 1001));
    assert_false(
        TAKES(.kind = FILTER_NUMBER, .field = FILTER_UID, .op = FILTER_NOT_EQUAL, .number = 1000));
    assert_true(TAKES(.kind = FILTER_NUMBER, .field = FILTER_REMOTE, .number = 80));
    assert_true(
        TAKES(.kind = FILTER_NUMBER, .field = FILTER_LOCAL, .op = FILTER_GREATER, .number = 3999));
    assert_true(TAKES(.kind = FILTER_NUMBER, .field = FILTER_LOCAL, .op = FILTER_GREATER_EQUAL,
                      .number = 4000));
    assert_false(TAKES(.kind = FILTER_NUMBER, .field = FILTER_LOCAL, .op = FILTER_LESS_EQUAL,
                       .number = 3999));
}

static void the_state_before_or_after(void **state)
{
    (void)state;
    assert_true(TAKES(.kind = FILTER_STATES, .number = 1u << TE_SYN_SENT));
    assert_true(TAKES(.kind = FILTER_STATES, .number = 1u << TE_ESTABLISHED));
    assert_false(TAKES(.kind = FILTER_STATES, .number = 1u << TE_TIME_WAIT));
}

static void what_the_connection_is(void **state)
{
    (void)state;
    assert_true(TAKES(.kind = FILTER_NUMBER, .field = FILTER_AGE, .number = 2000000));
    assert_true(TAKES(.kind = FILTER_NUMBER, .field = FILTER_RETRANSMITS, .number = 3));
    assert_true(TAKES(.kind = FILTER_TEXT, .field = FILTER_TIMER, .text = "retransmit"));
    /* Not known, and so neither so nor otherwise. */
    assert_false(TAKES(.kind = FILTER_NUMBER, .field = FILTER_RTT, .number = 0));
    assert_false(
        TAKES(.kind = FILTER_NUMBER, .field = FILTER_IDLE, .op = FILTER_NOT_EQUAL, .number = 7));
    assert_false(
        TAKES(.kind = FILTER_TEXT, .field = FILTER_PROGRAM, .op = FILTER_NOT_EQUAL, .text = "x"));
    is_nobodys = true;
    assert_false(TAKES(.kind = FILTER_NUMBER, .field = FILTER_UID, .op = FILTER_NOT_EQUAL));
    assert_true(TAKES(.kind = FILTER_NUMBER, .field = FILTER_REMOTE, .number = 80));
    is_nobodys = false;
}

static void what_needs_the_connection(void **state)
{
    (void)state;
    struct filter filter = {.nodes = {{.kind = FILTER_NUMBER, .field = FILTER_REMOTE},
                                      {.kind = FILTER_STATES, .number = 1},
                                      {.kind = FILTER_AND, .left = 0, .right = 1}},
                            .count = 3};
    assert_false(capture_filter_asks_status(&filter));
    filter.nodes[1] = (struct filter_node){.kind = FILTER_TEXT, .field = FILTER_SESSION};
    assert_true(capture_filter_asks_status(&filter));
}

static void hosts(void **state)
{
    (void)state;
    struct te_addr net = te_addr_from_v4((const uint8_t[]){192, 0, 2, 0});
    assert_true(
        TAKES(.kind = FILTER_HOST, .field = FILTER_REMOTE, .address = net, .prefix_bits = 96 + 24));
    assert_false(
        TAKES(.kind = FILTER_HOST, .field = FILTER_REMOTE, .address = net, .prefix_bits = 128));
    assert_false(TAKES(.kind = FILTER_HOST, .address = net, .prefix_bits = 96 + 24));
    assert_true(TAKES(.kind = FILTER_HOST, .field = FILTER_REMOTE, .number = 80));
    assert_false(TAKES(.kind = FILTER_HOST, .field = FILTER_REMOTE, .number = 81));
    assert_true(
        TAKES(.kind = FILTER_HOST, .op = FILTER_NOT_EQUAL, .field = FILTER_REMOTE, .number = 81));
}

static void joined(void **state)
{
    (void)state;
    struct filter filter = {.nodes = {{.kind = FILTER_NUMBER, .field = FILTER_ID, .number = 17},
                                      {.kind = FILTER_NUMBER, .field = FILTER_UID, .number = 1},
                                      {.kind = FILTER_AND, .left = 0, .right = 1}},
                            .count = 3};
    assert_false(matches(&filter));
    filter.nodes[2].kind = FILTER_OR;
    assert_true(matches(&filter));
    filter.nodes[3] = (struct filter_node){.kind = FILTER_NOT, .left = 2};
    filter.count = 4;
    assert_false(matches(&filter));
}

/* They come from clients. */
static void what_is_none(void **state)
{
    (void)state;
    struct filter filter = {.nodes = {{.kind = FILTER_NOT, .left = 0}}, .count = 1};
    assert_false(is_valid(&filter)); /* itself */
    filter.nodes[0] = (struct filter_node){.kind = FILTER_NUMBER, .field = FILTER_ID};
    filter.nodes[1] = (struct filter_node){.kind = FILTER_AND, .left = 0, .right = 1};
    filter.count = 2;
    assert_false(is_valid(&filter));
    filter.nodes[1] = (struct filter_node){.kind = FILTER_OR, .left = 4000000000, .right = 0};
    assert_false(is_valid(&filter));
    filter.count = 1;
    filter.nodes[0].prefix_bits = 129;
    assert_false(is_valid(&filter));
    filter.nodes[0] = (struct filter_node){.kind = FILTER_TEXT + 1};
    assert_false(is_valid(&filter));
    filter.nodes[0] = (struct filter_node){.kind = FILTER_NUMBER, .field = FILTER_ID, .op = 77};
    assert_false(is_valid(&filter));
    filter.nodes[0] = (struct filter_node){.kind = FILTER_NUMBER, .field = FILTER_ID};
    filter.count = FILTER_NODES_MAX + 1;
    assert_false(is_valid(&filter));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_takes_everything, setup),
        cmocka_unit_test_setup(numbers, setup),
        cmocka_unit_test_setup(the_state_before_or_after, setup),
        cmocka_unit_test_setup(what_the_connection_is, setup),
        cmocka_unit_test_setup(what_needs_the_connection, setup),
        cmocka_unit_test_setup(hosts, setup),
        cmocka_unit_test_setup(joined, setup),
        cmocka_unit_test_setup(what_is_none, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

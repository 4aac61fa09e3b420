/* Filters as nodes: what is one, and what it takes. */
#include "capture/capture_filter.h"
#include "support/test.h"

static struct te_endpoint local, remote;

static int setup(void **state)
{
    (void)state;
    local = (struct te_endpoint){te_addr_from_v4((const uint8_t[]){10, 0, 0, 2}), 4000};
    remote = (struct te_endpoint){te_addr_from_v4((const uint8_t[]){192, 0, 2, 7}), 80};
    return 0;
}

static bool matches(const struct capture_filter *filter)
{
    struct capture_subject subject = {.id = 17,
                                      .uid = 1000,
                                      .before = TE_SYN_SENT,
                                      .after = TE_ESTABLISHED,
                                      .local = &local,
                                      .remote = &remote};
    assert_true(capture_filter_is_valid(filter));
    return capture_filter_matches(filter, &subject);
}

static bool takes(struct capture_node node)
{
    struct capture_filter filter = {.nodes = {node}, .count = 1};
    return matches(&filter);
}
#define TAKES(...) takes((struct capture_node){__VA_ARGS__})

static void nothing_takes_everything(void **state)
{
    (void)state;
    struct capture_filter filter = {.count = 0};
    assert_true(matches(&filter));
}

static void numbers(void **state)
{
    (void)state;
    assert_true(TAKES(.test = CAPTURE_ID, .number = 17));
    assert_false(TAKES(.test = CAPTURE_ID, .number = 18));
    assert_true(TAKES(.test = CAPTURE_UID, .op = CAPTURE_LESS, .number = 1001));
    assert_false(TAKES(.test = CAPTURE_UID, .op = CAPTURE_NOT_EQUAL, .number = 1000));
    assert_true(TAKES(.test = CAPTURE_PORT, .is_remote = true, .number = 80));
    assert_true(TAKES(.test = CAPTURE_PORT, .op = CAPTURE_GREATER, .number = 3999));
    assert_true(TAKES(.test = CAPTURE_PORT, .op = CAPTURE_GREATER_EQUAL, .number = 4000));
    assert_false(TAKES(.test = CAPTURE_PORT, .op = CAPTURE_LESS_EQUAL, .number = 3999));
}

static void the_state_before_or_after(void **state)
{
    (void)state;
    assert_true(TAKES(.test = CAPTURE_STATES, .number = 1u << TE_SYN_SENT));
    assert_true(TAKES(.test = CAPTURE_STATES, .number = 1u << TE_ESTABLISHED));
    assert_false(TAKES(.test = CAPTURE_STATES, .number = 1u << TE_TIME_WAIT));
}

static void hosts(void **state)
{
    (void)state;
    struct te_addr net = te_addr_from_v4((const uint8_t[]){192, 0, 2, 0});
    assert_true(
        TAKES(.test = CAPTURE_HOST, .is_remote = true, .address = net, .prefix_bits = 96 + 24));
    assert_false(
        TAKES(.test = CAPTURE_HOST, .is_remote = true, .address = net, .prefix_bits = 128));
    assert_false(TAKES(.test = CAPTURE_HOST, .address = net, .prefix_bits = 96 + 24));
    assert_true(TAKES(.test = CAPTURE_HOST, .is_remote = true, .number = 80));
    assert_false(TAKES(.test = CAPTURE_HOST, .is_remote = true, .number = 81));
    assert_true(
        TAKES(.test = CAPTURE_HOST, .op = CAPTURE_NOT_EQUAL, .is_remote = true, .number = 81));
}

static void joined(void **state)
{
    (void)state;
    struct capture_filter filter = {.nodes = {{.test = CAPTURE_ID, .number = 17},
                                              {.test = CAPTURE_UID, .number = 1},
                                              {.test = CAPTURE_AND, .left = 0, .right = 1}},
                                    .count = 3};
    assert_false(matches(&filter));
    filter.nodes[2].test = CAPTURE_OR;
    assert_true(matches(&filter));
    filter.nodes[3] = (struct capture_node){.test = CAPTURE_NOT, .left = 2};
    filter.count = 4;
    assert_false(matches(&filter));
}

/* They come from clients. */
static void what_is_none(void **state)
{
    (void)state;
    struct capture_filter filter = {.nodes = {{.test = CAPTURE_NOT, .left = 0}}, .count = 1};
    assert_false(capture_filter_is_valid(&filter)); /* itself */
    filter.nodes[0] = (struct capture_node){.test = CAPTURE_ID};
    filter.nodes[1] = (struct capture_node){.test = CAPTURE_AND, .left = 0, .right = 1};
    filter.count = 2;
    assert_false(capture_filter_is_valid(&filter));
    filter.nodes[1] = (struct capture_node){.test = CAPTURE_OR, .left = 4000000000, .right = 0};
    assert_false(capture_filter_is_valid(&filter));
    filter.count = 1;
    filter.nodes[0].prefix_bits = 129;
    assert_false(capture_filter_is_valid(&filter));
    filter.nodes[0] = (struct capture_node){.test = (enum capture_test)CAPTURE_TEST_COUNT};
    assert_false(capture_filter_is_valid(&filter));
    filter.nodes[0] = (struct capture_node){.test = CAPTURE_ID, .op = (enum capture_op)77};
    assert_false(capture_filter_is_valid(&filter));
    filter.nodes[0] = (struct capture_node){.test = CAPTURE_ID};
    filter.count = CAPTURE_FILTER_NODES_MAX + 1;
    assert_false(capture_filter_is_valid(&filter));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_takes_everything, setup),
        cmocka_unit_test_setup(numbers, setup),
        cmocka_unit_test_setup(the_state_before_or_after, setup),
        cmocka_unit_test_setup(hosts, setup),
        cmocka_unit_test_setup(joined, setup),
        cmocka_unit_test_setup(what_is_none, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

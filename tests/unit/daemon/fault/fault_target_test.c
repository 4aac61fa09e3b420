/* Whose segments a fault concerns: by expressions of what is known of the connection. */
#include <string.h>
#include <tcpengine/tcpengine.h>

#include "fault/fault_target.h"
#include "support.h"

static struct te_endpoint local = {.port = 80}, remote = {.port = 4000};

static bool concerns(struct filter_node node, const struct fault_subject *subject)
{
    struct fault_target target = {.filter = {.nodes = {node}, .count = 1}};
    assert_int_equal(filter_find_bad(&target.filter, CONN_FILTER_FIELDS), 1);
    return fault_target_matches(&target, subject);
}
#define CONCERNS(subject, ...) concerns((struct filter_node){__VA_ARGS__}, (subject))

static void test_programs_and_sessions(void **state)
{
    static const struct process shop = {.pid = 4711, .started = 1, .name = "shop"};
    struct owner_table *owners = owner_table_new();
    const struct owner *owner = owner_get(owners, 1000, &shop, "night");
    const struct te_status status = {.id = 7, .tag = owner->tag, .state = TE_ESTABLISHED};
    struct fault_subject subject = {
        .local = &local, .remote = &remote, .status = &status, .owners = owners};
    (void)state;
    assert_true(CONCERNS(&subject, .kind = FILTER_TEXT, .field = FILTER_PROGRAM, .text = "sh*"));
    assert_false(CONCERNS(&subject, .kind = FILTER_TEXT, .field = FILTER_PROGRAM, .text = "sh"));
    assert_true(CONCERNS(&subject, .kind = FILTER_TEXT, .field = FILTER_SESSION, .text = "night"));
    assert_true(CONCERNS(&subject, .kind = FILTER_NUMBER, .field = FILTER_PID, .number = 4711));
    subject.owners = NULL; /* nobody knows the programs */
    assert_false(CONCERNS(&subject, .kind = FILTER_TEXT, .field = FILTER_PROGRAM,
                          .op = FILTER_NOT_EQUAL, .text = "sh*"));
    owner_table_free(owners);
}

static void test_what_the_connection_is(void **state)
{
    const struct te_status status = {.id = 7,
                                     .uid = 1000,
                                     .state = TE_ESTABLISHED,
                                     .opened_at_us = 1000000,
                                     .active_at_us = 2000000,
                                     .srtt_us = 5000,
                                     .retransmits = 3,
                                     .send_queue_bytes = 10,
                                     .receive_queue_bytes = 20,
                                     .timer = TE_TIMER_PERSIST};
    static const struct {
        enum filter_field field;
        uint64_t value;
    } numbers[] = {{FILTER_ID, 7},          {FILTER_UID, 1000},        {FILTER_AGE, 4000000},
                   {FILTER_IDLE, 3000000},  {FILTER_RTT, 5000},        {FILTER_RETRANSMITS, 3},
                   {FILTER_SEND_QUEUE, 10}, {FILTER_RECEIVE_QUEUE, 20}};
    const struct fault_subject subject = {
        .local = &local, .remote = &remote, .status = &status, .now_us = 5000000};
    const struct fault_subject nobody = {.local = &local, .remote = &remote, .now_us = 5000000};
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        struct filter_node node = {
            .kind = FILTER_NUMBER, .field = numbers[i].field, .number = numbers[i].value};
        assert_true(concerns(node, &subject));
        assert_false(concerns(node, &nobody));
        node.op = FILTER_NOT_EQUAL;
        assert_false(concerns(node, &subject));
        assert_false(concerns(node, &nobody)); /* not known */
    }
    assert_true(CONCERNS(&subject, .kind = FILTER_TEXT, .field = FILTER_TIMER, .text = "persist"));
    assert_true(CONCERNS(&subject, .kind = FILTER_STATES, .number = 1u << TE_ESTABLISHED));
    assert_true(CONCERNS(&nobody, .kind = FILTER_NUMBER, .field = FILTER_LOCAL, .number = 80));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs_and_sessions),
        cmocka_unit_test(test_what_the_connection_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

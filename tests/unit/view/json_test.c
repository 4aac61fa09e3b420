/* Values as JSON: the documented keys, all of them, always. */
#include <string.h>

#include "captured_output.h"
#include "json.h"
#include "json_rows.h"
#include "support/test.h"

static struct captured_output captured;

/* Takes value; one that is no array or object is printed in an array. */
static const char *text_of(json_t *value)
{
    if (!json_is_array(value) && !json_is_object(value))
        value = json_pack("[o]", value);
    capture_begin(&captured, 1);
    json_print_line(value);
    return capture_end(&captured);
}

static void numbers_keep_their_digits(void **state)
{
    (void)state;
    assert_string_equal(text_of(json_number(UINT64_C(9007199254740993))), "[9007199254740993]\n");
    assert_string_equal(text_of(json_number(0)), "[0]\n");
}

static void nothing_is_null(void **state)
{
    (void)state;
    assert_string_equal(text_of(json_text(NULL)), "[null]\n");
    assert_string_equal(text_of(json_text("")), "[null]\n");
    assert_string_equal(text_of(json_text("a\"b")), "[\"a\\\"b\"]\n");
    assert_string_equal(text_of(json_segment(NULL)), "[null]\n");
}

static void endpoints_and_states_are_text(void **state)
{
    const struct tcpc_endpoint v4 = {"10.0.0.2", 80}, v6 = {"2001:db8::2", 80}, none = {"", 0};
    (void)state;
    assert_string_equal(text_of(json_endpoint(&v4)), "[\"10.0.0.2:80\"]\n");
    assert_string_equal(text_of(json_endpoint(&v6)), "[\"[2001:db8::2]:80\"]\n");
    assert_string_equal(text_of(json_endpoint(&none)), "[\"*:*\"]\n");
    assert_string_equal(text_of(json_state(TCPC_FIN_WAIT_2)), "[\"FIN_WAIT_2\"]\n");
}

static void a_segment_has_five_keys(void **state)
{
    const struct tcpc_segment segment = {"SYN,ACK", 4294967295u, 1, 2, 3};
    (void)state;
    assert_string_equal(
        text_of(json_segment(&segment)),
        "{\"flags\":\"SYN,ACK\",\"seq\":4294967295,\"ack\":1,\"len\":2,\"wnd\":3}\n");
}

#define NC "\"owner\":{\"uid\":1000,\"pid\":4711,\"program\":\"nc\",\"session\":null,\"gone\":true}"

static void a_connection_has_the_keys_of_ls(void **state)
{
    struct tcpc_connection row = {
        .id = 7,
        .state = TCPC_ESTABLISHED,
        .local = {"10.0.0.2", 80},
        .remote = {"10.0.0.1", 81},
        .uid = 1000,
        .send_queue_bytes = 1,
        .receive_queue_bytes = 2,
        .timer = "persist",
        .timer_ms = -3,
        .owner = {.uid = 1000, .pid = 4711, .program = "nc", .is_gone = true}};
    (void)state;
    assert_string_equal(text_of(json_connection(&row)),
                        "{\"id\":7,\"state\":\"ESTABLISHED\",\"local\":\"10.0.0.2:80\","
                        "\"remote\":\"10.0.0.1:81\",\"uid\":1000,\"send_queue_bytes\":1,"
                        "\"receive_queue_bytes\":2,\"timer\":\"persist\",\"timer_ms\":-3," NC
                        "}\n");
    row.timer = "";
    assert_non_null(
        strstr(text_of(json_connection(&row)), "\"timer\":null,\"timer_ms\":null," NC "}"));
    row.timer = NULL;
    assert_non_null(
        strstr(text_of(json_connection(&row)), "\"timer\":null,\"timer_ms\":null," NC "}"));
}

static void opened_and_time_wait_have_their_keys(void **state)
{
    const struct tcpc_opened opened = {.id = 7, .state = TCPC_SYN_SENT, .local = {"10.0.0.2", 80}};
    const struct tcpc_time_wait entry = {.id = 8,
                                         .entered_from = TCPC_CLOSING,
                                         .entered_by = "both",
                                         .remaining_ms = 1,
                                         .duration_ms = 60000,
                                         .fin_reacked = 2,
                                         .uid = 3,
                                         .owner = {.uid = 3, .session = "a\x01"}};
    (void)state;
    assert_string_equal(text_of(json_opened(&opened)), "{\"id\":7,\"state\":\"SYN_SENT\",\"local\":"
                                                       "\"10.0.0.2:80\",\"remote\":\"*:*\"}\n");
    assert_string_equal(
        text_of(json_time_wait(&entry)),
        "{\"id\":8,\"local\":\"*:*\",\"remote\":\"*:*\",\"entered_from\":\"CLOSING\","
        "\"entered_by\":\"both\",\"remaining_ms\":1,\"duration_ms\":60000,"
        "\"fin_reacked\":2,\"uid\":3,"
        "\"owner\":{\"uid\":3,\"pid\":null,\"program\":null,\"session\":\"a\\u0001\",\"gone\":"
        "false}}\n");
}

/* Rows look as json_print() prints an array of them. */
static void rows_are_as_printed(void **state)
{
    const struct tcpc_connection connections[] = {
        {.id = 7, .state = TCPC_ESTABLISHED, .local = {"10.0.0.2", 80}, .timer = "a\"b\\"},
        {.id = 3, .local = {"2001:db8::2", 80}, .timer = "\xc3\xa9\x01", .timer_ms = INT64_MIN},
        {.id = 7, .state = TCPC_LISTEN}};
    struct texts rows = {.count = 0};
    json_t *array = json_array();
    char expected[2048];
    (void)state;
    json_append(array, json_connection(&connections[1]));
    json_append(array, json_connection(&connections[0]));
    assert_string_equal(json_string_value(json_object_get(json_array_get(array, 1), "timer")),
                        "a\"b\\");
    assert_string_equal(json_string_value(json_object_get(json_array_get(array, 0), "timer")),
                        "\xc3\xa9\x01");
    assert_true(json_integer_value(json_object_get(json_array_get(array, 0), "timer_ms")) ==
                INT64_MIN);
    capture_begin(&captured, 1);
    json_print(array);
    snprintf(expected, sizeof(expected), "%s", capture_end(&captured));
    for (unsigned i = 0; i < 3; i++)
        json_rows_add_connection(&rows, &connections[i]);
    texts_sort(&rows);
    capture_begin(&captured, 1);
    json_rows_print(&rows);
    assert_string_equal(capture_end(&captured), expected);
}

static void no_rows_are_an_empty_array(void **state)
{
    struct texts rows = {.count = 0};
    (void)state;
    texts_sort(&rows);
    capture_begin(&captured, 1);
    json_rows_print(&rows);
    json_print(json_array());
    assert_string_equal(capture_end(&captured), "[]\n[]\n");
}

static void containers_take_what_they_are_given(void **state)
{
    json_t *array = json_array(), *object = json_object();
    (void)state;
    json_put(object, "a", json_number(1));
    json_put(object, "a", json_number(2));
    json_append(array, object);
    json_append(array, json_null());
    assert_string_equal(text_of(array), "[{\"a\":2},null]\n");
    capture_begin(&captured, 1);
    json_print(json_pack("{s:i}", "a", 1));
    assert_string_equal(capture_end(&captured), "{\n  \"a\": 1\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(nothing_is_null),
        cmocka_unit_test(endpoints_and_states_are_text),
        cmocka_unit_test(a_segment_has_five_keys),
        cmocka_unit_test(a_connection_has_the_keys_of_ls),
        cmocka_unit_test(opened_and_time_wait_have_their_keys),
        cmocka_unit_test(containers_take_what_they_are_given),
        cmocka_unit_test(rows_are_as_printed),
        cmocka_unit_test(no_rows_are_an_empty_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

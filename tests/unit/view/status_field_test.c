/* The fields of a connection's status, as text and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "captured_output.h"
#include "status_field.h"
#include "support/test.h"

static struct captured_output captured;

static const struct status_field *find(const char *name)
{
    size_t count;
    const struct status_field *fields = status_fields(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    fail_msg("no field %s", name);
    return NULL;
}

/* A status in which every word is empty, as the library makes it. */
static struct tcpc_status empty_status(void)
{
    struct tcpc_status status = {.connection.id = 1};
    status.congestion_control = status.recovery = status.mtu_probing = "";
    return status;
}

static const char *line(enum status_line line, const char *start, const struct tcpc_status *status)
{
    capture_begin(&captured, 1);
    status_line_print(line, start, status);
    return capture_end(&captured);
}

static void assert_json(const char *name, const struct tcpc_status *status, const char *expected)
{
    json_t *value = status_field_json(find(name), status);
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void each_kind_is_json(void **state)
{
    struct tcpc_status status = empty_status();
    (void)state;
    status.snd_una = UINT32_MAX;
    status.nagle = true;
    status.bytes_sent = UINT64_C(9007199254740993);
    status.srtt_us = 12345;
    status.congestion_control = "cubic";
    status.ssthresh_bytes = UINT32_MAX;
    assert_json("snd_una", &status, "4294967295");
    assert_json("nagle", &status, "true");
    assert_json("keepalive", &status, "false");
    assert_json("bytes_sent", &status, "9007199254740993");
    assert_json("srtt_us", &status, "12345");
    assert_json("congestion_control", &status, "\"cubic\"");
    assert_json("recovery", &status, "null");
    assert_json("ssthresh_bytes", &status, "4294967295");
    assert_json("age_us", &status, "0");
}

/* What an entry of TIME_WAIT keeps is told, and no 0 in place of the rest. */
static void what_time_wait_has_forgotten_is_not_told(void **state)
{
    struct tcpc_time_wait entry = {.fin_reacked = 0};
    struct tcpc_status status = empty_status();
    (void)state;
    status.time_wait = &entry;
    status.age_us = -1;
    status.state_age_us = 5000000;
    status.snd_nxt = 77;
    assert_json("age_us", &status, "null");
    assert_json("state_age_us", &status, "5000000");
    assert_json("snd_nxt", &status, "77");
    assert_json("mss", &status, "null");
    assert_json("bytes_sent", &status, "null");
    assert_json("nagle", &status, "false");
    assert_string_equal(line(STATUS_LINE_STATE, "TIME_WAIT", &status),
                        "state        TIME_WAIT, 5.0 s in this state\n");
    assert_string_equal(line(STATUS_LINE_SND, NULL, &status), "SND          nxt 77\n");
    assert_string_equal(line(STATUS_LINE_OPTIONS, NULL, &status), "");
    status.mss = 1460; /* bytes wait to be read: the connection is still known */
    assert_json("bytes_sent", &status, "0");
}

static void lines_have_label_start_and_phrases(void **state)
{
    struct tcpc_status status = empty_status();
    (void)state;
    status.cwnd_bytes = 14480;
    status.ssthresh_bytes = UINT32_MAX;
    assert_string_equal(line(STATUS_LINE_CONGESTION, NULL, &status),
                        "congestion   cwnd 14 KiB, ssthresh none yet\n");
    status.send_buffer_bytes = 1024;
    status.fin_queued = true;
    assert_string_equal(line(STATUS_LINE_SEND_QUEUE, "5 B", &status),
                        "Send-Q       5 B, buffer 1.0 KiB, then FIN\n");
    status.congestion_control = "reno";
    assert_string_equal(line(STATUS_LINE_ALGORITHM, NULL, &status), "algorithm    reno\n");
}

/* A 0 next to other numbers says something; a false flag and an empty word never do. */
static void what_says_nothing_is_left_out(void **state)
{
    struct tcpc_status status = empty_status();
    (void)state;
    assert_string_equal(line(STATUS_LINE_FLIGHT, NULL, &status), "");
    assert_string_equal(line(STATUS_LINE_ALGORITHM, NULL, &status), "");
    status.sacked_bytes = 10;
    assert_string_equal(line(STATUS_LINE_FLIGHT, NULL, &status),
                        "flight       0 B in the network, 10 B SACKed, 0 B lost\n");
    assert_string_equal(line(STATUS_LINE_RECEIVE_QUEUE, "0 B", &status),
                        "Recv-Q       0 B, buffer 0 B\n");
}

static void fields_are_unique_and_inside_the_struct(void **state)
{
    size_t count;
    const struct status_field *fields = status_fields(&count);
    (void)state;
    assert_true(count > 40);
    for (size_t i = 0; i < count; i++) {
        assert_true(fields[i].offset < sizeof(struct tcpc_status));
        assert_ptr_equal(find(fields[i].name), &fields[i]);
        bool has_text = fields[i].line != STATUS_LINE_JSON_ONLY;
        assert_int_equal(*fields[i].phrase != '\0', has_text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_json),
        cmocka_unit_test(what_time_wait_has_forgotten_is_not_told),
        cmocka_unit_test(lines_have_label_start_and_phrases),
        cmocka_unit_test(what_says_nothing_is_left_out),
        cmocka_unit_test(fields_are_unique_and_inside_the_struct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <stdlib.h>

#include "support/test.h"
#include "watch/exposition.h"

static char *text;
static size_t text_len;

static struct exposition begin(enum exposition_format format)
{
    return (struct exposition){open_memstream(&text, &text_len), format};
}

static void assert_text(struct exposition *out, const char *want)
{
    fclose(out->stream);
    assert_string_equal(text, want);
    free(text);
}

static void test_heads(void **state)
{
    (void)state;
    struct exposition out = begin(EXPOSITION_TEXT);
    exposition_number(&out, "a_seconds_total", EXPOSITION_COUNTER, "Say \"a\"\\b\nc", 5);
    exposition_end(&out);
    assert_text(&out, "# HELP a_seconds_total Say \"a\"\\\\b\\nc.\n"
                      "# TYPE a_seconds_total counter\n"
                      "a_seconds_total 5\n");
    out = begin(EXPOSITION_OPEN_METRICS);
    exposition_number(&out, "a_seconds_total", EXPOSITION_COUNTER, "Say \"a\"\\b\nc", 5);
    exposition_end(&out);
    assert_text(&out, "# HELP a_seconds Say \\\"a\\\"\\\\b\\nc.\n"
                      "# TYPE a_seconds counter\n"
                      "# UNIT a_seconds seconds\n"
                      "a_seconds_total 5\n"
                      "# EOF\n");
}

static void test_units(void **state)
{
    (void)state;
    struct exposition out = begin(EXPOSITION_OPEN_METRICS);
    exposition_number(&out, "a_bytes", EXPOSITION_GAUGE, "A", 1);
    exposition_number(&out, "a_bytes_max", EXPOSITION_GAUGE, "A", 2);
    exposition_number(&out, "bytes", EXPOSITION_GAUGE, "A", 3);
    assert_text(&out, "# HELP a_bytes A.\n# TYPE a_bytes gauge\n# UNIT a_bytes bytes\na_bytes 1\n"
                      "# HELP a_bytes_max A.\n# TYPE a_bytes_max gauge\na_bytes_max 2\n"
                      "# HELP bytes A.\n# TYPE bytes gauge\nbytes 3\n");
}

static void test_labels(void **state)
{
    (void)state;
    struct exposition out = begin(EXPOSITION_TEXT);
    exposition_labelled(&out, "a", "b", "c\"d\\e\nf", 7);
    assert_text(&out, "a{b=\"c\\\"d\\\\e\\nf\"} 7\n");
}

static void test_seconds(void **state)
{
    (void)state;
    struct exposition out = begin(EXPOSITION_TEXT);
    exposition_seconds(&out, 2500000);
    fputc(' ', out.stream);
    exposition_seconds(&out, 7);
    assert_text(&out, "2.500000 0.000007");
}

static const int64_t bounds[] = {0, 50, 100, 2500, 1000000, 3600000000};
static const uint64_t counts[] = {1, 0, 2, 0, 0, 3, 4};

static void test_histogram(void **state)
{
    const struct exposition_buckets buckets = {.name = "h_seconds",
                                               .type = EXPOSITION_HISTOGRAM,
                                               .label = "verb",
                                               .label_value = "a\"b",
                                               .bounds = bounds,
                                               .counts = counts,
                                               .bound_count = 6,
                                               .is_seconds = true,
                                               .sum = 1500000};
    static const char want[] = "h_seconds_bucket{verb=\"a\\\"b\",le=\"0.0\"} 1\n"
                               "h_seconds_bucket{verb=\"a\\\"b\",le=\"5e-05\"} 1\n"
                               "h_seconds_bucket{verb=\"a\\\"b\",le=\"0.0001\"} 3\n"
                               "h_seconds_bucket{verb=\"a\\\"b\",le=\"0.0025\"} 3\n"
                               "h_seconds_bucket{verb=\"a\\\"b\",le=\"1.0\"} 3\n"
                               "h_seconds_bucket{verb=\"a\\\"b\",le=\"3600.0\"} 6\n"
                               "h_seconds_bucket{verb=\"a\\\"b\",le=\"+Inf\"} 10\n"
                               "h_seconds_sum{verb=\"a\\\"b\"} 1.500000\n"
                               "h_seconds_count{verb=\"a\\\"b\"} 10\n";
    (void)state;
    struct exposition out = begin(EXPOSITION_TEXT);
    exposition_histogram(&out, &buckets);
    assert_text(&out, want);
    out = begin(EXPOSITION_OPEN_METRICS); /* the same series, whatever the format */
    exposition_histogram(&out, &buckets);
    assert_text(&out, want);
}

static void test_gauge_histogram(void **state)
{
    const struct exposition_buckets buckets = {.name = "g_bytes",
                                               .type = EXPOSITION_GAUGE_HISTOGRAM,
                                               .bounds = bounds,
                                               .counts = counts,
                                               .bound_count = 2,
                                               .sum = 9};
    (void)state;
    struct exposition out = begin(EXPOSITION_TEXT);
    exposition_head(&out, "g_bytes", buckets.type, "G");
    exposition_histogram(&out, &buckets);
    assert_text(&out, "# HELP g_bytes G.\n# TYPE g_bytes histogram\n"
                      "g_bytes_bucket{le=\"0.0\"} 1\ng_bytes_bucket{le=\"50.0\"} 1\n"
                      "g_bytes_bucket{le=\"+Inf\"} 3\ng_bytes_sum 9\ng_bytes_count 3\n");
    out = begin(EXPOSITION_OPEN_METRICS);
    exposition_head(&out, "g_bytes", buckets.type, "G");
    exposition_histogram(&out, &buckets);
    assert_text(&out, "# HELP g_bytes G.\n# TYPE g_bytes gaugehistogram\n# UNIT g_bytes bytes\n"
                      "g_bytes_bucket{le=\"0.0\"} 1\ng_bytes_bucket{le=\"50.0\"} 1\n"
                      "g_bytes_bucket{le=\"+Inf\"} 3\ng_bytes_gsum 9\ng_bytes_gcount 3\n");
}

static void test_content_types(void **state)
{
    (void)state;
    assert_string_equal(exposition_content_type(EXPOSITION_TEXT),
                        "text/plain; version=0.0.4; charset=utf-8");
    assert_string_equal(exposition_content_type(EXPOSITION_OPEN_METRICS),
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),         cmocka_unit_test(test_units),
        cmocka_unit_test(test_labels),        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_histogram),     cmocka_unit_test(test_gauge_histogram),
        cmocka_unit_test(test_content_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

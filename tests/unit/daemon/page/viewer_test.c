#include <stdlib.h>
#include <string.h>

#include "page/viewer.h"
#include "support/test.h"

static unsigned gone;
static char text[HTTP_STREAM_BYTES + 1];

static void on_gone(void *ctx, struct viewer *viewer)
{
    (void)ctx;
    (void)viewer;
    gone++;
}

/* As the HTTP server does when the client has gone. */
static void end(struct viewer *viewer)
{
    struct http_stream *stream = viewer->stream;
    stream->on_gone(stream->ctx);
    http_stream_free(stream);
}

static const char *sent(struct viewer *viewer)
{
    text[http_stream_read(viewer->stream, text, HTTP_STREAM_BYTES)] = '\0';
    return text;
}

static void test_events(void **state)
{
    struct viewer *viewer = viewer_new(0, on_gone, NULL);
    json_t *data = json_pack("{s:i, s:s}", "a", 1, "b", "x\ny");
    (void)state;
    assert_string_equal(sent(viewer), "retry: 2000\n\n");
    assert_null(viewer->watched);
    viewer_send(viewer, "sample", data);
    assert_string_equal(sent(viewer), "event: sample\ndata: {\"a\":1,\"b\":\"x\\ny\"}\n\n");
    viewer_send_lost(viewer, "state", data, 0);
    assert_non_null(strstr(sent(viewer), ",\"lost\":0}\n\n"));
    json_decref(data);
    gone = 0;
    end(viewer);
    assert_int_equal(gone, 1);
}

/* What finds no room is counted, and told once there is some. */
static void test_slow_viewer_is_told(void **state)
{
    struct viewer *viewer = viewer_new(17, on_gone, NULL);
    json_t *data = json_pack("{s:i}", "a", 1);
    size_t size = strlen("event: segment\ndata: {\"a\":1}\n\n");
    size_t fit = (HTTP_STREAM_BYTES - strlen("retry: 2000\n\n")) / size;
    (void)state;
    assert_int_equal(viewer->watched->id, 17);
    for (size_t i = 0; i < fit + 5; i++)
        viewer_send(viewer, "segment", data);
    assert_int_equal(viewer->lost, 5);
    viewer_send_lost(viewer, "state", data, 3);
    assert_int_equal(viewer->lost, 9); /* that one as well */
    sent(viewer);
    viewer_send_lost(viewer, "state", data, 2);
    assert_non_null(strstr(sent(viewer), "\"lost\":11}"));
    assert_int_equal(viewer->lost, 0);
    json_decref(data);
    end(viewer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_slow_viewer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "watch/http_stream.h"

#include <stdlib.h>
#include <string.h>

struct http_stream *http_stream_new(void (*on_gone)(void *ctx), void *ctx)
{
    struct http_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        return NULL;
    *stream = (struct http_stream){.on_gone = on_gone, .ctx = ctx};
    stream->bytes = malloc(HTTP_STREAM_BYTES);
    if (stream->bytes != NULL)
        return stream;
    free(stream);
    return NULL;
}

void http_stream_free(struct http_stream *stream)
{
    free(stream->bytes);
    free(stream);
}

bool http_stream_write(struct http_stream *stream, const void *bytes, size_t len)
{
    if (stream->is_ended || len > HTTP_STREAM_BYTES - stream->len)
        return false;
    size_t end = (stream->begin + stream->len) % HTTP_STREAM_BYTES;
    size_t first = HTTP_STREAM_BYTES - end < len ? HTTP_STREAM_BYTES - end : len;
    memcpy(stream->bytes + end, bytes, first);
    memcpy(stream->bytes, (const uint8_t *)bytes + first, len - first);
    stream->len += len;
    return true;
}

size_t http_stream_read(struct http_stream *stream, void *ret_bytes, size_t max)
{
    size_t len = stream->len < max ? stream->len : max;
    size_t to_wrap = HTTP_STREAM_BYTES - stream->begin;
    size_t first = to_wrap < len ? to_wrap : len;
    memcpy(ret_bytes, stream->bytes + stream->begin, first);
    memcpy((uint8_t *)ret_bytes + first, stream->bytes, len - first);
    stream->begin = (stream->begin + len) % HTTP_STREAM_BYTES;
    stream->len -= len;
    return len;
}

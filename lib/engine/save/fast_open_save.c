#include <string.h>

#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/listen/fast_open.h"

#define ENTRY_BYTES 61
#define MSS_MIN (TE_TCP_HEADER_MAX - TE_TCP_HEADER_MIN)

TE_SAVED_ITEMS(struct te_fast_open_cache, used, struct te_fast_open_entry);
TE_NOT_SAVED(struct te_fast_open_cache, "the table is rebuilt", buckets);
TE_NOT_SAVED(struct te_fast_open_entry, "the lists are rebuilt", bucket_link, use_link);

static void entry_fields(struct te_codec *codec, struct te_fast_open_entry *entry)
{
    te_save_addr(codec, &entry->local);
    te_save_endpoint(codec, &entry->remote);
    te_codec_u16(codec, &entry->mss_bytes);
    te_codec_u8_below(codec, &entry->cookie_len, TE_FAST_OPEN_COOKIE_MAX + 1);
    te_codec_bytes(codec, entry->cookie, sizeof(entry->cookie));
    te_codec_time(codec, &entry->avoid_until_us);
    te_codec_require(codec, entry->cookie_len == 0 || entry->mss_bytes > MSS_MIN);
}

/* A smaller cache keeps the most recently used. */
static void read_entry(struct te_codec *codec, struct te_stack *stack)
{
    struct te_fast_open_entry read = {.cookie_len = 0};
    entry_fields(codec, &read);
    if (!te_codec_is_ok(codec))
        return;
    te_codec_require(codec, te_fast_open_find(stack, &read.local, &read.remote) == NULL);
    if (!te_codec_is_ok(codec) || stack->config.fast_open_cache_max == 0)
        return;
    struct te_fast_open_entry *entry = te_fast_open_make(stack, &read.local, &read.remote);
    if (entry == NULL) {
        te_codec_fail(codec, TE_ERR_NOMEM);
        return;
    }
    entry->mss_bytes = read.mss_bytes;
    entry->cookie_len = read.cookie_len;
    memcpy(entry->cookie, read.cookie, sizeof(entry->cookie));
    entry->avoid_until_us = read.avoid_until_us;
}

void te_save_fast_open(struct te_codec *codec, struct te_stack *stack)
{
    struct te_list *used = &stack->fast_open.used;
    uint32_t count = te_codec_count(codec, stack->fast_open.count, UINT32_MAX, ENTRY_BYTES);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_entry(codec, stack);
    if (codec->is_reading)
        return;
    for (struct te_list *link = used->next; link != used; link = link->next)
        entry_fields(codec, TE_CONTAINER(link, struct te_fast_open_entry, use_link));
}

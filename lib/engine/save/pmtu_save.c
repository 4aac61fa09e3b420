/* Entries in the order in which they expire, then the order of use of all. */
#include "ip/pmtu.h"
#include "save/save_sections.h"
#include "stack_internal.h"

#define ENTRY_BYTES 26
#define ADDR_BYTES 16

TE_SAVED_ITEMS(struct te_pmtus, used, struct te_pmtu);
TE_SAVED_ITEMS(struct te_pmtus, aged, struct te_pmtu);
TE_NOT_SAVED(struct te_pmtus, "the table is rebuilt", buckets, bucket_count);
TE_NOT_SAVED(struct te_pmtus, "armed again", timer);
TE_NOT_SAVED(struct te_pmtu, "the lists are rebuilt", bucket_link, use_link, age_link);

static void entry_fields(struct te_codec *codec, struct te_pmtu *entry)
{
    te_save_addr(codec, &entry->destination);
    te_codec_u16(codec, &entry->mtu_bytes);
    te_codec_time(codec, &entry->expires_at_us);
    te_codec_require(codec, entry->mtu_bytes >= te_pmtu_min(&entry->destination));
}

/* An entry that is not narrower than the link, which may have become smaller, is forgotten. */
static void read_entry(struct te_codec *codec, struct te_stack *stack, int64_t *last_us)
{
    struct te_pmtu entry = {.mtu_bytes = 0};
    int64_t latest_us = stack->now_us + stack->config.path_mtu_age_us;
    entry_fields(codec, &entry);
    if (!te_codec_is_ok(codec))
        return;
    if (entry.expires_at_us > latest_us)
        entry.expires_at_us = latest_us;
    te_codec_require(codec, entry.expires_at_us >= *last_us &&
                                !te_pmtu_is_known(stack, &entry.destination));
    *last_us = entry.expires_at_us;
    if (!te_codec_is_ok(codec) || entry.mtu_bytes >= stack->config.mtu_bytes)
        return;
    if (!te_pmtu_put(stack, &entry))
        te_codec_fail(codec, TE_ERR_NOMEM);
}

static void entries_fields(struct te_codec *codec, struct te_stack *stack)
{
    struct te_pmtus *pmtus = &stack->pmtus;
    int64_t last_us = INT64_MIN;
    uint32_t count = te_codec_count(codec, pmtus->count, stack->config.path_mtu_max, ENTRY_BYTES);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_entry(codec, stack, &last_us);
    if (codec->is_reading)
        return;
    for (struct te_list *link = pmtus->aged.next; link != &pmtus->aged; link = link->next)
        entry_fields(codec, TE_CONTAINER(link, struct te_pmtu, age_link));
}

/* Looking them up in that order restores the order of use. */
static void use_fields(struct te_codec *codec, struct te_stack *stack)
{
    struct te_list *used = &stack->pmtus.used;
    uint32_t count = te_codec_count(codec, te_list_len(used), UINT32_MAX, ADDR_BYTES);
    for (uint32_t i = 0; i < count && codec->is_reading; i++) {
        struct te_addr destination = {{0}};
        te_save_addr(codec, &destination);
        if (te_codec_is_ok(codec))
            te_pmtu_get(stack, &destination);
    }
    if (codec->is_reading)
        return;
    for (struct te_list *link = used->next; link != used; link = link->next)
        te_save_addr(codec, &TE_CONTAINER(link, struct te_pmtu, use_link)->destination);
}

void te_save_pmtus(struct te_codec *codec, struct te_stack *stack)
{
    entries_fields(codec, stack);
    use_fields(codec, stack);
    te_codec_u32(codec, &stack->pmtus.generation);
}

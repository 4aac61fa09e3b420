#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/mtu/mtu_probe.h"

static void search_fields(struct te_codec *codec, struct te_mtu_search *search)
{
    te_codec_u8_below(codec, &search->phase, TE_MTU_COMPLETE + 1);
    te_codec_u8(codec, &search->failures);
    te_codec_bool(codec, &search->starts_high);
    te_codec_u16(codec, &search->low);
    te_codec_u16(codec, &search->high);
    te_codec_u16(codec, &search->fallback_bytes);
    te_codec_u16(codec, &search->probe_bytes);
    te_codec_u32(codec, &search->probe_start);
    te_codec_u32(codec, &search->probe_end);
    te_codec_u32(codec, &search->verify_end);
    te_codec_time(codec, &search->next_at_us);
    bool is_between = search->probe_bytes > search->low && search->probe_bytes <= search->high;
    te_codec_require(
        codec, search->phase >= TE_MTU_BASE && search->low >= TE_SAVE_MTU_MIN &&
                   (search->probe_bytes == 0 || is_between) &&
                   (search->fallback_bytes == 0 || search->fallback_bytes >= TE_SAVE_MTU_MIN));
}

void te_mtu_probe_save(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn)
{
    bool is_searching = conn->mtu_search != NULL;
    te_codec_bool(codec, &is_searching);
    if (!is_searching)
        return;
    if (codec->is_reading)
        conn->mtu_search = te_stack_alloc(stack, sizeof(*conn->mtu_search));
    if (conn->mtu_search == NULL)
        te_codec_fail(codec, TE_ERR_NOMEM);
    else
        search_fields(codec, conn->mtu_search);
}

#include <string.h>

#include "save/save_sections.h"
#include "tcp/cc/congestion.h"

#define NAME_BYTES_MAX 32

TE_SAVED_BY_HAND(struct te_congestion, "by its name", ops);
TE_NOT_SAVED(struct te_congestion, "points into the sender", state);

static void name_fields(struct te_codec *codec, struct te_congestion *cc)
{
    char name[NAME_BYTES_MAX] = "";
    uint8_t len = 0;
    if (!codec->is_reading) {
        strncpy(name, cc->ops->name, sizeof(name) - 1);
        len = (uint8_t)strlen(name);
    }
    te_codec_u8_below(codec, &len, sizeof(name));
    te_codec_bytes(codec, name, len);
    if (!codec->is_reading)
        return;
    cc->ops = te_cc_find(name);
    te_codec_require(codec, cc->ops != NULL);
}

void te_cc_save(struct te_codec *codec, struct te_congestion *cc)
{
    name_fields(codec, cc);
    te_codec_u32(codec, &cc->cwnd_bytes);
    te_codec_require(codec, cc->cwnd_bytes > 0 && cc->cwnd_bytes <= TE_CWND_MAX_BYTES);
    te_codec_u32(codec, &cc->ssthresh_bytes);
}

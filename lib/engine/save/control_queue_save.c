#include "save/save_sections.h"
#include "stack_internal.h"
#include "wire/eth.h"

#define FRAME_BYTES_MIN (5 + TE_ETH_HEADER_LEN)
#define FRAME_LEN_MAX (TE_ETH_HEADER_LEN + 65535u)

TE_SAVED_ITEMS(struct te_control_queue, urgent, struct te_control_frame);
TE_SAVED_ITEMS(struct te_control_queue, ordinary, struct te_control_frame);
TE_NOT_SAVED(struct te_control_queue, "counted again", counts);
TE_NOT_SAVED(struct te_control_frame, "the list is rebuilt", link);

struct te_control_frame *te_save_frame(struct te_codec *codec, struct te_stack *stack,
                                       struct te_control_frame *frame)
{
    uint8_t share = frame != NULL ? frame->share : 0;
    uint32_t len = frame != NULL ? (uint32_t)frame->frame_len : 0;
    te_codec_u8_below(codec, &share, TE_CONTROL_SHARES);
    te_codec_u32_to(codec, &len, FRAME_LEN_MAX);
    te_codec_require(codec, len >= TE_ETH_HEADER_LEN && len <= codec->end - codec->at);
    if (!te_codec_is_ok(codec))
        return NULL;
    if (codec->is_reading) {
        frame = te_control_frame_new(stack, len, (enum te_control_share)share);
        if (frame == NULL) {
            te_codec_view(codec, len);
            return NULL;
        }
    }
    te_codec_bytes(codec, frame->bytes, len);
    return frame;
}

static void list_fields(struct te_codec *codec, struct te_stack *stack, struct te_list *list)
{
    uint32_t count = te_codec_count(codec, te_list_len(list), UINT32_MAX, FRAME_BYTES_MIN);
    struct te_list *link = list->next;
    for (uint32_t i = 0; i < count; i++) {
        if (codec->is_reading) {
            struct te_control_frame *frame = te_save_frame(codec, stack, NULL);
            if (frame != NULL)
                te_list_push_back(list, &frame->link);
            continue;
        }
        te_save_frame(codec, stack, TE_CONTAINER(link, struct te_control_frame, link));
        link = link->next;
    }
}

/* The frame that the host has taken counts until the next one is asked for. */
static void taken_fields(struct te_codec *codec, struct te_stack *stack)
{
    struct te_control_queue *queue = &stack->control;
    bool is_taken = queue->taken != NULL;
    te_codec_bool(codec, &is_taken);
    if (!is_taken)
        return;
    struct te_control_frame *frame = te_save_frame(codec, stack, queue->taken);
    if (codec->is_reading)
        queue->taken = frame;
}

void te_save_control(struct te_codec *codec, struct te_stack *stack)
{
    taken_fields(codec, stack);
    list_fields(codec, stack, &stack->control.urgent);
    list_fields(codec, stack, &stack->control.ordinary);
}

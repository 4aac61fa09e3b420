#include "top_frame.h"

#include <stdlib.h>

void top_frame_free(struct top_frame *frame)
{
    if (frame == NULL)
        return;
    free(frame->rows);
    free(frame->explanation);
    free(frame);
}

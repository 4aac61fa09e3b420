/* One slot of a channel. */
#ifndef TCPENGINED_CHANNEL_PLACE_H
#define TCPENGINED_CHANNEL_PLACE_H

#include "channel/channel_state.h"

void channel_place_init(struct channel_place *place, struct channel_link *link);
/* It asks for CLOSE, and there is nothing to be sent before. */
bool channel_place_is_closing(const struct channel_place *place);
/* Its bit was set: carries out what was asked, and takes what was written and released. */
void channel_place_look(struct channel_place *place);
/* A request shuts its connection down, or closes it: takes what was written and released before. */
void channel_place_before_end(struct channel_place *place, bool is_close);
/* The engine has something to say about its connection or listener. */
void channel_place_on_event(struct channel_place *place, const struct te_event *event);
/* A request sends on what the program only receives from: as te_send(). TE_ERR_STATE: the program
 * sends itself. */
enum te_err channel_place_send(struct channel_place *place, const uint8_t *data, size_t len,
                               size_t *ret_accepted);
/* The program is gone: its memory is free afterwards. */
void channel_place_give_up(struct channel_place *place);

/* Drops the pages of its send ring, of which all is acknowledged, unless the client writes there.
 */
bool channel_place_vacate_send(struct channel_place *place);

#endif

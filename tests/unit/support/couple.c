#include "support/couple.h"

#include "stack_internal.h"
#include "support/test.h"

void couple_init(struct couple *couple)
{
    fixture_init(&couple->a);
    fixture_init(&couple->b);
    couple->b.config.mac[5] = 0x02;
    couple->b.config.addresses[0] = fixture_cidr("10.0.0.2/24");
    couple->b.config.addresses[1] = fixture_cidr("2001:db8::2/64");
    couple->a.reborn = couple->b.reborn = false; /* pointers into the stacks have to stay */
}

static bool carry(struct fixture *from, struct fixture *to)
{
    const struct fixture_frame *frame;
    bool has_carried = false;
    while ((frame = fixture_next(from)) != NULL) {
        fixture_input_meta(to, frame->bytes, frame->len, &frame->meta);
        has_carried = true;
    }
    fixture_discard(from);
    return has_carried;
}

void couple_run(struct couple *couple)
{
    fixture_poll(&couple->a);
    fixture_poll(&couple->b);
    while (carry(&couple->a, &couple->b) || carry(&couple->b, &couple->a))
        ;
}

void couple_start(struct couple *couple)
{
    struct fixture *a = &couple->a, *b = &couple->b;
    fixture_start(a);
    fixture_start(b);
    struct te_listen listen = {.local.port = COUPLE_PORT, .backlog = 4};
    assert_int_equal(te_open_passive(b->stack, &listen, &couple->listener_id, b->now_us), TE_OK);
    struct te_open open = {.remote = {fixture_addr("10.0.0.2"), COUPLE_PORT}};
    assert_int_equal(te_open_active(a->stack, &open, &couple->id, a->now_us), TE_OK);
    couple_run(couple);
    assert_int_equal(te_accept(b->stack, couple->listener_id, 0, &couple->peer_id, b->now_us),
                     TE_OK);
    couple->conn = te_conn_table_find_id(a->stack, couple->id);
    couple->peer = te_conn_table_find_id(b->stack, couple->peer_id);
    assert_int_equal(couple->conn->state, TE_ESTABLISHED);
    assert_int_equal(couple->peer->state, TE_ESTABLISHED);
}

void couple_stop(struct couple *couple)
{
    fixture_stop(&couple->a);
    fixture_stop(&couple->b);
}

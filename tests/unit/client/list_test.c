/* Lists of many pages, each of which has one row: a server answers cursor N with row N. */
#include <stdatomic.h>
#include <stdlib.h>
#include <tcpclient/tcpclient.h>
#include <time.h>

#include "fake_server.h"
#include "support/test.h"

enum {
    PAGES = 100,
    AHEAD_MAX = 8,   /* pages that wait for the program */
    PATIENCE = 10000 /* looks, a millisecond apart, at what another thread does */
};

struct world {
    struct fake_server *server;
    struct tcpc_client *client;
    struct tcpc_error error;
    atomic_uint asked;    /* requests that have come */
    unsigned fails_at;    /* this page is an error; 0: none */
    unsigned seen;        /* pages */
    unsigned wanted;      /* more are refused; 0: none is */
    bool waits_for_next;  /* each page, until the next one is asked for */
    unsigned most_ahead;  /* requests that had come beyond the page seen */
    uint64_t list_seq[2]; /* as_of_seq of the first and of the latest page */
};

/* The messages of one answer. */
static struct {
    PB(Status) status;
    PB(ListResult) list;
    PB(TimeWaitListResult) entries;
    PB(Connection) row, *rows[1];
    PB(TimeWaitEntry) entry, *entry_rows[1];
    PB(DaemonStatusResult) daemon;
} out;

static void answer_list(uint64_t cursor, PB(Response) * response)
{
    tcpengine__v1__list_result__init(&out.list);
    tcpengine__v1__connection__init(&out.row);
    out.row.id = cursor + 1;
    out.rows[0] = &out.row;
    out.list.connections = out.rows;
    out.list.n_connections = 1;
    out.list.cursor = cursor + 1;
    out.list.as_of_seq = 1000 + cursor;
    out.list.done = cursor + 1 == PAGES;
    response->list = &out.list;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_LIST;
}

static void answer_time_wait(uint64_t cursor, PB(Response) * response)
{
    tcpengine__v1__time_wait_list_result__init(&out.entries);
    tcpengine__v1__time_wait_entry__init(&out.entry);
    out.entry.id = cursor + 1;
    out.entry_rows[0] = &out.entry;
    out.entries.entries = out.entry_rows;
    out.entries.n_entries = 1;
    out.entries.cursor = cursor + 1;
    out.entries.done = cursor + 1 == PAGES;
    response->time_wait_list = &out.entries;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_TIME_WAIT_LIST;
}

static void answer_daemon(PB(Response) * response)
{
    tcpengine__v1__daemon_status_result__init(&out.daemon);
    response->daemon = &out.daemon;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_DAEMON;
}

static enum fake_verdict handle(void *ctx, const PB(Request) * request, PB(Response) * response)
{
    struct world *world = ctx;
    tcpengine__v1__status__init(&out.status);
    response->status = &out.status;
    if (request->op_case != TCPENGINE__V1__REQUEST__OP_LIST &&
        request->op_case != TCPENGINE__V1__REQUEST__OP_TIME_WAIT_LIST) {
        answer_daemon(response);
        return FAKE_REPLY;
    }
    unsigned page = atomic_fetch_add(&world->asked, 1) + 1;
    if (page == world->fails_at)
        out.status.code = TCPENGINE__V1__CODE__RESOURCES;
    else if (request->op_case == TCPENGINE__V1__REQUEST__OP_LIST)
        answer_list(request->list->cursor, response);
    else
        answer_time_wait(request->time_wait_list->cursor, response);
    return FAKE_REPLY;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->server = fake_server_start(handle, world);
    struct tcpc_options options = {.url = fake_server_url(world->server)};
    assert_int_equal(tcpc_client_new(&options, &world->client, NULL), TCPC_OK);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    tcpc_client_free(world->client);
    fake_server_stop(world->server);
    free(world);
    return 0;
}

/* Whether the request after page number `seen` comes while the program has that page. */
static bool next_is_asked_for(struct world *world)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    for (unsigned i = 0; i < PATIENCE && atomic_load(&world->asked) <= world->seen; i++)
        nanosleep(&millisecond, NULL);
    return atomic_load(&world->asked) > world->seen;
}

static bool on_page(void *ctx, const struct tcpc_response *page)
{
    struct world *world = ctx;
    bool is_list = page->op == TCPC_OP_LIST;
    world->seen++;
    assert_int_equal(is_list ? page->u.list.count : page->u.time_wait_list.count, 1);
    assert_int_equal(is_list ? page->u.list.rows[0].id : page->u.time_wait_list.rows[0].id,
                     world->seen);
    world->list_seq[world->seen > 1] = is_list ? page->u.list.as_of_seq : 0;
    if (world->waits_for_next && world->seen < PAGES)
        assert_true(next_is_asked_for(world));
    unsigned ahead = atomic_load(&world->asked) - world->seen;
    world->most_ahead = ahead > world->most_ahead ? ahead : world->most_ahead;
    return world->seen != world->wanted;
}

static enum tcpc_code list_pages(struct world *world, enum tcpc_op op)
{
    world->seen = 0;
    atomic_store(&world->asked, 0);
    return tcpc_list_pages(world->client, op, on_page, world, &world->error);
}

static void pages_come_in_their_order(void **state)
{
    struct world *world = *state;
    assert_int_equal(list_pages(world, TCPC_OP_LIST), TCPC_OK);
    assert_int_equal(world->seen, PAGES);
    assert_int_equal(world->list_seq[0], 1000);
    assert_int_equal(world->list_seq[1], 1000 + PAGES - 1);
    assert_int_equal(list_pages(world, TCPC_OP_TIME_WAIT_LIST), TCPC_OK);
    assert_int_equal(world->seen, PAGES);
    assert_int_equal(atomic_load(&world->asked), PAGES);
}

static void the_next_page_is_on_its_way_meanwhile(void **state)
{
    struct world *world = *state;
    world->waits_for_next = true;
    assert_int_equal(list_pages(world, TCPC_OP_LIST), TCPC_OK);
    assert_int_equal(world->seen, PAGES);
}

/* Those that wait, and the one that is on its way. */
static void not_too_many_are(void **state)
{
    struct world *world = *state;
    const struct timespec a_while = {.tv_nsec = 50000000};
    world->waits_for_next = true;
    world->wanted = 1;
    assert_int_equal(list_pages(world, TCPC_OP_LIST), TCPC_OK);
    nanosleep(&a_while, NULL);
    unsigned asked_at_end = atomic_load(&world->asked);
    assert_in_range(asked_at_end, 2, 1 + AHEAD_MAX + 1);
    nanosleep(&a_while, NULL);
    assert_int_equal(atomic_load(&world->asked), asked_at_end); /* nobody goes on asking */
    world->wanted = 0;
    world->waits_for_next = false;
    assert_int_equal(list_pages(world, TCPC_OP_LIST), TCPC_OK);
    assert_in_range(world->most_ahead, 0, AHEAD_MAX + 1);
}

static void who_has_enough_gets_no_more(void **state)
{
    struct world *world = *state;
    world->wanted = 20;
    assert_int_equal(list_pages(world, TCPC_OP_LIST), TCPC_OK);
    assert_int_equal(world->seen, 20);
    world->wanted = 0;
    assert_int_equal(list_pages(world, TCPC_OP_LIST), TCPC_OK); /* from the start */
    assert_int_equal(world->seen, PAGES);
}

static void a_failure_comes_after_the_pages_before(void **state)
{
    struct world *world = *state;
    struct tcpc_response *response = NULL;
    world->fails_at = 30;
    assert_int_equal(list_pages(world, TCPC_OP_LIST), TCPC_RESOURCES);
    assert_int_equal(world->error.code, TCPC_RESOURCES);
    assert_int_equal(world->seen, 29);
    assert_int_equal(atomic_load(&world->asked), 30);
    atomic_store(&world->asked, 0);
    assert_int_equal(tcpc_list(world->client, &response, &world->error), TCPC_RESOURCES);
    assert_null(response);
}

static void only_lists_have_pages(void **state)
{
    struct world *world = *state;
    assert_int_equal(list_pages(world, TCPC_OP_COUNTERS), TCPC_INVALID_ARGUMENT);
    assert_int_equal(world->seen, 0);
}

static void a_whole_list_has_all_rows(void **state)
{
    struct world *world = *state;
    struct tcpc_response *response = NULL;
    assert_int_equal(tcpc_list(world->client, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.list.count, PAGES);
    for (unsigned i = 0; i < PAGES; i++)
        assert_int_equal(response->u.list.rows[i].id, i + 1);
    assert_int_equal(response->u.list.as_of_seq, 1000);
    tcpc_response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_come_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_page_is_on_its_way_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_too_many_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_enough_gets_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_comes_after_the_pages_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_lists_have_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_whole_list_has_all_rows, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

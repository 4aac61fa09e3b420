/* Lists, which come in pages.
 *
 * The cursor of the next page comes with the page before, so there is one request at a time; but
 * the callback that takes a page asks for the next one at once, up to AHEAD_MAX pages ahead of the
 * program, which works on the pages meanwhile in its own thread. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "call.h"
#include "error.h"

enum { PAGES_MAX = 100000, AHEAD_MAX = 8 };

/* --- what the kinds of list have in common ---------------------------------------------------- */

struct rows {
    const void *rows;
    size_t count, row_bytes;
    uint64_t cursor, as_of_seq;
    bool is_done;
};

static struct rows rows_get(const struct tcpc_response *response)
{
    const struct tcpc_connection_list *list = &response->u.list;
    const struct tcpc_time_wait_list *entries = &response->u.time_wait_list;
    const struct tcpc_session_list *sessions = &response->u.sessions;
    if (response->op == TCPC_OP_LIST)
        return (struct rows){list->rows,   list->count,     sizeof(*list->rows),
                             list->cursor, list->as_of_seq, list->is_done};
    if (response->op == TCPC_OP_SESSIONS)
        return (struct rows){
            sessions->rows,   sessions->count, sizeof(*sessions->rows), sessions->cursor, 0,
            sessions->is_done};
    return (struct rows){entries->rows,   entries->count,     sizeof(*entries->rows),
                         entries->cursor, entries->as_of_seq, entries->is_done};
}

static void rows_set(struct tcpc_response *response, struct rows rows)
{
    struct tcpc_connection_list *list = &response->u.list;
    struct tcpc_time_wait_list *entries = &response->u.time_wait_list;
    if (response->op == TCPC_OP_LIST)
        *list = (struct tcpc_connection_list){rows.rows, rows.count, rows.cursor, rows.is_done,
                                              rows.as_of_seq};
    else if (response->op == TCPC_OP_SESSIONS)
        response->u.sessions =
            (struct tcpc_session_list){rows.rows, rows.count, rows.cursor, rows.is_done};
    else
        *entries = (struct tcpc_time_wait_list){rows.rows, rows.count, rows.cursor, rows.is_done,
                                                rows.as_of_seq};
}

/* --- pages, one after the other --------------------------------------------------------------- */

struct feed {
    struct tcpc_client *client;
    struct tcpc_request request; /* of the page after the last that has come */
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct tcpc_response *pages[AHEAD_MAX]; /* a ring of those that wait for the program */
    unsigned first, count;
    unsigned asked;  /* for how many */
    bool is_asking;  /* a request is on its way */
    bool is_over;    /* no further one shall be */
    bool is_cut_off; /* too many pages for a list */
    enum tcpc_code start_code;
    struct tcpc_error start_error;
};

static void on_page_came(void *ctx, struct tcpc_response *page);

static void feed_ask(struct feed *feed)
{
    if (feed->is_over || feed->is_asking || feed->count == AHEAD_MAX)
        return;
    feed->is_cut_off = feed->asked == PAGES_MAX;
    feed->is_over = feed->is_cut_off;
    if (feed->is_over)
        return;
    feed->asked++;
    feed->start_code =
        tcpci_call_start(feed->client, &feed->request, on_page_came, feed, &feed->start_error);
    feed->is_asking = feed->start_code == TCPC_OK;
    feed->is_over = !feed->is_asking;
}

static void on_page_came(void *ctx, struct tcpc_response *page)
{
    struct feed *feed = ctx;
    struct rows rows = rows_get(page);
    pthread_mutex_lock(&feed->lock);
    feed->is_asking = false;
    feed->pages[(feed->first + feed->count++) % AHEAD_MAX] = page;
    feed->request.u.page.cursor = rows.cursor;
    if (page->error.code != TCPC_OK || rows.is_done)
        feed->is_over = true;
    feed_ask(feed);
    pthread_cond_signal(&feed->came);
    pthread_mutex_unlock(&feed->lock);
}

/* The next page. NULL: there is none. */
static struct tcpc_response *feed_take(struct feed *feed)
{
    struct tcpc_response *page = NULL;
    pthread_mutex_lock(&feed->lock);
    feed_ask(feed);
    while (feed->count == 0 && feed->is_asking)
        pthread_cond_wait(&feed->came, &feed->lock);
    if (feed->count > 0) {
        page = feed->pages[feed->first];
        feed->first = (feed->first + 1) % AHEAD_MAX;
        feed->count--;
    }
    pthread_mutex_unlock(&feed->lock);
    return page;
}

/* Waits for the page that is on its way, which nobody wants. */
static void feed_done(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->is_over = true;
    pthread_mutex_unlock(&feed->lock);
    for (struct tcpc_response *page; (page = feed_take(feed)) != NULL;)
        tcpc_response_free(page);
    pthread_mutex_destroy(&feed->lock);
    pthread_cond_destroy(&feed->came);
}

/* Takes page over. false: no more. */
typedef bool (*page_taker)(void *ctx, struct tcpc_response *page);

static enum tcpc_code feed_all(struct feed *feed, page_taker take, void *ctx,
                               struct tcpc_error *ret_error)
{
    bool wants_more = true;
    while (wants_more) {
        struct tcpc_response *page = feed_take(feed);
        if (page == NULL)
            break;
        if (page->error.code != TCPC_OK) {
            enum tcpc_code code = tcpci_error_copy(ret_error, &page->error);
            tcpc_response_free(page);
            return code;
        }
        wants_more = take(ctx, page);
    }
    if (wants_more && feed->start_code != TCPC_OK)
        return tcpci_error_copy(ret_error, &feed->start_error);
    if (wants_more && feed->is_cut_off)
        return tcpci_error_set_code(ret_error, TCPC_PROTOCOL, feed->client->url);
    return TCPC_OK;
}

static enum tcpc_code each_page(struct tcpc_client *client, const struct tcpc_request *request,
                                page_taker take, void *ctx, struct tcpc_error *ret_error)
{
    struct feed feed = {.client = client,
                        .request = *request,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .came = PTHREAD_COND_INITIALIZER};
    tcpci_error_clear(ret_error);
    enum tcpc_code code = feed_all(&feed, take, ctx, ret_error);
    feed_done(&feed);
    return code;
}

struct lender {
    tcpc_page_callback on_page;
    void *ctx;
};

static bool lend(void *ctx, struct tcpc_response *page)
{
    const struct lender *lender = ctx;
    bool wants_more = lender->on_page(lender->ctx, page);
    tcpc_response_free(page);
    return wants_more;
}

static bool is_list(enum tcpc_op op)
{
    return op == TCPC_OP_LIST || op == TCPC_OP_TIME_WAIT_LIST || op == TCPC_OP_SESSIONS;
}

enum tcpc_code tcpc_request_pages(struct tcpc_client *client, const struct tcpc_request *request,
                                  tcpc_page_callback on_page, void *ctx,
                                  struct tcpc_error *ret_error)
{
    struct lender lender = {on_page, ctx};
    if (!is_list(request->op))
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE, "not a list");
    if (request->u.page.filter_count > TCPC_FILTER_NODES_MAX)
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE,
                               "the filter is too long");
    return each_page(client, request, lend, &lender, ret_error);
}

enum tcpc_code tcpc_list_pages(struct tcpc_client *client, enum tcpc_op op,
                               tcpc_page_callback on_page, void *ctx, struct tcpc_error *ret_error)
{
    const struct tcpc_request request = {.op = op};
    return tcpc_request_pages(client, &request, on_page, ctx, ret_error);
}

/* --- all pages at once ------------------------------------------------------------------------ */

/* Rows are collected in one malloc'ed block that grows; in the end they move to an arena. */
struct collection {
    char *rows;
    size_t count, room;
    struct tcpc_response *first; /* owns the memory of all pages */
    bool is_broken;              /* no memory */
};

static bool collection_add(struct collection *collection, struct rows rows)
{
    if (collection->count + rows.count > collection->room) {
        size_t room = 2 * (collection->count + rows.count);
        char *grown = reallocarray(collection->rows, room, rows.row_bytes);
        if (grown == NULL)
            return false;
        collection->rows = grown;
        collection->room = room;
    }
    if (rows.count)
        memcpy(collection->rows + collection->count * rows.row_bytes, rows.rows,
               rows.count * rows.row_bytes);
    collection->count += rows.count;
    return true;
}

static bool collect_page(void *ctx, struct tcpc_response *page)
{
    struct collection *collection = ctx;
    if (!collection_add(collection, rows_get(page)))
        collection->is_broken = true;
    if (collection->first != NULL) {
        tcpci_arena_adopt(collection->first->memory, page->memory);
        page->memory = NULL;
        tcpc_response_free(page);
    } else {
        collection->first = page;
    }
    return !collection->is_broken;
}

/* The first page becomes the whole list, since its as_of_seq is the one that counts. */
static bool collection_finish(struct collection *collection)
{
    struct rows rows = rows_get(collection->first);
    size_t bytes = collection->count * rows.row_bytes;
    struct tcpc_arena *memory = collection->is_broken ? NULL : tcpci_arena_new(bytes);
    void *copy = memory != NULL ? tcpci_arena_alloc(memory, bytes) : NULL;
    if (copy == NULL) {
        tcpci_arena_free(memory);
        return false;
    }
    if (bytes)
        memcpy(copy, collection->rows, bytes);
    tcpci_arena_adopt(collection->first->memory, memory);
    rows.rows = copy;
    rows.count = collection->count;
    rows.is_done = true;
    rows_set(collection->first, rows);
    return true;
}

static enum tcpc_code collect(struct tcpc_client *client, enum tcpc_op op,
                              struct tcpc_response **ret_response, struct tcpc_error *ret_error)
{
    struct collection collection = {.rows = NULL};
    const struct tcpc_request request = {.op = op};
    enum tcpc_code code = each_page(client, &request, collect_page, &collection, ret_error);
    if (code == TCPC_OK && !collection_finish(&collection))
        code = tcpci_error_set_code(ret_error, TCPC_NO_MEMORY, "");
    free(collection.rows);
    if (code == TCPC_OK)
        *ret_response = collection.first;
    else
        tcpc_response_free(collection.first);
    return code;
}

enum tcpc_code tcpc_list(struct tcpc_client *client, struct tcpc_response **ret_response,
                         struct tcpc_error *ret_error)
{
    return collect(client, TCPC_OP_LIST, ret_response, ret_error);
}

enum tcpc_code tcpc_time_wait_list(struct tcpc_client *client, struct tcpc_response **ret_response,
                                   struct tcpc_error *ret_error)
{
    return collect(client, TCPC_OP_TIME_WAIT_LIST, ret_response, ret_error);
}

enum tcpc_code tcpc_sessions(struct tcpc_client *client, struct tcpc_response **ret_response,
                             struct tcpc_error *ret_error)
{
    return collect(client, TCPC_OP_SESSIONS, ret_response, ret_error);
}

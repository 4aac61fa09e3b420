#include "top_fetch.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/units.h>

#include "cli_clock.h"
#include "counter.h"
#include "explanation.h"
#include "wording.h"

/* A daemon that has gone is missed after PATIENCE_MS; a page of the list that comes later than
 * SLACK_US after its turn would miss what moved in between. */
enum { PATIENCE_MS = 2000, REACH_MAX = 65536 };
#define SLACK_US (200 * TE_MS)
#define FIRST_LOOK_US TE_SECOND
#define TOO_SOON_US (300 * TE_MS) /* for rates that mean anything */

struct refresh {
    struct top_fetch *fetch;
    const struct top_question *question;
    struct top_frame *frame;
    int64_t now_us;
    struct tcpc_error error;
};

/* --- the client ------------------------------------------------------------------------------- */

static bool open_client(struct top_fetch *fetch, struct tcpc_error *ret_error)
{
    const struct tcpc_options options = {
        .url = fetch->url,
        .name = "tcpctl top",
        .timeout_ms = fetch->cli->timeout_ms ? fetch->cli->timeout_ms : PATIENCE_MS,
        .reconnect_ms = PATIENCE_MS};
    return tcpc_client_new(&options, &fetch->client, ret_error) == TCPC_OK;
}

bool top_fetch_init(struct top_fetch *fetch, struct cli *cli)
{
    struct tcpc_error error;
    *fetch = (struct top_fetch){.cli = cli};
    snprintf(fetch->url, sizeof(fetch->url), "%s", tcpc_client_url(cli->client));
    if (open_client(fetch, &error))
        return true;
    cli_fail(cli, &error, "top");
    return false;
}

static void forget(struct top_fetch *fetch)
{
    top_samples_done(&fetch->samples);
    top_ranking_done(&fetch->ranking);
    fetch->totals.taken_at_us = 0;
}

void top_fetch_done(struct top_fetch *fetch)
{
    forget(fetch);
    free(fetch->explanation);
    tcpc_client_free(fetch->client);
}

/* Numbers and ids of a daemon that was restarted are others. */
static bool has_client(struct refresh *refresh)
{
    struct top_fetch *fetch = refresh->fetch;
    return fetch->client != NULL || open_client(fetch, &refresh->error);
}

static void drop_client(struct top_fetch *fetch)
{
    tcpc_client_free(fetch->client);
    fetch->client = NULL;
    forget(fetch);
}

/* --- totals ----------------------------------------------------------------------------------- */

static void read_counters(const struct tcpc_counters *counters, struct top_totals *totals)
{
    totals->bytes_in = counter_value(counters, "bytes_in");
    totals->bytes_out = counter_value(counters, "bytes_out");
    totals->segments_in = counter_value(counters, "segments_in");
    totals->segments_out = counter_value(counters, "segments_out");
    totals->retransmissions = counter_value(counters, "segments_retransmitted");
    totals->opens =
        counter_value(counters, "active_opens") + counter_value(counters, "passive_opens");
}

static void read_daemon(const struct tcpc_daemon_status *daemon, struct top_frame *frame,
                        struct top_totals *totals)
{
    frame->uptime_us = daemon->uptime_us;
    frame->sessions = daemon->sessions;
    frame->memory_used_bytes = daemon->memory_used_bytes;
    frame->memory_max_bytes = daemon->memory_max_bytes;
    memcpy(frame->states, daemon->states, sizeof(frame->states));
    totals->present = 0;
    for (unsigned state = 0; state < TCPC_STATE_COUNT; state++)
        if (state != TCPC_CLOSED && state != TCPC_LISTEN && state != TCPC_TIME_WAIT)
            totals->present += daemon->states[state];
}

static uint64_t per_second(uint64_t now, uint64_t before, int64_t us)
{
    return now > before ? (uint64_t)((double)(now - before) * TE_SECOND / (double)us + 0.5) : 0;
}

/* A connection that was opened and is not there has closed; TIME_WAIT is what is left of it. */
static void set_rates(struct top_frame *frame, const struct top_totals *now,
                      const struct top_totals *before)
{
    int64_t us = now->taken_at_us - before->taken_at_us;
    struct top_rates *rates = &frame->rates;
    frame->has_rates = before->taken_at_us > 0 && us > 0;
    if (!frame->has_rates)
        return;
    rates->bytes_in = per_second(now->bytes_in, before->bytes_in, us);
    rates->bytes_out = per_second(now->bytes_out, before->bytes_out, us);
    rates->segments_in = per_second(now->segments_in, before->segments_in, us);
    rates->segments_out = per_second(now->segments_out, before->segments_out, us);
    rates->retransmissions = per_second(now->retransmissions, before->retransmissions, us);
    rates->opens = per_second(now->opens, before->opens, us);
    rates->closes = per_second(now->opens + before->present, before->opens + now->present, us);
}

static bool ask_totals(struct refresh *refresh)
{
    struct top_fetch *fetch = refresh->fetch;
    struct tcpc_response *response = NULL;
    struct top_totals totals = {.taken_at_us = cli_now_us()};
    if (fetch->totals.taken_at_us > 0 &&
        totals.taken_at_us - fetch->totals.taken_at_us < TOO_SOON_US) {
        *refresh->frame = fetch->head;
        refresh->frame->wall_us = cli_wall_us();
        return true;
    }
    if (tcpc_counters(fetch->client, &response, &refresh->error) != TCPC_OK)
        return false;
    read_counters(&response->u.counters, &totals);
    tcpc_response_free(response);
    if (tcpc_daemon_status(fetch->client, &response, &refresh->error) != TCPC_OK)
        return false;
    read_daemon(&response->u.daemon, refresh->frame, &totals);
    tcpc_response_free(response);
    set_rates(refresh->frame, &totals, &fetch->totals);
    fetch->totals = totals;
    fetch->head = *refresh->frame; /* no rows yet */
    return true;
}

/* --- the order -------------------------------------------------------------------------------- */

/* Without a filter, what has an end: listeners and TIME_WAIT are asked for by name. */
static uint32_t states_of(const struct filter *filter)
{
    uint32_t hidden = 1u << TCPC_LISTEN | 1u << TCPC_TIME_WAIT | 1u << TCPC_CLOSED;
    return filter->asked != 0 ? filter->asked : ((1u << TCPC_STATE_COUNT) - 1) & ~hidden;
}

/* All rows down to the end of the page; down to the last, as far as the memory for it is meant to
 * go. */
static size_t reach_of(const struct top_question *question)
{
    uint64_t reach = question->first > REACH_MAX ? REACH_MAX : question->first + question->page;
    assert(question->page > 0);
    return reach > REACH_MAX ? REACH_MAX : (size_t)reach;
}

static bool wants_lowest(const struct top_question *question)
{
    return top_column_info(question->sort)->is_lowest_first != question->is_reversed;
}

/* What a connection is ranked by here: its speed, or what the daemon says. */
static struct tcpc_rank_value value_of(struct refresh *refresh, uint64_t id,
                                       struct tcpc_rank_value value)
{
    enum top_column sort = refresh->question->sort;
    if (!top_column_info(sort)->is_rate)
        return value;
    struct top_bytes bytes = {value.high, value.low};
    struct top_speed speed = top_samples_note(&refresh->fetch->samples, id, bytes, refresh->now_us);
    int64_t in = speed.in > 0 && sort != TOP_RATE_OUT ? speed.in : 0;
    int64_t out = speed.out > 0 && sort != TOP_RATE_IN ? speed.out : 0;
    return (struct tcpc_rank_value){(uint64_t)(in + out), 0};
}

/* Connections that are not needed any more. By speed, those that have not moved have none. */
static void rank_what_is_left(const struct top_fetch *fetch, struct tcpc_rank *rank)
{
    struct top_ranked worst;
    if (!top_ranking_worst(&fetch->ranking, &worst))
        return;
    if (rank->moved_within_us != 0) {
        bool is_still_last = !rank->is_lowest_first;
        rank->still_below_id = worst.value.high == 0 ? worst.id : (is_still_last ? 0 : UINT64_MAX);
        return;
    }
    rank->has_beyond = true;
    rank->beyond = worst.value;
    rank->beyond_id = worst.id;
}

static void take_page(struct refresh *refresh, struct tcpc_rank *rank,
                      const struct tcpc_ranked *page)
{
    struct top_fetch *fetch = refresh->fetch;
    fetch->matched += page->matched;
    refresh->now_us = cli_now_us();
    if (page->highest_id > 0)
        top_samples_note_id(&fetch->samples, page->highest_id);
    for (size_t i = 0; i < page->count; i++) {
        struct tcpc_rank_value value = value_of(refresh, page->ids[i], page->values[i]);
        top_ranking_add(&fetch->ranking, (struct top_ranked){page->ids[i], value});
    }
    rank->cursor = page->cursor;
    rank_what_is_left(fetch, rank);
}

static bool ask_pages(struct refresh *refresh, struct tcpc_rank *rank)
{
    struct tcpc_request request = {.op = TCPC_OP_RANK};
    for (bool is_done = false; !is_done;) {
        struct tcpc_response *response = NULL;
        request.u.rank = *rank;
        if (tcpc_call(refresh->fetch->client, &request, &response, &refresh->error) != TCPC_OK)
            return false;
        is_done = response->u.ranked.is_done;
        take_page(refresh, rank, &response->u.ranked);
        tcpc_response_free(response);
    }
    return true;
}

static int64_t moved_within_us(const struct refresh *refresh)
{
    int64_t before_us = refresh->fetch->samples.before_us;
    return before_us > 0 ? refresh->now_us - before_us + SLACK_US : FIRST_LOOK_US;
}

static void begin_samples(struct refresh *refresh)
{
    struct top_fetch *fetch = refresh->fetch;
    bool is_rate = top_column_info(refresh->question->sort)->is_rate;
    bool is_other = memcmp(&fetch->filter, &refresh->question->filter, sizeof(fetch->filter)) != 0;
    if (is_other)
        top_samples_restart(&fetch->samples);
    top_samples_begin(&fetch->samples, refresh->now_us, is_rate);
    fetch->filter = refresh->question->filter;
}

static bool ask_order(struct refresh *refresh)
{
    struct top_fetch *fetch = refresh->fetch;
    const struct top_question *question = refresh->question;
    const struct top_column_info *info = top_column_info(question->sort);
    struct tcpc_filter_node nodes[TCPC_FILTER_NODES_MAX];
    size_t reach = reach_of(question);
    begin_samples(refresh);
    top_ranking_done(&fetch->ranking);
    top_ranking_init(&fetch->ranking, reach, wants_lowest(question));
    fetch->matched = 0;
    struct tcpc_rank rank = {.key = info->key,
                             .is_lowest_first = wants_lowest(question),
                             .states = states_of(&question->filter),
                             .filter = nodes,
                             .filter_count = filter_own_nodes(&question->filter, nodes),
                             .moved_within_us = info->is_rate ? moved_within_us(refresh) : 0,
                             .still_below_id = UINT64_MAX};
    if (!ask_pages(refresh, &rank))
        return false;
    top_ranking_sort(&fetch->ranking);
    return true;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void fill_row(struct refresh *refresh, const struct tcpc_connection *from)
{
    struct top_samples *samples = &refresh->fetch->samples;
    struct top_row *row = &refresh->frame->rows[refresh->frame->count++];
    *row = (struct top_row){.id = from->id,
                            .state = from->state,
                            .uid = from->uid,
                            .pid = from->owner.pid,
                            .rate_in = -1,
                            .rate_out = -1,
                            .receive_queue_bytes = from->receive_queue_bytes,
                            .send_queue_bytes = from->send_queue_bytes};
    tcpc_endpoint_format(&from->local, row->local);
    tcpc_endpoint_format(&from->remote, row->peer);
    snprintf(row->program, sizeof(row->program), "%s", from->owner.program);
    const struct tcpc_connection_details *details = from->details;
    if (details == NULL)
        return;
    struct top_bytes bytes = {details->bytes_received, details->bytes_acked};
    struct top_speed speed = samples->sees_all
                                 ? top_samples_still(samples, from->id)
                                 : top_samples_note(samples, from->id, bytes, cli_now_us());
    row->rate_in = speed.in;
    row->rate_out = speed.out;
    row->srtt_us = details->srtt_us;
    row->cwnd_bytes = details->cwnd_bytes;
    row->retransmits = details->retransmits;
}

/* So that the followed one is where the cursor was on the screen, as far as there are rows. */
static void place_window(struct refresh *refresh)
{
    const struct top_question *question = refresh->question;
    const struct top_ranking *ranking = &refresh->fetch->ranking;
    struct top_frame *frame = refresh->frame;
    uint64_t count = ranking->count, page = question->page;
    uint64_t depth =
        question->selected > question->first ? question->selected - question->first : 0;
    frame->selected = question->selected;
    for (size_t i = 0; question->followed_id != 0 && i < count; i++)
        if (ranking->items[i].id == question->followed_id)
            frame->selected = i;
    if (frame->selected >= count)
        frame->selected = count > 0 ? count - 1 : 0;
    frame->first = question->first;
    if (frame->selected != question->selected)
        frame->first = frame->selected > depth ? frame->selected - depth : 0;
    if (frame->first + page > count)
        frame->first = count > page ? count - page : 0;
}

static bool ask_rows(struct refresh *refresh)
{
    struct top_fetch *fetch = refresh->fetch;
    struct top_frame *frame = refresh->frame;
    place_window(refresh);
    size_t left = fetch->ranking.count - (size_t)frame->first;
    left = left < refresh->question->page ? left : refresh->question->page;
    uint64_t ids[TCPC_LIST_IDS_MAX];
    frame->rows = calloc(left > 0 ? left : 1, sizeof(*frame->rows));
    if (frame->rows == NULL)
        cli_no_memory();
    for (size_t done = 0, part; done < left; done += part) {
        struct tcpc_response *response = NULL;
        part = left - done < TCPC_LIST_IDS_MAX ? left - done : TCPC_LIST_IDS_MAX;
        for (size_t i = 0; i < part; i++)
            ids[i] = fetch->ranking.items[frame->first + done + i].id;
        const struct tcpc_request request = {
            .op = TCPC_OP_LIST, .u.page = {.details = true, .ids = ids, .id_count = part}};
        if (tcpc_call(fetch->client, &request, &response, &refresh->error) != TCPC_OK)
            return false;
        for (size_t i = 0; i < response->u.list.count && frame->count < left; i++)
            fill_row(refresh, &response->u.list.rows[i]);
        tcpc_response_free(response);
    }
    return true;
}

/* --- one in words ----------------------------------------------------------------------------- */

static char *print_explanation(const struct tcpc_explanation *explanation)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        cli_no_memory();
    explanation_print(out, explanation);
    fclose(out);
    return text;
}

/* "connection 17 is gone: ...", and what was last said of it. */
static char *print_gone(const struct top_fetch *fetch, uint64_t id, const struct tcpc_error *error)
{
    char *text = NULL;
    bool was_there = fetch->explanation != NULL && fetch->explained_id == id;
    const char *hint = wording_hint(error, "explain");
    if (asprintf(&text, "gone       %s\n%s%s%s%s%s", error->message, *hint ? "next       " : "",
                 hint, *hint ? "\n" : "", was_there ? "\nBefore that:\n" : "",
                 was_there ? fetch->explanation : "") < 0)
        cli_no_memory();
    return text;
}

static bool ask_explanation(struct refresh *refresh)
{
    struct top_fetch *fetch = refresh->fetch;
    uint64_t id = refresh->question->explained_id;
    struct tcpc_response *response = NULL;
    if (id == 0)
        return true;
    refresh->frame->explained_id = id;
    enum tcpc_code code = tcpc_explain(fetch->client, id, &response, &refresh->error);
    if (code == TCPC_NOT_FOUND || code == TCPC_PERMISSION) {
        refresh->frame->explanation = print_gone(fetch, id, &refresh->error);
        return true;
    }
    if (code != TCPC_OK)
        return false;
    free(fetch->explanation);
    fetch->explanation = print_explanation(&response->u.explanation);
    fetch->explained_id = id;
    tcpc_response_free(response);
    refresh->frame->explanation = strdup(fetch->explanation);
    return true;
}

/* ---------------------------------------------------------------------------------------------- */

static void set_problem(struct refresh *refresh)
{
    struct top_fetch *fetch = refresh->fetch;
    const struct tcpc_error *error = &refresh->error;
    snprintf(refresh->frame->problem, sizeof(refresh->frame->problem), "%s%s",
             wording_message(error->message), ": trying again");
    if (error->code == TCPC_RESTARTED || error->code == TCPC_SESSION ||
        error->code == TCPC_UNREACHABLE)
        drop_client(fetch);
}

/* Whether all rows of the page are among those that were ranked last. */
static bool is_order_known(const struct refresh *refresh)
{
    const struct top_ranking *ranking = &refresh->fetch->ranking;
    return refresh->question->is_same_order && ranking->items != NULL &&
           (ranking->count >= reach_of(refresh->question) ||
            ranking->count >= refresh->fetch->matched);
}

static bool ask_all(struct refresh *refresh)
{
    if (!has_client(refresh) || !ask_totals(refresh))
        return false;
    if (!is_order_known(refresh) && !ask_order(refresh))
        return false;
    if (!ask_rows(refresh) || !ask_explanation(refresh))
        return false;
    top_samples_end(&refresh->fetch->samples);
    return true;
}

struct top_frame *top_fetch_frame(struct top_fetch *fetch, const struct top_question *question)
{
    struct refresh refresh = {.fetch = fetch,
                              .question = question,
                              .frame = calloc(1, sizeof(*refresh.frame)),
                              .now_us = cli_now_us()};
    if (refresh.frame == NULL)
        cli_no_memory();
    refresh.frame->wall_us = cli_wall_us();
    if (!ask_all(&refresh))
        set_problem(&refresh);
    refresh.frame->matched = fetch->matched;
    refresh.frame->reachable = fetch->matched < REACH_MAX ? fetch->matched : REACH_MAX;
    return refresh.frame;
}

#include "ls_columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "owner.h"

enum { INFO_MAX = 320 };
#define NO_SSTHRESH UINT32_MAX

/* --- cells ------------------------------------------------------------------------------------ */

static void text_or_dash(struct table *table, const char *text)
{
    table_text(table, text != NULL && *text ? text : "-");
}

static void add_id(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->id);
}

static void add_state(struct table *table, const struct tcpc_connection *row)
{
    table_color(table, format_state_color(row->state));
    table_text(table, tcpc_state_name(row->state));
}

static void add_receive_queue(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->receive_queue_bytes);
}

static void add_send_queue(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->send_queue_bytes);
}

static void add_local(struct table *table, const struct tcpc_connection *row)
{
    char text[TCPC_ENDPOINT_TEXT_MAX];
    table_text(table, tcpc_endpoint_format(&row->local, text));
}

static void add_peer(struct table *table, const struct tcpc_connection *row)
{
    char text[TCPC_ENDPOINT_TEXT_MAX];
    table_text(table, tcpc_endpoint_format(&row->remote, text));
}

static void add_uid(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->uid);
}

static void add_timer(struct table *table, const struct tcpc_connection *row)
{
    if (row->timer != NULL && *row->timer)
        table_cell(table, "%s,%" PRId64 "ms", row->timer, row->timer_ms);
    else
        table_text(table, "-");
}

static void add_process(struct table *table, const struct tcpc_connection *row)
{
    char text[OWNER_TEXT_MAX];
    text_or_dash(table, owner_users(&row->owner, text));
}

static void add_program(struct table *table, const struct tcpc_connection *row)
{
    text_or_dash(table, row->owner.program);
}

static void add_pid(struct table *table, const struct tcpc_connection *row)
{
    if (row->owner.pid != 0)
        table_number(table, row->owner.pid);
    else
        table_text(table, "-");
}

static void add_session(struct table *table, const struct tcpc_connection *row)
{
    text_or_dash(table, row->owner.session);
}

/* --- cells of details ------------------------------------------------------------------------- */

static void add_duration(struct table *table, int64_t us)
{
    char text[FORMAT_MAX];
    table_text(table, us < 0 ? "-" : format_duration(us, text));
}

static void add_age(struct table *table, const struct tcpc_connection *row)
{
    add_duration(table, row->details->age_us);
}

static void add_since(struct table *table, const struct tcpc_connection *row)
{
    add_duration(table, row->details->state_age_us);
}

static void add_idle(struct table *table, const struct tcpc_connection *row)
{
    add_duration(table, row->details->idle_us);
}

static void add_rtt(struct table *table, const struct tcpc_connection *row)
{
    add_duration(table, row->details->srtt_us > 0 ? row->details->srtt_us : -1);
}

static void add_rto(struct table *table, const struct tcpc_connection *row)
{
    add_duration(table, row->details->rto_us > 0 ? row->details->rto_us : -1);
}

static void add_retransmits(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->details->retransmits);
}

static void add_cwnd(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->details->cwnd_bytes);
}

static void add_ssthresh(struct table *table, const struct tcpc_connection *row)
{
    if (row->details->ssthresh_bytes == NO_SSTHRESH)
        table_text(table, "-");
    else
        table_number(table, row->details->ssthresh_bytes);
}

static void add_mss(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->details->mss);
}

static void add_sent(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->details->bytes_sent);
}

static void add_acked(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->details->bytes_acked);
}

static void add_received(struct table *table, const struct tcpc_connection *row)
{
    table_number(table, row->details->bytes_received);
}

static void add_algorithm(struct table *table, const struct tcpc_connection *row)
{
    text_or_dash(table, row->details->congestion_control);
}

/* In the words of ss -i: times in milliseconds, cwnd in segments, retrans is now/in all. */
static void add_info(struct table *table, const struct tcpc_connection *row)
{
    const struct tcpc_connection_details *details = row->details;
    char text[INFO_MAX], ssthresh[32] = "";
    if (row->state == TCPC_LISTEN || details->mss == 0) {
        table_text(table, "-");
        return;
    }
    if (details->ssthresh_bytes != NO_SSTHRESH)
        snprintf(ssthresh, sizeof(ssthresh), " ssthresh:%" PRIu32,
                 details->ssthresh_bytes / details->mss);
    snprintf(text, sizeof(text),
             "%s wscale:%" PRIu32 ",%" PRIu32 " rto:%g rtt:%g/%g mss:%" PRIu32 " cwnd:%" PRIu32
             "%s bytes_sent:%" PRIu64 " bytes_acked:%" PRIu64 " bytes_received:%" PRIu64
             " segs_out:%" PRIu64 " segs_in:%" PRIu64 " retrans:%" PRIu32 "/%" PRIu64,
             details->congestion_control, details->snd_wscale, details->rcv_wscale,
             (double)details->rto_us / 1000, (double)details->srtt_us / 1000,
             (double)details->rttvar_us / 1000, details->mss, details->cwnd_bytes / details->mss,
             ssthresh, details->bytes_sent, details->bytes_acked, details->bytes_received,
             details->segments_out, details->segments_in, details->backoff, details->retransmits);
    table_text(table, text);
}

/* --- the columns ------------------------------------------------------------------------------ */

static const struct ls_column all[] = {
    {"id", {"Id", false}, false, add_id, "number of the connection or listener"},
    {"state", {"State", false}, false, add_state, "state"},
    {"recv-q",
     {"Recv-Q", true},
     false,
     add_receive_queue,
     "bytes received and not taken; of a listener: connections to be accepted"},
    {"send-q",
     {"Send-Q", true},
     false,
     add_send_queue,
     "bytes to be acknowledged; of a listener: the backlog"},
    {"local", {"Local Address:Port", false}, false, add_local, "our address and port"},
    {"peer", {"Peer Address:Port", false}, false, add_peer, "the peer's"},
    {"uid", {"Uid", true}, false, add_uid, "user id of the owner"},
    {"timer", {"Timer", false}, false, add_timer, "the next timer, and when"},
    {"process", {"Process", false}, false, add_process, "as of ss -p: program and pid"},
    {"program", {"Program", false}, false, add_program, "name of the program"},
    {"pid", {"Pid", true}, false, add_pid, "number of its process"},
    {"session", {"Session", false}, false, add_session, "name of its session"},
    {"age", {"Age", true}, true, add_age, "time since the opening"},
    {"since", {"In State", true}, true, add_since, "time in the state"},
    {"idle", {"Idle", true}, true, add_idle, "time since data was sent, or anything came"},
    {"rtt", {"RTT", true}, true, add_rtt, "smoothed round-trip time"},
    {"rto", {"RTO", true}, true, add_rto, "retransmission timeout"},
    {"retransmits", {"Retrans", true}, true, add_retransmits, "segments sent again"},
    {"cwnd", {"Cwnd", true}, true, add_cwnd, "congestion window, in bytes"},
    {"ssthresh", {"Ssthresh", true}, true, add_ssthresh, "slow start threshold, in bytes"},
    {"mss", {"MSS", true}, true, add_mss, "most payload bytes in one segment sent"},
    {"sent", {"Sent", true}, true, add_sent, "payload bytes sent"},
    {"acked", {"Acked", true}, true, add_acked, "payload bytes acknowledged"},
    {"received", {"Received", true}, true, add_received, "payload bytes received"},
    {"algorithm", {"Algorithm", false}, true, add_algorithm, "congestion control"},
    {"info", {"Info", false}, true, add_info, "all of that, as of ss -i"},
};

enum { COLUMN_COUNT = sizeof(all) / sizeof(all[0]), NAME_MAX_BYTES = 32 };

void ls_columns_default(struct ls_columns *columns)
{
    char word[FORMAT_MAX];
    columns->count = 0;
    ls_columns_add(columns, "id,state,recv-q,send-q,local,peer,uid,timer", word);
}

static const struct ls_column *find(const char *name, size_t len)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (strlen(all[i].name) == len && strncmp(all[i].name, name, len) == 0)
            return &all[i];
    return NULL;
}

static bool has(const struct ls_columns *columns, const struct ls_column *column)
{
    for (unsigned i = 0; i < columns->count; i++)
        if (columns->list[i] == column)
            return true;
    return false;
}

bool ls_columns_add(struct ls_columns *columns, const char *names, char *ret_word)
{
    for (;;) {
        size_t len = strcspn(names, ",");
        const struct ls_column *column = find(names, len);
        bool is_new = column != NULL && !has(columns, column);
        if (column == NULL || (is_new && columns->count == TABLE_COLUMNS_MAX)) {
            snprintf(ret_word, FORMAT_MAX, "%.*s", len < NAME_MAX_BYTES ? (int)len : NAME_MAX_BYTES,
                     names);
            return false;
        }
        if (is_new)
            columns->list[columns->count++] = column;
        if (names[len] == '\0')
            return true;
        names += len + 1;
    }
}

bool ls_columns_finish(struct ls_columns *columns)
{
    bool has_details = false;
    for (unsigned i = 0; i < columns->count; i++) {
        columns->heads[i] = columns->list[i]->head;
        has_details = has_details || columns->list[i]->is_detail;
    }
    columns->heads[columns->count] = (struct column){.name = NULL};
    return has_details;
}

void ls_columns_print_help(const struct cli *cli)
{
    static const struct column heads[] = {{"Column", false}, {"Meaning", false}, {NULL, false}};
    struct table *table = table_new(cli, heads);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        table_row(table);
        table_text(table, all[i].name);
        table_text(table, all[i].help);
    }
    table_print(table);
}

void ls_columns_add_row(const struct ls_columns *columns, struct table *table,
                        const struct tcpc_connection *row)
{
    table_row_of(table, row->id);
    for (unsigned i = 0; i < columns->count; i++) {
        const struct ls_column *column = columns->list[i];
        if (column->is_detail && row->details == NULL)
            table_text(table, "-");
        else
            column->add(table, row);
    }
}

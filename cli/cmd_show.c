/* tcpctl show: everything about one connection. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "json.h"
#include "one_id.h"

static json_t *json_error(const struct tcpc_error *error)
{
    if (error->code == TCPC_OK)
        return json_null();
    json_t *object = json_object();
    json_put(object, "code", json_text(tcpc_code_name(error->code)));
    json_put(object, "message", json_text(error->message));
    json_put(object, "errno_name", json_text(error->errno_name));
    return object;
}

static void put_sequence(json_t *object, const struct tcpc_status *status)
{
    json_put(object, "snd_una", json_number(status->snd_una));
    json_put(object, "snd_nxt", json_number(status->snd_nxt));
    json_put(object, "snd_wnd", json_number(status->snd_wnd));
    json_put(object, "rcv_nxt", json_number(status->rcv_nxt));
    json_put(object, "rcv_wnd", json_number(status->rcv_wnd));
    json_put(object, "iss", json_number(status->iss));
    json_put(object, "irs", json_number(status->irs));
    json_put(object, "mss", json_number(status->mss));
    json_put(object, "path_mtu_bytes", json_number(status->path_mtu_bytes));
    json_put(object, "mtu_probing", json_text(status->mtu_probing));
    json_put(object, "snd_wscale", json_number(status->snd_wscale));
    json_put(object, "rcv_wscale", json_number(status->rcv_wscale));
    json_put(object, "sack_permitted", json_boolean(status->sack_permitted));
    json_put(object, "timestamps", json_boolean(status->timestamps));
    json_put(object, "ecn", json_boolean(status->ecn));
    json_put(object, "ecn_ce_in", json_number(status->ecn_ce_in));
    json_put(object, "ecn_ece_in", json_number(status->ecn_ece_in));
}

static json_t *json_variables(const struct tcpc_status *status)
{
    json_t *object = json_object();
    for (size_t i = 0; i < status->congestion_variable_count; i++) {
        const struct tcpc_variable *variable = &status->congestion_variables[i];
        json_put(object, variable->name,
                 *variable->text ? json_text(variable->text) : json_integer(variable->value));
    }
    return object;
}

static void put_numbers(json_t *object, const struct tcpc_status *status)
{
    json_put(object, "cwnd_bytes", json_number(status->cwnd_bytes));
    json_put(object, "ssthresh_bytes", json_number(status->ssthresh_bytes));
    json_put(object, "pipe_bytes", json_number(status->pipe_bytes));
    json_put(object, "sacked_bytes", json_number(status->sacked_bytes));
    json_put(object, "lost_bytes", json_number(status->lost_bytes));
    json_put(object, "min_rtt_us", json_integer(status->min_rtt_us));
    json_put(object, "reordering_window_us", json_integer(status->reordering_window_us));
    json_put(object, "srtt_us", json_integer(status->srtt_us));
    json_put(object, "rttvar_us", json_integer(status->rttvar_us));
    json_put(object, "rto_us", json_integer(status->rto_us));
    json_put(object, "retransmits", json_number(status->retransmits));
    json_put(object, "backoff", json_number(status->backoff));
    json_put(object, "bytes_sent", json_number(status->bytes_sent));
    json_put(object, "bytes_acked", json_number(status->bytes_acked));
    json_put(object, "bytes_received", json_number(status->bytes_received));
    json_put(object, "segments_in", json_number(status->segments_in));
    json_put(object, "segments_out", json_number(status->segments_out));
    json_put(object, "congestion_control", json_text(status->congestion_control));
    json_put(object, "congestion_variables", json_variables(status));
    json_put(object, "recovery", json_text(status->recovery));
}

static void put_rest(json_t *object, const struct tcpc_status *status)
{
    json_put(object, "is_listener", json_boolean(status->is_listener));
    json_put(object, "is_orphan", json_boolean(status->is_orphan));
    json_put(object, "nagle", json_boolean(status->nagle));
    json_put(object, "keepalive", json_boolean(status->keepalive));
    json_put(object, "send_buffer_bytes", json_number(status->send_buffer_bytes));
    json_put(object, "receive_buffer_bytes", json_number(status->receive_buffer_bytes));
    json_put(object, "send_accepted", json_number(status->send_accepted));
    json_put(object, "receive_released", json_number(status->receive_released));
    json_put(object, "receive_next", json_number(status->receive_next));
    json_put(object, "fin_received", json_boolean(status->fin_received));
    json_put(object, "fin_queued", json_boolean(status->fin_queued));
    json_put(object, "age_us", json_integer(status->age_us));
    json_put(object, "state_age_us", json_integer(status->state_age_us));
    json_put(object, "error", json_error(&status->error));
    json_put(object, "soft_error", json_error(&status->soft_error));
    json_put(object, "time_wait",
             status->time_wait ? json_time_wait(status->time_wait) : json_null());
}

static void print_json(const struct tcpc_status *status)
{
    json_t *object = json_connection(&status->connection);
    put_sequence(object, status);
    put_numbers(object, status);
    put_rest(object, status);
    json_print(object);
}

static void print_errors(const struct tcpc_status *status)
{
    if (status->error.code != TCPC_OK)
        printf("%-12s %s (%s)\n", "error", status->error.message, status->error.errno_name);
    if (status->soft_error.code != TCPC_OK)
        printf("%-12s %s (%s)\n", "ICMP", status->soft_error.message,
               status->soft_error.errno_name);
}

static void print_head(const struct tcpc_status *status)
{
    const struct tcpc_connection *row = &status->connection;
    char text[FORMAT_MAX], age[FORMAT_MAX];
    printf("%-12s %" PRIu64 "\n", "id", row->id);
    printf("%-12s %s for %s, of %s in all%s%s\n", "state", tcpc_state_name(row->state),
           format_duration(status->state_age_us, text), format_duration(status->age_us, age),
           status->is_listener ? ", listener" : "", status->is_orphan ? ", orphan" : "");
    printf("%-12s %s\n", "local", tcpc_endpoint_format(&row->local, text));
    printf("%-12s %s\n", "remote", tcpc_endpoint_format(&row->remote, text));
    printf("%-12s %" PRIu32 "\n", "uid", row->uid);
    if (*row->timer)
        printf("%-12s %s in %s\n", "timer", row->timer,
               format_duration(row->timer_ms * 1000, text));
    else
        printf("%-12s none\n", "timer");
    print_errors(status);
}

static void print_directions(const struct tcpc_status *status)
{
    const struct tcpc_connection *row = &status->connection;
    char sent[FORMAT_MAX], acked[FORMAT_MAX], queue[FORMAT_MAX], buffer[FORMAT_MAX];
    format_bytes(row->send_queue_bytes, queue);
    format_bytes(status->send_buffer_bytes, buffer);
    printf("%-12s %s, %s acknowledged, %" PRIu64 " segments, %" PRIu64 " sent again\n", "sent",
           format_bytes(status->bytes_sent, sent), format_bytes(status->bytes_acked, acked),
           status->segments_out, status->retransmits);
    printf("%-12s %s in the queue, buffer %s%s\n", "", queue, buffer,
           status->fin_queued ? ", then FIN" : "");
    format_bytes(row->receive_queue_bytes, queue);
    format_bytes(status->receive_buffer_bytes, buffer);
    printf("%-12s %s, %" PRIu64 " segments\n", "received",
           format_bytes(status->bytes_received, sent), status->segments_in);
    printf("%-12s %s in the queue, buffer %s%s\n", "", queue, buffer,
           status->fin_received ? ", then the peer's FIN" : "");
}

static void print_variables(const struct tcpc_status *status)
{
    printf("%-12s una %" PRIu32 ", nxt %" PRIu32 ", wnd %" PRIu32 " (scale %" PRIu32
           "), iss %" PRIu32 "\n",
           "SND", status->snd_una, status->snd_nxt, status->snd_wnd, status->snd_wscale,
           status->iss);
    printf("%-12s nxt %" PRIu32 ", wnd %" PRIu32 " (scale %" PRIu32 "), irs %" PRIu32 "\n", "RCV",
           status->rcv_nxt, status->rcv_wnd, status->rcv_wscale, status->irs);
    printf("%-12s MSS %" PRIu32 ", path MTU %" PRIu32 "%s%s%s%s%s\n", "options", status->mss,
           status->path_mtu_bytes, status->sack_permitted ? ", SACK" : "",
           status->timestamps ? ", timestamps" : "", status->ecn ? ", ECN" : "",
           status->nagle ? ", Nagle" : "", status->keepalive ? ", keepalive" : "");
    if (*status->mtu_probing && strcmp(status->mtu_probing, "disabled") != 0)
        printf("%-12s %s\n", "MTU probing", status->mtu_probing);
    if (status->ecn)
        printf("%-12s %" PRIu32 " marks received, %" PRIu32 " echoes from the peer\n", "ECN",
               status->ecn_ce_in, status->ecn_ece_in);
}

static void print_congestion_variables(const struct tcpc_status *status)
{
    for (size_t i = 0; i < status->congestion_variable_count; i++) {
        const struct tcpc_variable *variable = &status->congestion_variables[i];
        if (*variable->text)
            printf("%-12s %s %s\n", "", variable->name, variable->text);
        else
            printf("%-12s %s %" PRId64 "\n", "", variable->name, variable->value);
    }
}

/* What is on its way, and how long it takes. */
static void print_flight(const struct tcpc_status *status)
{
    char pipe[FORMAT_MAX], sacked[FORMAT_MAX], lost[FORMAT_MAX];
    printf("%-12s %s in the network, %s SACKed, %s lost\n", "flight",
           format_bytes(status->pipe_bytes, pipe), format_bytes(status->sacked_bytes, sacked),
           format_bytes(status->lost_bytes, lost));
    if (status->min_rtt_us > 0)
        printf("%-12s least %s, reordering window %s\n", "",
               format_duration(status->min_rtt_us, pipe),
               format_duration(status->reordering_window_us, sacked));
}

static void print_control(const struct tcpc_status *status)
{
    char cwnd[FORMAT_MAX], ssthresh[FORMAT_MAX], srtt[FORMAT_MAX], var[FORMAT_MAX], rto[FORMAT_MAX];
    printf("%-12s %s, %s: cwnd %s, ssthresh %s\n", "congestion", status->congestion_control,
           status->recovery, format_bytes(status->cwnd_bytes, cwnd),
           status->ssthresh_bytes == UINT32_MAX ? "none yet"
                                                : format_bytes(status->ssthresh_bytes, ssthresh));
    print_congestion_variables(status);
    printf("%-12s %s +- %s, RTO %s, %" PRIu32 " in a row\n", "round trip",
           format_duration(status->srtt_us, srtt), format_duration(status->rttvar_us, var),
           format_duration(status->rto_us, rto), status->backoff);
    print_flight(status);
}

static void print_time_wait(const struct tcpc_time_wait *entry)
{
    char left[FORMAT_MAX], all[FORMAT_MAX];
    printf("%-12s from %s, closed by %s; %s of %s left, %" PRIu32 " FINs came again\n", "TIME_WAIT",
           tcpc_state_name(entry->entered_from), entry->entered_by,
           format_duration(entry->remaining_ms * 1000, left),
           format_duration(entry->duration_ms * 1000, all), entry->fin_reacked);
}

static int do_show(struct cli *cli, uint64_t id)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    if (tcpc_status(cli->client, id, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "show %" PRIu64, id);
    const struct tcpc_status *status = &response->u.status;
    if (cli->is_json) {
        print_json(status);
    } else {
        print_head(status);
        if (!status->is_listener) {
            print_directions(status);
            print_variables(status);
            print_control(status);
        }
        if (status->time_wait)
            print_time_wait(status->time_wait);
    }
    tcpc_response_free(response);
    return EXIT_DONE;
}

int cmd_show(struct cli *cli, int argc, char **argv)
{
    return one_id_run(cli, argc, argv, do_show);
}

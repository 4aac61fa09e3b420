/* Theory of operation: the daemon's life has four phases.
 *
 *   start   TAP, engine, control socket, HTTP: the first failure ends the daemon with status 1;
 *           then it gives up all privileges (util/sandbox)
 *   run     READY=1 once the TAP's link is up as well; then only callbacks
 *   drain   after SIGTERM or SIGINT: no new links or connections, CLOSE on all existing ones; when
 *           shutdown_timeout is nearly over, or at a second signal, ABORT on the rest; ends when
 *           only TIME_WAIT is left
 *   finish  a last flush, all handles closed; the loop then ends by itself */
#include "service.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <uv.h>

#include "channel/channel_server.h"
#include "config/config_custom.h"
#include "describe.h"
#include "drain.h"
#include "fault/fault_layer.h"
#include "link/addresses.h"
#include "link/memory.h"
#include "link/pump.h"
#include "link/region.h"
#include "link/tap.h"
#include "link/tap_device.h"
#include "page/page.h"
#include "rpc/event_log.h"
#include "rpc/rpc.h"
#include "rpc/rpc_stats.h"
#include "socket/socket_server.h"
#include "sp/sp_peer.h"
#include "sp/sp_socket.h"
#include "tracing.h"
#include "util/clock.h"
#include "util/deadline.h"
#include "util/descriptors.h"
#include "util/log_uid.h"
#include "util/loopback.h"
#include "util/marks.h"
#include "util/priority.h"
#include "util/sandbox.h"
#include "util/spare.h"
#include "util/text.h"
#include "util/version.h"
#include "watch/http.h"
#include "watch/latency.h"
#include "watch/notify.h"
#include "watch/pages.h"
#include "watch/pressure.h"

#define DRAIN_CHECK_MS 10
#define SECOND_MS 1000
/* More than any drain uses. */
#define DRAIN_IDS_MAX 4096
#define DRAIN_EVENTS_PER_CONNECTION 16
/* Flushes of the last output; each is bounded. */
#define FINISH_FLUSHES_MAX 65536
/* An engine timer this late means that the loop is stuck. */
#define LATENESS_MAX_US INT64_C(2000000)
/* Checking every invariant takes time in proportion to the connections. */
#define INVARIANTS_CONNECTIONS_MAX 256

enum { SIGNAL_TERM, SIGNAL_INT, SIGNAL_HUP, SIGNAL_COUNT };

struct service {
    const struct service_options *options;
    const struct config *config;
    uv_loop_t loop;
    struct memory memory;
    struct marks marks;
    struct region_memory regions;
    struct pressure pressure;
    struct latency latency;
    struct te_tallies tallies;
    struct listener_rows listener_rows;
    struct description description;
    struct rpc_options rpc_options; /* the limits as the machine allows them */
    struct rpc_stats rpc_stats;
    struct pages pages;
    struct tap *tap;
    struct fault_layer *faults; /* NULL: not allowed */
    struct pump *pump;
    struct event_log *events;
    struct tracing tracing;
    struct rpc *rpc;
    struct channel_server *channels; /* NULL: there are none */
    struct socket_server *sockets;   /* the same */
    struct page *page;               /* NULL: http_page is off */
    struct http *http;
    struct notify *notify;
    struct addresses addresses;
    uv_signal_t signals[SIGNAL_COUNT];
    struct drain drain;
    uv_timer_t drain_timer;
    uv_idle_t drain_steps;   /* active while there is a next step */
    uv_timer_t second_timer; /* what is due once per second */
    uv_pipe_t first_stream;
    bool is_draining;
    /* It is about to end. Requests that still wait outlive it: the next run answers them. */
    bool is_ending;
    uint64_t drain_until_ms; /* of the loop's clock */
    uint64_t drain_seen_ms;  /* when on_drain() ran last */
    uint64_t events_lost;    /* the engine's count that the event log knows about */
    int64_t started_at_unix_us;
};

/* --- callbacks of the parts ------------------------------------------------------------------- */

static void on_engine_event(void *ctx, const struct te_event *event)
{
    struct service *service = ctx;
    struct te_stack *stack = pump_stack(service->pump);
    uint64_t lost = te_stack_counters(stack)->events_lost;
    if (lost != service->events_lost) {
        event_log_skip(service->events, lost - service->events_lost);
        service->events_lost = lost;
    }
    latency_on_event(&service->latency, event, stack);
    addresses_on_event(&service->addresses, stack, event);
    event_log_push(service->events, event);
    page_on_event(service->page, event);
    if (fault_layer_is_active(service->faults))
        fault_layer_on_event(service->faults, event);
    if (service->rpc != NULL && !service->is_ending)
        rpc_on_engine_event(service->rpc, event);
    channel_server_on_event(service->channels, event);
    socket_server_on_event(service->sockets, event);
}

static void on_fault(void *ctx, const struct fault_note *note)
{
    struct service *service = ctx;
    event_log_push_fault(service->events, note);
    if (service->rpc != NULL && !service->is_ending)
        rpc_on_fault(service->rpc, note);
}

static struct marks_numbers numbers_next(const struct service *service)
{
    return (struct marks_numbers){.id = te_stack_next_id(pump_stack(service->pump)),
                                  .event = event_log_last_seq(service->events) + 1};
}

/* Before an answer or a page leaves. */
static void on_before_output(void *ctx)
{
    struct service *service = ctx;
    marks_cover(&service->marks, numbers_next(service));
}

static void on_before_end(void *ctx, uint64_t id, bool is_close)
{
    struct service *service = ctx;
    channel_server_before_end(service->channels, id, is_close);
}

static enum te_err on_send_lent(void *ctx, uint64_t id, const uint8_t *data, size_t len,
                                size_t *ret_accepted)
{
    struct service *service = ctx;
    return channel_server_send(service->channels, id, data, len, ret_accepted);
}

static const char *on_socket_name(void *ctx, uint64_t id)
{
    const struct service *service = ctx;
    return socket_server_name(service->sockets, id);
}

static void on_flushed(void *ctx)
{
    struct service *service = ctx;
    pressure_note(&service->pressure, pump_stack(service->pump));
    channel_server_look(service->channels);
}

static void on_spin(void *ctx)
{
    struct service *service = ctx;
    if (channel_server_look(service->channels))
        turns_run(rpc_turns(service->rpc));
}

static void on_rest(void *ctx)
{
    struct service *service = ctx;
    channel_server_on_rest(service->channels);
}

static void on_describe(void *ctx, struct daemon_info *ret_info)
{
    struct service *service = ctx;
    description_fill(&service->description, ret_info);
    ret_info->tap = tap_name(service->tap);
    ret_info->tap_up = tap_get_state(service->tap) == TAP_UP;
    ret_info->offloads = *tap_offloads(service->tap);
    ret_info->kernel_dropped = tap_kernel_dropped(service->tap);
    if (service->http != NULL)
        ret_info->http = http_address(service->http);
}

static void on_tap_state(void *ctx, enum tap_state state)
{
    struct service *service = ctx;
    if (service->notify == NULL)
        return;
    if (state == TAP_UP)
        notify_ready(service->notify);
    notify_status(service->notify);
}

static void fill_addresses(const struct te_stack *stack, struct metrics_input *ret_input)
{
    struct te_address_info info;
    for (unsigned i = 0; te_stack_address(stack, i, &info); i++)
        ret_input->addresses[info.state]++;
}

static void on_fill(void *ctx, struct metrics_input *ret_input)
{
    struct service *service = ctx;
    on_before_output(service);
    rpc_fill_stats(service->rpc, &service->rpc_stats);
    rpc_programs_find(service->rpc, &ret_input->programs);
    ret_input->version = TCPENGINE_VERSION;
    ret_input->engine = &service->config->engine;
    ret_input->rpc_options = &service->rpc_options;
    ret_input->counters = te_stack_counters(pump_stack(service->pump));
    te_totals(pump_stack(service->pump), &ret_input->totals);
    fill_addresses(pump_stack(service->pump), ret_input);
    ret_input->latency = &service->latency;
    te_tally(pump_stack(service->pump), pump_now_us(service->pump), &service->tallies);
    ret_input->tallies = &service->tallies;
    listener_rows_update(&service->listener_rows, pump_stack(service->pump));
    ret_input->listeners = &service->listener_rows;
    te_memory(pump_stack(service->pump), &ret_input->memory);
    ret_input->tap = tap_get_stats(service->tap);
    ret_input->tap_kernel_dropped = tap_kernel_dropped(service->tap);
    ret_input->tap_name = tap_name(service->tap);
    ret_input->is_tap_up = tap_get_state(service->tap) == TAP_UP;
    ret_input->pump = pump_get_stats(service->pump);
    ret_input->rpc = &service->rpc_stats;
    ret_input->streams = service->http != NULL ? http_stream_count(service->http) : 0;
    ret_input->streams_max = HTTP_STREAMS_MAX;
    ret_input->started_at_unix_us = service->started_at_unix_us;
    process_stats_read(&ret_input->process);
}

static const char *on_health(void *ctx)
{
    struct service *service = ctx;
    switch (tap_get_state(service->tap)) {
    case TAP_UP:
        if (service->is_draining)
            return "shutting down";
        return addresses_trouble(&service->addresses, pump_stack(service->pump));
    case TAP_DOWN:
        return "the link of the TAP is down";
    case TAP_NO_CARRIER:
        return "the link of the TAP has no carrier";
    default:
        return "the TAP device is gone";
    }
}

static const char *on_degradation(void *ctx)
{
    struct service *service = ctx;
    if (te_memory_level(pump_stack(service->pump)) != TE_MEMORY_PLENTY)
        return "memory";
    return addresses_degradation(&service->addresses, pump_stack(service->pump));
}

/* Flushes first: if the whole process was stopped, the pump's timer may only be due after this one.
 */
static const char *on_self_check(void *ctx)
{
    struct service *service = ctx;
    struct te_totals totals;
    uint64_t id = 0;
    pump_flush(service->pump);
    if (pump_lateness_us(service->pump) > LATENESS_MAX_US)
        return "the engine's timers are late";
    te_totals(pump_stack(service->pump), &totals);
    if (totals.connections + totals.time_wait > INVARIANTS_CONNECTIONS_MAX)
        return NULL;
    return te_stack_check_invariants(pump_stack(service->pump), &id);
}

static void on_notify_status(void *ctx, char *ret_text)
{
    struct service *service = ctx;
    struct te_totals totals;
    te_totals(pump_stack(service->pump), &totals);
    snprintf(ret_text, NOTIFY_STATUS_MAX,
             "%" PRIu32 " connections, %" PRIu32 " listeners, %" PRIu32 " in TIME_WAIT; TAP %s: %s",
             totals.connections, totals.listeners, totals.time_wait, tap_name(service->tap),
             tap_state_text(service->tap));
    text_make_printable(ret_text, strlen(ret_text));
}

/* --- drain and finish ------------------------------------------------------------------------- */

static void handles_close(struct service *service)
{
    for (unsigned i = 0; i < SIGNAL_COUNT; i++)
        uv_close((uv_handle_t *)&service->signals[i], NULL);
    uv_close((uv_handle_t *)&service->drain_timer, NULL);
    uv_close((uv_handle_t *)&service->drain_steps, NULL);
    uv_close((uv_handle_t *)&service->second_timer, NULL);
}

/* In order of dependence; parts that were never made are NULL. */
static void parts_free(struct service *service)
{
    notify_free(service->notify);
    http_free(service->http);
    page_free(service->page);
    service->page = service->tracing.page = NULL;
    channel_server_free(service->channels);
    service->channels = NULL;
    socket_server_free(service->sockets);
    service->sockets = NULL;
    rpc_free(service->rpc);
    service->rpc = NULL;
    tracing_detach(&service->tracing);
    pump_free(service->pump);
    fault_layer_free(service->faults);
    service->faults = NULL;
    tap_free(service->tap);
    tap_device_unreserve();
}

static void finish(struct service *service)
{
    for (unsigned i = 0; i < FINISH_FLUSHES_MAX && pump_flush(service->pump); i++)
        ;
    marks_close(&service->marks, numbers_next(service));
    parts_free(service);
    handles_close(service);
}

/* In each turn of the loop; the pump flushes before the loop looks for frames and timers. */
static void on_drain_step(uv_idle_t *idle)
{
    struct service *service = idle->data;
    struct pump *pump = service->pump;
    if (!drain_step(&service->drain, pump_stack(pump), pump_now_us(pump)))
        uv_idle_stop(idle);
    if (service->drain.phase == DRAIN_OVER)
        finish(service);
    else
        pump_wake(pump);
}

static void begin_resets(struct service *service)
{
    if (service->drain.phase >= DRAIN_RESETS)
        return;
    uint32_t remaining = drain_remaining(pump_stack(service->pump));
    if (remaining > 0)
        log_write(LOG_LEVEL_NOTICE,
                  "resetting %" PRIu32 " connections that have not closed in time", remaining);
    service->is_ending = true;
    drain_begin_resets(&service->drain);
    uv_timer_stop(&service->drain_timer);
    uv_idle_start(&service->drain_steps, on_drain_step);
}

static void on_drain(uv_timer_t *timer)
{
    struct service *service = timer->data;
    uint64_t now_ms = uv_now(&service->loop), lost_ms = now_ms - service->drain_seen_ms;
    if (lost_ms >= DEADLINE_LATE_MIN_MS) /* we did not run: answers may wait to be read */
        service->drain_until_ms += lost_ms;
    service->drain_seen_ms = now_ms;
    uint32_t remaining = drain_remaining(pump_stack(service->pump));
    int64_t resets_us = drain_resets_us(remaining, service->config->shutdown_timeout_us);
    if (remaining == 0 && service->drain.phase == DRAIN_WAIT)
        finish(service);
    else if (now_ms + (uint64_t)(resets_us / TE_MS) >= service->drain_until_ms)
        begin_resets(service);
}

/* A successor may start as soon as the control socket is free, while connections are still closing
 * here: it must find the marks beyond all that is yet to come. */
static void cover_drain(struct service *service)
{
    struct marks_numbers next = numbers_next(service);
    struct te_totals totals;
    te_totals(pump_stack(service->pump), &totals);
    next.id += DRAIN_IDS_MAX;
    next.event += DRAIN_EVENTS_PER_CONNECTION * (UINT64_C(1) + totals.connections) + DRAIN_IDS_MAX;
    marks_cover(&service->marks, next);
}

static void drain(struct service *service)
{
    int64_t timeout_us = service->config->shutdown_timeout_us;
    service->is_draining = true;
    service->is_ending = drain_remaining(pump_stack(service->pump)) == 0;
    notify_stopping(service->notify);
    cover_drain(service);
    rpc_stop(service->rpc);
    channel_server_stop(service->channels);
    socket_server_stop(service->sockets);
    drain_init(&service->drain);
    uv_idle_start(&service->drain_steps, on_drain_step);
    service->drain_seen_ms = uv_now(&service->loop);
    service->drain_until_ms = service->drain_seen_ms + (uint64_t)(timeout_us + TE_MS - 1) / TE_MS;
    uv_timer_start(&service->drain_timer, on_drain, 0, DRAIN_CHECK_MS);
}

static void on_reload(struct service *service)
{
    struct config config;
    spare_lend();
    bool is_right = service->options->reload(service->options->ctx, &config);
    spare_return();
    if (!is_right) {
        log_write(LOG_LEVEL_ERROR, "the configuration has mistakes; nothing was reloaded");
        return;
    }
    log_set_level(config.log_level);
    log_write(LOG_LEVEL_NOTICE, "log level is now %s; other settings need a restart",
              log_level_name((int)config.log_level));
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct service *service = handle->data;
    if (number == SIGHUP) {
        on_reload(service);
    } else if (!service->is_draining) {
        log_write(LOG_LEVEL_NOTICE, "SIG%s: closing all connections", sigabbrev_np(number));
        drain(service);
    } else {
        log_write(LOG_LEVEL_NOTICE, "SIG%s again: exiting at once", sigabbrev_np(number));
        begin_resets(service);
    }
}

/* --- start ------------------------------------------------------------------------------------ */

static void on_second(uv_timer_t *timer)
{
    (void)timer;
    log_uid_tell();
}

static void handles_start(struct service *service)
{
    static const int numbers[SIGNAL_COUNT] = {
        [SIGNAL_TERM] = SIGTERM, [SIGNAL_INT] = SIGINT, [SIGNAL_HUP] = SIGHUP};
    for (unsigned i = 0; i < SIGNAL_COUNT; i++) {
        uv_signal_init(&service->loop, &service->signals[i]);
        service->signals[i].data = service;
        uv_signal_start(&service->signals[i], on_signal, numbers[i]);
    }
    /* With a loop's first stream libuv opens a file, which it could not do later. */
    uv_pipe_init(&service->loop, &service->first_stream, 0);
    uv_close((uv_handle_t *)&service->first_stream, NULL);
    uv_timer_init(&service->loop, &service->drain_timer);
    uv_idle_init(&service->loop, &service->drain_steps);
    uv_timer_init(&service->loop, &service->second_timer);
    service->drain_timer.data = service->drain_steps.data = service;
    uv_timer_start(&service->second_timer, on_second, SECOND_MS, SECOND_MS);
}

static bool start_tap(struct service *service)
{
    const struct config *config = service->config;
    char message[TAP_MESSAGE_MAX];
    struct tap_options options = {.mtu_bytes = config->engine.mtu_bytes,
                                  .queue_len = config->tap_queue_len,
                                  .offloads =
                                      offload_wanted(config->engine.checksum_offload,
                                                     config->engine.gso, config->large_receive)};
    memcpy(options.name, config->tap, sizeof(options.name));
    memcpy(options.mac, config->engine.mac, sizeof(options.mac));
    service->tap = tap_new(&service->loop, &options, message);
    if (service->tap == NULL) {
        log_write(LOG_LEVEL_ERROR, "%s", message);
        return false;
    }
    tap_set_state_handler(service->tap, on_tap_state, service);
    tap_device_reserve();
    return true;
}

/* The group existed when the configuration was read; it may be gone by now. */
static bool group_find(const char *name, gid_t *ret_gid)
{
    *ret_gid = SP_PEER_NO_GROUP;
    if (name[0] == '\0' || sp_group_find(name, ret_gid))
        return true;
    log_write(LOG_LEVEL_ERROR, "there is no group %s", name);
    return false;
}

static const char *control_path(const struct service *service)
{
    return service->config->control + strlen(CONFIG_LINK_PREFIX);
}

static int64_t machine_uptime_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * TE_SECOND + now.tv_nsec / TE_NS_PER_US;
}

/* Where the numbers of this run start. */
static bool start_marks(struct service *service)
{
    gid_t gid;
    if (!group_find(service->config->control_group, &gid))
        return false;
    sp_socket_make_directory(control_path(service), gid);
    marks_open(&service->marks, control_path(service), getenv("STATE_DIRECTORY"),
               machine_uptime_us());
    return true;
}

static bool on_vacate_send(void *ctx, uint64_t conn_id)
{
    struct service *service = ctx;
    return channel_server_vacate_send(service->channels, conn_id);
}

static void give_memory(struct service *service, struct te_config *engine)
{
    uint64_t max_bytes = service->config->memory_max_bytes;
    memory_init(&service->memory, max_bytes);
    region_init(&service->regions, max_bytes);
    service->regions.vacate_send = on_vacate_send;
    service->regions.ctx = service;
    engine->allocator = memory_allocator(&service->memory);
    engine->buffer_memory = region_buffers(&service->regions);
    engine->memory_max_bytes = max_bytes;
}

static bool start_faults(struct service *service)
{
    const struct config *config = service->config;
    struct fault_layer_options options = {.faults_max = config->faults_max,
                                          .per_uid_max = config->faults_per_uid_max,
                                          .held_max = config->faults_held_max_bytes,
                                          .on_note = on_fault,
                                          .ctx = service};
    if (!config->allow_faults)
        return true;
    memcpy(options.mac, config->engine.mac, sizeof(options.mac));
    if (getrandom(&options.seed, sizeof(options.seed), 0) != (ssize_t)sizeof(options.seed)) {
        log_write(LOG_LEVEL_ERROR, "cannot get random numbers: %s", strerror(errno));
        return false;
    }
    service->faults = fault_layer_new(&options);
    if (service->faults == NULL) {
        log_write(LOG_LEVEL_ERROR, "no memory for faults; set allow_faults = no");
        return false;
    }
    log_write(LOG_LEVEL_NOTICE, "allow_faults is set: users may break their own connections");
    return true;
}

static bool start_engine(struct service *service)
{
    struct te_config engine = service->config->engine;
    struct pump_options options = {.engine = &engine,
                                   .on_event = on_engine_event,
                                   .on_flushed = on_flushed,
                                   .on_rest = on_rest,
                                   .busy_poll_us = service->config->busy_poll_us,
                                   .short_poll_us = service->config->short_poll_us,
                                   .on_spin = on_spin,
                                   .faults = service->faults,
                                   .ctx = service};
    const char *error;
    give_memory(service, &engine);
    engine.checksum_offload = offload_has(tap_offloads(service->tap), OFFLOAD_SEND_CHECKSUM);
    engine.gso = offload_has(tap_offloads(service->tap), OFFLOAD_SEND_GSO);
    engine.first_id = service->marks.start.id;
    if (getrandom(engine.secret, sizeof(engine.secret), 0) != (ssize_t)sizeof(engine.secret)) {
        log_write(LOG_LEVEL_ERROR, "cannot get random numbers: %s", strerror(errno));
        return false;
    }
    service->events = event_log_new(service->config->event_log_max);
    if (service->events == NULL) {
        log_write(LOG_LEVEL_ERROR, "no memory for %" PRIu32 " events; lower event_log_max",
                  service->config->event_log_max);
        return false;
    }
    event_log_start_at(service->events, service->marks.start.event);
    service->pump = pump_new(&service->loop, service->tap, &options, &error);
    if (service->pump == NULL)
        log_write(LOG_LEVEL_ERROR, "cannot start the engine: %s", error);
    if (service->pump == NULL)
        return false;
    te_note_events(pump_stack(service->pump), true);
    return tracing_init(&service->tracing, service->pump, tap_name(service->tap), engine.mac);
}

/* What is left beside the links decides how many there can be: rpc->channels_max afterwards. */
static bool start_channels(struct service *service, struct rpc_options *rpc)
{
    struct channel_server_options options = {.control_path = rpc->control.path,
                                             .control_gid = rpc->control.control_gid,
                                             .admin_gid = rpc->control.admin_gid,
                                             .per_uid_max = rpc->channels_per_uid_max,
                                             .max = rpc->channels_max};
    unsigned of_links =
        rpc->control.links_max + rpc->control.links_reserve + rpc->control.refused_max;
    descriptors_plan_channels(of_links, CHANNEL_DESCRIPTORS, &options.max);
    rpc->channels_max = options.max;
    if (options.max == 0)
        return true;
    service->channels = channel_server_new(&service->loop, service->rpc, &options);
    return service->channels != NULL;
}

static bool start_sockets(struct service *service, struct rpc_options *rpc)
{
    struct socket_server_options options = {.control_path = rpc->control.path,
                                            .control_gid = rpc->control.control_gid,
                                            .admin_gid = rpc->control.admin_gid,
                                            .engine = &service->config->engine,
                                            .per_uid_max = rpc->sockets_per_uid_max,
                                            .max = rpc->sockets_max,
                                            .links_max = SOCKET_LINKS_MAX};
    unsigned others = rpc->control.links_max + rpc->control.links_reserve +
                      rpc->control.refused_max + CHANNEL_DESCRIPTORS * rpc->channels_max;
    if (options.max > 0)
        descriptors_plan_sockets(others, &options.max, &options.links_max);
    rpc->sockets_max = options.max;
    if (options.max == 0)
        return true;
    options.per_uid_max =
        descriptors_part_of_one(rpc->sockets_per_uid_max, rpc->sockets_max, options.max);
    service->sockets = socket_server_new(&service->loop, service->rpc, &options);
    return service->sockets != NULL;
}

static bool start_rpc(struct service *service)
{
    const struct config *config = service->config;
    struct rpc_options *options = &service->rpc_options;
    struct rpc_host host = {.loop = &service->loop,
                            .pump = service->pump,
                            .events = service->events,
                            .captures = service->tracing.captures,
                            .faults = service->faults,
                            .describe = on_describe,
                            .before_answer = on_before_output,
                            .before_end = on_before_end,
                            .send_lent = on_send_lent,
                            .socket_name = on_socket_name,
                            .first_id = service->marks.start.id,
                            .ctx = service};
    *options = config->rpc;
    options->control.path = control_path(service);
    descriptors_plan(options->control.links_reserve, &options->control.links_max,
                     &options->control.refused_max);
    if (!group_find(config->control_group, &options->control.control_gid) ||
        !group_find(config->admin_group, &options->control.admin_gid))
        return false;
    if (rpc_new(options, &host, &service->rpc) != 0)
        return false;
    service->tracing.rpc = service->rpc;
    return start_channels(service, options) && start_sockets(service, options);
}

static void on_watched(void *ctx, bool is_on)
{
    struct service *service = ctx;
    tracing_set_watched(&service->tracing, is_on);
}

static bool start_page(struct service *service)
{
    struct page_options options = {.loop = &service->loop,
                                   .pump = service->pump,
                                   .rpc = service->rpc,
                                   .engine = &service->config->engine,
                                   .set_tracing = on_watched,
                                   .ctx = service};
    if (!service->config->http_page)
        return true;
    service->page = service->tracing.page = page_new(&options);
    if (service->page == NULL)
        log_write(LOG_LEVEL_ERROR, "no memory for the live page; set http_page = no");
    return service->page != NULL;
}

static bool start_http(struct service *service)
{
    char message[HTTP_MESSAGE_MAX];
    service->pages = (struct pages){
        .fill = on_fill, .health = on_health, .degradation = on_degradation, .ctx = service};
    struct http_options options = {.address = service->config->http,
                                   .page = pages_serve,
                                   .ctx = &service->pages,
                                   .checks_host = true,
                                   .turns = rpc_turns(service->rpc)};
    if (!service->config->http_enabled)
        return true;
    if (!start_page(service))
        return false;
    options.live = service->page != NULL ? page_answer : NULL;
    options.live_ctx = service->page;
    service->http = http_new(&service->loop, &options, message);
    if (service->page != NULL)
        page_set_http(service->page, service->http);
    if (service->http == NULL)
        log_write(LOG_LEVEL_ERROR, "%s", message);
    else if (!loopback_contains(&options.address.addr))
        log_write(LOG_LEVEL_WARNING,
                  "http: %s is beyond loopback: anyone who reaches it can read all of it",
                  http_address(service->http));
    return service->http != NULL;
}

static bool start_notify(struct service *service)
{
    struct notify_options options = {.is_watchdog = service->config->watchdog,
                                     .check = on_self_check,
                                     .status = on_notify_status,
                                     .ctx = service};
    service->notify = notify_new(&service->loop, &options);
    if (service->notify == NULL)
        log_write(LOG_LEVEL_ERROR, "no memory");
    return service->notify != NULL;
}

static void tell_started(struct service *service)
{
    const struct config *config = service->config;
    char addresses[CONFIG_VALUE_MAX];
    config_format_address(config, addresses);
    log_write(LOG_LEVEL_NOTICE, "tcpengined %s: %s on TAP %s (%s), control %s, http %s",
              TCPENGINE_VERSION, addresses[0] != '\0' ? addresses : "no address", config->tap,
              tap_state_text(service->tap), config->control,
              service->http != NULL ? http_address(service->http) : "off");
    if (config->engine.address_count == 0)
        log_write(LOG_LEVEL_WARNING,
                  "no address is configured, so no connection is possible; give one with, for "
                  "example, --address 10.0.0.2/24");
}

static bool start(struct service *service)
{
    description_init(&service->description, service->config);
    if (!spare_init())
        log_write(LOG_LEVEL_WARNING, "no descriptor is left to keep in reserve");
    handles_start(service);
    if (!start_tap(service) || !start_marks(service) || !start_faults(service) ||
        !start_engine(service) || !start_rpc(service) || !start_http(service) ||
        !start_notify(service))
        return false;
    priority_set(service->config->priority);
    if (service->config->sandbox && !sandbox_enter())
        return false;
    tell_started(service);
    if (tap_get_state(service->tap) == TAP_UP)
        notify_ready(service->notify);
    return true;
}

int service_run(const struct service_options *options)
{
    struct service *service = calloc(1, sizeof(*service));
    if (service == NULL || uv_loop_init(&service->loop) < 0) {
        log_write(LOG_LEVEL_ERROR, "no memory or descriptors for the loop");
        free(service);
        return SERVICE_EXIT_FAILED;
    }
    service->options = options;
    service->config = options->config;
    service->started_at_unix_us = clock_unix_us();
    bool is_started = start(service);
    if (!is_started) {
        parts_free(service);
        handles_close(service);
    }
    uv_run(&service->loop, UV_RUN_DEFAULT);
    uv_loop_close(&service->loop);
    spare_done();
    tracing_done(&service->tracing);
    event_log_free(service->events);
    region_done(&service->regions);
    free(service);
    return is_started ? SERVICE_EXIT_OK : SERVICE_EXIT_FAILED;
}

/* tcpctl as a program, against a fake daemon: what it prints, and how it exits. */
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tcpengine/status_list.h>
#include <unistd.h>

#include "fake_daemon.h"
#include "support/test.h"

enum { OUTPUT_MAX = 1 << 16, ARGUMENTS_MAX = 16 };

struct world {
    struct fake_daemon daemon;
    char out[OUTPUT_MAX], err[OUTPUT_MAX];
    int status;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    fake_daemon_start(&world->daemon);
    setenv("TCPENGINE_CONTROL", fake_server_url(world->daemon.server), 1);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    fake_daemon_stop(&world->daemon);
    free(world);
    return 0;
}

/* --- running ---------------------------------------------------------------------------------- */

struct child {
    pid_t pid;
    int in, out, err;
};

/* Runs tcpctl with the words of line, which spaces separate. */
static struct child start(const char *line)
{
    char words[512];
    char *arguments[ARGUMENTS_MAX] = {(char *)"tcpctl"};
    int in[2], out[2], err[2];
    snprintf(words, sizeof(words), "%s", line);
    int count = 1;
    for (char *word = strtok(words, " "); word && count < ARGUMENTS_MAX - 1;
         word = strtok(NULL, " "))
        arguments[count++] = word;
    assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        execv(TCPCTL_PATH, arguments);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    return (struct child){pid, in[1], out[0], err[0]};
}

/* Reads both outputs until they end. */
static void collect(struct world *world, struct child *child)
{
    struct pollfd fds[2] = {{child->out, POLLIN, 0}, {child->err, POLLIN, 0}};
    char *buffers[2] = {world->out, world->err};
    size_t lens[2] = {0, 0};
    int open_count = 2;
    while (open_count && poll(fds, 2, 20000) > 0) {
        for (int i = 0; i < 2; i++) {
            if (!fds[i].revents)
                continue;
            ssize_t got = read(fds[i].fd, buffers[i] + lens[i], OUTPUT_MAX - 1 - lens[i]);
            if (got > 0) {
                lens[i] += (size_t)got;
            } else {
                fds[i].fd = -1;
                open_count--;
            }
        }
    }
    world->out[lens[0]] = world->err[lens[1]] = '\0';
}

static void finish(struct world *world, struct child *child)
{
    if (child->in >= 0)
        close(child->in);
    collect(world, child);
    close(child->out);
    close(child->err);
    assert_int_equal(waitpid(child->pid, &world->status, 0), child->pid);
}

static int run_with_input(struct world *world, const char *line, const char *input)
{
    struct child child = start(line);
    assert_int_equal(write(child.in, input, strlen(input)), strlen(input));
    finish(world, &child);
    return WIFEXITED(world->status) ? WEXITSTATUS(world->status) : 1000;
}

static int run(struct world *world, const char *line)
{
    return run_with_input(world, line, "");
}

static json_t *json_of(struct world *world, const char *line)
{
    assert_int_equal(run(world, line), 0);
    json_t *value = json_loads(world->out, 0, NULL);
    if (!value)
        fail_msg("%s: no JSON: %s", line, world->out);
    return value;
}

/* Every key of the list is there. */
static void assert_keys(const json_t *object, const char *keys)
{
    char words[1024];
    snprintf(words, sizeof(words), "%s", keys);
    for (char *key = strtok(words, " "); key; key = strtok(NULL, " ")) {
        if (!json_object_get(object, key))
            fail_msg("no key %s", key);
    }
}

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* --- usage ------------------------------------------------------------------------------------ */

static void usage_errors_exit_2(void **state)
{
    static const char *const lines[] = {
        "dance",
        "--nonsense ls",
        "ls --nonsense",
        "ls sport",
        "show",
        "show x",
        "show 1 x",
        "accept 1 2",
        "connect 10.0.0.1",
        "connect 10.0.0.1 20-30",
        "connect -z 10.0.0.1 30-20",
        "open [2001:db8::1]",
        "listen 2001:db8::1:80",
        "open 10.0.0.1",
        "open 10.0.0.1 0",
        "listen 0",
        "status now",
        "--timeout -1 ls",
        "accept 1 --wait soon",
        "set 1 nagle maybe",
        "set 1 nagle",
        "set --list 1",
        "open 10.0.0.1 80 -s x",
        "--control",
        "listen 80 --backlog 0",
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (run(world, lines[i]) != 2)
            fail_msg("%s: %d", lines[i], world->status);
        assert_string_equal(world->out, "");
        assert_memory_equal(world->err, "tcpctl: ", 8);
        assert_ptr_equal(strchr(world->err, '\n'), world->err + strlen(world->err) - 1);
    }
}

static void help_and_version_exit_0(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--help"), 0);
    assert_non_null(strstr(world->out, "history"));
    assert_int_equal(run(world, "connect --help"), 0);
    assert_non_null(strstr(world->out, "half-close"));
    assert_int_equal(run(world, "-h"), 0);
    assert_int_equal(run(world, ""), 0); /* alone: the overview */
    assert_non_null(strstr(world->out, "history"));
    assert_string_equal(world->err, "");
    assert_int_equal(run(world, "--version"), 0);
    assert_memory_equal(world->out, "tcpctl 0.", 9);
}

static void unreachable_daemon_exits_3(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--control ipc:///tmp/no/such.sock ls"), 3);
    assert_string_equal(world->err, "tcpctl: ls: no daemon at ipc:///tmp/no/such.sock (ENOENT); "
                                    "is tcpengined running?\n");
    assert_int_equal(run(world, "connect 10.0.0.1 80 --control ipc:///tmp/no/such.sock"), 3);
}

static void a_wrong_url_exits_2(void **state)
{
    static const char *const urls[] = {"foo", "http://127.0.0.1/", "/run/x.sock",
                                       "tcp://127.0.0.1"};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        char line[64];
        snprintf(line, sizeof(line), "--control %s ls", urls[i]);
        assert_int_equal(run(world, line), 2);
        assert_non_null(strstr(world->err, "is not a usable control URL"));
    }
    assert_int_equal(run(world, "--control tcp://127.0.0.1:1 ls"), 3);
    assert_string_equal(world->err, "tcpctl: ls: no daemon at tcp://127.0.0.1:1 (ECONNREFUSED); "
                                    "is tcpengined running?\n");
    assert_int_equal(run(world, "--control inproc://x --timeout 0.2 ls"), 3);
}

static void mute_daemon_exits_5(void **state)
{
    struct world *world = *state;
    fake_server_fault(world->daemon.server, FAKE_MUTE, 0);
    assert_int_equal(run(world, "--timeout 0.3 status"), 5);
}

/* --- calls ------------------------------------------------------------------------------------ */

static void open_prints_an_id(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 80"), 0);
    assert_string_equal(world->out, "1\n");
    json_t *object = json_of(world, "--json open 10.0.0.1 80 --wait");
    assert_keys(object, "id state local remote");
    assert_string_equal(text_at(object, "state"), "ESTABLISHED");
    assert_string_equal(text_at(object, "remote"), "10.0.0.1:80");
    json_decref(object);
}

static void refused_open_tells_why_and_leaves_nothing(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 9 --wait"), 1);
    assert_string_equal(world->out, "");
    assert_string_equal(world->err, "tcpctl: open 10.0.0.1 port 9: refused: RST from 10.0.0.1 "
                                    "(ECONNREFUSED)\n");
    assert_int_equal(world->daemon.count, 0);
}

static void open_times_out_with_5(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 10 --wait --timeout 0.3"), 5);
    assert_int_equal(world->daemon.count, 0);
    assert_int_equal(run(world, "connect 10.0.0.1 10 -w 0.3"), 5);
    assert_int_equal(world->daemon.count, 0);
}

static void listen_and_accept(void **state)
{
    struct world *world = *state;
    json_t *object = json_of(world, "listen -j 8080");
    assert_keys(object, "id local backlog");
    json_decref(object);
    assert_int_equal(run(world, "accept 1"), 5);
    assert_int_equal(run(world, "accept 1 --wait 0.2"), 5);
    world->daemon.connections[0].waiting = 1;
    object = json_of(world, "accept 1 --wait 5 --json");
    assert_keys(object, "id state local remote");
    json_decref(object);
    assert_int_equal(run(world, "accept 4711"), 1);
}

static void send_and_receive(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    assert_int_equal(run(world, "receive 1"), 5);
    assert_int_equal(run_with_input(world, "send 1", "hello "), 0);
    assert_int_equal(run_with_input(world, "send 1 -", "world"), 0);
    assert_int_equal(run(world, "receive 1 --max 7"), 0);
    assert_string_equal(world->out, "hello w");
    assert_int_equal(run(world, "receive 1"), 0);
    assert_string_equal(world->out, "orld");
    assert_int_equal(run(world, "receive 1 --wait 0.1"), 5);
    assert_int_equal(run_with_input(world, "send 1", "bye"), 0);
    json_t *object = json_of(world, "receive 1 --json");
    assert_string_equal(text_at(object, "data_base64"), "Ynll");
    assert_int_equal(json_integer_value(json_object_get(object, "offset")), 11);
    json_decref(object);
    assert_int_equal(run(world, "shutdown 1"), 0);
    assert_int_equal(run(world, "receive 1"), 0);
    assert_string_equal(world->out, "");
    assert_int_equal(run_with_input(world, "send 1", "x"), 1);
    assert_non_null(strstr(world->err, "(EPIPE)"));
    assert_int_equal(run(world, "send 1 /no/such/file"), 1);
    assert_string_equal(world->err,
                        "tcpctl: open /no/such/file: No such file or directory (ENOENT)\n");
}

static void close_and_abort(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    assert_int_equal(run(world, "close 1"), 0);
    assert_string_equal(world->out, "");
    json_t *object = json_of(world, "close 2 --wait --json");
    assert_string_equal(text_at(object, "state"), "TIME_WAIT");
    json_decref(object);
    assert_int_equal(run(world, "abort 3"), 0);
    assert_int_equal(run(world, "abort 3"), 1);
    assert_int_equal(run(world, "set 3 nagle off"), 0);
    assert_int_equal(run(world, "set 3 colour 1"), 1);
}

/* --- lists ------------------------------------------------------------------------------------ */

static void ls_has_columns_and_keys(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "listen 8080"), 0);
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    assert_int_equal(run(world, "ls"), 0);
    assert_string_equal(
        world->out, "Id State       Recv-Q Send-Q Local Address:Port Peer Address:Port  Uid Timer\n"
                    "1  LISTEN           0      0 10.0.0.2:50000     *:*               1000 -\n"
                    "2  ESTABLISHED      0      0 10.0.0.2:50000     10.0.0.1:80       1000 "
                    "keepalive,1500ms\n");
    assert_int_equal(run(world, "ls -H state established"), 0);
    assert_int_equal(strncmp(world->out, "2  ESTABLISHED", 14), 0);
    json_t *array = json_of(world, "--json ls");
    assert_int_equal(json_array_size(array), 2);
    assert_keys(json_array_get(array, 0), "id state local remote uid send_queue_bytes "
                                          "receive_queue_bytes timer timer_ms owner");
    assert_true(json_is_null(json_object_get(json_array_get(array, 0), "timer")));
    assert_true(json_is_null(json_object_get(json_array_get(array, 0), "timer_ms")));
    json_decref(array);
}

static void ls_takes_the_flags_of_ss(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "listen 8080"), 0);
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    assert_int_equal(run(world, "ls -tnoH"), 0);
    assert_int_equal(strncmp(world->out, "1  LISTEN", 9), 0);
    assert_int_equal(run(world, "ls -ltH"), 0);
    assert_int_equal(strncmp(world->out, "1  LISTEN", 9), 0);
    assert_null(strstr(world->out, "ESTABLISHED"));
    assert_int_equal(run(world, "ls -lH state established"),
                     0); /* as in ss, what is named counts */
    assert_int_equal(strncmp(world->out, "2  ESTABLISHED", 14), 0);
    assert_int_equal(run(world, "ls -aH"), 0);
    assert_non_null(strstr(world->out, "TIME_WAIT"));
    assert_int_equal(run(world, "ls -aH sport = :1"), 0);
    assert_string_equal(world->out, "");
    assert_int_equal(run(world, "ls -lp"), 0);
    assert_string_equal(
        world->out,
        "Id State  Recv-Q Send-Q Local Address:Port Peer Address:Port  Uid Timer Process\n"
        "1  LISTEN      0      0 10.0.0.2:50000     *:*               1000 -     -\n");
    assert_int_equal(run(world, "ls -lie"), 0);
    assert_non_null(strstr(world->out, "Uid Timer Info Session Age\n"));
}

static void ls_has_the_columns_that_are_asked_for(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "listen 8080"), 0);
    assert_int_equal(run(world, "ls -O state,id,rtt,state"), 0);
    assert_string_equal(world->out, "State  Id RTT\nLISTEN 1    -\n");
    assert_int_equal(run(world, "ls -O id --columns program -p"), 0);
    assert_string_equal(world->out, "Id Program Process\n1  -       -\n");
    assert_int_equal(run(world, "ls -O help"), 0);
    assert_non_null(strstr(world->out, "rtt         smoothed round-trip time\n"));
    assert_int_equal(run(world, "ls -O id,speed"), 2);
    assert_non_null(strstr(world->err, "\"speed\" is no column"));
    assert_int_equal(run(world, "ls -O id,"), 2);
    assert_int_equal(run(world, "ls -O id,state,recv-q,send-q,local,peer,uid,timer,process,program,"
                                "pid,session,age,since,idle,rtt,rto"),
                     2); /* one more than a table has */
    assert_non_null(strstr(world->err, "\"rto\""));
}

static void ls_without_a_match_is_empty(void **state)
{
    struct world *world = *state;
    json_t *array = json_of(world, "--json ls sport = :1");
    assert_int_equal(json_array_size(array), 0);
    json_decref(array);
    assert_int_equal(run(world, "ls -H dport = :1"), 0);
    assert_string_equal(world->out, "");
    assert_int_equal(run(world, "ls"), 0);
    assert_string_equal(world->out, "Id State Recv-Q Send-Q Local Address:Port Peer Address:Port "
                                    "Uid Timer\n");
}

static void ls_has_time_wait_when_asked_for(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "listen 8080"), 0);
    assert_int_equal(run(world, "ls -H"), 0);
    assert_null(strstr(world->out, "TIME_WAIT"));
    json_t *array = json_of(world, "--json ls state all");
    assert_int_equal(json_array_size(array), 2);
    assert_string_equal(text_at(json_array_get(array, 1), "state"), "TIME_WAIT");
    assert_string_equal(text_at(json_array_get(array, 1), "remote"), "10.0.0.1:443");
    json_decref(array);
}

static void tw_has_its_keys(void **state)
{
    struct world *world = *state;
    json_t *array = json_of(world, "tw --json");
    assert_keys(json_array_get(array, 0), "id local remote entered_from entered_by remaining_ms "
                                          "duration_ms fin_reacked uid owner");
    assert_string_equal(text_at(json_array_get(array, 0), "entered_from"), "FIN_WAIT_2");
    json_decref(array);
    assert_int_equal(run(world, "tw -H dst 10.0.0.0/8"), 0);
    assert_non_null(strstr(world->out, "FIN_WAIT_2"));
    assert_int_equal(run(world, "tw rtt < 5ms"), 2);
    assert_non_null(strstr(world->err, "tcpctl: tw: rtt is not known in TIME_WAIT, which has "));
    assert_int_equal(run(world, "ls state time-wait idle > 1"), 2);
    assert_int_equal(run(world, "ls -l rtt > 1"), 2);
    assert_int_equal(run(world, "ls -l state established rtt > 1"), 0);
    assert_int_equal(run(world, "top -b -n 1 state time-wait send-q > 1"), 2);
    assert_int_equal(run(world, "fault add \"state time-wait rtt > 1\" drop any"), 2);
    assert_int_equal(run(world, "tw -H dst 11.0.0.0/8"), 0);
    assert_string_equal(world->out, "");
}

static void show_has_its_keys(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    json_t *object = json_of(world, "show --json 1");
    assert_keys(object,
                "id state local remote uid send_queue_bytes receive_queue_bytes timer timer_ms "
                "snd_una snd_nxt snd_wnd rcv_nxt rcv_wnd iss irs mss snd_wscale rcv_wscale "
                "sack_permitted timestamps ecn cwnd_bytes ssthresh_bytes srtt_us rttvar_us rto_us "
                "retransmits bytes_sent bytes_acked bytes_received segments_in segments_out "
                "congestion_control congestion_variables socket");
    assert_string_equal(json_string_value(json_object_get(object, "socket")),
                        "tcpengine/000000000000002a/7/4");
    json_t *variables = json_object_get(object, "congestion_variables");
    assert_string_equal(json_string_value(json_object_get(variables, "hystart")), "css");
    assert_int_equal(json_integer_value(json_object_get(variables, "acked_bytes")), 77);
    assert_int_equal(json_integer_value(json_object_get(object, "snd_una")), 4294967295);
    json_decref(object);
    assert_int_equal(run(world, "show 1"), 0);
    assert_non_null(strstr(world->out, "12.3 ms"));
    assert_non_null(strstr(world->out, "hystart css\n"));
    assert_non_null(strstr(world->out, "acked_bytes 77\n"));
    assert_int_equal(run(world, "set 1 congestion_control bbr"), 0);
    assert_int_equal(run(world, "set 1 congestion_control vegas"), 1);
    assert_int_equal(run(world, "show 99"), 1);
    assert_string_equal(world->err, "tcpctl: show 99: connection does not exist (ENOENT)\n");
}

/* The keys of the list appear in its order, with others between them. */
static void show_has_every_field_of_the_list_as_json(void **state)
{
#define NAME(kind, name, ...) #name,
#define AGE_NAME(name, ...) #name,
    static const char *const names[] = {TE_STATUS_LIST(NAME) TE_STATUS_AGE_LIST(AGE_NAME)};
#undef NAME
#undef AGE_NAME
    struct world *world = *state;
    size_t found = 0;
    const char *key;
    json_t *value;
    world->daemon.is_status_full = true;
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    json_t *object = json_of(world, "show --json 1");
    json_object_foreach(object, key, value)
    {
        if (found < sizeof(names) / sizeof(names[0]) && strcmp(key, names[found]) == 0)
            found++;
    }
    if (found < sizeof(names) / sizeof(names[0]))
        fail_msg("no key %s, or not in its place", names[found]);
    assert_int_equal(json_integer_value(json_object_get(object, "snd_wnd")), 1000001);
    assert_int_equal(json_integer_value(json_object_get(object, "pipe_bytes")), 1024);
    assert_int_equal(json_integer_value(json_object_get(object, "segments_in")), 1000002);
    assert_int_equal(json_integer_value(json_object_get(object, "bytes_sent")), 2048);
    assert_int_equal(json_integer_value(json_object_get(object, "state_age_us")), 5000000);
    assert_true(json_is_true(json_object_get(object, "fin_queued")));
    assert_true(json_is_false(json_object_get(object, "is_listener")));
    assert_string_equal(text_at(object, "recovery"), "fine");
    json_decref(object);
}

struct phrase {
    const char *name, *label, *text;
};

/* The phrase, without its value, is on the line with its label. */
static void assert_phrase(const char *out, const struct phrase *phrase)
{
    char start[32], line[512], text[64];
    snprintf(start, sizeof(start), "\n%-12s ", phrase->label);
    const char *found = strstr(out, start);
    if (!found)
        fail_msg("no line %s for %s", phrase->label, phrase->name);
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(found + 1, "\n"), found + 1);
    const char *value = strchr(phrase->text, '#');
    snprintf(text, sizeof(text), "%.*s", value ? (int)(value - phrase->text) : 63, phrase->text);
    if (!strstr(line, text) || (value && !strstr(line, value + 1)))
        fail_msg("%s: no %s in: %s", phrase->name, phrase->text, line);
}

static void show_has_every_field_of_the_list_as_text(void **state)
{
#define LABEL(line, label) static const char *const label_##line = label;
    TE_STATUS_LINE_LIST(LABEL)
#undef LABEL
#define PHRASE(kind, name, line, phrase, help) {#name, label_##line, phrase},
#define AGE_PHRASE(name, moment_us, line, phrase, help) {#name, label_##line, phrase},
    const struct phrase phrases[] = {TE_STATUS_LIST(PHRASE) TE_STATUS_AGE_LIST(AGE_PHRASE)};
#undef PHRASE
#undef AGE_PHRASE
    struct world *world = *state;
    world->daemon.is_status_full = true;
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    assert_int_equal(run(world, "show 1"), 0);
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (*phrases[i].label && strcmp(phrases[i].name, "is_listener") != 0)
            assert_phrase(world->out, &phrases[i]);
    }
    assert_non_null(strstr(world->out, "\nSend-Q       0 B, buffer 1.0 KiB, then FIN\n"));
    assert_non_null(strstr(world->out, "\nsent again   1000002 segments, 1000001 timeouts"));
    assert_non_null(strstr(world->out, ", 5.0 s old, 5.0 s in this state\n"));
    assert_non_null(strstr(world->out, "\nalgorithm    reno, state fine\n"));
}

/* Lines that say nothing are left out: no marks, nothing in flight, nothing retransmitted. */
static void show_leaves_empty_lines_out(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    assert_int_equal(run(world, "show 1"), 0);
    assert_null(strstr(world->out, "\nECN"));
    assert_null(strstr(world->out, "\nflight"));
    assert_null(strstr(world->out, "\nsent again"));
    assert_non_null(strstr(world->out, "\nSND "));
}

static void history_has_its_keys(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    json_t *array = json_of(world, "--json history 1");
    assert_keys(json_array_get(array, 0), "time_us from to cause segment");
    assert_true(json_is_null(json_object_get(json_array_get(array, 0), "segment")));
    assert_keys(json_object_get(json_array_get(array, 1), "segment"), "flags seq ack len wnd");
    json_decref(array);
    assert_int_equal(run(world, "history 1"), 0);
    assert_non_null(strstr(world->out, "<SEQ=1000><ACK=2001><CTL=SYN,ACK>"));
    assert_int_equal(run(world, "history 99"), 1);
}

static void history_shows_drops_to_people(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    assert_int_equal(run(world, "history 1"), 0);
    const char *below = strstr(world->out, "\n\n");
    assert_non_null(below);
    assert_non_null(strstr(below, "Dropped"));
    assert_non_null(strstr(below, "unacceptable"));
    assert_non_null(strstr(below, "Outside of the receive window"));
    assert_int_equal(run(world, "-H history 1"), 0); /* not to programs */
    assert_null(strstr(world->out, "unacceptable"));
    json_t *array = json_of(world, "--json history 1");
    assert_int_equal(json_array_size(array), 2);
    assert_null(json_object_get(json_array_get(array, 0), "reason"));
    json_decref(array);
}

static void history_drops_has_its_keys(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    json_t *array = json_of(world, "--json history --drops 1");
    const json_t *row = json_array_get(array, 0);
    assert_int_equal(json_array_size(array), 1);
    assert_keys(row, "time_us reason text counter segment id local remote");
    assert_string_equal(text_at(row, "counter"), "tcp_unacceptable");
    assert_keys(json_object_get(row, "segment"), "flags seq ack len wnd");
    assert_int_equal(json_integer_value(json_object_get(row, "id")), 1);
    assert_true(json_is_null(json_object_get(row, "local")));
    json_decref(array);
    assert_int_equal(run(world, "history 1 -d -H"), 0);
    assert_null(strstr(world->out, "ESTABLISHED"));
    assert_non_null(strstr(world->out, "unacceptable"));
}

static void several_ids_are_done_in_turn(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "open 10.0.0.1 80 --wait"), 0);
    assert_int_equal(run(world, "open 10.0.0.1:81 --wait"), 0);
    json_t *array = json_of(world, "--json show 1 2");
    assert_int_equal(json_array_size(array), 2);
    assert_string_equal(text_at(json_array_get(array, 1), "remote"), "10.0.0.1:81");
    json_decref(array);
    array = json_of(world, "--json history 1 2");
    assert_int_equal(json_array_size(array), 2);
    assert_true(json_is_array(json_array_get(array, 0)));
    json_decref(array);
    assert_int_equal(run(world, "show 1 2"), 0);
    assert_non_null(strstr(world->out, "\n\nid           2\n"));
    assert_int_equal(run(world, "--json close 1 99 2"), 1); /* the worst; all are tried */
    array = json_loads(world->out, 0, NULL);
    assert_int_equal(json_array_size(array), 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(array, 0), "id")), 1);
    assert_true(json_is_null(json_array_get(array, 1)));
    assert_int_equal(json_integer_value(json_object_get(json_array_get(array, 2), "id")), 2);
    json_decref(array);
    assert_non_null(strstr(world->err, "tcpctl: close 99: "));
    assert_int_equal(world->daemon.closes, 2);
    assert_int_equal(run(world, "abort 1 x"), 2); /* nothing is done then */
    assert_int_equal(world->daemon.aborts, 0);
}

/* Port 9 of the fake daemon's peers refuses. */
static void scanning_opens_and_closes(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "connect -z 10.0.0.1 80"), 0);
    assert_string_equal(world->out, "");
    assert_string_equal(world->err, "");
    assert_int_equal(world->daemon.closes, 1);
    assert_int_equal(run(world, "connect -z -v 10.0.0.1:http"), 0);
    assert_string_equal(world->err,
                        "tcpctl: connection to 10.0.0.1 port 80 [tcp/http] succeeded\n");
    assert_int_equal(run(world, "connect -z 10.0.0.1 9"), 1);
    assert_non_null(strstr(world->err, "(ECONNREFUSED)"));
    assert_int_equal(run(world, "connect -z -w 2 10.0.0.1 8-9"), 0);
    assert_string_equal(world->err, "");
    assert_int_equal(run(world, "connect -z -v -w 2 10.0.0.1 8-9"), 0);
    assert_non_null(strstr(world->err, "10.0.0.1 port 8 [tcp/*] succeeded\n"));
    assert_non_null(strstr(world->err, "connect 10.0.0.1 port 9: refused"));
    json_t *array = json_of(world, "--json connect -z 10.0.0.1 8-9");
    assert_true(json_is_true(json_object_get(json_array_get(array, 0), "open")));
    assert_true(json_is_false(json_object_get(json_array_get(array, 1), "open")));
    assert_string_equal(text_at(json_array_get(array, 1), "remote"), "10.0.0.1:9");
    json_decref(array);
    assert_int_equal(run(world, "connect -z -4 ::1 80"), 1);
    assert_non_null(strstr(world->err, "not an IPv4 address"));
}

static void history_drops_without_an_id_is_about_all(void **state)
{
    struct world *world = *state;
    json_t *array = json_of(world, "--json history --drops");
    const json_t *row = json_array_get(array, 0);
    assert_string_equal(text_at(row, "local"), "10.0.0.2:80");
    assert_true(json_is_null(json_object_get(row, "id")));
    assert_true(json_is_null(json_object_get(row, "segment")));
    json_decref(array);
    assert_int_equal(run(world, "history --drops"), 0);
    assert_non_null(strstr(world->out, "10.0.0.1:*"));
    assert_int_equal(run(world, "history"), 2);
    assert_int_equal(run(world, "history --drops 1 2"), 2);
    assert_int_equal(run(world, "history --drops 99"), 1);
}

static void stats_and_status(void **state)
{
    struct world *world = *state;
    json_t *object = json_of(world, "stats --json");
    assert_true(json_integer_value(json_object_get(object, "segments_in")) == 9007199254740993);
    json_decref(object);
    assert_int_equal(run(world, "stats"), 0);
    object = json_of(world, "status --json");
    assert_keys(object, "version uptime_us boot_id addresses connections time_wait states");
    assert_int_equal(json_object_size(json_object_get(object, "states")), 11);
    json_decref(object);
    assert_int_equal(run(world, "status"), 0);
    assert_non_null(strstr(world->out, "1 h 2 min"));
}

static void options_are_listed(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "-H set --list"), 0);
    assert_non_null(strstr(world->out, "keepalive_probes   number           How many.\n"));
    json_t *array = json_of(world, "set --list --json");
    assert_int_equal(json_array_size(array), 3);
    assert_keys(json_array_get(array, 0), "name values help");
    assert_int_equal(json_array_size(json_object_get(json_array_get(array, 1), "values")), 0);
    json_t *names = json_object_get(json_array_get(array, 2), "values");
    assert_int_equal(json_array_size(names), 3);
    assert_string_equal(json_string_value(json_array_get(names, 2)), "bbr");
    json_decref(array);
}

/* What bash offers after the words of line, of which the last is still being typed. */
static const char *complete(struct world *world, const char *line)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "bash -c '. \"%s\" && read -ra COMP_WORDS <<<\"%s %s\" && "
             "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && COMP_WORDS[COMP_CWORD]=${COMP_WORDS[-1]#@} "
             "&& _tcpctl && echo \"${COMPREPLY[*]}\"' 2>&1",
             TCPCTL_COMPLETION, TCPCTL_PATH, line);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    size_t len = fread(world->out, 1, OUTPUT_MAX - 1, pipe);
    world->out[len] = '\0';
    pclose(pipe);
    return world->out;
}

static void completion_asks_the_daemon(void **state)
{
    struct world *world = *state;
    assert_string_equal(complete(world, "set 1 @"), "nagle keepalive_probes congestion_control\n");
    assert_string_equal(complete(world, "set 1 keep"), "keepalive_probes\n");
    assert_string_equal(complete(world, "set 1 congestion_control @"), "cubic reno bbr\n");
    assert_string_equal(complete(world, "set 1 congestion_control b"), "bbr\n");
    assert_string_equal(complete(world, "set 1 nagle @"), "on off\n");
    assert_string_equal(complete(world, "set 1 keepalive_probes @"), "\n");
    assert_string_equal(complete(world, "--control ipc:///tmp/no/such.sock set 1 @"), "\n");
    assert_string_equal(complete(world, "stat"), "stats status\n");
}

static void completion_asks_the_help(void **state)
{
    struct world *world = *state;
    assert_string_equal(complete(world, "s"),
                        "serve socks send shutdown sessions show stats status set\n");
    assert_string_equal(complete(world, "accept --w"), "--wait\n");
    assert_string_equal(complete(world, "accept --d"), "\n");
    assert_string_equal(
        complete(world, "history -"),
        "-d --drops -n --notes --control -j --json -H --no-header --timeout -h --help "
        "--version\n");
    assert_string_equal(complete(world, "capture state time-w"), "time-wait\n");
    assert_string_equal(complete(world, "--no"), "--no-header\n");
}

/* tcpctl(1) has a paragraph for each verb of the help. */
static void the_manual_has_every_verb(void **state)
{
    (void)state;
    unsigned count = 0;
    char command[1024], line[256];
    snprintf(command, sizeof(command),
             "for verb in $(%s --help | awk '/^Verbs:/ { on = 1; next } !NF { on = 0 } "
             "on { print $1 }'); do grep -A1 '^.TP' '%s' | grep -qE \"^\\.(BI?|BR) $verb( |$)\" "
             "&& echo found || echo $verb; done",
             TCPCTL_PATH, TCPCTL_MANUAL);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    for (; fgets(line, sizeof(line), pipe) != NULL; count++)
        assert_string_equal(line, "found\n");
    pclose(pipe);
    assert_true(count >= 18);
}

static void events_are_printed(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "events -k state,bogus"), 2);
    assert_non_null(strstr(world->err, "events: -k: bogus is no kind of event: state, note, "));
    assert_non_null(strstr(world->err, ", fault_hit, fault_ended, fast_retransmit, "));
    assert_non_null(strstr(world->err, ", fault; see tcpctl events --help"));
    assert_int_equal(run(world, "events -k state,rto,fault,fin_again"), 0);
    assert_int_equal(run(world, "--no-header events --monotonic"), 0);
    *strchr(world->out, '\n') = '\0';
    assert_string_equal(world->out, "12.345679     7  10.0.0.2:50000        10.0.0.1:80           "
                                    "state             ESTABLISHED -> FIN_WAIT_1 CLOSE");
    json_t *array = json_of(world, "events --json dport = :80");
    assert_int_equal(json_array_size(array), 3);
    assert_keys(json_array_get(array, 0), "seq time_us id kind from to cause local remote");
    json_decref(array);
    array = json_of(world, "events --json dport = :81");
    assert_int_equal(json_array_size(array), 0);
    json_decref(array);
}

static void events_are_followed_line_by_line(void **state)
{
    struct world *world = *state;
    struct child child = start("--json events -f --since all");
    char text[4096];
    size_t len = 0;
    for (unsigned lines = 0; lines < 3;) {
        ssize_t got = read(child.out, text + len, sizeof(text) - 1 - len);
        assert_true(got > 0);
        for (ssize_t i = 0; i < got; i++)
            lines += text[len + (size_t)i] == '\n';
        len += (size_t)got;
    }
    *strchr(text, '\n') = '\0';
    json_t *object = json_loads(text, 0, NULL);
    assert_keys(object, "seq time_us id kind from to cause local remote");
    json_decref(object);
    kill(child.pid, SIGTERM);
    finish(world, &child);
    assert_true(WIFSIGNALED(world->status));
}

static void dead_pipe_ends_quietly(void **state)
{
    struct world *world = *state;
    struct child child = start("stats");
    close(child.out);
    child.out = open("/dev/null", O_RDONLY);
    finish(world, &child);
    assert_string_equal(world->err, "");
    assert_true(WIFSIGNALED(world->status) && WTERMSIG(world->status) == SIGPIPE);
}

/* --- like nc ---------------------------------------------------------------------------------- */

static void connect_relays_both_ways(void **state)
{
    struct world *world = *state;
    assert_int_equal(run_with_input(world, "connect -N 10.0.0.1 80", "there and back"), 0);
    assert_string_equal(world->out, "there and back");
    assert_string_equal(world->err, "");
    assert_int_equal(world->daemon.shutdowns, 1);
    assert_int_equal(world->daemon.closes, 1);
    assert_int_equal(world->daemon.attaches, 1);
}

static void connect_without_N_stays_until_the_peer_closes(void **state)
{
    struct world *world = *state;
    struct child child = start("connect 10.0.0.1 80 -v");
    assert_int_equal(write(child.in, "x", 1), 1);
    close(child.in);
    child.in = -1;
    usleep(400 * 1000);
    assert_int_equal(waitpid(child.pid, &world->status, WNOHANG), 0);
    world->daemon.connections[0].is_shut = true; /* the peer closes */
    finish(world, &child);
    assert_int_equal(world->status, 0);
    assert_string_equal(world->out, "x");
    assert_string_equal(world->err, "tcpctl: connected to 10.0.0.1:80, id 1\n");
}

static void connect_tells_why_it_failed(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "connect 10.0.0.1 9"), 1);
    assert_non_null(strstr(world->err, "refused: RST from 10.0.0.1 (ECONNREFUSED)"));
    assert_int_equal(run(world, "connect no-such-host.invalid 80"), 1);
    assert_non_null(strstr(world->err, "no-such-host.invalid: neither an IP address nor a name"));
}

static void idle_connection_ends_after_w(void **state)
{
    struct world *world = *state;
    struct child child = start("connect -w 0.4 10.0.0.1 80");
    assert_int_equal(write(child.in, "x", 1), 1);
    close(child.in);
    child.in = -1;
    finish(world, &child);
    assert_int_equal(world->status, 0);
    assert_string_equal(world->out, "x");
}

static void signal_closes_the_connection(void **state)
{
    struct world *world = *state;
    struct child child = start("connect -v 10.0.0.1 80");
    char text[64];
    assert_true(read(child.err, text, sizeof(text)) > 0);
    kill(child.pid, SIGINT);
    finish(world, &child);
    assert_true(WIFSIGNALED(world->status) && WTERMSIG(world->status) == SIGINT);
    assert_int_equal(world->daemon.closes, 1);
}

static void serve_takes_one_connection(void **state)
{
    struct world *world = *state;
    struct child child = start("serve -v -N 8080");
    char text[256];
    assert_true(read(child.err, text, sizeof(text)) > 0);
    assert_int_equal(write(child.in, "welcome", 7), 7);
    world->daemon.connections[0].waiting = 1;
    finish(world, &child);
    assert_int_equal(world->status, 0);
    assert_string_equal(world->out, "welcome");
    assert_string_equal(world->err, "tcpctl: connection 1 from 10.0.0.1:40000, id 2\n");
    assert_int_equal(world->daemon.closes, 2);
}

static void serve_k_takes_one_after_the_other(void **state)
{
    struct world *world = *state;
    struct child child = start("serve -k -N -v 8080");
    char text[256];
    assert_true(read(child.err, text, sizeof(text)) > 0);
    world->daemon.connections[0].waiting = 3;
    close(child.in);
    child.in = -1;
    for (unsigned i = 0; i < 300 && world->daemon.closes < 3; i++)
        usleep(10000);
    kill(child.pid, SIGTERM);
    finish(world, &child);
    assert_int_equal(world->daemon.closes, 4);
    assert_non_null(strstr(world->err, "connection 3 from"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(usage_errors_exit_2),
        TEST(help_and_version_exit_0),
        TEST(unreachable_daemon_exits_3),
        TEST(a_wrong_url_exits_2),
        TEST(mute_daemon_exits_5),
        TEST(open_prints_an_id),
        TEST(refused_open_tells_why_and_leaves_nothing),
        TEST(open_times_out_with_5),
        TEST(listen_and_accept),
        TEST(send_and_receive),
        TEST(close_and_abort),
        TEST(ls_has_columns_and_keys),
        TEST(ls_takes_the_flags_of_ss),
        TEST(ls_has_the_columns_that_are_asked_for),
        TEST(ls_without_a_match_is_empty),
        TEST(ls_has_time_wait_when_asked_for),
        TEST(tw_has_its_keys),
        TEST(show_has_its_keys),
        TEST(show_has_every_field_of_the_list_as_json),
        TEST(show_has_every_field_of_the_list_as_text),
        TEST(show_leaves_empty_lines_out),
        TEST(history_has_its_keys),
        TEST(several_ids_are_done_in_turn),
        TEST(scanning_opens_and_closes),
        TEST(history_shows_drops_to_people),
        TEST(history_drops_has_its_keys),
        TEST(history_drops_without_an_id_is_about_all),
        TEST(stats_and_status),
        TEST(options_are_listed),
        TEST(completion_asks_the_daemon),
        TEST(completion_asks_the_help),
        TEST(the_manual_has_every_verb),
        TEST(events_are_printed),
        TEST(events_are_followed_line_by_line),
        TEST(dead_pipe_ends_quietly),
        TEST(connect_relays_both_ways),
        TEST(connect_without_N_stays_until_the_peer_closes),
        TEST(connect_tells_why_it_failed),
        TEST(idle_connection_ends_after_w),
        TEST(signal_closes_the_connection),
        TEST(serve_takes_one_connection),
        TEST(serve_k_takes_one_after_the_other),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

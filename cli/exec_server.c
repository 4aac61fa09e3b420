#include "exec_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "door.h"
#include "exec_environment.h"
#include "service.h"

struct exec_server {
    struct cli *cli;
    const struct exec_options *options;
    struct engine_sockets engine;
    struct poller poller;
    struct door door;
    unsigned clients_max, client_count;
    unsigned number; /* of the last one, for -v */
    int status;
    bool is_over;
};

struct child {
    struct exec_server *server;
    struct poller_watch watch; /* a pidfd: readable once it has ended */
    struct poller_task task;
    pid_t pid;
    char remote[PLACE_TEXT_MAX];
};

/* --- the end of a process --------------------------------------------------------------------- */

static void report(const struct child *child, int status)
{
    const char *verb = child->server->cli->verb->name;
    if (WIFSIGNALED(status))
        cli_note("%s: %s: process %d was killed by SIG%s", verb, child->remote, (int)child->pid,
                 sigabbrev_np(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 || child->server->options->is_verbose)
        cli_note("%s: %s: process %d has ended with status %d", verb, child->remote,
                 (int)child->pid, WEXITSTATUS(status));
}

static void reap(struct poller_task *task)
{
    struct child *child = task->owner;
    struct exec_server *server = child->server;
    int status;
    if (waitpid(child->pid, &status, WNOHANG) != child->pid)
        return;
    report(child, status);
    poller_remove(&server->poller, &child->watch);
    close(child->watch.fd);
    free(child);
    server->client_count--;
    door_resume(&server->door);
}

static void on_child_event(struct poller_watch *watch, uint32_t events)
{
    struct child *child = watch->owner;
    (void)events;
    poller_soon(&child->server->poller, &child->task);
}

/* --- a process -------------------------------------------------------------------------------- */

/* The connection as stdin and stdout, and signals as programs expect them. 0, or an errno value. */
static int spawn(const struct exec_server *server, int fd, char **environment, pid_t *ret_pid)
{
    char shell[] = "/bin/sh", option[] = "-c";
    char *arguments[] = {shell, option, (char *)(uintptr_t)server->options->command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawn(ret_pid, shell, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* 0, or an errno value. */
static int start(struct exec_server *server, struct child *child, const struct arrival *arrival)
{
    struct exec_environment environment;
    exec_environment_make(&environment, arrival, environ);
    int error = spawn(server, arrival->fd, environment.variables, &child->pid);
    exec_environment_free(&environment);
    if (error != 0)
        return error;
    child->watch = (struct poller_watch){
        .fd = pidfd_open(child->pid, 0), .on_event = on_child_event, .owner = child};
    child->task = (struct poller_task){.run = reap, .owner = child};
    if (child->watch.fd < 0 || !poller_add(&server->poller, &child->watch, EPOLLIN)) {
        error = errno;
        kill(child->pid, SIGKILL); /* nobody would see its end */
        waitpid(child->pid, NULL, 0);
    }
    return error;
}

static struct child *child_new(struct exec_server *server, const struct arrival *arrival)
{
    struct child *child = calloc(1, sizeof(*child));
    if (child == NULL)
        cli_no_memory();
    child->server = server;
    place_text(&arrival->remote, child->remote);
    return child;
}

static void on_arrival(struct door *door, const struct arrival *arrival)
{
    struct exec_server *server = door->owner;
    struct child *child = child_new(server, arrival);
    int error = start(server, child, arrival);
    server->number++;
    if (error != 0) {
        service_fail(server->cli, error, child->remote);
        engine_socket_abort(&server->engine, arrival->fd);
        free(child);
    } else {
        server->client_count++;
        if (server->options->is_verbose)
            cli_note("connection %u from %s, id %llu, process %d", server->number, child->remote,
                     (unsigned long long)arrival->id, (int)child->pid);
    }
    close(arrival->fd);
    if (server->client_count >= server->clients_max)
        door_pause(door);
}

/* --- the listener ----------------------------------------------------------------------------- */

static void on_door_error(struct door *door, int error)
{
    struct exec_server *server = door->owner;
    if (error == ENETDOWN) {
        server->status = service_fail_gone(server->cli, &server->engine, door);
        server->is_over = true;
        return;
    }
    server->poller.wants_ticks = true; /* no descriptor is free, or the like */
}

static void on_tick(void *owner)
{
    struct exec_server *server = owner;
    server->poller.wants_ticks = false;
    if (server->client_count < server->clients_max)
        door_resume(&server->door);
}

static struct place place_of_endpoint(const struct tcpc_endpoint *endpoint)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};
    if (inet_pton(AF_INET, endpoint->address, &in.sin_addr) == 1)
        return place_of((const struct sockaddr *)&in, sizeof(in));
    (void)inet_pton(AF_INET6, endpoint->address, &in6.sin6_addr); /* "": any */
    return place_of((const struct sockaddr *)&in6, sizeof(in6));
}

static int listen_at(struct exec_server *server, const struct place *local)
{
    char text[PLACE_TEXT_MAX];
    server->door = (struct door){.poller = &server->poller,
                                 .on_arrival = on_arrival,
                                 .on_error = on_door_error,
                                 .owner = server};
    int error = door_open(&server->door, &server->engine, local, server->options->fast_open);
    if (error != 0)
        return service_fail(server->cli, error, place_text(local, text));
    if (server->options->is_verbose)
        cli_note("listening on %s", place_text(&server->door.local, text));
    return EXIT_DONE;
}

int exec_server_run(struct cli *cli, const struct exec_options *options,
                    const struct tcpc_endpoint *local)
{
    const struct place place = place_of_endpoint(local);
    struct exec_server server = {.cli = cli,
                                 .options = options,
                                 .clients_max = options->clients_max ? options->clients_max
                                                                     : EXEC_CLIENTS_DEFAULT};
    signal(SIGCHLD, SIG_DFL); /* if it is ignored, the kernel forgets how a process has ended */
    int status = service_greet(cli, &server.engine);
    if (status != EXIT_DONE)
        return status;
    if (!poller_init(&server.poller))
        return service_fail(cli, errno, "start");
    server.poller.on_tick = on_tick;
    server.poller.owner = &server;
    status = listen_at(&server, &place);
    if (status != EXIT_DONE)
        return status;
    while (!server.is_over)
        poller_turn(&server.poller);
    return server.status;
}

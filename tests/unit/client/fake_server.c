#include "fake_server.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LINKS_MAX = 64, MESSAGE_MAX = 300 * 1024, RETRY_MS = 2, HEADER_BYTES = 9, ID_BYTES = 4 };

struct link {
    struct fake_server *server;
    int fd;
    unsigned uses; /* its thread, and requests that wait */
    pthread_mutex_t write_lock;
};

struct fake_server {
    char directory[32], path[64], url[80];
    fake_handler handler;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    int listen_fd;
    struct link *links[LINKS_MAX];
    unsigned threads, link_count, fault_skip;
    enum fake_fault fault;
    uint64_t boot_id;
    bool is_stopping, is_silent;
};

/* One request on its way to an answer. */
struct job {
    struct link *link;
    PB(Request) * request;
    uint8_t id[ID_BYTES];
    int64_t until_ms;
    bool is_garbage, is_wrong_id;
};

static void must(bool is_ok, const char *what)
{
    if (is_ok)
        return;
    fprintf(stderr, "fake_server: %s: %s\n", what, strerror(errno));
    abort();
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool read_all(int fd, void *buffer, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = recv(fd, (char *)buffer + done, len - done, 0);
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static bool write_all(int fd, const void *buffer, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t put = send(fd, (const char *)buffer + done, len - done, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

/* --- replies ---------------------------------------------------------------------------------- */

static void link_write(struct link *link, const uint8_t id[ID_BYTES], const void *body, size_t len)
{
    uint8_t header[HEADER_BYTES + ID_BYTES] = {1};
    uint64_t length = htobe64(len + ID_BYTES);
    memcpy(header + 1, &length, sizeof(length));
    memcpy(header + HEADER_BYTES, id, ID_BYTES);
    pthread_mutex_lock(&link->write_lock);
    if (write_all(link->fd, header, sizeof(header)))
        write_all(link->fd, body, len);
    pthread_mutex_unlock(&link->write_lock);
}

static void job_reply(const struct job *job, PB(Response) * response)
{
    if (job->is_wrong_id)
        response->request_id++;
    size_t len = tcpengine__v1__response__get_packed_size(response);
    uint8_t *body = malloc(len + 1);
    must(body != NULL, "malloc");
    tcpengine__v1__response__pack(response, body);
    if (job->is_garbage)
        memset(body, 0xff, len);
    link_write(job->link, job->id, body, len);
    free(body);
}

/* True when it was answered, or its time is over. */
static bool job_try(const struct job *job)
{
    struct fake_server *server = job->link->server;
    PB(Response) response = TCPENGINE__V1__RESPONSE__INIT;
    pthread_mutex_lock(&server->lock);
    response.request_id = job->request->request_id;
    response.boot_id = server->boot_id;
    bool is_over = now_ms() >= job->until_ms || server->is_stopping;
    if (server->handler(server->ctx, job->request, &response) == FAKE_REPLY)
        is_over = true;
    if (is_over)
        job_reply(job, &response);
    pthread_mutex_unlock(&server->lock);
    return is_over;
}

static void link_drop(struct link *link)
{
    struct fake_server *server = link->server;
    pthread_mutex_lock(&server->lock);
    if (--link->uses == 0) {
        for (unsigned i = 0; i < LINKS_MAX; i++) {
            if (server->links[i] == link)
                server->links[i] = NULL;
        }
        close(link->fd);
        pthread_mutex_destroy(&link->write_lock);
        free(link);
    }
    server->threads--;
    pthread_cond_broadcast(&server->idle);
    pthread_mutex_unlock(&server->lock);
}

static void thread_start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    must(pthread_create(&thread, &attributes, run, arg) == 0, "pthread_create");
    pthread_attr_destroy(&attributes);
}

static void *job_run(void *arg)
{
    struct job *job = arg;
    struct link *link = job->link;
    do {
        usleep(RETRY_MS * 1000);
    } while (!job_try(job));
    tcpengine__v1__request__free_unpacked(job->request, NULL);
    free(job);
    link_drop(link);
    return NULL;
}

/* --- requests --------------------------------------------------------------------------------- */

static uint32_t request_wait(const PB(Request) * request)
{
    switch (request->op_case) {
    case TCPENGINE__V1__REQUEST__OP_OPEN:
        return request->open->wait_ms;
    case TCPENGINE__V1__REQUEST__OP_ACCEPT:
        return request->accept->wait_ms;
    case TCPENGINE__V1__REQUEST__OP_SEND:
        return request->send->wait_ms;
    case TCPENGINE__V1__REQUEST__OP_RECEIVE:
        return request->receive->wait_ms;
    case TCPENGINE__V1__REQUEST__OP_CLOSE:
        return request->close->wait_ms;
    case TCPENGINE__V1__REQUEST__OP_NEXT_EVENTS:
        return request->next_events->wait_ms;
    default:
        return 0;
    }
}

static enum fake_fault fault_now(struct fake_server *server)
{
    pthread_mutex_lock(&server->lock);
    enum fake_fault fault = FAKE_NO_FAULT;
    if (server->fault != FAKE_NO_FAULT && server->fault_skip-- == 0) {
        fault = server->fault;
        server->fault = FAKE_NO_FAULT;
    }
    pthread_mutex_unlock(&server->lock);
    return fault;
}

static void job_later(struct job *job)
{
    struct fake_server *server = job->link->server;
    struct job *copy = malloc(sizeof(*copy));
    must(copy != NULL, "malloc");
    *copy = *job;
    pthread_mutex_lock(&server->lock);
    job->link->uses++;
    server->threads++;
    pthread_mutex_unlock(&server->lock);
    thread_start(job_run, copy);
}

/* Handles the request without replying. */
static void job_swallow(const struct job *job)
{
    struct fake_server *server = job->link->server;
    PB(Response) response = TCPENGINE__V1__RESPONSE__INIT;
    pthread_mutex_lock(&server->lock);
    server->handler(server->ctx, job->request, &response);
    pthread_mutex_unlock(&server->lock);
}

/* False when the link is to be broken. */
static bool job_handle(struct job *job)
{
    enum fake_fault fault = fault_now(job->link->server);
    job->is_garbage = fault == FAKE_GARBAGE;
    job->is_wrong_id = fault == FAKE_WRONG_ID;
    if (fault == FAKE_DROP_AFTER)
        job_swallow(job);
    if (fault == FAKE_NO_FAULT || fault == FAKE_GARBAGE || fault == FAKE_WRONG_ID) {
        if (!job_try(job)) {
            job_later(job);
            return true;
        }
    }
    tcpengine__v1__request__free_unpacked(job->request, NULL);
    return fault != FAKE_DROP_BEFORE && fault != FAKE_DROP_AFTER;
}

static bool link_read(struct link *link, uint8_t *buffer)
{
    uint8_t header[HEADER_BYTES];
    uint64_t length;
    if (!read_all(link->fd, header, sizeof(header)) || header[0] != 1)
        return false;
    memcpy(&length, header + 1, sizeof(length));
    length = be64toh(length);
    if (length < ID_BYTES || length > MESSAGE_MAX || !read_all(link->fd, buffer, length))
        return false;
    struct job job = {.link = link};
    memcpy(job.id, buffer, ID_BYTES);
    job.request = tcpengine__v1__request__unpack(NULL, length - ID_BYTES, buffer + ID_BYTES);
    if (!job.request)
        return false;
    job.until_ms = now_ms() + request_wait(job.request);
    return job_handle(&job);
}

static void *link_run(void *arg)
{
    static const uint8_t hello[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    struct link *link = arg;
    uint8_t theirs[8];
    uint8_t *buffer = malloc(MESSAGE_MAX);
    must(buffer != NULL, "malloc");
    bool is_silent = link->server->is_silent;
    if (is_silent)
        read_all(link->fd, buffer, MESSAGE_MAX);
    else if (write_all(link->fd, hello, sizeof(hello)) &&
             read_all(link->fd, theirs, sizeof(theirs)) && theirs[5] == 0x30)
        while (link_read(link, buffer))
            ;
    shutdown(link->fd, SHUT_RDWR);
    free(buffer);
    link_drop(link);
    return NULL;
}

/* --- the server ------------------------------------------------------------------------------- */

static void link_new(struct fake_server *server, int fd)
{
    struct link *link = calloc(1, sizeof(*link));
    must(link != NULL, "calloc");
    *link = (struct link){.server = server, .fd = fd, .uses = 1};
    pthread_mutex_init(&link->write_lock, NULL);
    pthread_mutex_lock(&server->lock);
    unsigned i = 0;
    while (i < LINKS_MAX && server->links[i])
        i++;
    must(i < LINKS_MAX, "too many links");
    server->links[i] = link;
    server->link_count++;
    server->threads++;
    pthread_mutex_unlock(&server->lock);
    thread_start(link_run, link);
}

static void *server_run(void *arg)
{
    struct fake_server *server = arg;
    for (;;) {
        pthread_mutex_lock(&server->lock);
        struct pollfd pollfd = {.fd = server->listen_fd, .events = POLLIN};
        bool is_stopping = server->is_stopping;
        pthread_mutex_unlock(&server->lock);
        if (is_stopping)
            return NULL;
        if (poll(&pollfd, 1, 5) != 1 || !(pollfd.revents & POLLIN))
            continue;
        int fd = accept(pollfd.fd, NULL, NULL);
        if (fd >= 0)
            link_new(server, fd);
    }
}

/* The lock is held. */
static void server_listen(struct fake_server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, server->path, sizeof(server->path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    must(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
    must(listen(fd, 16) == 0, "listen");
    server->listen_fd = fd;
}

struct fake_server *fake_server_start(fake_handler handler, void *ctx)
{
    struct fake_server *server = calloc(1, sizeof(*server));
    must(server != NULL, "calloc");
    strcpy(server->directory, "/tmp/fake-server-XXXXXX");
    must(mkdtemp(server->directory) != NULL, "mkdtemp");
    snprintf(server->path, sizeof(server->path), "%s/sock", server->directory);
    snprintf(server->url, sizeof(server->url), "ipc://%s", server->path);
    server->handler = handler;
    server->ctx = ctx;
    server->boot_id = 1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->idle, NULL);
    server_listen(server);
    must(pthread_create(&server->thread, NULL, server_run, server) == 0, "pthread_create");
    return server;
}

static void links_break(struct fake_server *server)
{
    for (unsigned i = 0; i < LINKS_MAX; i++) {
        if (server->links[i])
            shutdown(server->links[i]->fd, SHUT_RDWR);
    }
}

void fake_server_stop(struct fake_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->is_stopping = true;
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->thread, NULL);
    pthread_mutex_lock(&server->lock);
    links_break(server);
    while (server->threads)
        pthread_cond_wait(&server->idle, &server->lock);
    pthread_mutex_unlock(&server->lock);
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    unlink(server->path);
    rmdir(server->directory);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->idle);
    free(server);
}

const char *fake_server_url(const struct fake_server *server)
{
    return server->url;
}

void fake_server_fault(struct fake_server *server, enum fake_fault fault, unsigned skip)
{
    pthread_mutex_lock(&server->lock);
    server->fault = fault;
    server->fault_skip = skip;
    pthread_mutex_unlock(&server->lock);
}

void fake_server_set_boot_id(struct fake_server *server, uint64_t boot_id)
{
    pthread_mutex_lock(&server->lock);
    server->boot_id = boot_id;
    pthread_mutex_unlock(&server->lock);
}

void fake_server_break_links(struct fake_server *server)
{
    pthread_mutex_lock(&server->lock);
    links_break(server);
    pthread_mutex_unlock(&server->lock);
}

void fake_server_pause(struct fake_server *server, bool is_paused)
{
    pthread_mutex_lock(&server->lock);
    if (is_paused && server->listen_fd >= 0) {
        close(server->listen_fd);
        server->listen_fd = -1;
        unlink(server->path);
        links_break(server);
    } else if (!is_paused && server->listen_fd < 0) {
        server_listen(server);
    }
    pthread_mutex_unlock(&server->lock);
}

void fake_server_set_silent(struct fake_server *server, bool is_silent)
{
    server->is_silent = is_silent;
}

unsigned fake_server_links(struct fake_server *server)
{
    pthread_mutex_lock(&server->lock);
    unsigned count = server->link_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

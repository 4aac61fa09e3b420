/* Theory of operation: collect() reads the daemon's end into the engine's send buffer until either
 * has no more; deliver() writes what was received to the daemon's end until either has no more.
 * What stopped them is remembered (may_read, awaits_room, may_write), and each is tried again when
 * an event has changed that.
 *
 * Ends, as the kernel shows them on the daemon's end: end of file is the program's
 * shutdown(SHUT_WR), or with POLLHUP its last close(2); POLLERR is a close(2) with bytes unread. */
#include "socket/socket_flow.h"

#include <errno.h>
#include <sys/socket.h>
#include <tcpengine/buffers.h>

#include "rpc/rpc_local.h"
#include "socket/socket_answer.h"
#include "socket/socket_error.h"
#include "socket/socket_option.h"
#include "socket/socket_table.h"

/* Most bytes in one system call: what a slice of time allows, and no processor's cache is larger.
 */
#define PIECE_MAX_BYTES (256 * 1024)
/* Room in a full send buffer is used once there is so much of it, or half of the buffer: a call for
 * each segment that is acknowledged would cost more than the bytes. */
#define ROOM_MIN_BYTES (128 * 1024)

static struct te_stack *stack_of(const struct socket *socket)
{
    return rpc_stack(socket->server->rpc);
}

static int64_t now_us(const struct socket *socket)
{
    return rpc_now_us(socket->server->rpc);
}

static void wake_pump(const struct socket *socket)
{
    pump_wake(socket->server->rpc->host.pump);
}

static bool is_slice_over(const struct socket *socket)
{
    return turns_slice_is_over(rpc_turns(socket->server->rpc));
}

/* --- ends ------------------------------------------------------------------------------------- */

void socket_flow_begin(struct socket *socket, uint64_t id)
{
    struct te_position at;
    if (te_position(stack_of(socket), id, &at) == TE_OK)
        socket->delivered = at.receive_released;
    if (socket->id != id)
        socket_table_set_id(socket, id);
    socket->state = SOCKET_CONNECTED;
    socket->may_read = socket->may_write = true;
    socket_table_queue(socket);
}

static void give_up(struct socket *socket, bool is_reset)
{
    struct rpc_link *link = &socket->owner->rpc_link;
    socket_answer_waiters(socket, ECONNABORTED); /* shutdown(2) while connect(2) waits */
    if (socket->id != 0) {
        if (is_reset)
            rpc_local_abort(link, socket->id);
        else
            rpc_local_close(link, socket->id); /* NOT_FOUND: it has ended by itself */
        wake_pump(socket);
    }
    socket_table_free(socket);
}

void socket_flow_close(struct socket *socket)
{
    give_up(socket, socket_option_is_abortive(socket));
}

void socket_flow_abort(struct socket *socket)
{
    socket->server->rpc->counters.sockets_reset++;
    give_up(socket, true);
}

void socket_flow_fail(struct socket *socket, int error)
{
    rpc_local_close(&socket->owner->rpc_link, socket->id); /* what is left of it */
    socket->error = error;
    if (socket->is_hung_up)
        socket_table_free(socket);
    else
        socket_table_end(socket);
}

/* The engine no longer has the connection, or no longer as one that is open. */
static void on_gone(struct socket *socket, enum te_err err)
{
    int error = err == TE_ERR_NO_CONNECTION ? socket_error_of_gone(socket->server->rpc, socket->id)
                                            : socket_error_of(err);
    socket_flow_fail(socket, error);
}

/* What a direction has come to. */
enum step {
    STEP_MORE, /* call again */
    STEP_WAIT, /* for an event */
    STEP_GONE  /* the socket is ended or freed */
};

/* Nothing can happen any more. From here on the kernel shows no difference between a program that
 * has shut down and one that has closed; one that has not may still ask about the socket. */
static enum step on_both_ended(struct socket *socket)
{
    rpc_local_close(&socket->owner->rpc_link, socket->id);
    wake_pump(socket);
    socket_table_end(socket);
    return STEP_GONE;
}

/* --- to the program --------------------------------------------------------------------------- */

static enum step show_end(struct socket *socket)
{
    socket->is_end_shown = true;
    if (socket->is_finished)
        return on_both_ended(socket);
    shutdown(socket->fd, SHUT_WR);
    return STEP_WAIT;
}

/* The engine has no more to deliver. */
static enum step on_nothing(struct socket *socket, enum te_err err)
{
    if (err == TE_ERR_AGAIN)
        return STEP_WAIT;
    bool has_ended =
        err == TE_ERR_CLOSING ||
        (err == TE_ERR_NO_CONNECTION && socket_error_of_gone(socket->server->rpc, socket->id) == 0);
    if (has_ended)
        return show_end(socket);
    on_gone(socket, err);
    return STEP_GONE;
}

static enum step on_refused(struct socket *socket, int error)
{
    if (error == EAGAIN) {
        socket->may_write = false;
        socket_table_watch_writable(socket, true);
        return STEP_WAIT;
    }
    if (!socket->is_hung_up) { /* shutdown(SHUT_RD): what comes is for nobody */
        socket->is_deaf = true;
        return STEP_MORE;
    }
    socket_flow_abort(socket); /* RFC 9293 3.6.1 */
    return STEP_GONE;
}

static ssize_t write_pieces(const struct socket *socket, const struct te_received *got)
{
    struct iovec iov[2];
    for (unsigned i = 0; i < 2; i++)
        iov[i] = (struct iovec){(void *)(uintptr_t)got->iov[i].base, got->iov[i].len};
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = iov[1].iov_len > 0 ? 2 : 1};
    return sendmsg(socket->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static enum step deliver_once(struct socket *socket)
{
    struct te_received got;
    enum te_err err =
        te_receive_peek(stack_of(socket), socket->id, socket->delivered, PIECE_MAX_BYTES, &got);
    if (err != TE_OK)
        return on_nothing(socket, err);
    ssize_t written = socket->is_deaf ? (ssize_t)got.total_bytes : write_pieces(socket, &got);
    if (written < 0)
        return on_refused(socket, errno);
    socket->delivered += (size_t)written;
    te_receive_release(stack_of(socket), socket->id, socket->delivered, now_us(socket));
    fair_carry(socket->owner->share, (size_t)written);
    wake_pump(socket);
    if (got.is_end && (size_t)written == got.total_bytes)
        return show_end(socket);
    return STEP_MORE;
}

static enum step deliver(struct socket *socket)
{
    enum step step = STEP_MORE;
    while (step == STEP_MORE && socket->may_write && !socket->is_end_shown &&
           !is_slice_over(socket))
        step = deliver_once(socket);
    if (step != STEP_MORE)
        return step;
    return socket->may_write && !socket->is_end_shown ? STEP_MORE : STEP_WAIT;
}

/* --- from the program ------------------------------------------------------------------------- */

/* *ret_is_cut: descriptors came along, behind which it has stopped; the kernel has closed them. */
static ssize_t read_pieces(const struct socket *socket, const struct te_send_place *place,
                           bool *ret_is_cut)
{
    struct iovec iov[2];
    for (unsigned i = 0; i < 2; i++)
        iov[i] = (struct iovec){place->base[i], place->len[i]};
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = iov[1].iov_len > 0 ? 2 : 1};
    ssize_t got = recvmsg(socket->fd, &message, MSG_DONTWAIT);
    *ret_is_cut = got >= 0 && (message.msg_flags & MSG_CTRUNC) != 0;
    return got;
}

/* shutdown(SHUT_WR), or the last close(2) behind all that was written. */
static enum step on_program_end(struct socket *socket)
{
    socket->is_finished = true;
    if (socket->is_end_shown && !socket_option_is_abortive(socket))
        return on_both_ended(socket);
    if (socket->is_hung_up) {
        socket_flow_close(socket);
        return STEP_GONE;
    }
    te_shutdown(stack_of(socket), socket->id, now_us(socket));
    wake_pump(socket);
    return STEP_WAIT;
}

static enum step on_unreadable(struct socket *socket, int error)
{
    socket->may_read = false;
    if (error == EAGAIN)
        return STEP_WAIT;
    socket_flow_abort(socket); /* ECONNRESET: it was closed with bytes unread */
    return STEP_GONE;
}

/* No more can be sent, as the daemon is stopping: the program learns it by EPIPE. */
static enum step on_closing(struct socket *socket)
{
    if (socket->is_hung_up) {
        socket_flow_close(socket);
        return STEP_GONE;
    }
    socket->is_finished = true;
    shutdown(socket->fd, SHUT_RD);
    return STEP_WAIT;
}

static bool is_room_worth_it(const struct socket *socket, size_t room)
{
    struct te_position at;
    if (room >= ROOM_MIN_BYTES || te_position(stack_of(socket), socket->id, &at) != TE_OK)
        return true;
    return room >= at.send_accepted - at.send_acked;
}

/* Where to read to. STEP_MORE: there is a place. */
static enum step find_place(struct socket *socket, struct te_send_place *ret_place)
{
    enum te_err err =
        te_send_place(stack_of(socket), socket->id, PIECE_MAX_BYTES, ret_place, now_us(socket));
    if (err == TE_ERR_CLOSING)
        return on_closing(socket);
    if (err != TE_OK) {
        on_gone(socket, err);
        return STEP_GONE;
    }
    bool is_full = ret_place->total_bytes == 0 ||
                   (socket->awaits_room && !is_room_worth_it(socket, ret_place->total_bytes));
    socket->awaits_room = is_full;
    return is_full ? STEP_WAIT : STEP_MORE;
}

static enum step collect_once(struct socket *socket)
{
    struct te_send_place place;
    enum step step = find_place(socket, &place);
    if (step != STEP_MORE)
        return step;
    bool is_cut;
    ssize_t got = read_pieces(socket, &place, &is_cut);
    int error = errno;
    te_send_placed(stack_of(socket), socket->id, got > 0 ? (size_t)got : 0, now_us(socket));
    if (got < 0)
        return on_unreadable(socket, error);
    if (got == 0)
        return on_program_end(socket);
    fair_carry(socket->owner->share, (size_t)got);
    wake_pump(socket);
    if ((size_t)got < place.total_bytes && !socket->is_read_shut && !is_cut)
        socket->may_read = false; /* there was no more; an event says when there is */
    return STEP_MORE;
}

static enum step collect(struct socket *socket)
{
    enum step step = STEP_MORE;
    while (step == STEP_MORE && socket->may_read && !socket->is_finished && !is_slice_over(socket))
        step = collect_once(socket);
    if (step != STEP_MORE)
        return step;
    return socket->may_read && !socket->is_finished ? STEP_MORE : STEP_WAIT;
}

/* --- both ------------------------------------------------------------------------------------- */

/* The protocol has ended. True: by a failure, which the program learns whatever it has left to
 * read.
 */
static bool has_failed(struct socket *socket)
{
    struct te_position at;
    enum te_err err = te_position(stack_of(socket), socket->id, &at);
    int error = err == TE_OK ? socket_error_of(at.error)
                             : socket_error_of_gone(socket->server->rpc, socket->id);
    socket->is_end_due = false;
    if (error != 0)
        socket_flow_fail(socket, error);
    return error != 0;
}

bool socket_flow_run(struct socket *socket)
{
    if (socket->is_broken) {
        socket_flow_abort(socket);
        return false;
    }
    if (socket->is_hung_up && socket_option_is_abortive(socket)) {
        socket_flow_close(socket); /* what was written and not sent yet is dropped: socket(7) */
        return false;
    }
    if (socket->is_end_due && has_failed(socket))
        return false;
    enum step inward = deliver(socket);
    if (inward == STEP_GONE)
        return false;
    if (socket->is_hung_up && socket->is_finished) { /* it was half closed before */
        socket_flow_close(socket);
        return false;
    }
    enum step outward = collect(socket);
    return outward != STEP_GONE && (inward == STEP_MORE || outward == STEP_MORE);
}

#include "option.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>

#include "changed.h"
#include "note.h"
#include "option_list.h"
#include "sys.h"

/* How the kernel shows what was set. */
enum shown { SHOWN_SWITCH, SHOWN_NUMBER, SHOWN_DOUBLED };

struct option {
    int level, name;
    enum shown shown;
    const char *text;
};

/* What a program may have set before it is known whose socket it will be. */
static const struct option options[] = {
#define CARRIED_ROW(NAME, level, name, shown, ...) {level, name, SHOWN_##shown, #name},
    SOCKET_OPTION_LIST(CARRIED_ROW)
#undef CARRIED_ROW
        {SOL_SOCKET, SO_LINGER, SHOWN_NUMBER, "SO_LINGER"},
    {IPPROTO_TCP, TCP_MAXSEG, SHOWN_NUMBER, "TCP_MAXSEG"},
    {IPPROTO_TCP, TCP_CONGESTION, SHOWN_NUMBER, "TCP_CONGESTION"},
#define REFUSED_ROW(level, name) {level, name, SHOWN_NUMBER, #name},
    SOCKET_REFUSED_LIST(REFUSED_ROW)
#undef REFUSED_ROW
};
enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

static const struct option descriptor_options[] = {
    {SOL_SOCKET, SO_RCVTIMEO, SHOWN_NUMBER, "SO_RCVTIMEO"},
    {SOL_SOCKET, SO_SNDTIMEO, SHOWN_NUMBER, "SO_SNDTIMEO"},
    {SOL_SOCKET, SO_RCVLOWAT, SHOWN_NUMBER, "SO_RCVLOWAT"},
};
enum { DESCRIPTOR_OPTION_COUNT = sizeof(descriptor_options) / sizeof(descriptor_options[0]) };

bool option_is_descriptors(int level, int name)
{
    for (unsigned i = 0; i < DESCRIPTOR_OPTION_COUNT; i++) {
        if (descriptor_options[i].level == level && descriptor_options[i].name == name)
            return true;
    }
    return false;
}

const char *option_text(int level, int name)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (options[i].level == level && options[i].name == name)
            return options[i].text;
    }
    return "an option";
}

/* --- what was set ----------------------------------------------------------------------------- */

/* Bits of changed.h, in the order of the list; those of the descriptor have one for all. */
#define CHANGED_DESCRIPTORS ((uint64_t)1 << 63)
_Static_assert(OPTION_COUNT < 63, "a bit for each");

static uint64_t bits_of(int level, int name)
{
    if (option_is_descriptors(level, name))
        return CHANGED_DESCRIPTORS;
    if (level == IPPROTO_IP && name == IP_TOS)
        return CHANGED_ALL; /* SO_PRIORITY follows it: ip(7) */
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (options[i].level == level && options[i].name == name)
            return (uint64_t)1 << i;
    }
    return CHANGED_ALL; /* another way to say one of them: SO_SNDBUFFORCE, SO_BINDTOIFINDEX, ... */
}

void option_note_set(int fd, int level, int name)
{
    changed_note(fd, bits_of(level, name));
}

/* --- copying ---------------------------------------------------------------------------------- */

struct value {
    socklen_t length;
    unsigned char bytes[64];
};

static bool value_get(int fd, const struct option *option, struct value *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->length = sizeof(ret->bytes);
    return sys_getsockopt(fd, option->level, option->name, ret->bytes, &ret->length) == 0;
}

static bool value_differs(int fd, int fresh_fd, const struct option *option, struct value *ret)
{
    struct value fresh;
    return value_get(fd, option, ret) && value_get(fresh_fd, option, &fresh) &&
           (ret->length != fresh.length || memcmp(ret->bytes, fresh.bytes, ret->length) != 0);
}

static void halve(struct value *value)
{
    int number;
    memcpy(&number, value->bytes, sizeof(number));
    number /= 2;
    memcpy(value->bytes, &number, sizeof(number));
}

static int set_on_engine(struct control *control, int engine_fd, const struct option *option,
                         const struct value *value)
{
    struct socket_request request;
    struct socket_answer answer;
    control_request_init(&request, SOCKET_OP_SETSOCKOPT);
    request.level = option->level;
    request.name = option->name;
    request.length = value->length;
    memcpy(request.value, value->bytes, value->length);
    int result = control_ask(control, engine_fd, &request, &answer, false);
    if (result == -ENETDOWN || result == -EAGAIN)
        return result;
    if (result < 0)
        note("%s, set before, is none of the engine's: error %d", option->text, -result);
    return 0;
}

static void copy_between_descriptors(int from_fd, int to_fd)
{
    struct value value;
    for (unsigned i = 0; i < DESCRIPTOR_OPTION_COUNT; i++) {
        const struct option *option = &descriptor_options[i];
        if (value_get(from_fd, option, &value))
            sys_setsockopt(to_fd, option->level, option->name, value.bytes, value.length);
    }
}

static int copy_one(struct control *control, int engine_fd, const struct option *option,
                    struct value *value)
{
    if (option->shown == SHOWN_DOUBLED)
        halve(value);
    return set_on_engine(control, engine_fd, option, value);
}

/* Those that it is known were set. */
static int copy_known(struct control *control, int kernel_fd, int engine_fd, uint64_t bits)
{
    struct value value;
    int result = 0;
    for (unsigned i = 0; i < OPTION_COUNT && result == 0; i++) {
        if ((bits & (uint64_t)1 << i) != 0 && value_get(kernel_fd, &options[i], &value))
            result = copy_one(control, engine_fd, &options[i], &value);
    }
    if ((bits & CHANGED_DESCRIPTORS) != 0)
        copy_between_descriptors(kernel_fd, engine_fd);
    return result;
}

/* Those that are otherwise than in a fresh socket. */
static int copy_different(struct control *control, int kernel_fd, int family, int engine_fd)
{
    struct value value;
    int fresh_fd = sys_socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fresh_fd < 0)
        return fresh_fd;
    int result = 0;
    for (unsigned i = 0; i < OPTION_COUNT && result == 0; i++) {
        if (value_differs(kernel_fd, fresh_fd, &options[i], &value))
            result = copy_one(control, engine_fd, &options[i], &value);
    }
    sys_close(fresh_fd);
    copy_between_descriptors(kernel_fd, engine_fd);
    return result;
}

int option_copy_to_engine(struct control *control, int kernel_fd, int family, int engine_fd)
{
    uint64_t bits;
    bool is_known = changed_look(kernel_fd, &bits) && bits != CHANGED_ALL;
    return is_known ? copy_known(control, kernel_fd, engine_fd, bits)
                    : copy_different(control, kernel_fd, family, engine_fd);
}

static bool get_from_engine(struct control *control, int engine_fd, const struct option *option,
                            struct socket_answer *answer)
{
    struct socket_request request;
    control_request_init(&request, SOCKET_OP_GETSOCKOPT);
    request.level = option->level;
    request.name = option->name;
    request.length = sizeof(((struct value *)0)->bytes);
    return control_ask(control, engine_fd, &request, answer, false) == 0 &&
           answer->length <= sizeof(answer->value);
}

void option_copy_to_kernel(struct control *control, int engine_fd, int kernel_fd)
{
    struct socket_answer answer;
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        /* Sizes of buffers are the engine's own measure. */
        if (options[i].shown != SHOWN_DOUBLED &&
            get_from_engine(control, engine_fd, &options[i], &answer))
            sys_setsockopt(kernel_fd, options[i].level, options[i].name, answer.value,
                           answer.length);
    }
    copy_between_descriptors(engine_fd, kernel_fd);
}

/* Theory of operation: what is asked about a segment is asked before the stack sees it, if it comes
 * in, and after the stack has made it, if it goes out. So "acknowledges our FIN" is a question of
 * numbers and state then, and no memory of earlier segments is needed. */
#include <string.h>
#include <tcpengine/fault.h>

#include "util/seq.h"

struct kind_row {
    const char *word;
    unsigned ways_allowed, ways;
    bool has_aim;
};
static const struct kind_row kinds[TE_FAULT_KIND_COUNT] = {
#define KIND_ROW(constant, word_, allowed, initial, aimed, help)                                   \
    [TE_FAULT_##constant] = {.word = word_,                                                        \
                             .ways_allowed = TE_FAULT_##allowed,                                   \
                             .ways = TE_FAULT_##initial,                                           \
                             .has_aim = aimed},
    TE_FAULT_KIND_LIST(KIND_ROW)
#undef KIND_ROW
};

struct aim_row {
    const char *word;
    unsigned ways;
};
static const struct aim_row aims[TE_FAULT_AIM_COUNT] = {
#define AIM_ROW(constant, word_, initial, help)                                                    \
    [TE_FAULT_AIM_##constant] = {.word = word_, .ways = TE_FAULT_##initial},
    TE_FAULT_AIM_LIST(AIM_ROW)
#undef AIM_ROW
};

/* --- words ------------------------------------------------------------------------------------ */

enum { WORD_MAX = 48, DIGITS_MAX = 21 };

struct words {
    const char *rest;
    char word[WORD_MAX]; /* "": the end */
};

static void next_word(struct words *words)
{
    words->rest += strspn(words->rest, " ");
    size_t len = strcspn(words->rest, " ");
    size_t kept = len < WORD_MAX ? len : WORD_MAX - 1;
    memcpy(words->word, words->rest, kept);
    words->word[kept] = '\0';
    words->rest += len;
}

static bool fail(const char *expected, const char **ret_expected)
{
    *ret_expected = expected;
    return false;
}

/* Digits up to end; false also beyond max. */
static bool read_number(const char *text, const char *end, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (text == end)
        return false;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9' || number > max / 10)
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
    }
    *ret_number = number;
    return number <= max;
}

static bool read_range(struct words *words, struct te_fault_spec *spec, const char **ret_expected)
{
    const char *dots = words->word + strcspn(words->word, ".");
    if (words->word[0] == '\0')
        return true;
    if (strncmp(dots, "..", 2) != 0 ||
        !read_number(words->word, dots, INT64_MAX, &spec->first_byte) ||
        !read_number(dots + 2, words->word + strlen(words->word), INT64_MAX, &spec->last_byte) ||
        spec->first_byte > spec->last_byte)
        return fail("N..M, numbers of bytes in the stream, from 0", ret_expected);
    spec->has_range = true;
    next_word(words);
    return true;
}

static bool read_aim(struct words *words, struct te_fault_spec *spec, const char **ret_expected)
{
    unsigned aim = 0;
    while (aim < TE_FAULT_AIM_COUNT && strcmp(words->word, aims[aim].word) != 0)
        aim++;
    if (aim == TE_FAULT_AIM_COUNT)
        return fail("an aim: syn, syn-ack, ack-of-syn, fin, ack-of-fin, data [N..M], pure-ack, "
                    "retransmission, rst or any",
                    ret_expected);
    spec->aim = (enum te_fault_aim)aim;
    next_word(words);
    return spec->aim != TE_FAULT_AIM_DATA || read_range(words, spec, ret_expected);
}

static bool read_mtu(struct words *words, struct te_fault_spec *spec, const char **ret_expected)
{
    uint64_t mtu;
    if (!read_number(words->word, words->word + strlen(words->word), TE_FAULT_MTU_MAX, &mtu) ||
        mtu < TE_FAULT_MTU_MIN)
        return fail("an MTU, 68 to 65535 bytes", ret_expected);
    spec->mtu_bytes = (uint32_t)mtu;
    next_word(words);
    spec->answers_icmp = strcmp(words->word, "icmp") == 0;
    if (spec->answers_icmp || strcmp(words->word, "silent") == 0)
        next_word(words);
    return true;
}

static bool read_kind(struct words *words, struct te_fault_spec *spec, const char **ret_expected)
{
    unsigned kind = 0;
    while (kind < TE_FAULT_KIND_COUNT && strcmp(words->word, kinds[kind].word) != 0)
        kind++;
    if (kind == TE_FAULT_KIND_COUNT)
        return fail("drop, delay, duplicate, reorder, corrupt, zero-window, stop-reading, "
                    "blackhole, mtu N or rst-inject",
                    ret_expected);
    spec->kind = (enum te_fault_kind)kind;
    next_word(words);
    return true;
}

static bool read_all(struct words *words, struct te_fault_spec *spec, const char **ret_expected)
{
    next_word(words);
    if (!read_kind(words, spec, ret_expected))
        return false;
    if (kinds[spec->kind].has_aim && !read_aim(words, spec, ret_expected))
        return false;
    if (spec->kind == TE_FAULT_MTU && !read_mtu(words, spec, ret_expected))
        return false;
    return words->word[0] == '\0' || fail("no more words", ret_expected);
}

bool te_fault_parse(const char *text, unsigned ways, struct te_fault_spec *ret_spec,
                    const char **ret_expected)
{
    struct words words = {.rest = text};
    struct te_fault_spec spec = {.aim = TE_FAULT_AIM_ANY};
    if (!read_all(&words, &spec, ret_expected))
        return false;
    spec.ways = kinds[spec.kind].ways & aims[spec.aim].ways;
    if ((ways & ~kinds[spec.kind].ways_allowed) != 0)
        return fail("--out or nothing: it is a fault of what we send", ret_expected);
    if (ways != 0)
        spec.ways = ways;
    *ret_spec = spec;
    return true;
}

/* Appends to a text whose length is at most TE_FAULT_WORDS_MAX with all that is appended. */
static char *put_text(char *end, const char *text)
{
    size_t len = strlen(text);
    memcpy(end, text, len + 1);
    return end + len;
}

static char *put_number(char *end, uint64_t number)
{
    char digits[DIGITS_MAX];
    unsigned at = DIGITS_MAX - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put_text(end, digits + at);
}

void te_fault_format_kind(const struct te_fault_spec *spec, char *ret_text)
{
    char *end = put_text(ret_text, kinds[spec->kind].word);
    if (spec->kind == TE_FAULT_MTU) {
        end = put_number(put_text(end, " "), spec->mtu_bytes);
        put_text(end, spec->answers_icmp ? " icmp" : " silent");
    }
}

void te_fault_format_aim(const struct te_fault_spec *spec, char *ret_text)
{
    char *end = put_text(ret_text, aims[spec->aim].word);
    if (spec->has_range) {
        end = put_number(put_text(end, " "), spec->first_byte);
        put_number(put_text(end, ".."), spec->last_byte);
    }
}

const char *te_fault_kind_name(unsigned kind)
{
    return kind < TE_FAULT_KIND_COUNT ? kinds[kind].word : "?";
}

const char *te_fault_aim_name(unsigned aim)
{
    return aim < TE_FAULT_AIM_COUNT ? aims[aim].word : "?";
}

const char *te_fault_ways_name(unsigned ways)
{
    return ways == TE_FAULT_IN ? "in" : ways == TE_FAULT_OUT ? "out" : "both";
}

/* --- aims ------------------------------------------------------------------------------------- */

static bool has(const struct te_segment_view *segment, uint8_t flags)
{
    return (segment->flags & flags) == flags;
}

static bool has_any(const struct te_segment_view *segment, uint8_t flags)
{
    return (segment->flags & flags) != 0;
}

/* SEG.LEN (RFC 9293 3.4). */
static uint32_t length_of(const struct te_segment_view *segment)
{
    return segment->payload_bytes + (has(segment, TE_SYN) ? 1 : 0) + (has(segment, TE_FIN) ? 1 : 0);
}

static bool is_synchronized(const struct te_status *status)
{
    return status != NULL && status->state >= TE_SYN_RCVD;
}

/* RFC 9293 figure 6, line 3. In: by what it acknowledges; with a SYN cookie there is only the
 * listener yet. Out: nothing but the two SYNs has been sent and received. */
static bool is_ack_of_syn(const struct te_fault_sight *sight)
{
    const struct te_segment_view *segment = sight->segment;
    const struct te_status *status = sight->status;
    if (!has(segment, TE_ACK) || has_any(segment, TE_SYN | TE_RST) || status == NULL)
        return false;
    if (sight->way == TE_FAULT_IN)
        return status->state == TE_LISTEN ||
               (status->state == TE_SYN_RCVD && seq_gt(segment->ack, status->iss) &&
                seq_leq(segment->ack, status->snd_max));
    return status->state >= TE_ESTABLISHED && status->state != TE_TIME_WAIT &&
           segment->seq == status->iss + 1 && segment->ack == status->irs + 1;
}

/* The number after our FIN, if it is in the stream. */
static uint32_t after_our_fin(const struct te_status *status)
{
    return status->iss + 1 + (uint32_t)status->send_accepted + 1;
}

static bool is_ack_of_our_fin(const struct te_segment_view *segment, const struct te_status *status)
{
    bool is_awaited = status->state == TE_FIN_WAIT_1 || status->state == TE_CLOSING ||
                      status->state == TE_LAST_ACK;
    return is_awaited && segment->ack == after_our_fin(status) &&
           seq_geq(status->snd_max, segment->ack);
}

static bool is_ack_of_fin(const struct te_fault_sight *sight)
{
    const struct te_segment_view *segment = sight->segment;
    const struct te_status *status = sight->status;
    if (!has(segment, TE_ACK) || has_any(segment, TE_SYN | TE_RST) || status == NULL)
        return false;
    if (sight->way == TE_FAULT_IN)
        return is_ack_of_our_fin(segment, status);
    return status->fin_received && segment->ack == status->rcv_nxt;
}

/* The stream offset of the first byte. Negative: before the stream, as in a keepalive probe. Each
 * direction's stream starts behind its SYN; a 32-bit distance is enough, as no window is larger. */
static int64_t offset_of(const struct te_fault_sight *sight)
{
    const struct te_status *status = sight->status;
    bool is_in = sight->way == TE_FAULT_IN;
    if (has(sight->segment, TE_SYN))
        return 0;
    uint64_t known = is_in ? status->receive_next : status->send_acked;
    uint32_t seq = (is_in ? status->irs : status->iss) + 1 + (uint32_t)known;
    return (int64_t)known + (int32_t)(sight->segment->seq - seq);
}

static bool is_in_range(const struct te_fault_spec *spec, const struct te_fault_sight *sight)
{
    if (!has(sight->segment, TE_SYN) &&
        (!is_synchronized(sight->status) || sight->status->state == TE_TIME_WAIT))
        return false; /* a TIME_WAIT entry does not know where the stream began */
    int64_t first = offset_of(sight), end = first + (int64_t)sight->segment->payload_bytes;
    return first <= (int64_t)spec->last_byte && end > (int64_t)spec->first_byte;
}

static bool is_data(const struct te_fault_spec *spec, const struct te_fault_sight *sight)
{
    return sight->segment->payload_bytes > 0 && (!spec->has_range || is_in_range(spec, sight));
}

static bool is_pure_ack(const struct te_segment_view *segment)
{
    return has(segment, TE_ACK) && !has_any(segment, TE_SYN | TE_FIN | TE_RST) &&
           segment->payload_bytes == 0;
}

static bool is_retransmission(const struct te_fault_sight *sight)
{
    if (sight->way == TE_FAULT_OUT)
        return sight->is_again;
    return length_of(sight->segment) > 0 && is_synchronized(sight->status) &&
           seq_lt(sight->segment->seq, sight->status->rcv_nxt);
}

bool te_fault_is_aimed(const struct te_fault_spec *spec, const struct te_fault_sight *sight)
{
    const struct te_segment_view *segment = sight->segment;
    if ((spec->ways & (unsigned)sight->way) == 0)
        return false;
    switch (spec->aim) {
    case TE_FAULT_AIM_SYN:
        return has(segment, TE_SYN) && !has(segment, TE_ACK);
    case TE_FAULT_AIM_SYN_ACK:
        return has(segment, TE_SYN | TE_ACK);
    case TE_FAULT_AIM_ACK_OF_SYN:
        return is_ack_of_syn(sight);
    case TE_FAULT_AIM_FIN:
        return has(segment, TE_FIN);
    case TE_FAULT_AIM_ACK_OF_FIN:
        return is_ack_of_fin(sight);
    case TE_FAULT_AIM_DATA:
        return is_data(spec, sight);
    case TE_FAULT_AIM_PURE_ACK:
        return is_pure_ack(segment);
    case TE_FAULT_AIM_RETRANSMISSION:
        return is_retransmission(sight);
    case TE_FAULT_AIM_RST:
        return has(segment, TE_RST);
    default:
        return true;
    }
}

#include "explain_faults.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "explain_format.h"

__attribute__((format(printf, 3, 4))) static void add(char *text, size_t size, const char *format,
                                                      ...)
{
    size_t len = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + len, size - len, format, arguments);
    va_end(arguments);
}

/* --- one fault -------------------------------------------------------------------------------- */

/* By way: in, out, both. */
struct by_way {
    const char *texts[TE_FAULT_BOTH];
};

static const struct by_way aims[TE_FAULT_AIM_COUNT] = {
    [TE_FAULT_AIM_ANY] = {{"every segment that comes in", "every segment of ours",
                           "every segment"}},
    [TE_FAULT_AIM_SYN] = {{"the peer's SYN", "our SYN", "SYNs"}},
    [TE_FAULT_AIM_SYN_ACK] = {{"the peer's SYN,ACK", "our SYN,ACK", "SYN,ACKs"}},
    [TE_FAULT_AIM_ACK_OF_SYN] = {{"the ACK of our SYN", "our ACK of the peer's SYN",
                                  "the ACK of a SYN"}},
    [TE_FAULT_AIM_FIN] = {{"the peer's FIN", "our FIN", "FINs"}},
    [TE_FAULT_AIM_ACK_OF_FIN] = {{"the ACK of our FIN", "our ACK of the peer's FIN",
                                  "the ACK of a FIN"}},
    [TE_FAULT_AIM_DATA] = {{"the peer's data", "our data", "data"}},
    [TE_FAULT_AIM_PURE_ACK] = {{"the peer's ACKs without data", "our ACKs without data",
                                "ACKs without data"}},
    [TE_FAULT_AIM_RETRANSMISSION] = {{"what the peer sends again", "what we send again",
                                      "what is sent again"}},
    [TE_FAULT_AIM_RST] = {{"the peer's RST", "our RST", "RSTs"}},
};

static const char *way_of(const struct by_way *texts, unsigned ways)
{
    return ways >= TE_FAULT_IN && ways <= TE_FAULT_BOTH ? texts->texts[ways - 1] : "?";
}

static void add_aim(const struct te_fault_spec *spec, char *text, size_t size)
{
    if (spec->aim == TE_FAULT_AIM_DATA && spec->has_range)
        add(text, size, "bytes %" PRIu64 " to %" PRIu64 " of ", spec->first_byte, spec->last_byte);
    add(text, size, "%s",
        (unsigned)spec->aim < TE_FAULT_AIM_COUNT ? way_of(&aims[spec->aim], spec->ways) : "?");
}

/* Kinds without an aim say all in one. */
static const struct by_way wholes[TE_FAULT_KIND_COUNT] = {
    [TE_FAULT_ZERO_WINDOW] = {{"makes the peer's window 0", "makes our window 0",
                               "makes every window 0"}},
    [TE_FAULT_STOP_READING] = {{"?", "shuts our window as if our program did not read", "?"}},
    [TE_FAULT_BLACKHOLE] = {{"loses all that comes in", "loses all that we send",
                             "loses everything, both ways"}},
    [TE_FAULT_RST_INJECT] = {{"forges a RST of the peer", "forges a RST of ours",
                              "forges a RST for both sides"}},
};
static const char *const verbs[TE_FAULT_KIND_COUNT] = {
    [TE_FAULT_DROP] = "drops",
    [TE_FAULT_DELAY] = "delays",
    [TE_FAULT_DUPLICATE] = "doubles",
    [TE_FAULT_REORDER] = "lets later ones overtake",
    [TE_FAULT_CORRUPT] = "breaks the checksum of",
};

static void add_mtu(const struct te_fault_spec *spec, char *text, size_t size)
{
    static const struct by_way whose = {{"that come in", "of ours", "both ways"}};
    add(text, size, "loses packets of more than %" PRIu32 " bytes %s%s", spec->mtu_bytes,
        way_of(&whose, spec->ways), spec->answers_icmp ? ", with ICMP" : ", silently");
}

static void add_what(const struct te_fault_spec *spec, char *text, size_t size)
{
    if (spec->kind == TE_FAULT_MTU) {
        add_mtu(spec, text, size);
    } else if ((unsigned)spec->kind < TE_FAULT_KIND_COUNT && verbs[spec->kind] != NULL) {
        add(text, size, "%s ", verbs[spec->kind]);
        add_aim(spec, text, size);
    } else {
        add(text, size, "%s",
            (unsigned)spec->kind < TE_FAULT_KIND_COUNT ? way_of(&wholes[spec->kind], spec->ways)
                                                       : "?");
    }
}

/* " (2 of 2 hits, the last 3.2 s ago)". */
static void add_hits(const struct explain_fault *fault, char *text, size_t size)
{
    char ago[EXPLAIN_NUMBER_MAX];
    if (fault->hits == 0) {
        add(text, size, " (no hit yet)");
        return;
    }
    add(text, size, " (%" PRIu64, fault->hits);
    if (fault->count != 0)
        add(text, size, " of %" PRIu64, fault->count);
    add(text, size, fault->hits == 1 && fault->count <= 1 ? " hit" : " hits");
    if (fault->hits_here == 0)
        add(text, size, ", none here yet");
    else if (fault->hits_here != fault->hits)
        add(text, size, ", %" PRIu64 " here", fault->hits_here);
    if (fault->hits_here != 0)
        add(text, size, ", the last %s ago", explain_duration(fault->hit_us_ago, ago));
    add(text, size, ")");
}

char *explain_fault(const struct explain_fault *fault, char *ret_text, size_t size)
{
    ret_text[0] = '\0';
    add(ret_text, size, "fault %" PRIu64 " ", fault->id);
    add_what(&fault->spec, ret_text, size);
    if (fault->probability_millionths < 1000000)
        add(ret_text, size, " with a probability of %g %%", fault->probability_millionths / 1e4);
    add_hits(fault, ret_text, size);
    if (fault->is_over)
        add(ret_text, size, "; it is over");
    return ret_text;
}

/* --- all of a connection ---------------------------------------------------------------------- */

/* The one that hit last; NULL: none has. */
static const struct explain_fault *latest(const struct explain_subject *subject)
{
    const struct explain_fault *found = NULL;
    for (unsigned i = 0; i < subject->fault_count && i < EXPLAIN_FAULTS_MAX; i++) {
        const struct explain_fault *fault = &subject->faults[i];
        if (fault->hits_here > 0 && (found == NULL || fault->hit_us_ago < found->hit_us_ago))
            found = fault;
    }
    return found;
}

/* Whoever reads the summary alone must not look for the cause in the network. */
static void add_to_summary(const struct explain_fault *fault, struct explain_words *words)
{
    size_t len = strlen(words->summary);
    if (words->verdict == EXPLAIN_OK || len == 0 || words->summary[len - 1] != '.')
        return;
    words->summary[len - 1] = '\0';
    add(words->summary, sizeof(words->summary), "; fault %" PRIu64 " may be why.", fault->id);
}

static void add_hint(const struct explain_fault *fault, struct explain_words *words)
{
    if (fault->is_over || words->hint_count == EXPLAIN_HINTS_MAX)
        return;
    snprintf(words->hints[words->hint_count++], EXPLAIN_HINT_MAX, "tcpctl fault rm %" PRIu64,
             fault->id);
}

void explain_say_faults(const struct explain_subject *subject, struct explain_words *words)
{
    char text[EXPLAIN_TEXT_MAX];
    const struct explain_fault *last = latest(subject);
    for (unsigned i = 0; i < subject->fault_count && i < EXPLAIN_FAULTS_MAX; i++)
        add(words->reason, sizeof(words->reason), " Injected: %s.",
            explain_fault(&subject->faults[i], text, sizeof(text)));
    if (subject->fault_count > EXPLAIN_FAULTS_MAX)
        add(words->reason, sizeof(words->reason), " And %u more faults concern it.",
            subject->fault_count - EXPLAIN_FAULTS_MAX);
    if (last == NULL)
        return;
    add_to_summary(last, words);
    add_hint(last, words);
}

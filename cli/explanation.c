#include "explanation.h"

#include <inttypes.h>

#include "format.h"
#include "owner.h"

void explanation_print_line(FILE *out, const char *name, const char *text)
{
    if (*text)
        fprintf(out, "%-*s%s\n", EXPLANATION_INDENT, name, text);
}

/* "cwnd 1.2 s, peer_window 300 ms": those that were. */
static void print_limits(FILE *out, const struct tcpc_explanation *explanation)
{
    const char *before = "";
    char text[FORMAT_MAX];
    for (size_t i = 0; i < explanation->limit_count; i++) {
        const struct tcpc_limit *limit = &explanation->limits[i];
        if (limit->us < 1000)
            continue;
        if (*before == '\0')
            fprintf(out, "%-*s", EXPLANATION_INDENT, "limited by");
        fprintf(out, "%s%s %s", before, limit->name, format_duration(limit->us, text));
        before = ", ";
    }
    if (*before)
        fputc('\n', out);
}

static void print_owner(FILE *out, const struct tcpc_owner *owner)
{
    char text[OWNER_TEXT_MAX];
    fprintf(out, "%-*s", EXPLANATION_INDENT, "owner");
    if (*owner_name(owner, text))
        fprintf(out, "%s, ", text);
    if (*owner->session)
        fprintf(out, "session %s, ", owner->session);
    fprintf(out, "uid %" PRIu32 "\n", owner->uid);
}

static void print_hints(FILE *out, const struct tcpc_explanation *explanation)
{
    for (size_t i = 0; i < explanation->hint_count; i++)
        explanation_print_line(out, i == 0 ? "next" : "", explanation->hints[i]);
}

static void print_head(FILE *out, const struct tcpc_explanation *explanation)
{
    char local[TCPC_ENDPOINT_TEXT_MAX], remote[TCPC_ENDPOINT_TEXT_MAX];
    fprintf(out, "%-*s%" PRIu64 " %s %s -> %s\n", EXPLANATION_INDENT, "id", explanation->id,
            tcpc_state_name(explanation->state), tcpc_endpoint_format(&explanation->local, local),
            tcpc_endpoint_format(&explanation->remote, remote));
}

void explanation_print(FILE *out, const struct tcpc_explanation *explanation)
{
    print_head(out, explanation);
    explanation_print_line(out, "verdict", explanation->verdict);
    explanation_print_line(out, "summary", explanation->summary);
    explanation_print_line(out, "reason", explanation->reason);
    explanation_print_line(out, "waits for", explanation->waits_for);
    explanation_print_line(out, "then", explanation->then);
    explanation_print_line(out, "peer", explanation->peer);
    print_limits(out, explanation);
    print_owner(out, &explanation->owner);
    print_hints(out, explanation);
}

#include "watch/exposition.h"

#include <inttypes.h>
#include <string.h>
#include <tcpengine/units.h>

#define NUMBER_MAX 32

const char *exposition_content_type(enum exposition_format format)
{
    return format == EXPOSITION_OPEN_METRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

/* --- heads ------------------------------------------------------------------------------------ */

/* Length of name without suffix; 0: it does not end in that. */
static size_t length_before(const char *name, const char *suffix)
{
    size_t len = strlen(name), end = strlen(suffix);
    return len > end && strcmp(name + len - end, suffix) == 0 ? len - end : 0;
}

/* Length of the family's name: OpenMetrics has it without the _total of its samples. */
static int family_length(const struct exposition *out, const char *name)
{
    size_t len = length_before(name, "_total");
    return (int)(out->format == EXPOSITION_OPEN_METRICS && len > 0 ? len : strlen(name));
}

static const char *type_name(const struct exposition *out, enum exposition_type type)
{
    static const char *const names[] = {[EXPOSITION_COUNTER] = "counter",
                                        [EXPOSITION_GAUGE] = "gauge",
                                        [EXPOSITION_HISTOGRAM] = "histogram",
                                        [EXPOSITION_GAUGE_HISTOGRAM] = "gaugehistogram"};
    bool is_known = out->format == EXPOSITION_OPEN_METRICS || type != EXPOSITION_GAUGE_HISTOGRAM;
    return names[is_known ? type : EXPOSITION_HISTOGRAM];
}

static void write_unit(struct exposition *out, const char *name, int family_len)
{
    static const char *const units[] = {"seconds", "bytes"};
    char family[NUMBER_MAX * 4], suffix[NUMBER_MAX];
    snprintf(family, sizeof(family), "%.*s", family_len, name);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        snprintf(suffix, sizeof(suffix), "_%s", units[i]);
        if (length_before(family, suffix) > 0)
            fprintf(out->stream, "# UNIT %s %s\n", family, units[i]);
    }
}

/* Quotes are special in help texts of OpenMetrics alone. */
static void write_escaped(struct exposition *out, const char *text, bool has_quotes)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            fputs("\\n", out->stream);
            continue;
        }
        if (*text == '\\' || (*text == '"' && has_quotes))
            fputc('\\', out->stream);
        fputc(*text, out->stream);
    }
}

void exposition_escape(struct exposition *out, const char *text)
{
    write_escaped(out, text, true);
}

void exposition_head(struct exposition *out, const char *name, enum exposition_type type,
                     const char *help)
{
    int len = family_length(out, name);
    fprintf(out->stream, "# HELP %.*s ", len, name);
    write_escaped(out, help, out->format == EXPOSITION_OPEN_METRICS);
    fprintf(out->stream, ".\n# TYPE %.*s %s\n", len, name, type_name(out, type));
    if (out->format == EXPOSITION_OPEN_METRICS)
        write_unit(out, name, len);
}

/* --- samples ---------------------------------------------------------------------------------- */

void exposition_number(struct exposition *out, const char *name, enum exposition_type type,
                       const char *help, uint64_t value)
{
    exposition_head(out, name, type, help);
    fprintf(out->stream, "%s %" PRIu64 "\n", name, value);
}

void exposition_labelled(struct exposition *out, const char *name, const char *label,
                         const char *label_value, uint64_t value)
{
    fprintf(out->stream, "%s{%s=\"", name, label);
    exposition_escape(out, label_value);
    fprintf(out->stream, "\"} %" PRIu64 "\n", value);
}

void exposition_seconds(struct exposition *out, int64_t us)
{
    fprintf(out->stream, "%" PRId64 ".%06" PRId64, us / TE_SECOND, us % TE_SECOND);
}

/* --- histograms ------------------------------------------------------------------------------- */

/* A bound as OpenMetrics wants all to write it: as short as can be, and with a point or an exponent
 * ("5e-05", "0.0001", "1.0"). */
static void format_bound(int64_t bound, bool is_seconds, char ret_text[NUMBER_MAX])
{
    double value = is_seconds ? (double)bound / (double)TE_SECOND : (double)bound;
    snprintf(ret_text, NUMBER_MAX, "%.15g", value);
    if (strpbrk(ret_text, ".e") == NULL)
        strcat(ret_text, ".0");
}

static void write_bucket(struct exposition *out, const struct exposition_buckets *buckets,
                         const char *bound, uint64_t count)
{
    fprintf(out->stream, "%s_bucket{", buckets->name);
    if (buckets->label != NULL) {
        fprintf(out->stream, "%s=\"", buckets->label);
        exposition_escape(out, buckets->label_value);
        fputs("\",", out->stream);
    }
    fprintf(out->stream, "le=\"%s\"} %" PRIu64 "\n", bound, count);
}

/* Writes "NAME_sum{LABEL} ", or as a gauge histogram has it. */
static void write_begin(struct exposition *out, const struct exposition_buckets *buckets,
                        const char *what)
{
    bool is_gauge =
        out->format == EXPOSITION_OPEN_METRICS && buckets->type == EXPOSITION_GAUGE_HISTOGRAM;
    fprintf(out->stream, "%s_%s%s", buckets->name, is_gauge ? "g" : "", what);
    if (buckets->label != NULL) {
        fprintf(out->stream, "{%s=\"", buckets->label);
        exposition_escape(out, buckets->label_value);
        fputs("\"}", out->stream);
    }
    fputc(' ', out->stream);
}

void exposition_histogram(struct exposition *out, const struct exposition_buckets *buckets)
{
    uint64_t count = 0;
    char bound[NUMBER_MAX];
    for (unsigned i = 0; i < buckets->bound_count; i++) {
        count += buckets->counts[i];
        format_bound(buckets->bounds[i], buckets->is_seconds, bound);
        write_bucket(out, buckets, bound, count);
    }
    count += buckets->counts[buckets->bound_count];
    write_bucket(out, buckets, "+Inf", count);
    write_begin(out, buckets, "sum");
    if (buckets->is_seconds)
        exposition_seconds(out, (int64_t)buckets->sum);
    else
        fprintf(out->stream, "%" PRIu64, buckets->sum);
    fputc('\n', out->stream);
    write_begin(out, buckets, "count");
    fprintf(out->stream, "%" PRIu64 "\n", count);
}

void exposition_end(struct exposition *out)
{
    if (out->format == EXPOSITION_OPEN_METRICS)
        fputs("# EOF\n", out->stream);
}

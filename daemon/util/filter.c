#include "util/filter.h"

#include <assert.h>
#include <string.h>

#define NUMBER_FIELDS ((FILTER_BIT(FILTER_TIMER) - 1) | FILTER_BIT(FILTER_ID))
#define TEXT_FIELDS                                                                                \
    (FILTER_BIT(FILTER_TIMER) | FILTER_BIT(FILTER_PROGRAM) | FILTER_BIT(FILTER_SESSION))
#define HOST_FIELDS (FILTER_BIT(FILTER_LOCAL) | FILTER_BIT(FILTER_REMOTE))
#define SHORT_FIELDS (HOST_FIELDS | FILTER_BIT(FILTER_UID))
#define ADDRESS_BITS 128u

/* --- checks ----------------------------------------------------------------------------------- */

/* A test of one of these fields. */
static bool is_about(const struct filter_node *node, uint32_t fields)
{
    return node->field < FILTER_FIELD_COUNT && (FILTER_BIT(node->field) & fields) != 0;
}

static bool is_equality(const struct filter_node *node)
{
    return node->op <= FILTER_NOT_EQUAL;
}

/* Ports and uids; the others are times and counts. */
static bool is_number_good(const struct filter_node *node, uint32_t fields)
{
    return is_about(node, fields & NUMBER_FIELDS) && node->op <= FILTER_LESS_EQUAL &&
           (node->number <= UINT32_MAX || !is_about(node, SHORT_FIELDS));
}

static bool is_node_good(const struct filter_node *node, uint32_t index, uint32_t fields)
{
    if (node->prefix_bits > (node->kind == FILTER_HOST ? ADDRESS_BITS : 0))
        return false;
    switch (node->kind) {
    case FILTER_AND:
    case FILTER_OR:
        return node->left < index && node->right < index;
    case FILTER_NOT:
        return node->left < index;
    case FILTER_STATES:
        return node->number <= UINT32_MAX;
    case FILTER_NUMBER:
        return is_number_good(node, fields);
    case FILTER_HOST:
        return is_about(node, fields & HOST_FIELDS) && is_equality(node) &&
               node->number <= UINT32_MAX;
    case FILTER_TEXT:
        return is_about(node, fields & TEXT_FIELDS) && is_equality(node);
    default:
        return false;
    }
}

uint32_t filter_find_bad(const struct filter *filter, uint32_t fields)
{
    uint32_t index = 0;
    while (index < filter->count && is_node_good(&filter->nodes[index], index, fields))
        index++;
    return index;
}

bool filter_asks(const struct filter *filter, uint32_t fields)
{
    for (uint32_t i = 0; i < filter->count; i++)
        if (filter->nodes[i].kind >= FILTER_NUMBER && is_about(&filter->nodes[i], fields))
            return true;
    return false;
}

/* --- evaluation ------------------------------------------------------------------------------- */

static const struct te_endpoint *end_of(const struct filter_node *node,
                                        const struct filter_subject *subject)
{
    return node->field == FILTER_LOCAL ? subject->local : subject->remote;
}

static bool is_number_as(const struct filter_node *node, uint64_t value)
{
    return filter_number_is(value, node->op, node->number);
}

static bool is_number(const struct filter_node *node, const struct filter_subject *subject)
{
    if (node->field == FILTER_LOCAL || node->field == FILTER_REMOTE)
        return is_number_as(node, end_of(node, subject)->port);
    struct filter_number number = subject->number(subject->ctx, (enum filter_field)node->field);
    return number.is_known && is_number_as(node, number.value);
}

/* An unspecified peer is in no network. */
static bool is_host(const struct filter_node *node, const struct filter_subject *subject)
{
    const struct te_endpoint *end = end_of(node, subject);
    bool is_it = node->number == 0 || node->number == end->port;
    if (node->prefix_bits > 0)
        is_it = is_it && !te_addr_is_unspecified(&end->addr) &&
                te_addr_common_bits(&end->addr, &node->address) >= node->prefix_bits;
    return is_it == (node->op == FILTER_EQUAL);
}

static bool is_text(const struct filter_node *node, const struct filter_subject *subject)
{
    const char *text = subject->text(subject->ctx, (enum filter_field)node->field);
    return text != NULL && filter_text_is(text, node->text) == (node->op == FILTER_EQUAL);
}

static bool is_true(const struct filter_node *node, const struct filter_subject *subject,
                    const bool *earlier)
{
    switch (node->kind) {
    case FILTER_AND:
        return earlier[node->left] && earlier[node->right];
    case FILTER_OR:
        return earlier[node->left] || earlier[node->right];
    case FILTER_NOT:
        return !earlier[node->left];
    case FILTER_STATES:
        return (node->number & subject->states) != 0;
    case FILTER_NUMBER:
        return is_number(node, subject);
    case FILTER_HOST:
        return is_host(node, subject);
    default:
        return is_text(node, subject);
    }
}

/* From the first to the root: what a node refers to comes before it. */
bool filter_accepts(const struct filter *filter, const struct filter_subject *subject)
{
    bool results[FILTER_NODES_MAX];
    assert(filter->count <= FILTER_NODES_MAX);
    for (uint32_t i = 0; i < filter->count; i++)
        results[i] = is_true(&filter->nodes[i], subject, results);
    return filter->count == 0 || results[filter->count - 1];
}

#include "filter.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "address.h"
#include "parse.h"

enum { WORD_MAX = 320, DEPTH_MAX = 32, NODE_NONE = 255, HOSTS_MAX = 8 };

#define HOST_WANTED "an address, like 10.0.0.0/8, 10.0.0.1:80 or [2001:db8::1]:80"

struct parser {
    const char *rest;
    char word[WORD_MAX]; /* the word to look at; empty at the end */
    bool is_too_long;
    bool is_numeric; /* no names of hosts and services */
    unsigned depth;
    struct filter *filter;
    char *error;
};

/* All return a node's index, or NODE_NONE after an error. */
static unsigned parse_or(struct parser *parser);

/* --- words ------------------------------------------------------------------------------------ */

/* "words", with both of their quotes; 0: it does not begin with one, or does not end. */
static size_t quoted_len(const char *text)
{
    const char *end = *text == '"' ? strchr(text + 1, '"') : NULL;
    return end != NULL ? (size_t)(end + 1 - text) : 0;
}

static size_t word_len(const char *text)
{
    static const char *const operators[] = {"==", "!=", ">=", "<=", "&&", "||", "=",
                                            "!",  ">",  "<",  "&",  "|",  "(",  ")"};
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strncmp(text, operators[i], strlen(operators[i])) == 0)
            return strlen(operators[i]);
    }
    if (quoted_len(text) > 0)
        return quoted_len(text);
    size_t len = strcspn(text, "=!<>&|()");
    for (size_t i = 0; i < len; i++) {
        if (isspace((unsigned char)text[i]))
            return i;
    }
    return len;
}

static void next_word(struct parser *parser)
{
    while (isspace((unsigned char)*parser->rest))
        parser->rest++;
    size_t len = word_len(parser->rest);
    size_t kept = len < WORD_MAX ? len : WORD_MAX - 1;
    memcpy(parser->word, parser->rest, kept);
    parser->word[kept] = '\0';
    parser->is_too_long = kept < len;
    parser->rest += len;
}

static bool is_word(const struct parser *parser, const char *word)
{
    return strcasecmp(parser->word, word) == 0;
}

static unsigned complain(struct parser *parser, const char *expected)
{
    if (parser->error[0])
        return NODE_NONE;
    if (parser->word[0])
        snprintf(parser->error, FILTER_ERROR_MAX, "\"%.60s\": expected %s", parser->word, expected);
    else
        snprintf(parser->error, FILTER_ERROR_MAX, "the expression ends too early: expected %s",
                 expected);
    return NODE_NONE;
}

static unsigned add_node(struct parser *parser, const struct filter_node *node)
{
    struct filter *filter = parser->filter;
    if (filter->count == FILTER_NODES_MAX)
        return complain(parser, "a shorter expression");
    filter->nodes[filter->count] = *node;
    return filter->count++;
}

static unsigned join(struct parser *parser, enum filter_kind kind, unsigned left, unsigned right)
{
    struct filter_node node = {.kind = kind, .left = (uint8_t)left, .right = (uint8_t)right};
    return left == NODE_NONE || right == NODE_NONE ? NODE_NONE : add_node(parser, &node);
}

/* --- states ----------------------------------------------------------------------------------- */

#define BIT(state) (1u << (state))
enum {
    ALL = (1 << TCPC_STATE_COUNT) - 1,
    CONNECTED = ALL & ~(BIT(TCPC_CLOSED) | BIT(TCPC_LISTEN)),
    BUCKET = BIT(TCPC_SYN_RCVD) | BIT(TCPC_TIME_WAIT)
};

static const struct {
    const char *name;
    uint32_t states;
} state_words[] = {
    {"all", ALL},
    {"connected", CONNECTED},
    {"synchronized", CONNECTED & ~BIT(TCPC_SYN_SENT)},
    {"bucket", BUCKET},
    {"big", ALL & ~BUCKET},
    {"close", BIT(TCPC_CLOSED)},
    {"listening", BIT(TCPC_LISTEN)},
    {"syn-recv", BIT(TCPC_SYN_RCVD)},
    {"estab", BIT(TCPC_ESTABLISHED)},
};

/* Ignores case, - and _: "fin-wait-1", "FIN_WAIT_1" and "finwait1" are the same. */
static bool same_state(const char *word, const char *name)
{
    for (;; word++, name++) {
        while (*word == '-' || *word == '_')
            word++;
        while (*name == '-' || *name == '_')
            name++;
        if (tolower((unsigned char)*word) != tolower((unsigned char)*name))
            return false;
        if (!*word)
            return true;
    }
}

static bool find_states(const char *word, uint32_t *ret_states)
{
    for (unsigned state = 0; state < TCPC_STATE_COUNT; state++) {
        if (same_state(word, tcpc_state_name((enum tcpc_state)state))) {
            *ret_states = BIT(state);
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(state_words) / sizeof(state_words[0]); i++) {
        if (same_state(word, state_words[i].name)) {
            *ret_states = state_words[i].states;
            return true;
        }
    }
    return false;
}

static bool is_state_word(const struct parser *parser)
{
    return is_word(parser, "state") || is_word(parser, "exclude") || is_word(parser, "excl");
}

/* As in ss: the first `state` starts from none, the first `exclude` from all. */
static unsigned parse_states(struct parser *parser)
{
    struct filter_node node = {.kind = FILTER_STATES};
    bool is_first = true;
    for (; is_state_word(parser); is_first = false) {
        bool is_excluded = !is_word(parser, "state");
        uint32_t states;
        next_word(parser);
        if (!find_states(parser->word, &states))
            return complain(parser, "a state (established, syn-sent, fin-wait-1, time-wait, ..., "
                                    "all, connected, synchronized, bucket, big)");
        if (is_first && is_excluded)
            node.number = ALL;
        if (is_excluded)
            node.number &= ~states;
        else
            node.number |= states;
        if (!is_excluded)
            parser->filter->asked |= states;
        next_word(parser);
    }
    return add_node(parser, &node);
}

/* --- ports and addresses ---------------------------------------------------------------------- */

static bool find_operator(const char *word, enum filter_operator *ret_op)
{
    static const struct {
        const char *name;
        enum filter_operator op;
    } operators[] = {
        {"=", FILTER_EQUAL},           {"==", FILTER_EQUAL},         {"eq", FILTER_EQUAL},
        {"!=", FILTER_NOT_EQUAL},      {"ne", FILTER_NOT_EQUAL},     {"neq", FILTER_NOT_EQUAL},
        {">", FILTER_GREATER},         {"gt", FILTER_GREATER},       {"<", FILTER_LESS},
        {"lt", FILTER_LESS},           {">=", FILTER_GREATER_EQUAL}, {"ge", FILTER_GREATER_EQUAL},
        {"geq", FILTER_GREATER_EQUAL}, {"<=", FILTER_LESS_EQUAL},    {"le", FILTER_LESS_EQUAL},
        {"leq", FILTER_LESS_EQUAL},
    };
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcasecmp(word, operators[i].name) == 0) {
            *ret_op = operators[i].op;
            return true;
        }
    }
    return false;
}

/* "80", ":80", ":http": into *ret_port. */
static bool read_port(const struct parser *parser, const char *text, uint32_t *ret_port)
{
    uint64_t number;
    uint16_t port;
    if (*text == ':')
        text++;
    if (parse_number(text, 65535, &number))
        *ret_port = (uint32_t)number;
    else if (!parser->is_numeric && address_port(text, &port))
        *ret_port = port;
    else
        return false;
    return true;
}

/* What src and dst compare with: one node per address of a name. */
struct hosts {
    struct tcpc_endpoint list[HOSTS_MAX];
    unsigned count;
    uint32_t port;   /* 0: any */
    int prefix_bits; /* as written; -1: none */
};

/* "HOST", "HOST/PREFIX", HOST any: into hosts. */
static bool read_network(const struct parser *parser, char *text, struct hosts *hosts)
{
    const char *why;
    uint64_t prefix;
    char *slash = strchr(text, '/');
    hosts->prefix_bits = -1;
    if (slash != NULL) {
        if (!parse_number(slash + 1, 128, &prefix))
            return false;
        hosts->prefix_bits = (int)prefix;
        *slash = '\0';
    }
    if (address_is_any(text))
        return slash == NULL;
    if (parser->is_numeric && !tcpc_endpoint_set(&hosts->list[0], text, 0))
        return false;
    hosts->count = address_resolve(text, AF_UNSPEC, hosts->list, HOSTS_MAX, &why);
    return hosts->count > 0;
}

static bool read_hosts(const struct parser *parser, const char *text, struct hosts *ret_hosts)
{
    struct address_text parts;
    *ret_hosts = (struct hosts){.port = 0};
    if (!*text || !address_split(text, &parts) || !read_network(parser, parts.host, ret_hosts))
        return false;
    return !parts.has_port || strcmp(parts.port, "*") == 0 ||
           read_port(parser, parts.port, &ret_hosts->port);
}

static bool set_network(struct filter_node *node, const struct tcpc_endpoint *endpoint,
                        int prefix_bits)
{
    bool is_v6 = strchr(endpoint->address, ':') != NULL;
    int most = is_v6 ? 128 : 32;
    int bits = prefix_bits < 0 ? most : prefix_bits;
    node->prefix_bits = (uint8_t)(is_v6 ? bits : bits + 96);
    return bits <= most && te_addr_parse(endpoint->address, &node->address);
}

/* Any of the addresses, or, for !=, none of them. NODE_NONE after a complaint. */
static unsigned add_hosts(struct parser *parser, struct filter_node *node,
                          const struct hosts *hosts)
{
    enum filter_kind joint = node->op == FILTER_EQUAL ? FILTER_OR : FILTER_AND;
    unsigned left = NODE_NONE;
    if (!hosts->count)
        return add_node(parser, node);
    for (unsigned i = 0; i < hosts->count; i++) {
        if (!set_network(node, &hosts->list[i], hosts->prefix_bits))
            return complain(parser, HOST_WANTED);
        unsigned right = add_node(parser, node);
        left = left == NODE_NONE ? right : join(parser, joint, left, right);
        if (left == NODE_NONE)
            break;
    }
    return left;
}

static unsigned parse_hosts(struct parser *parser, enum filter_field field, enum filter_operator op)
{
    struct filter_node node = {.kind = FILTER_HOST, .field = field, .op = op};
    struct hosts hosts;
    if (parser->is_too_long || !read_hosts(parser, parser->word, &hosts))
        return complain(parser, HOST_WANTED);
    node.number = hosts.port;
    unsigned index = add_hosts(parser, &node, &hosts);
    if (index != NODE_NONE)
        next_word(parser);
    return index;
}

static unsigned parse_host_test(struct parser *parser, enum filter_field field)
{
    enum filter_operator op = FILTER_EQUAL;
    next_word(parser);
    if (find_operator(parser->word, &op)) {
        if (op != FILTER_EQUAL && op != FILTER_NOT_EQUAL)
            return complain(parser, "= or !=, for an address");
        next_word(parser);
    }
    return parse_hosts(parser, field, op);
}

static unsigned parse_port_test(struct parser *parser, enum filter_field field)
{
    struct filter_node node = {.kind = FILTER_NUMBER, .field = field};
    uint32_t port;
    next_word(parser);
    bool has_operator = find_operator(parser->word, &node.op);
    if (has_operator)
        next_word(parser);
    bool is_equality = node.op == FILTER_EQUAL || node.op == FILTER_NOT_EQUAL;
    if (is_equality && strpbrk(parser->word, ":*") != NULL &&
        !read_port(parser, parser->word, &port))
        return parse_hosts(parser, field, node.op); /* sport = 10.0.0.2:80, sport = :* */
    if (!read_port(parser, parser->word, &port))
        return complain(parser, has_operator ? "a port, like :80"
                                             : "an operator (=, !=, >, <, >=, <=) or a port");
    node.number = port;
    next_word(parser);
    return add_node(parser, &node);
}

/* --- numbers and texts ------------------------------------------------------------------------ */

struct unit {
    const char *name;
    double factor;
};

static const struct unit count_units[] = {{"", 1}, {NULL, 0}};
static const struct unit byte_units[] = {{"", 1},        {"b", 1},       {"k", 1 << 10},
                                         {"m", 1 << 20}, {"g", 1 << 30}, {NULL, 0}};
static const struct unit time_units[] = {{"", 1e6},    {"us", 1},    {"ms", 1e3},    {"s", 1e6},
                                         {"min", 6e7}, {"h", 3.6e9}, {"d", 8.64e10}, {NULL, 0}};

static const struct number_test {
    const char *name;
    enum filter_field field;
    const struct unit *units;
    const char *wanted;
} number_tests[] = {
    {"id", FILTER_ID, count_units, "the id of a connection"},
    {"uid", FILTER_UID, count_units, "a numeric user id"},
    {"pid", FILTER_PID, count_units, "the number of a process"},
    {"age", FILTER_AGE, time_units, "a time, like 90s or 5min"},
    {"idle", FILTER_IDLE, time_units, "a time, like 90s or 5min"},
    {"rtt", FILTER_RTT, time_units, "a time, like 20ms"},
    {"retransmits", FILTER_RETRANSMITS, count_units, "a number of segments"},
    {"send-queue", FILTER_SEND_QUEUE, byte_units, "a number of bytes, like 64k"},
    {"receive-queue", FILTER_RECEIVE_QUEUE, byte_units, "a number of bytes, like 64k"},
    {"send-q", FILTER_SEND_QUEUE, byte_units, "a number of bytes, like 64k"},
    {"recv-q", FILTER_RECEIVE_QUEUE, byte_units, "a number of bytes, like 64k"},
};

/* "90", "1.5s", "64k". */
static bool read_quantity(const char *text, const struct unit *units, uint64_t *ret_number)
{
    static const double max = 4e18;
    char *end = NULL;
    if (!isdigit((unsigned char)*text) || strspn(text, "0123456789.") > 20)
        return false;
    double number = strtod(text, &end);
    bool is_whole = memchr(text, '.', (size_t)(end - text)) == NULL;
    while (units->name != NULL && strcasecmp(units->name, end) != 0)
        units++;
    if (units->name == NULL || (units->factor <= 1 && !is_whole) || number * units->factor > max)
        return false;
    *ret_number = (uint64_t)(number * units->factor);
    return true;
}

static unsigned parse_number_test(struct parser *parser, const struct number_test *test)
{
    struct filter_node node = {.kind = FILTER_NUMBER, .field = test->field};
    next_word(parser);
    if (find_operator(parser->word, &node.op))
        next_word(parser);
    bool is_id = test->field == FILTER_UID || test->field == FILTER_PID;
    if (!read_quantity(parser->word, test->units, &node.number) ||
        (is_id && node.number > UINT32_MAX))
        return complain(parser, test->wanted);
    next_word(parser);
    return add_node(parser, &node);
}

static const struct text_test {
    const char *name;
    enum filter_field field;
} text_tests[] = {
    {"timer", FILTER_TIMER},
    {"program", FILTER_PROGRAM},
    {"session", FILTER_SESSION},
};

/* The word without its quotes. */
static bool read_text(const struct parser *parser, char text[FILTER_TEXT_MAX + 1])
{
    const char *start = parser->word;
    size_t len = strlen(start);
    bool is_quoted = quoted_len(start) == len && len > 0;
    if (is_quoted) {
        start++;
        len -= 2;
    }
    bool is_open = *parser->word == '"' && !is_quoted;
    if ((len == 0 && !is_quoted) || is_open || len > FILTER_TEXT_MAX ||
        strchr("()&|!", *parser->word) != NULL)
        return false;
    memcpy(text, start, len);
    text[len] = '\0';
    return true;
}

static unsigned parse_text_test(struct parser *parser, const struct text_test *test)
{
    struct filter_node node = {.kind = FILTER_TEXT, .field = test->field};
    next_word(parser);
    if (find_operator(parser->word, &node.op)) {
        if (node.op != FILTER_EQUAL && node.op != FILTER_NOT_EQUAL)
            return complain(parser, "= or !=, for a name");
        next_word(parser);
    }
    if (!read_text(parser, node.text))
        return complain(parser, "a name of at most 64 bytes, in quotes if it has spaces");
    next_word(parser);
    return add_node(parser, &node);
}

/* A test whose name is in one of the tables. */
static unsigned parse_named_test(struct parser *parser)
{
    for (size_t i = 0; i < sizeof(number_tests) / sizeof(number_tests[0]); i++)
        if (is_word(parser, number_tests[i].name))
            return parse_number_test(parser, &number_tests[i]);
    for (size_t i = 0; i < sizeof(text_tests) / sizeof(text_tests[0]); i++)
        if (is_word(parser, text_tests[i].name))
            return parse_text_test(parser, &text_tests[i]);
    return complain(parser,
                    "state, exclude, sport, dport, src, dst, id, uid, pid, program, session, "
                    "timer, age, idle, rtt, retransmits, send-queue, receive-queue, not "
                    "or (");
}

/* --- structure -------------------------------------------------------------------------------- */

static bool is_not(const struct parser *parser)
{
    return is_word(parser, "not") || is_word(parser, "!");
}

static bool is_and(const struct parser *parser)
{
    return is_word(parser, "and") || is_word(parser, "&") || is_word(parser, "&&");
}

static bool is_or(const struct parser *parser)
{
    return is_word(parser, "or") || is_word(parser, "|") || is_word(parser, "||");
}

static unsigned parse_group(struct parser *parser)
{
    next_word(parser);
    unsigned node = parse_or(parser);
    if (node == NODE_NONE)
        return node;
    if (!is_word(parser, ")"))
        return complain(parser, "and, or, or a closing parenthesis");
    next_word(parser);
    return node;
}

static unsigned parse_test(struct parser *parser)
{
    if (is_word(parser, "("))
        return parse_group(parser);
    if (is_state_word(parser))
        return parse_states(parser);
    if (is_word(parser, "sport"))
        return parse_port_test(parser, FILTER_LOCAL);
    if (is_word(parser, "dport"))
        return parse_port_test(parser, FILTER_REMOTE);
    if (is_word(parser, "src"))
        return parse_host_test(parser, FILTER_LOCAL);
    if (is_word(parser, "dst"))
        return parse_host_test(parser, FILTER_REMOTE);
    return parse_named_test(parser);
}

static unsigned parse_not(struct parser *parser)
{
    struct filter_node node = {.kind = FILTER_NOT};
    if (!is_not(parser))
        return parse_test(parser);
    if (++parser->depth > DEPTH_MAX)
        return complain(parser, "less nesting");
    next_word(parser);
    unsigned left = parse_not(parser);
    parser->depth--;
    node.left = (uint8_t)left;
    return left == NODE_NONE ? left : add_node(parser, &node);
}

static unsigned parse_and(struct parser *parser)
{
    unsigned left = parse_not(parser);
    /* Two tests side by side mean and. */
    while (left != NODE_NONE && parser->word[0] && !is_or(parser) && !is_word(parser, ")")) {
        if (is_and(parser))
            next_word(parser);
        left = join(parser, FILTER_AND, left, parse_not(parser));
    }
    return left;
}

static unsigned parse_or(struct parser *parser)
{
    if (++parser->depth > DEPTH_MAX)
        return complain(parser, "less nesting");
    unsigned left = parse_and(parser);
    while (left != NODE_NONE && is_or(parser)) {
        next_word(parser);
        left = join(parser, FILTER_OR, left, parse_and(parser));
    }
    parser->depth--;
    return left;
}

static bool parse(struct parser *parser)
{
    memset(parser->filter, 0, sizeof(*parser->filter));
    parser->error[0] = '\0';
    next_word(parser);
    if (!parser->word[0])
        return true;
    unsigned root = parse_or(parser);
    if (root == NODE_NONE)
        return false;
    if (parser->word[0]) {
        complain(parser, "and, or, or the end");
        return false;
    }
    parser->filter->root = (uint8_t)root;
    return true;
}

bool filter_parse(const char *text, struct filter *ret_filter, char *ret_error)
{
    struct parser parser = {.rest = text, .filter = ret_filter, .error = ret_error};
    return parse(&parser);
}

bool filter_parse_numeric(const char *text, struct filter *ret_filter, char *ret_error)
{
    struct parser parser = {
        .rest = text, .is_numeric = true, .filter = ret_filter, .error = ret_error};
    return parse(&parser);
}

bool filter_parse_words(int count, char **words, struct filter *ret_filter, char *ret_error)
{
    char text[4096];
    size_t len = 0;
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        int more = snprintf(text + len, sizeof(text) - len, "%s ", words[i]);
        if (more < 0 || (size_t)more >= sizeof(text) - len) {
            snprintf(ret_error, FILTER_ERROR_MAX, "the expression is too long");
            return false;
        }
        len += (size_t)more;
    }
    return filter_parse(text, ret_filter, ret_error);
}

/* --- matching --------------------------------------------------------------------------------- */

static bool is_in_network(const struct filter_node *node, const char *address)
{
    struct te_addr addr;
    if (!node->prefix_bits)
        return true;
    return te_addr_parse(address, &addr) &&
           te_addr_common_bits(&addr, &node->address) >= node->prefix_bits;
}

static bool test_host(const struct filter_node *node, const struct filter_subject *subject)
{
    const struct tcpc_endpoint *endpoint =
        node->field == FILTER_LOCAL ? subject->local : subject->remote;
    bool is_it =
        (!node->number || node->number == endpoint->port) && is_in_network(node, endpoint->address);
    return is_it == (node->op == FILTER_EQUAL);
}

static bool is_number_as(const struct filter_node *node, uint64_t value)
{
    return filter_number_is(value, node->op, node->number);
}

static bool test_number(const struct filter_node *node, const struct filter_subject *subject)
{
    const struct tcpc_owner *owner = subject->owner;
    switch (node->field) {
    case FILTER_LOCAL:
        return is_number_as(node, subject->local->port);
    case FILTER_REMOTE:
        return is_number_as(node, subject->remote->port);
    case FILTER_ID:
        return is_number_as(node, subject->id);
    case FILTER_UID:
        return is_number_as(node, subject->uid);
    case FILTER_PID:
        return owner != NULL && owner->pid != 0 && is_number_as(node, owner->pid);
    default:
        return false;
    }
}

static bool test_text(const struct filter_node *node, const struct filter_subject *subject)
{
    if (subject->owner == NULL || node->field == FILTER_TIMER)
        return false;
    const char *text =
        node->field == FILTER_PROGRAM ? subject->owner->program : subject->owner->session;
    return filter_text_is(text, node->text) == (node->op == FILTER_EQUAL);
}

/* The tree is as deep as the parser's limits allow. */
static bool test(const struct filter *filter, unsigned index, const struct filter_subject *subject)
{
    const struct filter_node *node = &filter->nodes[index];
    switch (node->kind) {
    case FILTER_AND:
        return test(filter, node->left, subject) && test(filter, node->right, subject);
    case FILTER_OR:
        return test(filter, node->left, subject) || test(filter, node->right, subject);
    case FILTER_NOT:
        return !test(filter, node->left, subject);
    case FILTER_STATES:
        return (node->number & BIT(subject->state)) != 0;
    case FILTER_NUMBER:
        return test_number(node, subject);
    case FILTER_HOST:
        return test_host(node, subject);
    case FILTER_TEXT:
        return test_text(node, subject);
    }
    return false;
}

bool filter_matches(const struct filter *filter, const struct filter_subject *subject)
{
    return !filter->count || test(filter, filter->root, subject);
}

static bool is_known_of_event(const struct filter_node *node)
{
    switch (node->field) {
    case FILTER_LOCAL:
    case FILTER_REMOTE:
    case FILTER_ID:
    case FILTER_UID:
    case FILTER_PID:
    case FILTER_PROGRAM:
    case FILTER_SESSION:
        return true;
    default:
        return false;
    }
}

static const char *name_of(enum filter_field field)
{
    for (size_t i = 0; i < sizeof(number_tests) / sizeof(number_tests[0]); i++)
        if (number_tests[i].field == field)
            return number_tests[i].name;
    for (size_t i = 0; i < sizeof(text_tests) / sizeof(text_tests[0]); i++)
        if (text_tests[i].field == field)
            return text_tests[i].name;
    return "?";
}

const char *filter_unknown_of_event(const struct filter *filter)
{
    for (unsigned i = 0; i < filter->count; i++) {
        const struct filter_node *node = &filter->nodes[i];
        if ((node->kind == FILTER_NUMBER || node->kind == FILTER_TEXT) && !is_known_of_event(node))
            return name_of(node->field);
    }
    return NULL;
}

static void append(char *text, size_t size, const char *separator, const char *word)
{
    size_t len = strlen(text);
    snprintf(text + len, size - len, "%s%s", separator, word);
}

/* The states in which a field is never known: an entry of TIME_WAIT is what its table keeps. */
static uint32_t states_without(enum filter_field field)
{
    switch (field) {
    case FILTER_RTT:
        return BIT(TCPC_LISTEN) | BIT(TCPC_SYN_SENT) | BIT(TCPC_SYN_RCVD) | BIT(TCPC_TIME_WAIT);
    case FILTER_IDLE:
        return BIT(TCPC_LISTEN) | BIT(TCPC_TIME_WAIT);
    case FILTER_RETRANSMITS:
    case FILTER_SEND_QUEUE:
        return BIT(TCPC_TIME_WAIT);
    default:
        return 0;
    }
}

/* All states of what the filter may accept, as far as its tests of states say so. */
static uint32_t accepted_states(const struct filter *filter, unsigned index)
{
    const struct filter_node *node = &filter->nodes[index];
    switch (node->kind) {
    case FILTER_AND:
        return accepted_states(filter, node->left) & accepted_states(filter, node->right);
    case FILTER_OR:
        return accepted_states(filter, node->left) | accepted_states(filter, node->right);
    case FILTER_NOT:
        node = &filter->nodes[node->left];
        return node->kind == FILTER_STATES ? ALL & ~(uint32_t)node->number : ALL;
    case FILTER_STATES:
        return (uint32_t)node->number;
    default:
        return ALL;
    }
}

static void say_unanswerable(enum filter_field field, uint32_t states, char *ret_error)
{
    char names[FILTER_ERROR_MAX / 2] = "", known[FILTER_ERROR_MAX / 2] = "";
    for (unsigned state = 0; state < TCPC_STATE_COUNT; state++)
        if ((states & BIT(state)) != 0)
            append(names, sizeof(names), *names ? " or " : "", tcpc_state_name(state));
    for (unsigned other = FILTER_UID; other <= FILTER_ID; other++)
        if ((states & ~states_without(other)) != 0)
            append(known, sizeof(known), *known ? ", " : "", name_of(other));
    snprintf(ret_error, FILTER_ERROR_MAX,
             "%s is not known in %s, which has state, ports, hosts, %s", name_of(field), names,
             known);
}

bool filter_is_answerable(const struct filter *filter, uint32_t states, char *ret_error)
{
    if (filter->count == 0)
        return true;
    states &= ALL & accepted_states(filter, filter->root);
    for (unsigned i = 0; i < filter->count && states != 0; i++) {
        const struct filter_node *node = &filter->nodes[i];
        bool is_field = node->kind == FILTER_NUMBER || node->kind == FILTER_TEXT;
        if (is_field && (states & ~states_without(node->field)) == 0) {
            say_unanswerable(node->field, states, ret_error);
            return false;
        }
    }
    return true;
}

bool filter_asks_for(const struct filter *filter, enum tcpc_state state)
{
    return (filter->asked & BIT(state)) != 0;
}

/* --- for the daemon --------------------------------------------------------------------------- */

static struct tcpc_filter_node to_node(const struct filter_node *node)
{
    struct tcpc_filter_node result = {.kind = node->kind,
                                      .left = node->left,
                                      .right = node->right,
                                      .field = node->field,
                                      .op = node->op,
                                      .number = node->number,
                                      .prefix_bits = node->prefix_bits,
                                      .text = node->text};
    memcpy(result.address, node->address.bytes, sizeof(result.address));
    return result;
}

/* A parsed expression ends with its root, as the daemon wants it. */
size_t filter_own_nodes(const struct filter *filter, struct tcpc_filter_node *nodes)
{
    for (size_t i = 0; i < filter->count; i++)
        nodes[i] = to_node(&filter->nodes[i]);
    return filter->count;
}

size_t filter_nodes(const struct filter *filter, uint32_t states, struct tcpc_filter_node *nodes)
{
    size_t count = filter_own_nodes(filter, nodes);
    uint32_t mask = ALL;
    if (states != 0 && filter->asked == 0)
        mask = states;
    else if (!filter_asks_for(filter, TCPC_CLOSED))
        mask &= ~BIT(TCPC_CLOSED);
    if (mask == ALL)
        return count;
    nodes[count] = (struct tcpc_filter_node){.kind = FILTER_STATES, .number = mask};
    if (count == 0)
        return 1;
    nodes[count + 1] = (struct tcpc_filter_node){
        .kind = FILTER_AND, .left = (uint32_t)count - 1, .right = (uint32_t)count};
    return count + 2;
}

/* Each of the eleven states against each kind of segment.
 *
 * The table below is RFC 9293 3.10.7 read line by line, with RFC 5961 3.2, 4.2 and 5.2 (exact RST,
 * challenge ACKs, old ACKs), RFC 1337 3 (F1) and RFC 1122 4.2.2.13 for TIME_WAIT. The variants add
 * RFC 7323 5.3 (PAWS), 3.2 (timestamps that are missing) and RFC 6191 2. It states what a TCP must
 * do; it was not derived from what this one does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script_columns.h"

/* What is sent, and the state that follows. */
enum reaction {
    NO, /* nothing is sent, nothing changes */
    AK, /* <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> */
    CH, /* the same as a challenge ACK (RFC 5961) */
    RA, /* <SEQ=SEG.ACK><CTL=RST> */
    RZ, /* <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK> */
    SA, /* a new connection: <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK> */
    SM, /* both sides open: SYN_RCVD and the same segment */
    AG, /* the SYN,ACK again */
    BK, /* back to LISTEN, silently */
    RF, /* CLOSED, the user is told "connection refused" */
    RS, /* CLOSED, the user is told "connection reset" */
    OK, /* CLOSED silently: nothing was lost */
    EE, /* ESTABLISHED */
    EA, /* ESTABLISHED, ACK */
    ED, /* ESTABLISHED, text taken: ACK, which may be delayed */
    DT, /* text taken */
    D2, /* FIN_WAIT_2, text taken */
    W2, /* FIN_WAIT_2 */
    A2, /* FIN_WAIT_2, ACK */
    CF, /* CLOSE_WAIT, ACK of the FIN */
    GF, /* CLOSING, ACK of the FIN */
    TF, /* TIME_WAIT, ACK of the FIN */
    TN, /* TIME_WAIT */
    TR, /* ACK, and 2MSL restarts */
    RO, /* CLOSED, <SEQ=SEG.ACK><CTL=RST>: the user has closed, and text comes (3.6.1) */
    /* The first check fails, and the ACK counts all the same (A.2). */
    L2, /* ACK, FIN_WAIT_2 */
    LT, /* ACK, TIME_WAIT */
    LC  /* CLOSED silently: nobody is left to send an ACK */
};

enum output { OUT_NONE, OUT_ACK, OUT_CHALLENGE, OUT_RST, OUT_RST_ACK, OUT_SYN_ACK, OUT_LATER };
#define STAYS (-1)

static const struct {
    enum output output;
    int state;
    enum te_err error;
} reactions[] = {
    [NO] = {OUT_NONE, STAYS, TE_OK},
    [AK] = {OUT_ACK, STAYS, TE_OK},
    [CH] = {OUT_CHALLENGE, STAYS, TE_OK},
    [RA] = {OUT_RST, STAYS, TE_OK},
    [RZ] = {OUT_RST_ACK, STAYS, TE_OK},
    [SA] = {OUT_SYN_ACK, STAYS, TE_OK},
    [SM] = {OUT_SYN_ACK, TE_SYN_RCVD, TE_OK},
    [AG] = {OUT_SYN_ACK, STAYS, TE_OK},
    [BK] = {OUT_NONE, TE_CLOSED, TE_OK},
    [RF] = {OUT_NONE, TE_CLOSED, TE_ERR_REFUSED},
    [RS] = {OUT_NONE, TE_CLOSED, TE_ERR_RESET},
    [OK] = {OUT_NONE, TE_CLOSED, TE_OK},
    [EE] = {OUT_NONE, TE_ESTABLISHED, TE_OK},
    [EA] = {OUT_ACK, TE_ESTABLISHED, TE_OK},
    [ED] = {OUT_LATER, TE_ESTABLISHED, TE_OK},
    [DT] = {OUT_LATER, STAYS, TE_OK},
    [D2] = {OUT_LATER, TE_FIN_WAIT_2, TE_OK},
    [W2] = {OUT_NONE, TE_FIN_WAIT_2, TE_OK},
    [A2] = {OUT_ACK, TE_FIN_WAIT_2, TE_OK},
    [CF] = {OUT_ACK, TE_CLOSE_WAIT, TE_OK},
    [GF] = {OUT_ACK, TE_CLOSING, TE_OK},
    [TF] = {OUT_ACK, TE_TIME_WAIT, TE_OK},
    [TN] = {OUT_NONE, TE_TIME_WAIT, TE_OK},
    [TR] = {OUT_ACK, STAYS, TE_OK},
    [RO] = {OUT_RST, TE_CLOSED, TE_OK},
    [L2] = {OUT_ACK, TE_FIN_WAIT_2, TE_OK},
    [LT] = {OUT_ACK, TE_TIME_WAIT, TE_OK},
    [LC] = {OUT_NONE, TE_CLOSED, TE_OK},
};

/* Where the segment starts. The last in window is RCV.NXT+RCV.WND-1. */
enum place {
    LEFT,     /* RCV.NXT-100 */
    ACROSS_L, /* RCV.NXT-50 */
    BEFORE,   /* RCV.NXT-1: where the SYN, the FIN or the last byte was */
    EDGE,     /* RCV.NXT */
    INSIDE,   /* RCV.NXT+100 */
    ACROSS_R, /* RCV.NXT+RCV.WND-50 */
    LAST,
    RIGHT, /* RCV.NXT+RCV.WND */
    BEYOND
};

enum acks {
    ANCIENT, /* SND.UNA-MAX.SND.WND-1 */
    OLD,     /* SND.UNA-1 */
    UNA,
    NXT, /* everything sent so far */
    FUTURE
};

#define S TE_SYN
#define A TE_ACK
#define R TE_RST
#define F TE_FIN
#define P TE_PSH
#define U TE_URG
#define TEXT 100

struct row {
    const char *name;
    uint8_t flags;
    enum place place;
    enum acks acks;
    uint32_t len;
    uint8_t reaction[COLUMNS];
};

/* clang-format off */
static const struct row rows[] = {
    /* SYN: a new connection where there is none; else an ACK outside the window, back to LISTEN
     * inside it (SYN_RCVD), and a challenge wherever it is in the synchronized states. */
    /*                                               CL  LI  SS  SR  SX  ES  F1  F2  CW  CG  LA  TW */
    {"SYN left of the window",  S, LEFT,   NXT, 0, {RZ, SA, SM, AK, AK, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN just before it",      S, BEFORE, NXT, 0, {RZ, SA, SM, AG, AG, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN at the left edge",    S, EDGE,   NXT, 0, {RZ, SA, SM, BK, CH, CH, CH, CH, CH, CH, CH, SA}},
    {"SYN inside",              S, INSIDE, NXT, 0, {RZ, SA, SM, BK, CH, CH, CH, CH, CH, CH, CH, SA}},
    {"SYN last in window",      S, LAST,   NXT, 0, {RZ, SA, SM, BK, CH, CH, CH, CH, CH, CH, CH, SA}},
    {"SYN at the right edge",   S, RIGHT,  NXT, 0, {RZ, SA, SM, AK, AK, CH, CH, CH, CH, CH, CH, SA}},
    {"SYN beyond",              S, BEYOND, NXT, 0, {RZ, SA, SM, AK, AK, CH, CH, CH, CH, CH, CH, SA}},
    {"SYN with ECE and CWR", S | TE_ECE | TE_CWR, EDGE, NXT, 0,
                                                   {RZ, SA, SM, BK, CH, CH, CH, CH, CH, CH, CH, SA}},

    /* SYN,ACK. Just before the window and with simultaneous OPENs it is the peer's (figure 7). */
    {"SYN,ACK left",            S|A, LEFT,   NXT, 0, {RA, RA, EA, AK, AK, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,ACK just before",     S|A, BEFORE, NXT, 0, {RA, RA, EA, AK, EE, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,ACK left edge",       S|A, EDGE,   NXT, 0, {RA, RA, EA, BK, CH, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,ACK inside",          S|A, INSIDE, NXT, 0, {RA, RA, EA, BK, CH, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,ACK last",            S|A, LAST,   NXT, 0, {RA, RA, EA, BK, CH, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,ACK right edge",      S|A, RIGHT,  NXT, 0, {RA, RA, EA, AK, AK, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,ACK beyond",          S|A, BEYOND, NXT, 0, {RA, RA, EA, AK, AK, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,ACK of our ISS",      S|A, EDGE,   UNA, 0, {RA, RA, RA, BK, CH, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,ACK of the future",   S|A, EDGE, FUTURE, 0, {RA, RA, RA, BK, CH, CH, CH, CH, CH, CH, CH, AK}},

    /* ACK, no text. */
    {"ACK left",                A, LEFT,   NXT, 0, {RA, RA, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"ACK just before",         A, BEFORE, NXT, 0, {RA, RA, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"ACK left edge",           A, EDGE,   NXT, 0, {RA, RA, NO, EE, EE, NO, W2, NO, NO, TN, OK, NO}},
    {"ACK inside",              A, INSIDE, NXT, 0, {RA, RA, NO, EE, EE, NO, W2, NO, NO, TN, OK, AK}},
    {"ACK last",                A, LAST,   NXT, 0, {RA, RA, NO, EE, EE, NO, W2, NO, NO, TN, OK, AK}},
    {"ACK right edge",          A, RIGHT,  NXT, 0, {RA, RA, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"ACK beyond",              A, BEYOND, NXT, 0, {RA, RA, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"ACK older than a window", A, EDGE, ANCIENT, 0, {RA, RA, RA, RA, RA, CH, CH, CH, CH, CH, CH, AK}},
    {"old ACK",                 A, EDGE,   OLD, 0, {RA, RA, RA, RA, RA, NO, NO, NO, NO, NO, NO, NO}},
    {"ACK of nothing new",      A, EDGE,   UNA, 0, {RA, RA, RA, RA, RA, NO, NO, NO, NO, NO, NO, NO}},
    {"ACK of the future",       A, EDGE, FUTURE, 0, {RA, RA, RA, RA, RA, CH, CH, CH, CH, CH, CH, AK}},
    {"ACK with ECE and CWR", A | TE_ECE | TE_CWR, EDGE, NXT, 0,
                                                   {RA, RA, NO, EE, EE, NO, W2, NO, NO, TN, OK, NO}},
    {"ACK with URG",            A|U, EDGE, NXT, 0, {RA, RA, NO, EE, EE, NO, W2, NO, NO, TN, OK, NO}},

    /* RST: exact it ends the connection, in the window it is challenged. */
    {"RST left",                R, LEFT,   NXT, 0, {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO}},
    {"RST just before",         R, BEFORE, NXT, 0, {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO}},
    {"RST exact",               R, EDGE,   NXT, 0, {NO, NO, NO, BK, RF, RS, RS, RS, RS, OK, OK, NO}},
    {"RST inside",              R, INSIDE, NXT, 0, {NO, NO, NO, CH, CH, CH, CH, CH, CH, CH, CH, NO}},
    {"RST last",                R, LAST,   NXT, 0, {NO, NO, NO, CH, CH, CH, CH, CH, CH, CH, CH, NO}},
    {"RST right edge",          R, RIGHT,  NXT, 0, {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO}},
    {"RST beyond",              R, BEYOND, NXT, 0, {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO}},
    {"RST with text",           R, EDGE, NXT, TEXT, {NO, NO, NO, BK, RF, RS, RS, RS, RS, OK, OK, NO}},
    {"RST with SYN",          R|S, EDGE,   NXT, 0, {NO, NO, NO, BK, RF, RS, RS, RS, RS, OK, OK, NO}},

    /* RST,ACK: in SYN_SENT the ACK tells whether it is for us. */
    {"RST,ACK left",            R|A, LEFT,   NXT, 0, {NO, NO, RF, NO, NO, NO, NO, NO, NO, NO, NO, NO}},
    {"RST,ACK exact",           R|A, EDGE,   NXT, 0, {NO, NO, RF, BK, RF, RS, RS, RS, RS, OK, OK, NO}},
    {"RST,ACK inside",          R|A, INSIDE, NXT, 0, {NO, NO, RF, CH, CH, CH, CH, CH, CH, CH, CH, NO}},
    {"RST,ACK last",            R|A, LAST,   NXT, 0, {NO, NO, RF, CH, CH, CH, CH, CH, CH, CH, CH, NO}},
    {"RST,ACK right edge",      R|A, RIGHT,  NXT, 0, {NO, NO, RF, NO, NO, NO, NO, NO, NO, NO, NO, NO}},
    {"RST,ACK beyond",          R|A, BEYOND, NXT, 0, {NO, NO, RF, NO, NO, NO, NO, NO, NO, NO, NO, NO}},
    {"RST,ACK of our ISS",      R|A, EDGE,   UNA, 0, {NO, NO, NO, BK, RF, RS, RS, RS, RS, OK, OK, NO}},
    {"RST,ACK of the future",   R|A, EDGE, FUTURE, 0, {NO, NO, NO, BK, RF, RS, RS, RS, RS, OK, OK, NO}},

    /* FIN without ACK: dropped (fifth check), except outside the window. */
    {"FIN left",                F, LEFT,   NXT, 0, {RZ, NO, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"FIN just before",         F, BEFORE, NXT, 0, {RZ, NO, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"FIN left edge",           F, EDGE,   NXT, 0, {RZ, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, AK}},
    {"FIN inside",              F, INSIDE, NXT, 0, {RZ, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, AK}},
    {"FIN right edge",          F, RIGHT,  NXT, 0, {RZ, NO, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"FIN beyond",              F, BEYOND, NXT, 0, {RZ, NO, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"FIN,PSH,URG",         F|P|U, EDGE,   NXT, 0, {RZ, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, AK}},

    /* FIN,ACK. A second FIN behind the first is nothing (eighth check: remain). */
    {"FIN,ACK left",            F|A, LEFT,   NXT, 0, {RA, RA, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"FIN,ACK just before",     F|A, BEFORE, NXT, 0, {RA, RA, NO, AK, AK, AK, L2, AK, AK, LT, LC, TR}},
    {"FIN,ACK before, no news", F|A, BEFORE, UNA, 0, {RA, RA, RA, AK, AK, AK, AK, AK, AK, AK, AK, TR}},
    {"FIN before, ancient ACK", F|A, BEFORE, ANCIENT, 0,
                                                   {RA, RA, RA, AK, AK, AK, AK, AK, AK, AK, AK, TR}},
    {"FIN before, future ACK",  F|A, BEFORE, FUTURE, 0,
                                                   {RA, RA, RA, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"FIN,ACK left edge",       F|A, EDGE,   NXT, 0, {RA, RA, NO, CF, CF, CF, TF, TF, NO, TN, OK, AK}},
    {"FIN,ACK inside",          F|A, INSIDE, NXT, 0, {RA, RA, NO, EA, EA, AK, A2, AK, NO, TN, OK, AK}},
    {"FIN,ACK last",            F|A, LAST,   NXT, 0, {RA, RA, NO, EA, EA, AK, A2, AK, NO, TN, OK, AK}},
    {"FIN,ACK right edge",      F|A, RIGHT,  NXT, 0, {RA, RA, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"FIN,ACK beyond",          F|A, BEYOND, NXT, 0, {RA, RA, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"FIN,ACK of nothing new",  F|A, EDGE,   UNA, 0, {RA, RA, RA, RA, RA, CF, GF, TF, NO, NO, NO, AK}},
    {"FIN, ancient ACK",      F|A, EDGE, ANCIENT, 0, {RA, RA, RA, RA, RA, CH, CH, CH, CH, CH, CH, AK}},
    {"FIN,ACK of the future", F|A, EDGE,  FUTURE, 0, {RA, RA, RA, RA, RA, CH, CH, CH, CH, CH, CH, AK}},

    /* SYN,FIN opens nothing. */
    {"SYN,FIN left",            S|F, LEFT,   NXT, 0, {RZ, NO, NO, AK, AK, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,FIN left edge",       S|F, EDGE,   NXT, 0, {RZ, NO, NO, BK, CH, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,FIN inside",          S|F, INSIDE, NXT, 0, {RZ, NO, NO, BK, CH, CH, CH, CH, CH, CH, CH, AK}},
    {"SYN,FIN beyond",          S|F, BEYOND, NXT, 0, {RZ, NO, NO, AK, AK, CH, CH, CH, CH, CH, CH, AK}},

    /* Text. Beyond the peer's FIN it is ignored (seventh check). TIME_WAIT has no buffer: its
     * window counts as closed, so everything but a bare ACK at RCV.NXT fails the first check. */
    {"text left",               A, LEFT,     NXT, TEXT, {RA, RA, NO, AK, AK, AK, L2, AK, AK, LT, LC, AK}},
    {"text left, no news",      A, LEFT,     UNA, TEXT, {RA, RA, RA, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"text left, ancient ACK",  A, LEFT, ANCIENT, TEXT, {RA, RA, RA, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"text left, future ACK",   A, LEFT,  FUTURE, TEXT, {RA, RA, RA, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"text across the left",    A, ACROSS_L, NXT, TEXT, {RA, RA, NO, ED, ED, DT, D2, DT, NO, TN, OK, AK}},
    {"text at the left edge",   A, EDGE,     NXT, TEXT, {RA, RA, NO, ED, ED, DT, D2, DT, NO, TN, OK, AK}},
    {"text inside",             A, INSIDE,   NXT, TEXT, {RA, RA, NO, EA, EA, AK, A2, AK, NO, TN, OK, AK}},
    {"text across the right",   A, ACROSS_R, NXT, TEXT, {RA, RA, NO, EA, EA, AK, A2, AK, NO, TN, OK, AK}},
    {"text at the right edge",  A, RIGHT,    NXT, TEXT, {RA, RA, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"text beyond",             A, BEYOND,   NXT, TEXT, {RA, RA, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"text, nothing new acked", A, EDGE,     UNA, TEXT, {RA, RA, RA, RA, RA, DT, DT, DT, NO, NO, NO, AK}},
    {"text, old ACK",           A, EDGE,     OLD, TEXT, {RA, RA, RA, RA, RA, DT, DT, DT, NO, NO, NO, AK}},
    {"text, ancient ACK",       A, EDGE, ANCIENT, TEXT, {RA, RA, RA, RA, RA, CH, CH, CH, CH, CH, CH, AK}},
    {"text, ACK of the future", A, EDGE,  FUTURE, TEXT, {RA, RA, RA, RA, RA, CH, CH, CH, CH, CH, CH, AK}},
    {"urgent text",           A|U, EDGE,     NXT, TEXT, {RA, RA, NO, ED, ED, DT, D2, DT, NO, TN, OK, AK}},
    {"pushed text",           A|P, EDGE,     NXT, TEXT, {RA, RA, NO, ED, ED, DT, D2, DT, NO, TN, OK, AK}},
    {"text without ACK",        0, EDGE,     NXT, TEXT, {RZ, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, AK}},
    {"text without ACK, left",  0, LEFT,     NXT, TEXT, {RZ, NO, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
    {"text and FIN",          F|A, EDGE,     NXT, TEXT, {RA, RA, NO, CF, CF, CF, TF, TF, NO, TN, OK, AK}},
    {"text and FIN across l.", F|A, ACROSS_L, NXT, TEXT, {RA, RA, NO, CF, CF, CF, TF, TF, NO, TN, OK, AK}},
    {"text and FIN inside",   F|A, INSIDE,   NXT, TEXT, {RA, RA, NO, EA, EA, AK, A2, AK, NO, TN, OK, AK}},
    {"text and FIN across r.", F|A, ACROSS_R, NXT, TEXT, {RA, RA, NO, EA, EA, AK, A2, AK, NO, TN, OK, AK}},
    {"text and FIN, no news", F|A, EDGE,     UNA, TEXT, {RA, RA, RA, RA, RA, CF, GF, TF, NO, NO, NO, AK}},

    /* No flag at all. */
    {"no flag, left edge",      0, EDGE,   NXT, 0, {RZ, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO}},
    {"no flag, beyond",         0, BEYOND, NXT, 0, {RZ, NO, NO, AK, AK, AK, AK, AK, AK, AK, AK, AK}},
};
/* clang-format on */
#undef S
#undef A
#undef R
#undef F
#undef P
#undef U

enum variant {
    PLAIN,
    BAD_CHECKSUM,
    TS_EQUAL,
    TS_NEWER,
    TS_OLD,
    TS_MISSING,
    ORPHAN,
    WRAPS,
    IPV6,
    VARIANTS
};
static const char *const variant_names[VARIANTS] = {"",          "_bad_checksum", "_ts_equal",
                                                    "_ts_newer", "_ts_old",       "_ts_missing",
                                                    "_orphan",   "_wraps",        "_ipv6"};
static const char *const way_names[] = {"_passive", "_active", "_simultaneous"};

struct test_case {
    enum column column;
    enum variant variant;
    enum script_way way;
    char name[120];
};

/* RCV.NXT, RCV.WND, SND.UNA, SND.NXT before the segment. */
struct scene {
    uint32_t rcv_nxt, rcv_wnd, snd_una, snd_nxt, max_snd_wnd;
    uint64_t id;
    int64_t time_wait_ends_at_us;
};

#define TS_AGE 10 /* this much older or newer than TS.Recent */
#define OUTSTANDING 100
#define LATER_US (100 * MS)

/* --- the expectation -------------------------------------------------------------------------- */

/* RFC 6191 2, and SYNs where nobody listens. */
static enum reaction time_wait_syn(const struct row *row, const struct test_case *test)
{
    if (row->flags & (TE_ACK | TE_FIN))
        return AK;
    if (test->way != BY_PASSIVE || test->variant == TS_OLD)
        return AK; /* nobody listens; or older than the old incarnation */
    return test->variant == TS_NEWER ? SA : (enum reaction)row->reaction[TW];
}

/* Text that nobody will read, in an otherwise good segment. */
static bool is_text_after_close(const struct row *row, const struct test_case *test)
{
    bool is_new = row->place == ACROSS_L || row->place == EDGE || row->place == INSIDE ||
                  row->place == ACROSS_R;
    bool is_good = (row->flags & TE_ACK) && row->acks != ANCIENT && row->acks != FUTURE;
    return test->variant == ORPHAN && (test->column == F1 || test->column == F2) && row->len > 0 &&
           is_new && is_good && !(row->flags & (TE_RST | TE_SYN));
}

static enum reaction expected(const struct row *row, const struct test_case *test)
{
    enum reaction base = (enum reaction)row->reaction[test->column];
    bool is_rst = (row->flags & TE_RST) != 0;
    bool is_syn = (row->flags & TE_SYN) != 0;
    if (test->variant == BAD_CHECKSUM)
        return NO;
    if (test->column < SR || is_rst)
        return base; /* nothing was negotiated; RST is not subject to PAWS (RFC 7323 5.3) */
    if (test->column == TW && is_syn)
        return time_wait_syn(row, test);
    if (is_text_after_close(row, test))
        return RO;
    if (test->variant == TS_OLD)
        return AK; /* RFC 7323 5.3 R1: before every other check */
    bool is_opening = test->column == SR || test->column == SX;
    if ((row->flags & TE_SYN) && base == CH && !is_opening)
        return base; /* RFC 5961 4.2, a MUST: whatever else the segment lacks */
    return test->variant == TS_MISSING ? NO : base; /* RFC 7323 3.2 */
}

/* PAWS is about synchronized connections: a repeated SYN in SYN_RCVD may be answered either way. */
static bool is_open_question(const struct row *row, const struct test_case *test)
{
    return test->variant == TS_OLD && (test->column == SR || test->column == SX) &&
           row->reaction[test->column] == AG;
}

/* --- why it is dropped, if it is: the same sections, "drop the segment and return" ------------ */

static enum te_drop_reason drop_in_listen(const struct row *row)
{
    if (row->flags & TE_RST)
        return TE_DROP_LISTEN_RST;
    if (row->flags & TE_ACK)
        return TE_DROP_LISTEN_ACK;
    if (!(row->flags & TE_SYN))
        return TE_DROP_LISTEN_NO_SYN;
    return row->flags & TE_FIN ? TE_DROP_LISTEN_SYN_FIN : TE_DROP_NONE;
}

static enum te_drop_reason drop_in_syn_sent(const struct row *row, enum reaction what)
{
    if (what == RA)
        return TE_DROP_SYN_SENT_BAD_ACK;
    if (what != NO)
        return TE_DROP_NONE;
    if (row->flags & TE_RST)
        return TE_DROP_SYN_SENT_RST;
    return row->flags & TE_SYN ? TE_DROP_SYN_SENT_SYN_FIN : TE_DROP_SYN_SENT_NO_SYN;
}

static enum te_drop_reason drop_in_time_wait(const struct row *row, const struct test_case *test,
                                             enum reaction what)
{
    if (row->flags & TE_RST)
        return TE_DROP_TIME_WAIT_RST;
    if (row->flags & TE_SYN)
        return what == SA ? TE_DROP_NONE : TE_DROP_TIME_WAIT_SYN;
    if (test->variant == TS_MISSING || test->variant == TS_OLD)
        return test->variant == TS_OLD ? TE_DROP_PAWS : TE_DROP_TIMESTAMP_MISSING;
    if (what == AK)
        return TE_DROP_TIME_WAIT_UNACCEPTABLE;
    return row->flags & TE_ACK ? TE_DROP_NONE : TE_DROP_TIME_WAIT_NO_ACK;
}

/* Table 6, with a window that is open. */
static bool is_in_window(const struct seg *seg, const struct scene *scene)
{
    uint32_t len = seg->len + ((seg->flags & TE_SYN) != 0) + ((seg->flags & TE_FIN) != 0);
    uint32_t first = seg->seq - scene->rcv_nxt;
    return first < scene->rcv_wnd || (len > 0 && first + len - 1 < scene->rcv_wnd);
}

/* A segment of the states from SYN_RCVD to LAST_ACK that changes nothing. */
static enum te_drop_reason drop_of_conn(const struct seg *seg, const struct test_case *test,
                                        const struct scene *scene, enum reaction what)
{
    bool is_opening = test->column == SR || test->column == SX;
    bool is_rst = (seg->flags & TE_RST) != 0;
    if ((seg->flags & TE_SYN) && !is_rst && !is_opening)
        return TE_DROP_SYN_CHALLENGED;
    if (!is_rst && test->variant == TS_MISSING)
        return TE_DROP_TIMESTAMP_MISSING;
    if (what == AG)
        return TE_DROP_SYN_REPEATED;
    if (!is_rst && test->variant == TS_OLD)
        return TE_DROP_PAWS;
    if (!is_in_window(seg, scene))
        return is_rst ? TE_DROP_RST_UNACCEPTABLE : TE_DROP_UNACCEPTABLE;
    if (what == CH && (seg->flags & (TE_SYN | TE_RST)))
        return is_rst ? TE_DROP_RST_INEXACT : TE_DROP_SYN_CHALLENGED;
    if (!(seg->flags & TE_ACK))
        return TE_DROP_NO_ACK;
    if (what == CH || what == RA)
        return TE_DROP_BAD_ACK;
    bool is_after_fin = test->column == CW || test->column == CG || test->column == LA;
    bool has_some = seg->len > 0 || (seg->flags & TE_FIN);
    return is_after_fin && has_some ? TE_DROP_AFTER_FIN : TE_DROP_NONE;
}

static enum te_drop_reason expected_drop(const struct row *row, const struct test_case *test,
                                         const struct seg *seg, const struct scene *scene)
{
    enum reaction what = expected(row, test);
    if (test->variant == BAD_CHECKSUM)
        return TE_DROP_TCP_BAD_CHECKSUM;
    if (test->column == CL)
        return TE_DROP_TCP_NO_CONNECTION;
    if (test->column == LI)
        return drop_in_listen(row);
    if (test->column == SS)
        return drop_in_syn_sent(row, what);
    if (test->column == TW)
        return drop_in_time_wait(row, test, what);
    if (what == RO)
        return TE_DROP_DATA_AFTER_CLOSE;
    if (what == L2 || what == LT || what == LC)
        return TE_DROP_UNACCEPTABLE;
    bool changes_nothing = what == NO || what == AK || what == CH || what == RA || what == AG;
    return changes_nothing ? drop_of_conn(seg, test, scene, what) : TE_DROP_NONE;
}

/* --- the segment ------------------------------------------------------------------------------ */

static uint32_t seq_at(enum place place, const struct scene *scene)
{
    uint32_t right = scene->rcv_nxt + scene->rcv_wnd;
    switch (place) {
    case LEFT:
        return scene->rcv_nxt - 100;
    case ACROSS_L:
        return scene->rcv_nxt - TEXT / 2;
    case BEFORE:
        return scene->rcv_nxt - 1;
    case EDGE:
        return scene->rcv_nxt;
    case INSIDE:
        return scene->rcv_nxt + 100;
    case ACROSS_R:
        return right - TEXT / 2;
    case LAST:
        return right - 1;
    case RIGHT:
        return right;
    case BEYOND:
        return right + 100;
    }
    return 0;
}

static uint32_t ack_of(enum acks acks, const struct scene *scene)
{
    switch (acks) {
    case ANCIENT:
        return scene->snd_una - scene->max_snd_wnd - 1;
    case OLD:
        return scene->snd_una - 1;
    case UNA:
        return scene->snd_una;
    case NXT:
        return scene->snd_nxt;
    case FUTURE:
        return scene->snd_nxt + 1;
    }
    return 0;
}

static struct seg make_segment(const struct row *row, const struct test_case *test,
                               const struct scene *scene, const struct script *s)
{
    struct seg seg = {.flags = row->flags,
                      .seq = seq_at(row->place, scene),
                      .ack = ack_of(row->acks, scene),
                      .len = row->len,
                      .urg = (row->flags & TE_URG) ? 1 : 0,
                      .bad_checksum = test->variant == BAD_CHECKSUM};
    uint32_t recent = (uint32_t)((s->f.now_us - SECOND) / MS) + 1;
    seg.has_ts = test->variant >= TS_EQUAL && test->variant < TS_MISSING;
    seg.no_ts = test->variant == TS_MISSING;
    seg.ts = recent;
    if (test->variant == TS_NEWER)
        seg.ts += TS_AGE;
    if (test->variant == TS_OLD)
        seg.ts -= TS_AGE;
    return seg;
}

/* --- the scene -------------------------------------------------------------------------------- */

static void set_scene(struct script *s, const struct test_case *test, struct scene *ret_scene)
{
    s->f.config.ecn = TE_ECN_OFF; /* its flags change no state */
    s->way = test->way;
    s->closes_fully = test->variant == ORPHAN;
    if (test->variant >= TS_EQUAL && test->variant <= TS_MISSING)
        s->options |= SPEAKS_TIMESTAMPS;
    if (test->variant == IPV6)
        s->options |= SPEAKS_IPV6;
    if (test->variant == WRAPS)
        script_wait_for_iss(s, UINT32_MAX); /* the first byte is number 0 */
    conn_in_column(s, test->column);
    struct te_status status = script_status(s);
    if (test->column == ES || test->column == CW) {
        script_user_send(s, OUTSTANDING);
        T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = status.rcv_nxt - s->c.peer_iss,
                 .len = OUTSTANDING);
        status = script_status(s);
    }
    *ret_scene = (struct scene){.rcv_nxt = 1, .rcv_wnd = 65535, .max_snd_wnd = 65535, .snd_una = 0};
    ret_scene->snd_nxt = 1;
    ret_scene->id = s->c.id;
    ret_scene->time_wait_ends_at_us = status.time_wait_ends_at_us;
    if (test->column < SR)
        return;
    ret_scene->rcv_nxt = status.rcv_nxt - s->c.peer_iss;
    ret_scene->snd_una = status.snd_una - s->c.our_iss;
    ret_scene->snd_nxt = status.snd_nxt - s->c.our_iss;
    if (test->column != TW)
        ret_scene->rcv_wnd = status.rcv_wnd;
    script_mark(s);
}

/* --- comparing -------------------------------------------------------------------------------- */

static uint32_t segment_len(const struct seg *seg)
{
    return seg->len + ((seg->flags & TE_SYN) != 0) + ((seg->flags & TE_FIN) != 0);
}

/* RCV.NXT after the segment. */
static uint32_t rcv_nxt_after(enum reaction what, const struct seg *seg, const struct scene *scene)
{
    switch (what) {
    case CF:
    case GF:
    case TF:
    case DT:
    case ED:
    case D2:
        return seg->seq + segment_len(seg);
    case SA:
    case SM:
        return seg->seq + 1;
    default:
        return scene->rcv_nxt;
    }
}

/* A new incarnation in TIME_WAIT has a new ISS; it must lie beyond the old numbers. */
static bool is_new_opening(struct script *s, const struct seg *seg, const struct script_out *out,
                           const struct scene *scene, char *ret_why)
{
    bool beyond = (int32_t)(script_rel_seq(s, out) - scene->snd_nxt) > 0;
    bool fits = out->header.flags == (TE_SYN | TE_ACK) && /* and no ECE: ECN is not spoken here */
                script_rel_ack(s, out) == seg->seq + 1;
    snprintf(ret_why, SCRIPT_WHY_MAX, "no SYN,ACK of the new SYN, or its ISS is not beyond");
    return fits && (beyond || scene->snd_nxt == 1);
}

/* RFC 7323 5.2: an RST in answer echoes the timestamp, and has none of its own. */
static void want_echo(const struct seg *seg, struct seg *want)
{
    want->has_ts = want->has_ecr = seg->has_ts;
    want->ecr = seg->ts;
}

static bool check_output(struct script *s, enum reaction what, const struct seg *seg,
                         const struct scene *scene, char *ret_why)
{
    struct seg want = {.flags = TE_ACK, .seq = scene->snd_nxt};
    want.ack = rcv_nxt_after(what, seg, scene);
    switch (reactions[what].output) {
    case OUT_NONE:
        return true;
    case OUT_ACK:
    case OUT_CHALLENGE:
        if (what == EA && (seg->flags & TE_SYN))
            want.ack = seg->seq + 1; /* SYN_SENT: RCV.NXT is learned here */
        break;
    case OUT_RST:
        want.flags = TE_RST;
        want.seq = seg->ack;
        want_echo(seg, &want);
        break;
    case OUT_RST_ACK:
        want.flags = TE_RST | TE_ACK;
        want.seq = 0u - s->c.our_iss;
        want.ack = seg->seq + segment_len(seg);
        want_echo(seg, &want);
        break;
    case OUT_SYN_ACK:
        if (what == SA) {
            const struct script_out *out = script_next(s);
            snprintf(ret_why, SCRIPT_WHY_MAX, "nothing came out; wanted SYN,ACK");
            return out != NULL && is_new_opening(s, seg, out, scene, ret_why);
        }
        want.flags = TE_SYN | TE_ACK;
        want.seq = 0;
        break;
    case OUT_LATER:
        script_advance(s, LATER_US);
        break;
    }
    return script_matches(s, script_next(s), &want, ret_why);
}

static bool check_state(struct script *s, enum reaction what, const struct test_case *test,
                        const struct scene *scene, char *ret_why)
{
    int to = reactions[what].state;
    enum te_state want = to == STAYS ? columns[test->column].state : (enum te_state)to;
    bool is_listener = test->column == LI;
    uint64_t id = is_listener ? s->listener_id : scene->id;
    if (what == SA && test->column == TW)
        want = TE_CLOSED; /* the old incarnation */
    enum te_state got = script_state_of(s, id);
    snprintf(ret_why, SCRIPT_WHY_MAX, "state is %s, not %s", te_state_name(got),
             te_state_name(want));
    if (got != want)
        return false;
    struct te_status status = script_status(s);
    snprintf(ret_why, SCRIPT_WHY_MAX, "error is \"%s\", not \"%s\"", te_err_text(status.error),
             te_err_text(reactions[what].error));
    if (test->variant != ORPHAN && status.error != reactions[what].error)
        return false; /* an orphan is gone: nobody is left to be told why */
    bool listens = s->listener_id == 0 || script_state_of(s, s->listener_id) == TE_LISTEN;
    snprintf(ret_why, SCRIPT_WHY_MAX, "the listener is gone");
    return listens;
}

static uint64_t delta(uint64_t now, uint64_t before)
{
    return now - before;
}

static bool check_counters(struct script *s, enum reaction what, const struct test_case *test,
                           const struct scene *scene, char *ret_why)
{
    const struct te_counters *now = fixture_counters(&s->f);
    const struct te_counters *before = &s->mark;
    bool is_reset = what == BK || what == RF || what == RS;
    uint64_t challenges = delta(now->challenge_acks, before->challenge_acks);
    snprintf(ret_why, SCRIPT_WHY_MAX, "challenge_acks grew by %u", (unsigned)challenges);
    if (what == CH && challenges != 1)
        return false;
    snprintf(ret_why, SCRIPT_WHY_MAX, "resets_out is wrong");
    bool resets = what == RA || what == RZ || what == RO;
    if (delta(now->resets_out, before->resets_out) != resets)
        return false;
    snprintf(ret_why, SCRIPT_WHY_MAX, "tcp_bad_checksum is wrong");
    if (delta(now->tcp_bad_checksum, before->tcp_bad_checksum) != (test->variant == BAD_CHECKSUM))
        return false;
    snprintf(ret_why, SCRIPT_WHY_MAX, "a reset was counted, or was not");
    if (!is_reset && what != OK && now->resets_in != before->resets_in)
        return false;
    snprintf(ret_why, SCRIPT_WHY_MAX, "2MSL did not start anew, or was not counted");
    struct te_status status = script_status(s);
    return what != TR || (status.fin_reacked == 1 &&
                          now->time_wait_fin_again == before->time_wait_fin_again + 1 &&
                          status.time_wait_ends_at_us > scene->time_wait_ends_at_us);
}

struct drops_before {
    unsigned count;
    struct te_counters counters;
};

static void note_drops(const struct script *s, struct drops_before *ret_before)
{
    struct te_dropped drops[TE_DROPS_MAX];
    T_ERR(te_drops(s->f.stack, 0, drops, &ret_before->count), TE_OK);
    ret_before->counters = *fixture_counters(&s->f);
}

/* For the one drop of that segment: reason, counter, and connection. */
static bool check_last_drop(struct script *s, const struct te_dropped *last,
                            const struct drops_before *before, uint64_t id, char *ret_why)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    for (size_t i = 0; i < count; i++) {
        uint64_t was, is;
        if (strcmp(table[i].name, te_drop_counter_name(last->reason)) != 0)
            continue;
        memcpy(&was, (const char *)&before->counters + table[i].offset, sizeof(was));
        memcpy(&is, (const char *)fixture_counters(&s->f) + table[i].offset, sizeof(is));
        snprintf(ret_why, SCRIPT_WHY_MAX, "%s grew by %d", table[i].name, (int)(is - was));
        if (is != was + 1)
            return false;
    }
    snprintf(ret_why, SCRIPT_WHY_MAX, "the drop is %d's", (int)last->id);
    if (!last->has_segment || !last->has_endpoints || last->id != id)
        return false;
    struct te_dropped own[TE_DROPS_MAX];
    unsigned own_count = 0;
    snprintf(ret_why, SCRIPT_WHY_MAX, "its connection does not know of the drop");
    return id == 0 || (te_drops(s->f.stack, id, own, &own_count) == TE_OK && own_count > 0 &&
                       own[own_count - 1].reason == last->reason);
}

/* Nothing is dropped silently, and nothing twice. A reborn stack has forgotten. */
static bool check_drop(struct script *s, enum te_drop_reason want, const struct test_case *test,
                       const struct drops_before *before, char *ret_why)
{
    struct te_dropped drops[TE_DROPS_MAX];
    unsigned count;
    if (s->f.reborn)
        return true;
    T_ERR(te_drops(s->f.stack, 0, drops, &count), TE_OK);
    enum te_drop_reason got = count > before->count ? drops[count - 1].reason : TE_DROP_NONE;
    snprintf(ret_why, SCRIPT_WHY_MAX, "%u drops, the last for \"%s\", not \"%s\"",
             count - before->count, te_drop_name(got), te_drop_name(want));
    if (got != want || count - before->count != (want != TE_DROP_NONE))
        return false;
    bool is_nobodys = test->column == CL || test->variant == BAD_CHECKSUM;
    uint64_t id = test->column == LI ? s->listener_id : s->c.id;
    return want == TE_DROP_NONE ||
           check_last_drop(s, &drops[count - 1], before, is_nobodys ? 0 : id, ret_why);
}

static bool run_row(const struct row *row, const struct test_case *test, char *ret_why)
{
    static struct script s;
    struct scene scene;
    enum reaction what = expected(row, test);
    script_init(&s);
    set_scene(&s, test, &scene);
    script_advance(&s, MS); /* a restarted 2MSL ends later */
    struct seg seg = make_segment(row, test, &scene, &s);
    if (test->variant == TS_EQUAL || test->variant == TS_OLD)
        seg.ts -= 1;
    struct drops_before before;
    note_drops(&s, &before);
    enum te_drop_reason reason = expected_drop(row, test, &seg, &scene);
    script_send(&s, &seg);
    bool drop_is_right = check_drop(&s, reason, test, &before, ret_why);
    if (test->column == SS)
        s.c.timestamps = script_status(&s).timestamps;
    bool good = is_open_question(row, test) ||
                (drop_is_right && check_output(&s, what, &seg, &scene, ret_why) &&
                 check_state(&s, what, test, &scene, ret_why) &&
                 check_counters(&s, what, test, &scene, ret_why));
    const struct script_out *more = is_open_question(row, test) ? NULL : script_next(&s);
    if (good && more != NULL) {
        struct seg nothing = {.flags = 0xff};
        script_matches(&s, more, &nothing, ret_why);
        good = false;
    }
    script_skip(&s);
    script_done(&s);
    return good;
}

static void run_case(void **state)
{
    const struct test_case *test = *state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[SCRIPT_WHY_MAX] = "";
        if (run_row(&rows[i], test, why))
            continue;
        print_error("%s, %s: %s\n", test->name, rows[i].name, why);
        wrong++;
    }
    if (wrong > 0)
        fail_msg("%u of %zu segments", wrong, sizeof(rows) / sizeof(rows[0]));
}

/* --- all of it -------------------------------------------------------------------------------- */

/* The way a connection was opened matters only once it is open, and only after our FIN can it be an
 * orphan. */
static bool is_worth_it(const struct test_case *test)
{
    if (test->variant == ORPHAN && (test->column < F1 || test->column == CW))
        return false;
    /* Saved and restored at each step, a case takes ten times as long: a third of them, which has
     * each column and variant, by one of the ways. */
    if (getenv("TCPENGINE_TEST_REBORN") != NULL && test->column >= ES)
        return ((int)test->column + (int)test->variant + (int)test->way) % 3 == 0;
    return test->way == BY_PASSIVE || test->column >= ES;
}

int main(void)
{
    static struct test_case cases[COLUMNS * VARIANTS * 3];
    static struct CMUnitTest tests[COLUMNS * VARIANTS * 3];
    size_t count = 0;
    for (int way = BY_PASSIVE; way <= BY_SIMULTANEOUS; way++)
        for (int column = CL; column < COLUMNS; column++)
            for (int variant = PLAIN; variant < VARIANTS; variant++) {
                struct test_case *test = &cases[count];
                *test = (struct test_case){.column = (enum column)column,
                                           .variant = (enum variant)variant,
                                           .way = (enum script_way)way};
                if (!is_worth_it(test))
                    continue;
                snprintf(test->name, sizeof(test->name), "rfc9293_3_10_7_%s%s%s",
                         columns[column].name, column >= ES ? way_names[way] : "",
                         variant_names[variant]);
                tests[count++] = (struct CMUnitTest){test->name, run_case, NULL, NULL, test};
            }
    return _cmocka_run_group_tests("state_event", tests, count, NULL, NULL);
}

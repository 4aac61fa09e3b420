/* The columns of tcpctl top: what each shows, and by what the daemon ranks for it. */
#ifndef TCPCTL_TOP_COLUMN_H
#define TCPCTL_TOP_COLUMN_H

#include <stdbool.h>
#include <tcpclient/tcpclient.h>

/* From left to right. */
enum top_column {
    TOP_ID,
    TOP_STATE,
    TOP_LOCAL,
    TOP_PEER,
    TOP_RATE,
    TOP_RATE_IN,
    TOP_RATE_OUT,
    TOP_RTT,
    TOP_CWND,
    TOP_RECEIVE_QUEUE,
    TOP_SEND_QUEUE,
    TOP_RETRANSMITS,
    TOP_PROGRAM,
    TOP_COLUMN_COUNT
};

struct top_column_info {
    const char *name; /* for -s, and in JSON's "sort" */
    const char *title;
    const char *help;
    char letter;          /* the key that sorts by it; '\0': it is not sorted by */
    unsigned width;       /* at least */
    unsigned widest;      /* at most: what a wide screen gives it */
    unsigned importance;  /* the first are shown on narrow screens as well */
    bool is_right;        /* aligned */
    bool is_rate;         /* computed here, from two numbers of bytes */
    bool is_lowest_first; /* unless reversed */
    enum tcpc_rank_key key;
};

const struct top_column_info *top_column_info(enum top_column column);
/* TOP_COLUMN_COUNT: there is none of that name, or with that letter, to sort by. */
enum top_column top_column_by_name(const char *name);
enum top_column top_column_by_letter(int letter);
/* The next one to sort by, to the right (or left) of those that are shown. */
enum top_column top_column_step(enum top_column column, bool is_right, const bool *is_shown);

#endif

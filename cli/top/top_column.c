#include "top_column.h"

#include <string.h>

static const struct top_column_info columns[TOP_COLUMN_COUNT] = {
    [TOP_ID] = {"id", "Id", "number of the connection", 'I', 5, 17, 0, true, false, true,
                TCPC_RANK_ID},
    [TOP_STATE] = {"state", "State", "state", 'S', 11, 11, 1, false, false, false, TCPC_RANK_STATE},
    [TOP_LOCAL] = {"local", "Local", "our address and port", '\0', 15, 47, 12, false, false, true,
                   TCPC_RANK_ID},
    [TOP_PEER] = {"peer", "Peer", "the peer's address and port", 'A', 15, 47, 2, false, false, true,
                  TCPC_RANK_PEER},
    [TOP_RATE] = {"rate", "Rate", "payload bytes per second, received and acknowledged by the peer",
                  'B', 5, 5, 3, true, true, false, TCPC_RANK_BYTES},
    [TOP_RATE_IN] = {"in", "In/s", "of these: received", 'D', 6, 6, 10, true, true, false,
                     TCPC_RANK_BYTES},
    [TOP_RATE_OUT] = {"out", "Out/s", "of these: sent and acknowledged", 'U', 6, 6, 11, true, true,
                      false, TCPC_RANK_BYTES},
    [TOP_RTT] = {"rtt", "RTT", "smoothed round-trip time", 'T', 5, 5, 5, true, false, false,
                 TCPC_RANK_RTT},
    [TOP_CWND] = {"cwnd", "Cwnd", "congestion window, in bytes", 'C', 5, 5, 9, true, false, false,
                  TCPC_RANK_CWND},
    [TOP_RECEIVE_QUEUE] = {"recv-q", "RecvQ", "bytes received and not taken", 'Q', 5, 6, 8, true,
                           false, false, TCPC_RANK_RECEIVE_QUEUE},
    [TOP_SEND_QUEUE] = {"send-q", "SendQ", "bytes to be acknowledged", 'W', 5, 6, 7, true, false,
                        false, TCPC_RANK_SEND_QUEUE},
    [TOP_RETRANSMITS] = {"retransmits", "Retr", "segments sent again", 'X', 4, 5, 6, true, false,
                         false, TCPC_RANK_RETRANSMITS},
    [TOP_PROGRAM] = {"program", "Program", "the program whose it is", 'P', 6, 24, 4, false, false,
                     true, TCPC_RANK_PROGRAM},
};

const struct top_column_info *top_column_info(enum top_column column)
{
    return &columns[column];
}

enum top_column top_column_by_name(const char *name)
{
    int i = 0;
    while (i < TOP_COLUMN_COUNT &&
           (columns[i].letter == '\0' || strcmp(columns[i].name, name) != 0))
        i++;
    return (enum top_column)i;
}

enum top_column top_column_by_letter(int letter)
{
    int i = 0;
    while (i < TOP_COLUMN_COUNT && (columns[i].letter == '\0' || columns[i].letter != letter))
        i++;
    return (enum top_column)i;
}

enum top_column top_column_step(enum top_column column, bool is_right, const bool *is_shown)
{
    int step = is_right ? 1 : -1;
    for (int i = (int)column + step; i >= 0 && i < TOP_COLUMN_COUNT; i += step)
        if (is_shown[i] && columns[i].letter != '\0')
            return (enum top_column)i;
    return column;
}

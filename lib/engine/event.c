#include <tcpengine/event.h>

static const char *const cause_texts[TE_CAUSE_COUNT] = {
    [TE_CAUSE_NONE] = "",
    [TE_CAUSE_ACTIVE_OPEN] = "active OPEN",
    [TE_CAUSE_PASSIVE_OPEN] = "passive OPEN",
    [TE_CAUSE_SEND] = "SEND",
    [TE_CAUSE_CLOSE] = "CLOSE",
    [TE_CAUSE_SHUTDOWN] = "SHUTDOWN",
    [TE_CAUSE_ABORT] = "ABORT",
    [TE_CAUSE_RECV_SYN] = "recv SYN",
    [TE_CAUSE_RECV_SYN_ACK] = "recv SYN,ACK",
    [TE_CAUSE_RECV_ACK_OF_SYN] = "recv ACK of SYN",
    [TE_CAUSE_RECV_FIN] = "recv FIN",
    [TE_CAUSE_RECV_ACK_OF_FIN] = "recv ACK of FIN",
    [TE_CAUSE_RECV_FIN_ACK_OF_FIN] = "recv FIN,ACK of FIN",
    [TE_CAUSE_RECV_RST] = "recv RST",
    [TE_CAUSE_RECV_DATA_AFTER_CLOSE] = "recv data after CLOSE",
    [TE_CAUSE_TIMEOUT_2MSL] = "timeout=2MSL",
    [TE_CAUSE_TIMEOUT_RETRANSMIT] = "timeout=retransmit",
    [TE_CAUSE_TIMEOUT_USER] = "timeout=user",
    [TE_CAUSE_TIMEOUT_KEEPALIVE] = "timeout=keepalive",
    [TE_CAUSE_TIMEOUT_FIN_WAIT_2] = "timeout=FIN_WAIT_2",
    [TE_CAUSE_TIMEOUT_ORPHAN] = "timeout=orphan",
    [TE_CAUSE_ICMP] = "ICMP error",
    [TE_CAUSE_NEIGHBOUR] = "neighbour unreachable",
    [TE_CAUSE_NEW_SYN] = "recv new SYN",
    [TE_CAUSE_LIMIT] = "limit",
    [TE_CAUSE_LISTENER_CLOSED] = "listener closed",
    [TE_CAUSE_RECV_SYN_COOKIE] = "recv SYN cookie",
    [TE_CAUSE_MEMORY] = "memory pressure",
};

const char *te_cause_text(enum te_cause cause)
{
    return (unsigned)cause < TE_CAUSE_COUNT ? cause_texts[cause] : "?";
}

struct flag_name {
    enum te_tcp_flag flag;
    char name[4];
};

/* ACK last among the common ones, as in "SYN,ACK", "FIN,ACK" and "RST,ACK" of RFC 9293. */
static const struct flag_name flag_names[] = {
    {TE_SYN, "SYN"}, {TE_FIN, "FIN"}, {TE_RST, "RST"}, {TE_PSH, "PSH"},
    {TE_ACK, "ACK"}, {TE_URG, "URG"}, {TE_ECE, "ECE"}, {TE_CWR, "CWR"},
};

void te_tcp_flags_format(uint8_t flags, char *ret_text)
{
    char *out = ret_text;
    for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
        if (!(flags & flag_names[i].flag))
            continue;
        if (out != ret_text)
            *out++ = ',';
        for (const char *c = flag_names[i].name; *c != '\0'; c++)
            *out++ = *c;
    }
    *out = '\0';
}

// What history has for the ladder, of the time before a connection was opened here: the segments that changed its
// state, and what else did.

// Where the peer's sequence numbers start, and ours; of one that has ended, by its handshake. 0: not known.
function starts_of(rows, show) {
    const segments = rows.map(({segment}) => segment).filter(Boolean);
    const syn = segments.find(({flags}) => flags.includes("SYN"));
    const first_ack = segments.find(({flags}) => flags.includes("ACK"));
    return {
        theirs: show?.irs ?? syn?.seq ?? 0,
        ours: show?.iss ?? (syn && first_ack ? first_ack.ack - 1 : 0),
    };
}

// Rows as the stream's segments; what no segment has caused has a cause instead.
export function past_of(history, show) {
    const rows = history.filter(({from, to}) => from !== to);
    const {theirs, ours} = starts_of(rows, show);
    return rows.map(({time_us, from, to, cause, segment}) => {
        const row = {at_ms: time_us / 1000, note: `${from} → ${to}`};
        if (!segment)
            return {...row, cause};
        return {...row, direction: "in", flags: segment.flags, len: segment.len, wnd: segment.wnd,
            seq: (segment.seq - theirs) >>> 0, ack: (segment.ack - ours) >>> 0,
            raw_seq: segment.seq, raw_ack: segment.ack};
    });
}

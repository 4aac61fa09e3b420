// Where the states and edges of the diagram are: RFC 9293 figure 5. Which edges there are is the
// engine's to say; an edge that has no place here is drawn as a straight line.

export const SIZE = {width: 760, height: 676};
export const NODE = {width: 132, height: 54};

export const STATES = {
    CLOSED: {x: 380, y: 34, meaning: "no connection; also the remains of one that has ended"},
    LISTEN: {x: 380, y: 132, meaning: "waits for peers to open a connection"},
    SYN_SENT: {x: 664, y: 232, meaning: "our SYN is out, the peer has not answered"},
    SYN_RCVD: {x: 96, y: 232, meaning: "both SYNs are out, ours is not acknowledged"},
    ESTABLISHED: {x: 380, y: 336, meaning: "data flows both ways"},
    FIN_WAIT_1: {x: 96, y: 428, meaning: "we closed; our FIN is not acknowledged"},
    FIN_WAIT_2: {x: 96, y: 536, meaning: "we closed; the peer has not"},
    CLOSE_WAIT: {x: 664, y: 428, meaning: "the peer closed; our program has not"},
    CLOSING: {x: 380, y: 536, meaning: "both closed at once; our FIN is not acknowledged"},
    LAST_ACK: {x: 664, y: 536, meaning: "both closed, the peer first; our FIN is not acknowledged"},
    TIME_WAIT: {x: 380, y: 640, meaning: "over; stays until no old segment can come any more"},
};

// CLOSED once more, where connections end.
export const END = {x: 664, y: 640};

// path; the caption's lines, where it stands, how it is aligned and how far apart its lines are; who walks here: "active" opens
// or closes first, "passive" is opened or closes last, "both" at once.
export const EDGES = {
    "CLOSED LISTEN": {path: "M358 61V105", at: [350, 87, "end"], words: ["passive OPEN"], role: "passive"},
    "LISTEN CLOSED": {path: "M402 105V61", at: [410, 87, "start"], words: ["CLOSE"], role: "passive"},
    "CLOSED SYN_SENT": {path: "M446 26C600 26 690 90 690 205", at: [651, 66, "start"],
        words: ["active OPEN", "snd SYN"], role: "active"},
    "SYN_SENT CLOSED": {path: "M642 205C642 120 560 46 446 44", at: [563, 98, "end"],
        words: ["CLOSE", "rcv RST"], role: "active"},
    "LISTEN SYN_SENT": {path: "M446 140C520 140 530 222 598 222", at: [508, 178, "end"],
        words: ["active OPEN", "snd SYN"], role: "active"},
    "LISTEN SYN_RCVD": {path: "M314 140C240 140 230 222 162 222", at: [252, 178, "start"],
        words: ["rcv SYN", "snd SYN,ACK"], role: "passive"},
    "SYN_RCVD LISTEN": {path: "M96 205C96 150 200 120 314 122", at: [146, 134, "end"],
        words: ["rcv RST"], role: "passive"},
    "SYN_SENT SYN_RCVD": {path: "M598 240H162", at: [380, 233, "middle", 21],
        words: ["rcv SYN", "snd SYN,ACK"], role: "both"},
    "SYN_RCVD ESTABLISHED": {path: "M162 250C250 250 310 280 352 309", at: [240, 284, "end"],
        words: ["rcv ACK of SYN"], role: "passive"},
    "SYN_SENT ESTABLISHED": {path: "M598 250C510 250 450 280 408 309", at: [520, 284, "start"],
        words: ["rcv SYN,ACK", "snd ACK"], role: "active"},
    "SYN_RCVD FIN_WAIT_1": {path: "M96 259V401", at: [106, 334, "start"],
        words: ["CLOSE", "snd FIN"], role: "active"},
    "ESTABLISHED FIN_WAIT_1": {path: "M352 363C320 398 250 420 162 420", at: [254, 384, "end"],
        words: ["CLOSE", "snd FIN"], role: "active"},
    "ESTABLISHED CLOSE_WAIT": {path: "M408 363C440 398 510 420 598 420", at: [506, 384, "start"],
        words: ["rcv FIN", "snd ACK"], role: "passive"},
    "FIN_WAIT_1 FIN_WAIT_2": {path: "M96 455V509", at: [106, 486, "start"],
        words: ["rcv ACK of FIN"], role: "active"},
    "FIN_WAIT_1 CLOSING": {path: "M162 430C300 430 372 450 372 509", at: [362, 446, "start"],
        words: ["rcv FIN", "snd ACK"], role: "both"},
    "FIN_WAIT_1 TIME_WAIT": {path: "M162 442C290 446 190 626 314 632", at: [244, 508, "start"],
        words: ["rcv FIN,ACK", "snd ACK"], role: "active"},
    "FIN_WAIT_2 TIME_WAIT": {path: "M96 563C96 630 180 650 314 650", at: [89, 596, "end"],
        words: ["rcv FIN", "snd ACK"], role: "active"},
    "CLOSE_WAIT LAST_ACK": {path: "M664 455V509", at: [654, 481, "end"],
        words: ["CLOSE", "snd FIN"], role: "passive"},
    "CLOSING TIME_WAIT": {path: "M380 563V613", at: [390, 592, "start"],
        words: ["rcv ACK of FIN"], role: "both"},
    "LAST_ACK CLOSED": {path: "M664 563V613", at: [654, 592, "end"],
        words: ["rcv ACK of FIN"], role: "passive"},
    "TIME_WAIT CLOSED": {path: "M446 640H598", at: [522, 632, "middle"],
        words: ["timeout=2MSL"], role: "active"},
    "SYN_RCVD CLOSED": {path: "M30 232H10", role: "end"},
    "ESTABLISHED CLOSED": {path: "M380 363V388", role: "end"},
    "FIN_WAIT_1 CLOSED": {path: "M30 428H10", role: "end"},
    "FIN_WAIT_2 CLOSED": {path: "M30 536H10", role: "end"},
    "CLOSE_WAIT CLOSED": {path: "M730 428H750", role: "end"},
    "CLOSING CLOSED": {path: "M446 536H466", role: "end"},
};

export const ROLES = {
    active: "who opens; who closes first",
    passive: "who is opened; who closes last",
    both: "both at once",
    end: "ended by RST, ABORT or a timeout",
};

// The place of an edge, made up if the figure does not have it.
export function place_edge(from, to) {
    const known = EDGES[`${from} ${to}`];
    if (known)
        return known;
    const {x: x1, y: y1} = STATES[from];
    const {x: x2, y: y2} = STATES[to];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
    const reach = Math.min(NODE.width / 2 / (Math.abs(dx) || 1e-9), NODE.height / 2 / (Math.abs(dy) || 1e-9));
    return {
        path: `M${x1 + dx * reach} ${y1 + dy * reach}L${x2 - dx * reach} ${y2 - dy * reach}`,
        role: "end",
    };
}

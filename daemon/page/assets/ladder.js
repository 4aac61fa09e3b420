// The sequence diagram: the last segments between the engine, left, and its peer, right.
import {drawn, element, setText} from "/page/dom.js";
import {count, duration} from "/page/words.js";

const KEPT = 64;
const PAUSE_MS = 1000; // a silence that is worth a line

export class Ladder {
    constructor(place) {
        this.body = element("tbody");
        this.empty = element("p", {class: "empty"});
        this.scroll = element("div", {class: "scroll tall", tabindex: 0, role: "group", "aria-label": "Segments"},
            element("table", {class: "ladder"},
                element("thead", {}, element("tr", {},
                    element("th", {scope: "col", class: "number"}, "Time"),
                    element("th", {scope: "col", class: "ends-of-ladder"},
                        element("span", {}, "this engine"), element("span", {}, "peer")),
                    element("th", {scope: "col"}, "Why"))),
                this.body));
        place.append(element("h2", {}, "Segments"), this.scroll, this.empty);
        this.clear();
    }

    clear() {
        this.body.replaceChildren();
        setText(this.empty, "No segment has passed since this was opened.");
        this.empty.hidden = false;
        this.scroll.hidden = true;
        this.first_ms = this.last_ms = null;
        this.has_past = false;
        this.seen = 0;
    }

    // What came before, once: rows of past.js.
    remember(rows) {
        if (this.has_past)
            return;
        this.has_past = true;
        const before = rows.filter(({at_ms}) => this.first_ms === null || at_ms < this.first_ms);
        if (before.length === 0)
            return;
        const last_ms = this.last_ms;
        this.last_ms = null;
        this.body.prepend(...before.map((row) => {
            const node = this.make_row(row);
            node.classList.add("past");
            this.last_ms = row.at_ms;
            return node;
        }));
        this.last_ms = last_ms ?? this.last_ms;
        this.scroll.hidden = false;
        setText(this.empty, "No segment has passed since this was opened. What is above is from its history, which keeps " +
            "the segments that changed its state.");
    }

    add(segment) {
        const was_at_end = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 40;
        this.empty.hidden = true;
        this.scroll.hidden = false;
        this.first_ms ??= segment.at_ms;
        this.body.append(this.make_row(segment));
        while (this.body.children.length > KEPT)
            this.body.firstElementChild.remove();
        this.last_ms = segment.at_ms;
        if (was_at_end)
            this.scroll.scrollTop = this.scroll.scrollHeight;
    }

    make_row(segment) {
        const gap = this.last_ms === null ? null : segment.at_ms - this.last_ms;
        const kind = segment.cause === undefined ? kind_of(segment) : "cause";
        const passed = kind === "cause"
            ? [element("span", {class: "label"}, segment.cause)]
            : [make_label(segment), make_arrow(segment, kind, ++this.seen)];
        return element("tr", {class: `${segment.direction ?? ""} ${kind}${gap >= PAUSE_MS ? " pause" : ""}`,
            "data-direction": segment.direction, "data-flags": segment.flags},
        element("td", {class: "number"}, gap === null ? "0" : since(gap)),
        element("td", {class: "arrow"}, ...passed),
        element("td", {class: "why"}, segment.note ?? ""));
    }
}

// What it is worth to the eye.
function kind_of({direction, flags, len, note}) {
    if (flags.includes("RST"))
        return "rst";
    if (flags.includes("SYN"))
        return "syn";
    if (flags.includes("FIN"))
        return "fin";
    if (direction === "out" && /retransmission|probe/i.test(note ?? ""))
        return "again";
    return len > 0 ? "data" : "ack";
}

function since(ms) {
    return ms === 0 ? "+0" : `+${duration(ms)}`;
}

function make_label({direction, flags, seq, ack, len, wnd, raw_seq, raw_ack}) {
    const range = len > 0 ? `${count(seq)}…${count(seq + len)}` : count(seq);
    const numbers = [`seq ${range}`];
    if (flags.includes("ACK"))
        numbers.push(`ack ${count(ack)}`);
    if (len > 0)
        numbers.push(`${count(len)} B`);
    numbers.push(`win ${count(wnd)}`);
    const raw = raw_seq === undefined ? null : `on the wire: seq ${raw_seq}, ack ${raw_ack}`;
    return element("span", {class: "label", title: raw},
        element("span", {class: "unseen"}, direction === "out" ? "to the peer: " : "from the peer: "),
        element("b", {}, flags), ` ${numbers.join("  ")}`);
}

// Downwards, as time goes; a marker of its own, because ids are the document's.
function make_arrow({direction}, kind, number) {
    const [from, to] = direction === "out" ? ["0", "100%"] : ["100%", "0"];
    const id = `ladder-${number}`;
    return drawn("svg", {class: kind, "aria-hidden": "true", height: 18},
        drawn("defs", {}, drawn("marker", {id, viewBox: "0 0 10 10", refX: 9.5, refY: 5, markerWidth: 9,
            markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto"},
        drawn("path", {d: "M0 1L10 5L0 9Z"}))),
        drawn("line", {x1: from, y1: 3, x2: to, y2: 14, "marker-end": `url(#${id})`}));
}

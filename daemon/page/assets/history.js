// What happened to a connection: transitions and notes, each with its cause.
import {element} from "/page/dom.js";
import {NOTHING, count, duration} from "/page/words.js";

export class History {
    constructor(place) {
        this.body = element("tbody");
        this.shown = null;
        place.append(element("h2", {}, "History"),
            element("div", {class: "scroll tall", tabindex: 0, role: "group", "aria-label": "History"},
                element("table", {class: "rows history"},
                    element("thead", {}, element("tr", {}, ...["Time", "What", "Cause", "Segment"].map((name, at) =>
                        element("th", {scope: "col", class: at === 0 ? "number" : null}, name)))),
                    this.body)));
    }

    show(rows) {
        const text = JSON.stringify(rows);
        if (text === this.shown)
            return;
        this.shown = text;
        this.body.replaceChildren(...rows.map((row) => make_row(row, rows[0].time_us)));
    }
}

function make_row(row, begin_us) {
    const is_note = row.kind !== undefined && row.kind !== "state";
    const what = is_note
        ? element("td", {class: "note"}, row.kind.replaceAll("_", " "))
        : element("td", {}, `${row.from} → ${row.to}`);
    return element("tr", {"data-from": row.from, "data-to": row.to},
        element("td", {class: "number"}, time_words(row.time_us - begin_us)),
        what, element("td", {}, row.cause), element("td", {class: "address"}, segment_words(row.segment)));
}

function time_words(us) {
    return us === 0 ? "0" : `+${duration(us / 1000)}`;
}

function segment_words(segment) {
    if (!segment)
        return NOTHING;
    const length = segment.len > 0 ? ` len ${count(segment.len)}` : "";
    return `${segment.flags} seq ${segment.seq} ack ${segment.ack}${length} win ${segment.wnd}`;
}

// Listeners, with what waits in them and what they dropped.
import {ask} from "/page/api.js";
import {element} from "/page/dom.js";
import {count, program} from "/page/words.js";

export class Listeners {
    constructor(place) {
        this.place = place;
        this.shown = null;
    }

    async refresh() {
        const answer = await ask("/page/listeners");
        this.show(Array.isArray(answer) ? answer : answer.rows);
    }

    show(rows) {
        const text = JSON.stringify(rows);
        if (text === this.shown)
            return;
        this.shown = text;
        if (rows.length === 0) {
            this.place.replaceChildren(element("p", {class: "empty"}, "Nobody listens."));
            return;
        }
        const names = ["ID", "Local", "Program", "Accept queue", "SYN queue", "Dropped for want of accept", "Dropped SYNs"];
        this.place.replaceChildren(element("div", {class: "scroll", tabindex: 0, role: "group",
            "aria-label": "Rows of listeners"},
        element("table", {class: "rows"},
            element("thead", {}, element("tr", {}, ...names.map((name, at) => element("th",
                {scope: "col", class: at === 0 || at > 3 ? "number" : null}, name)))),
            element("tbody", {}, ...rows.map(make_row)))));
    }
}

function make_row(row) {
    const is_full = row.queue >= row.backlog;
    return element("tr", {"data-listener": row.id},
        element("td", {class: "number"}, element("a", {href: `#connection=${row.id}`}, row.id)),
        element("td", {class: "address"}, row.local),
        element("td", {}, program(row)),
        element("td", {class: is_full ? "trouble" : null},
            element("meter", {min: 0, max: Math.max(1, row.backlog), value: row.queue,
                high: 0.8 * row.backlog, "aria-label": "accept queue"}),
            ` ${count(row.queue)} of ${count(row.backlog)}${is_full ? ", full" : ""}`),
        element("td", {class: "number"}, row.syn_queue_max
            ? `${count(row.syn_queue)} of ${count(row.syn_queue_max)}` : count(row.syn_queue)),
        make_drops(row.accept_queue_drops), make_drops(row.syn_queue_drops));
}

function make_drops(number) {
    return element("td", {class: `number${number > 0 ? " trouble" : ""}`}, count(number));
}

// Rates, each with a line of the last two minutes.
import {drawn, element, setText} from "/page/dom.js";
import {bytes, rate} from "/page/words.js";

const KEPT_MS = 120000;
const LINE = {width: 120, height: 22};
const ROWS = [
    ["bytes_in", "received", bytes],
    ["bytes_out", "sent", bytes],
    ["segments_in", "segments in", rate],
    ["segments_out", "segments out", rate],
    ["retransmits", "retransmissions", rate],
    ["opens", "opened", rate],
    ["closes", "closed", rate],
];

export class Traffic {
    constructor(place) {
        this.samples = [];
        this.rows = ROWS.map(([key, name, format]) => {
            const number = element("td", {class: "number"}, "0");
            const line = drawn("polyline", {points: ""});
            const picture = drawn("svg", {
                class: "spark", viewBox: `0 0 ${LINE.width} ${LINE.height}`, preserveAspectRatio: "none",
                "aria-hidden": "true",
            }, line);
            return {key, format, number, line, row: element("tr", {"data-rate": key},
                element("th", {scope: "row"}, name), number, element("td", {class: "line"}, picture))};
        });
        place.append(element("table", {class: "traffic"},
            element("tbody", {}, ...this.rows.map(({row}) => row))));
    }

    show(at_ms, rates) {
        this.samples.push({at_ms, rates});
        while (this.samples.length > 1 && at_ms - this.samples[0].at_ms > KEPT_MS)
            this.samples.shift();
        for (const {key, format, number, line} of this.rows) {
            setText(number, format(rates[key] ?? 0));
            line.setAttribute("points", this.points(key, at_ms));
        }
    }

    points(key, now) {
        const highest = Math.max(1, ...this.samples.map(({rates}) => rates[key] ?? 0));
        return this.samples.map(({at_ms, rates}) => {
            const x = LINE.width * (1 - (now - at_ms) / KEPT_MS);
            const y = LINE.height - 1.5 - (LINE.height - 3) * (rates[key] ?? 0) / highest;
            return `${x.toFixed(1)},${y.toFixed(1)}`;
        }).join(" ");
    }
}

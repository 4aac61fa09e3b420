// Rates, each with a line of the last two minutes.
import {drawn, element, setText} from "/page/dom.js";
import {bytes, rate} from "/page/words.js";

const KEPT_MS = 120000;
const STEP_MS = 2000; // over which rates are averaged: a quarter of a second only flickers
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
        this.samples.push({at_ms, ms: at_ms - (this.samples.at(-1)?.at_ms ?? at_ms - 1), rates});
        while (at_ms - this.samples[0].at_ms > KEPT_MS)
            this.samples.shift();
        const recent = this.samples.filter((sample) => at_ms - sample.at_ms < STEP_MS);
        const steps = [...group_steps(this.samples).entries()];
        for (const {key, format, number, line} of this.rows) {
            setText(number, format(mean(recent, key)));
            line.setAttribute("points", points(steps.map(([step, samples]) =>
                ({x: 1 - (at_ms - step * STEP_MS) / KEPT_MS, value: mean(samples, key)}))));
        }
    }
}

function group_steps(samples) {
    const steps = new Map();
    for (const sample of samples) {
        const step = Math.floor(sample.at_ms / STEP_MS);
        steps.set(step, [...(steps.get(step) ?? []), sample]);
    }
    return steps;
}

// Each sample counts for the time since the one before.
function mean(samples, key) {
    const whole = samples.reduce((sum, {ms}) => sum + ms, 0);
    return whole === 0 ? 0 : samples.reduce((sum, {ms, rates}) => sum + ms * (rates[key] ?? 0), 0) / whole;
}

function points(values) {
    const highest = Math.max(1, ...values.map(({value}) => value));
    return values.map(({x, value}) => {
        const y = LINE.height - 1.5 - (LINE.height - 3) * value / highest;
        return `${(LINE.width * Math.max(0, x)).toFixed(1)},${y.toFixed(1)}`;
    }).join(" ");
}

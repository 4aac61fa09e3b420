// Plots of one connection over the last two minutes, by Chart.js, which is loaded when first needed.
import {element} from "/page/dom.js";
import {bytes, duration} from "/page/words.js";

const KEPT_MS = 120000;
const PLOTS = [
    {title: "Congestion window and threshold", format: bytes, lines: [
        ["cwnd_bytes", "cwnd", "--active"], ["ssthresh_bytes", "ssthresh", "--both"],
        ["snd_wnd", "peer's window", "--end-line"]]},
    {title: "Round trip", format: duration, lines: [["srtt_us", "smoothed RTT", "--passive"]]},
    {title: "Queues", format: bytes, lines: [
        ["send_queue_bytes", "send queue", "--active"], ["receive_queue_bytes", "receive queue", "--passive"]]},
];

let library = null;

function load_library() {
    library ??= new Promise((resolve, reject) => {
        const script = element("script", {src: "/page/chart.js"});
        script.addEventListener("load", () => resolve(globalThis.Chart));
        script.addEventListener("error", () => {
            library = null;
            reject(new Error("Chart.js did not load"));
        });
        document.head.append(script);
    });
    return library;
}

export class Plots {
    constructor(place) {
        this.place = place;
        this.samples = [];
        this.charts = [];
        this.figures = PLOTS.map(({title}) => {
            const canvas = element("canvas", {role: "img", "aria-label": title});
            const words = element("p", {class: "small"});
            return {canvas, words, node: element("figure", {}, element("figcaption", {}, title),
                element("div", {class: "canvas"}, canvas), words)};
        });
        place.append(element("h2", {}, "The last two minutes"),
            element("div", {class: "plots"}, ...this.figures.map(({node}) => node)));
        for (const colors of ["(prefers-color-scheme: dark)", "(forced-colors: active)"])
            matchMedia(colors).addEventListener("change", () => this.restart());
    }

    clear() {
        this.samples = [];
        this.draw();
    }

    add(sample) {
        this.samples.push(sample);
        while (sample.at_ms - this.samples[0].at_ms > KEPT_MS)
            this.samples.shift();
        this.draw();
    }

    async start() {
        const Chart = await load_library();
        if (this.charts.length > 0)
            return;
        this.charts = PLOTS.map((plot, at) => make_chart(Chart, this.figures[at].canvas, plot));
        this.draw();
    }

    async restart() {
        if (this.charts.length === 0)
            return;
        for (const chart of this.charts)
            chart.destroy();
        this.charts = [];
        await this.start();
    }

    draw() {
        const now = this.samples.at(-1)?.at_ms ?? 0;
        this.place.hidden = this.samples.length > 0 && !this.samples.some(has_any);
        PLOTS.forEach(({lines, format}, at) => {
            this.figures[at].words.textContent = lines.map(([key, name]) =>
                `${name} ${value_words(this.samples.at(-1)?.[key], key, format)}`).join(", ");
            const chart = this.charts[at];
            if (!chart)
                return;
            lines.forEach(([key], line) => {
                chart.data.datasets[line].data = this.samples
                    .filter((sample) => Number.isFinite(sample[key]))
                    .map((sample) => ({x: (sample.at_ms - now) / 1000, y: scaled(sample[key], key)}));
            });
            if (format === bytes)
                chart.options.scales.y.ticks.stepSize = binary_step(chart.data.datasets);
            chart.update("none");
        });
    }
}

// A listener has none of it.
function has_any(sample) {
    return PLOTS.some(({lines}) => lines.some(([key]) => Number.isFinite(sample[key])));
}

// A power of two, so that the scale of bytes has round numbers; five lines at most.
function binary_step(datasets) {
    const highest = Math.max(...datasets.flatMap(({data}) => data.map(({y}) => y)), 4);
    return 2 ** Math.ceil(Math.log2(highest / 4));
}

function scaled(value, key) {
    return key.endsWith("_us") ? value / 1000 : value;
}

function value_words(value, key, format) {
    return Number.isFinite(value) ? format(scaled(value, key)) : "–";
}

function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function make_chart(Chart, canvas, {lines, format}) {
    const [ink, line] = [color("--muted"), color("--line")];
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    return new Chart(canvas, {
        type: "line",
        data: {datasets: lines.map(([, label, name]) => ({
            label, data: [], borderColor: color(name), backgroundColor: color(name), borderWidth: 1.75,
            pointRadius: 0, stepped: "before",
        }))},
        options: {
            animation: false, maintainAspectRatio: false, normalized: true, parsing: false,
            interaction: {mode: "nearest", axis: "x", intersect: false},
            scales: {
                x: {type: "linear", min: -KEPT_MS / 1000, max: 0, grid: {color: line, drawBorder: false},
                    ticks: {color: ink, stepSize: 30, callback: (value) => value === 0 ? "now" : `${value} s`}},
                y: {beginAtZero: true, grid: {color: line, drawBorder: false},
                    ticks: {color: ink, maxTicksLimit: 6, callback: (value) => format(value)}},
            },
            plugins: {
                legend: {align: "start", labels: {color: ink, boxWidth: 14, boxHeight: 2}},
                tooltip: {callbacks: {
                    title: (items) => `${Math.round(-items[0].parsed.x)} s ago`,
                    label: (item) => `${item.dataset.label}: ${format(item.parsed.y)}`,
                }},
            },
        },
    });
}

// The state diagram: how many connections are in each state, and edges that light up as they are walked.
import {ask} from "/page/api.js";
import {drawn, element, setText} from "/page/dom.js";
import {END, NODE, ROLES, SIZE, STATES, place_edge} from "/page/state_layout.js";
import {count} from "/page/words.js";

const GLOW_MS = 3000;
const LINE_HEIGHT = 13;

export class Diagram {
    constructor(place, on_state) {
        this.edges = new Map();
        this.nodes = new Map();
        this.cells = new Map();
        this.still = matchMedia("(prefers-reduced-motion: reduce)");
        this.lines = drawn("g", {class: "lines"});
        this.boxes = drawn("g", {class: "boxes"});
        this.picture = drawn("svg", {
            class: "diagram", role: "img", viewBox: `-4 -2 ${SIZE.width + 8} ${SIZE.height + 4}`,
            "aria-label": "The TCP state diagram. The table that follows has its numbers.",
        }, this.make_markers(), this.lines, this.boxes);
        for (const [name, state] of Object.entries(STATES))
            this.add_state(name, state, on_state);
        this.boxes.append(box("ghost", END, "CLOSED"));
        place.append(this.picture, make_legend(), this.make_table());
    }

    // --- drawing ------------------------------------------------------------------------------

    make_markers() {
        const definitions = drawn("defs");
        for (const role of Object.keys(ROLES)) {
            const shape = role === "end"
                ? drawn("path", {d: "M1.5 1.5L8.5 8.5M8.5 1.5L1.5 8.5", class: "cross"})
                : drawn("path", {d: "M0 1L10 5L0 9Z"});
            definitions.append(drawn("marker", {
                id: `tip-${role}`, class: role, viewBox: "0 0 10 10", refX: role === "end" ? 5 : 9, refY: 5,
                markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto",
            }, shape));
        }
        return definitions;
    }

    add_state(name, state, on_state) {
        const node = box("state", state, name);
        node.setAttribute("data-state", name);
        node.setAttribute("data-count", "0");
        node.append(
            drawn("text", {class: "number", x: state.x, y: state.y + 17}, "0"),
            drawn("title", {}, `${name}: ${state.meaning}`));
        node.addEventListener("click", () => on_state(name));
        this.nodes.set(name, node);
        this.boxes.append(node);
    }

    // The engine's own table: [{from, to, cause}].
    async load() {
        const edges = await ask("/page/diagram.json");
        const causes = new Map();
        for (const {from, to, cause} of edges) {
            const key = `${from} ${to}`;
            causes.set(key, [...(causes.get(key) ?? []), ...(cause ? [cause] : [])]);
        }
        this.lines.replaceChildren();
        this.edges.clear();
        for (const [key, names] of causes)
            this.add_edge(key, names);
    }

    add_edge(key, causes) {
        const [from, to] = key.split(" ");
        const {path, at, words, role} = place_edge(from, to);
        const glow = drawn("path", {class: "glow", d: path});
        const comet = drawn("path", {class: "comet", d: path, pathLength: 100});
        const title = `${from} → ${to}${causes.length > 0 ? `: ${[...new Set(causes)].join("; ")}` : ""}`;
        const group = drawn("g", {
            class: `edge ${role}`, "data-from": from, "data-to": to, "data-moves": 0,
        }, glow, drawn("path", {class: "line", d: path, "marker-end": `url(#tip-${role})`}), comet,
        drawn("path", {class: "reach", d: path}, drawn("title", {}, title)));
        if (words)
            group.append(make_caption(at, words));
        this.lines.append(group);
        this.edges.set(key, {group, glow, comet, moves: 0, level: 0, at: 0});
    }

    // What the picture shows, for those who cannot see it.
    make_table() {
        const body = element("tbody");
        for (const [name, state] of Object.entries(STATES)) {
            const cell = element("td", {}, "0");
            this.cells.set(name, cell);
            body.append(element("tr", {}, element("th", {scope: "row"}, name), cell,
                element("td", {}, state.meaning)));
        }
        const heads = ["State", "Connections", "Meaning"].map((name) => element("th", {scope: "col"}, name));
        return element("div", {class: "unseen numbers-of-states"}, element("table", {},
            element("caption", {}, "Connections by state"),
            element("thead", {}, element("tr", {}, ...heads)), body));
    }

    // --- what happens -------------------------------------------------------------------------

    show(states) {
        for (const [name, node] of this.nodes) {
            const value = states[name] ?? 0;
            if (node.getAttribute("data-count") === String(value))
                continue;
            node.setAttribute("data-count", value);
            node.classList.toggle("filled", value > 0);
            node.querySelector(".number").textContent = count(value);
            setText(this.cells.get(name), count(value));
        }
    }

    light(moves) {
        const sums = new Map();
        for (const {from, to, count: times} of moves)
            sums.set(`${from} ${to}`, (sums.get(`${from} ${to}`) ?? 0) + times);
        for (const [key, times] of sums) {
            const edge = this.edges.get(key);
            if (edge)
                this.light_edge(edge, times);
        }
    }

    // A glow as strong as the logarithm of how often, which decays.
    light_edge(edge, times) {
        edge.moves += times;
        edge.group.setAttribute("data-moves", edge.moves);
        const strength = Math.min(0.75, 0.4 + Math.log10(times) / 8);
        const width = 5 + 2 * Math.min(4, Math.log10(times));
        const steps = this.still.matches
            ? [{opacity: strength, offset: 0}, {opacity: strength, offset: 0.99}, {opacity: 0, offset: 1}]
            : [{opacity: strength, strokeWidth: `${width}px`}, {opacity: 0, strokeWidth: "4px"}];
        edge.glow.animate(steps, {duration: GLOW_MS, easing: "ease-out"});
        if (!this.still.matches)
            edge.comet.animate([{strokeDashoffset: 18, opacity: 1}, {strokeDashoffset: -100, opacity: 1}],
                {duration: 700, easing: "ease-in-out"});
    }

    // The way of one connection; null: of all.
    trace(path, state) {
        this.picture.classList.toggle("traced", path !== null);
        const walked = new Set((path ?? []).map(({from, to}) => `${from} ${to}`));
        for (const [key, edge] of this.edges)
            edge.group.classList.toggle("walked", walked.has(key));
        for (const [name, node] of this.nodes)
            node.classList.toggle("here", path !== null && name === state);
    }
}

function box(kind, {x, y}, name) {
    return drawn("g", {class: kind},
        drawn("rect", {x: x - NODE.width / 2, y: y - NODE.height / 2, width: NODE.width, height: NODE.height,
            rx: 9}),
        drawn("text", {class: "name", x, y: kind === "ghost" ? y + 4 : y - 8}, name));
}

// Event above, action below, as in RFC 9293.
function make_caption([x, y, anchor, step = LINE_HEIGHT], words) {
    const text = drawn("text", {class: "caption", "text-anchor": anchor});
    words.forEach((word, line) => text.append(drawn("tspan", {
        x, y: y + line * step, class: line === 0 ? "event" : "action",
    }, word)));
    return text;
}

function make_legend() {
    const items = Object.entries(ROLES).map(([role, text]) => element("li", {class: role},
        drawn("svg", {viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true"},
            drawn("path", {class: "line", d: role === "end" ? "M0 5H14" : "M0 5H22",
                "marker-end": `url(#tip-${role})`})), text));
    return element("ul", {class: "legend"}, ...items);
}

// One connection in words: what "tcpctl explain" says.
import {Announcer} from "/page/announcer.js";
import {element, setText} from "/page/dom.js";
import {make_hint, make_verdict} from "/page/health.js";
import {duration, program} from "/page/words.js";

const ENTRIES = [
    ["Why", (explain) => explain.reason],
    ["Waits for", (explain) => explain.waits_for],
    ["Then", (explain) => explain.then],
    ["The peer", (explain) => explain.peer],
    ["Timer", (explain) => explain.timer ? `${explain.timer}, in ${duration(explain.timer_ms)}` : null],
    ["Limited by", (explain) => make_limits(explain.limits)],
    ["Belongs to", (explain) => explain.owner ? owner_words(explain.owner) : null],
    ["Next, type", (explain) => make_hints(explain.hints ?? [])],
];

export class Explanation {
    constructor(place) {
        this.title = element("h2", {id: "connection-title", tabindex: -1});
        this.ends = element("p", {class: "ends"});
        this.verdict = element("p", {class: "summary", id: "summary"});
        const news = element("p", {class: "unseen", "aria-live": "polite"});
        this.announcer = new Announcer(news);
        this.entries = ENTRIES.map(([name, content]) => new Entry(name, content));
        place.append(
            element("p", {class: "back"}, element("a", {href: "#", id: "back"}, "← All connections")),
            element("section", {"aria-labelledby": "connection-title"}, this.title, this.ends, this.verdict, news,
                element("dl", {class: "explanation"}, ...this.entries.map(({node}) => node))));
    }

    clear(id) {
        setText(this.title, `Connection ${id}`);
        setText(this.ends, "");
        this.verdict.replaceChildren();
        for (const entry of this.entries)
            entry.show({});
    }

    show(explain) {
        setText(this.title, `${explain.state} ${explain.id}`);
        const has_peer = explain.remote && explain.state !== "LISTEN";
        setText(this.ends, has_peer ? `${explain.local} → ${explain.remote}` : explain.local ?? "");
        this.verdict.replaceChildren(make_verdict(explain.verdict), ` ${explain.summary}`);
        this.announcer.tell(`${explain.id} ${explain.situation} ${explain.verdict}`,
            `${explain.verdict}: ${explain.summary}`);
        for (const entry of this.entries)
            entry.show(explain);
    }
}

// A name and what is said under it. What has not changed is left alone: it may be selected, or have the focus.
class Entry {
    constructor(name, content) {
        this.content = content;
        this.place = element("dd");
        this.node = element("div", {hidden: true}, element("dt", {}, name), this.place);
    }

    show(explain) {
        const content = this.content(explain) || null;
        this.node.hidden = content === null;
        const text = content?.textContent ?? content;
        if (text === this.text)
            return;
        this.text = text;
        this.place.replaceChildren(content ?? "");
    }
}

// {"now": "cwnd", "cwnd_ms": 12, ...} as a bar in parts, with their names below.
function make_limits(limits) {
    const parts = Object.entries(limits ?? {})
        .filter(([key, value]) => key.endsWith("_ms") && value > 0)
        .map(([key, value]) => ({name: key.slice(0, -3), value}))
        .sort((a, b) => b.value - a.value);
    if (parts.length === 0)
        return null;
    const bar = element("div", {class: "parts", "aria-hidden": "true"});
    for (const {name, value} of parts) {
        const part = element("span", {class: `part ${name}`});
        part.style.flexGrow = value;
        bar.append(part);
    }
    return element("div", {}, bar, element("ul", {class: "parts-names"}, ...parts.map(({name, value}) =>
        element("li", {class: name}, `${name.replaceAll("_", " ")} ${duration(value)}`))));
}

function make_hints(hints) {
    return hints.length === 0 ? null : element("div", {},
        ...hints.map((hint) => element("p", {class: "hint"}, make_hint(hint))));
}

function owner_words(owner) {
    const session = owner.session ? `, session ${owner.session}` : "";
    return `${program(owner)}${session}, uid ${owner.uid}`;
}

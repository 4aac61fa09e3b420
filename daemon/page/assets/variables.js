// Every variable of a connection, as "tcpctl show" has them.
import {element} from "/page/dom.js";
import {NOTHING} from "/page/words.js";

export class Variables {
    constructor(place) {
        this.list = element("dl", {class: "variables"});
        this.shown = null;
        place.append(element("details", {}, element("summary", {}, "Every variable, as ",
            element("code", {}, "tcpctl show"), " has it"), this.list));
    }

    show(values) {
        const text = JSON.stringify(values);
        if (text === this.shown)
            return;
        this.shown = text;
        this.list.replaceChildren(...Object.entries(values ?? {}).map(([name, value]) =>
            element("div", {}, element("dt", {}, name), element("dd", {}, value_words(value)))));
    }
}

function value_words(value) {
    if (value === null)
        return NOTHING;
    return typeof value === "object" ? JSON.stringify(value) : String(value);
}

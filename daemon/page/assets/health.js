// Health, as "tcpctl explain" has it: findings, worst first, each with the next command to type.
import {Announcer} from "/page/announcer.js";
import {ask} from "/page/api.js";
import {element} from "/page/dom.js";

const COMMAND_OF_ONE = /^tcpctl (?:explain|show|history) (\d+)$/;

export class Health {
    constructor(place, news) {
        this.place = place;
        this.announcer = new Announcer(news);
        this.shown = null;
    }

    async refresh() {
        this.show(await ask("/page/health"));
    }

    show(health) {
        const text = JSON.stringify(health);
        if (text === this.shown)
            return;
        this.shown = text;
        const findings = health.findings ?? [];
        this.place.replaceChildren(findings.length > 0
            ? element("ul", {class: "findings"}, ...findings.map(make_finding))
            : element("p", {class: "well"}, make_verdict("ok"), " Nothing is worth a look."));
        this.announcer.tell(findings.map(({verdict, hint}) => `${verdict} ${hint}`).join("\n"),
            findings.map(({summary}) => summary).join(" ") || "Nothing is worth a look.");
    }
}

function make_finding({verdict, summary, hint}) {
    return element("li", {}, make_verdict(verdict),
        element("div", {}, element("p", {}, summary), element("p", {class: "hint"}, make_hint(hint))));
}

export function make_verdict(verdict) {
    return element("span", {class: `verdict ${/^[a-z]+$/.test(verdict) ? verdict : ""}`}, verdict);
}

// A command; one that asks about a connection is a link to it as well.
export function make_hint(hint) {
    const code = element("code", {class: "command"}, hint ?? "");
    const one = COMMAND_OF_ONE.exec(hint ?? "");
    return one ? element("a", {href: `#connection=${one[1]}`}, code) : code;
}

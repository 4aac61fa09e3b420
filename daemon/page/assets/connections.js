// The table of connections: the page of rows that is looked at, never all of them.
import {Refused, ask} from "/page/api.js";
import {byId, element, setText} from "/page/dom.js";
import {STATES} from "/page/state_layout.js";
import {NOTHING, bytes, count, duration, plural, program} from "/page/words.js";

const PAGE_ROWS = 50;
const EXAMPLES = ["state established", "sport = :80", "dst 10.0.0.0/8", "program nginx", "idle > 60s and not state listen"];
const COLUMNS = [
    {key: "id", name: "ID", number: true, cell: (row) => element("a", {href: `#connection=${row.id}`}, row.id)},
    {key: "state", name: "State", cell: (row) => make_state(row.state)},
    {key: "local", name: "Local", kind: "address", cell: (row) => row.local},
    {key: "remote", name: "Peer", kind: "address", cell: (row) => row.remote},
    {key: "program", name: "Program", cell: (row) => program(row)},
    {key: "age", name: "Age", number: true, cell: (row) => duration(row.age_ms)},
    {key: "rtt", name: "RTT", number: true, cell: (row) => row.srtt_us > 0 ? duration(row.srtt_us / 1000) : NOTHING},
    {key: "send_queue", name: "Send queue", number: true, cell: (row) => queue(row, row.send_queue_bytes)},
    {key: "receive_queue", name: "Receive queue", number: true, cell: (row) => queue(row, row.receive_queue_bytes)},
    {key: "retransmits", name: "Sent again", number: true, cell: (row) => count(row.retransmits)},
    {key: "timer", name: "Timer", fixed: true,
        cell: (row) => row.timer ? `${row.timer} ${duration(row.timer_ms)}` : NOTHING},
];

// Those of a listener are not of bytes: its own table has them.
function queue({state}, value) {
    return state === "LISTEN" ? NOTHING : bytes(value);
}

function make_state(name) {
    return element("span", {class: `tag ${String(name).toLowerCase()}`}, name);
}

export class Connections {
    constructor(place) {
        this.filter = "";
        this.sort = "id";
        this.pages = [null]; // what each page comes after: the daemon's word for it
        this.next = null;
        this.total = 0;
        this.rows = new Map();
        this.question = 0;
        place.append(this.make_form(), this.problem, this.make_table(), this.make_pager());
    }

    // --- its parts ----------------------------------------------------------------------------

    make_form() {
        this.search = element("input", {
            type: "search", id: "filter", name: "filter", autocomplete: "off", spellcheck: "false",
            list: "filter-examples", "aria-describedby": "filter-problem filter-help",
        });
        const examples = element("datalist", {id: "filter-examples"},
            ...EXAMPLES.map((value) => element("option", {value})));
        this.states = element("select", {id: "filter-state"}, element("option", {value: ""}, "all"),
            ...Object.keys(STATES).map((name) => element("option", {value: name}, name)));
        this.problem = element("p", {id: "filter-problem", class: "problem", role: "alert", hidden: true});
        const form = element("form", {class: "search", role: "search"},
            element("label", {for: "filter"}, "Filter"), this.search, examples,
            element("button", {type: "submit"}, "Apply"),
            element("label", {for: "filter-state"}, "State"), this.states,
            element("p", {id: "filter-help", class: "small"}, "As ", element("code", {}, "tcpctl ls"), " and ",
                element("code", {}, "ss"), " take it: ", ...EXAMPLES.flatMap((example, at) =>
                    [at > 0 ? ", " : "", element("code", {}, example)])));
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.apply(this.search.value);
        });
        this.search.addEventListener("search", () => this.apply(this.search.value));
        this.states.addEventListener("change", () => this.show_state(this.states.value));
        return form;
    }

    make_table() {
        this.body = element("tbody");
        this.heads = COLUMNS.map((column) => {
            const head = element("th", {scope: "col", class: column.number ? "number" : null});
            if (column.fixed) {
                head.append(column.name);
                return head;
            }
            const button = element("button", {type: "button", "data-sort": column.key}, column.name);
            button.addEventListener("click", () => this.sort_by(column));
            head.append(button);
            return head;
        });
        this.show_order();
        this.body.addEventListener("click", (event) => follow(event));
        this.body.addEventListener("keydown", (event) => this.on_key(event));
        return element("div", {class: "scroll", role: "group", "aria-label": "Rows of connections", tabindex: 0},
            element("table", {class: "rows connections", "aria-labelledby": "connections-title"},
                element("thead", {}, element("tr", {}, ...this.heads)), this.body));
    }

    make_pager() {
        this.where = element("p", {"aria-live": "polite", id: "where"});
        this.before = element("button", {type: "button", id: "page-before"}, "Previous");
        this.after = element("button", {type: "button", id: "page-after"}, "Next");
        this.before.addEventListener("click", () => this.turn(-1));
        this.after.addEventListener("click", () => this.turn(1));
        return element("div", {class: "pager"}, this.where, this.before, this.after);
    }

    // --- what the user does -------------------------------------------------------------------

    apply(filter) {
        this.filter = filter.trim();
        this.search.value = filter;
        return this.go_to([null]);
    }

    show_state(name) {
        this.states.value = name;
        return this.apply(name ? `state ${name.toLowerCase().replaceAll("_", "-")}` : "");
    }

    // Numbers are first sorted with the largest at the top: these are looked for.
    sort_by({key, number}) {
        const first = number && key !== "id" ? `-${key}` : key;
        const second = first === key ? `-${key}` : key;
        this.sort = this.sort === first ? second : first;
        this.show_order();
        this.go_to([null]);
    }

    show_order() {
        COLUMNS.forEach(({key}, at) => {
            const order = {[key]: "ascending", [`-${key}`]: "descending"}[this.sort];
            if (order)
                this.heads[at].setAttribute("aria-sort", order);
            else
                this.heads[at].removeAttribute("aria-sort");
        });
    }

    turn(direction) {
        if (direction < 0 && this.pages.length > 1)
            this.go_to(this.pages.slice(0, -1));
        else if (direction > 0 && this.next !== null)
            this.go_to([...this.pages, this.next]);
    }

    // What comes after it is not known before the daemon has answered.
    go_to(pages) {
        this.pages = pages;
        this.next = null;
        return this.refresh();
    }

    // Enter opens a row; the arrows walk over rows.
    on_key(event) {
        const row = event.target.closest("tr");
        if (event.key === "Enter" && event.target === row)
            open(row);
        const next = {ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling}[event.key];
        if (next) {
            event.preventDefault();
            next.querySelector("a").focus();
        }
    }

    // --- what the daemon says -----------------------------------------------------------------

    // Only the newest question's answer counts.
    async refresh() {
        const question = ++this.question;
        try {
            const answer = await ask("/page/connections", {
                filter: this.filter, sort: this.sort, limit: PAGE_ROWS, after: this.pages.at(-1),
            });
            if (question === this.question)
                this.show(answer);
        } catch (error) {
            if (!(error instanceof Refused))
                throw error;
            if (question === this.question)
                this.show_problem(error.message);
        }
    }

    show_problem(text) {
        setText(this.problem, text);
        this.problem.hidden = text === "";
        this.search.toggleAttribute("aria-invalid", text !== "");
    }

    show({total, rows, next}) {
        this.show_problem("");
        this.total = total;
        this.next = next ?? null;
        const nodes = rows.map((row) => this.row_of(row));
        const kept = new Set(rows.map(({id}) => id));
        for (const id of this.rows.keys())
            if (!kept.has(id))
                this.rows.delete(id);
        place_rows(this.body, nodes);
        this.show_where(rows.length);
    }

    // A row that was there stays: it may have the focus.
    row_of(row) {
        let known = this.rows.get(row.id);
        if (!known) {
            const cells = COLUMNS.map(({number, kind}) => element("td", {class: number ? "number" : kind}));
            known = {cells, shown: [], node: element("tr", {"data-connection": row.id, tabindex: -1}, ...cells)};
            this.rows.set(row.id, known);
        }
        COLUMNS.forEach(({cell}, at) => {
            const content = cell(row);
            const text = content.textContent ?? content;
            if (known.shown[at] === text)
                return;
            known.shown[at] = text;
            known.cells[at].replaceChildren(content);
        });
        return known.node;
    }

    show_where(shown) {
        const first = (this.pages.length - 1) * PAGE_ROWS + 1;
        const range = shown > 0 ? `${count(first)} to ${count(first + shown - 1)} of ` : "";
        setText(this.where, `${range}${plural(this.total, "connection")}`);
        this.before.disabled = this.pages.length === 1;
        this.after.disabled = this.next === null;
        byId("connections-title").dataset.total = this.total;
    }
}

// Moves no row that is in its place.
function place_rows(body, nodes) {
    nodes.forEach((node, at) => {
        if (body.children[at] !== node)
            body.insertBefore(node, body.children[at] ?? null);
    });
    while (body.children.length > nodes.length)
        body.lastElementChild.remove();
}

function open(row) {
    location.hash = `connection=${row.dataset.connection}`;
}

// A click anywhere in a row, but where text was selected or the link itself was hit.
function follow(event) {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("a") && getSelection().isCollapsed)
        open(row);
}

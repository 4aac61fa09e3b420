// The live page: what is shown, and when it is asked for.
import {Connection} from "/page/connection.js";
import {Connections} from "/page/connections.js";
import {Diagram} from "/page/diagram.js";
import {byId, setText} from "/page/dom.js";
import {Health} from "/page/health.js";
import {Listeners} from "/page/listeners.js";
import {Memory} from "/page/memory.js";
import {Repeated} from "/page/repeated.js";
import {Stream} from "/page/stream.js";
import {TimeWait} from "/page/time_wait.js";
import {Traffic} from "/page/traffic.js";
import {count, duration, plural} from "/page/words.js";

const diagram = new Diagram(byId("diagram"), show_state);
const health = new Health(byId("health"), byId("health-news"));
const traffic = new Traffic(byId("traffic"));
const time_wait = new TimeWait(byId("time-wait"), byId("time-wait-unit"));
const memory = new Memory(byId("memory"));
const connections = new Connections(byId("connections"));
const listeners = new Listeners(byId("listeners"));
const connection = new Connection(byId("explanation"), byId("details"), diagram);

// What is asked for again and again, and how far apart at least.
const table = new Repeated(() => connections.refresh(), 2000);
const slow = new Repeated(() => Promise.all([health.refresh(), listeners.refresh()]), 5000);
const opened = new Repeated(() => connection.refresh(), 1000);

let about = null; // the daemon's first words
let lost = 0;
let is_diagram_loaded = false;

const stream = new Stream({hello, state: take_state, answering,
    sample: (sample) => connection.plots.add(sample),
    segment: (segment) => connection.ladder.add(segment)});

// --- what the daemon says -------------------------------------------------------------------------

async function load_diagram() {
    try {
        await diagram.load();
        is_diagram_loaded = true;
    } catch (error) {
        console.warn(error.message);
    }
}

function hello(daemon) {
    if (about?.boot_id !== daemon.boot_id || !is_diagram_loaded)
        load_diagram();
    about = {...daemon, started: performance.now() - (daemon.uptime_ms ?? 0)};
    show_about();
}

function show_about() {
    if (about === null)
        return;
    const {version, tap, addresses, started} = about;
    const minutes = Math.floor((performance.now() - started) / 60000);
    setText(byId("about"), [version && `version ${version}`, tap && `${tap.name}${tap.is_up ? "" : " (down)"}`,
        ...(addresses ?? []), `up ${minutes > 0 ? duration(60000 * minutes) : "less than a minute"}`]
        .filter(Boolean).join(" · "));
}

function take_state(state) {
    diagram.show(state.states);
    diagram.light(state.moves ?? []);
    traffic.show(state.at_ms, state.rates ?? {});
    if (state.time_wait)
        time_wait.show(state.time_wait);
    if (state.memory)
        memory.show(state.memory);
    show_about();
    show_lost(state.lost ?? 0);
    show_title(state.states);
    if (state.moves?.length > 0)
        (connection.id === null ? table : opened).soon();
}

function show_lost(number) {
    lost += number;
    byId("lost").hidden = lost === 0;
    setText(byId("lost"), `${plural(lost, "transition")} came faster than this page could take them.`);
}

function show_title(states) {
    const total = Object.entries(states).reduce((sum, [, value]) => sum + value, 0);
    if (connection.id === null)
        document.title = `${count(total)} · tcpengine`;
}

function answering(is_answering, why) {
    document.documentElement.dataset.daemon = is_answering ? "answering" : "silent";
    setText(byId("live"), is_answering ? "live" : "not live");
    byId("notice").hidden = is_answering;
    setText(byId("notice"), why);
    for (const repeated of [table, slow, opened])
        repeated.pause(!is_answering);
}

// --- what the user does ---------------------------------------------------------------------------

function show_state(name) {
    if (connection.id !== null)
        location.hash = "";
    connections.show_state(name);
    byId("connections-title").scrollIntoView({block: "nearest"});
}

// #connection=ID can be kept as a bookmark.
function follow_hash() {
    const id = /^#connection=(\d{1,16})$/.exec(location.hash)?.[1] ?? null;
    const before = connection.id;
    for (const node of document.querySelectorAll(".overview"))
        node.hidden = id !== null;
    if (id !== null)
        connection.open(id);
    else
        connection.close();
    document.title = id !== null ? `Connection ${id} · tcpengine` : "tcpengine";
    for (const [repeated, is_wanted] of [[table, id === null], [slow, id === null], [opened, id !== null]])
        repeated.run(is_wanted);
    if (id !== before || stream.source === null)
        stream.open(id);
    if (id === null && before !== null)
        document.querySelector(`[data-connection="${before}"] a`)?.focus();
}

byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
});
addEventListener("hashchange", follow_hash);
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", (event) => event.persisted && stream.open(connection.id));
load_diagram();
follow_hash();

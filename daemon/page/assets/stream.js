// The stream of server-sent events. The browser reconnects by itself after a broken connection, but not
// after an answer like 503: then this does.

const RETRY_MS = 3000;
const SILENCE_MS = 12000; // the daemon says something every five seconds
const EVENTS = ["hello", "state", "sample", "segment"];

export class Stream {
    // on.EVENT(data) for each event, and on.answering(is_answering, why).
    constructor(on) {
        this.on = on;
        this.source = null;
        this.timer = null;
        this.connection = null;
        this.heard = 0;
        setInterval(() => this.listen(), 1000);
    }

    open(connection) {
        this.connection = connection;
        this.close();
        const query = connection === null ? "" : `?connection=${encodeURIComponent(connection)}`;
        const source = new EventSource(`/page/stream${query}`);
        this.source = source;
        this.heard = performance.now();
        for (const name of EVENTS)
            source.addEventListener(name, (event) => this.take(source, name, event));
        source.addEventListener("error", () => this.fail(source));
    }

    close() {
        clearTimeout(this.timer);
        if (this.source !== null)
            this.source.close();
        this.source = null;
    }

    take(source, name, event) {
        if (source !== this.source)
            return;
        this.heard = performance.now();
        this.on.answering(true, "");
        this.on[name]?.(JSON.parse(event.data));
    }

    // A daemon that stands still, or a network that has gone, ends no connection.
    listen() {
        if (this.source === null || this.source.readyState === EventSource.CLOSED ||
            performance.now() - this.heard < SILENCE_MS)
            return;
        this.on.answering(false, "The daemon has become silent. Trying again.");
        this.open(this.connection);
    }

    async fail(source) {
        if (source !== this.source)
            return;
        const is_refused = source.readyState === EventSource.CLOSED && await is_reachable();
        if (source !== this.source)
            return;
        this.on.answering(false, is_refused
            ? "The daemon has as many viewers as it allows. Trying again."
            : "The daemon is not answering. Trying again.");
        if (source.readyState === EventSource.CLOSED)
            this.timer = setTimeout(() => this.open(this.connection), RETRY_MS);
    }
}

async function is_reachable() {
    try {
        await fetch("/healthz", {cache: "no-store", signal: AbortSignal.timeout(RETRY_MS)});
        return true;
    } catch {
        return false;
    }
}

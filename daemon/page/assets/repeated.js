// Something that is done again and again while it is wanted, the page is looked at, and the daemon
// answers; never twice at a time.

const SOONEST_MS = 1000;

export class Repeated {
    constructor(action, period_ms) {
        this.action = action;
        this.period_ms = period_ms;
        this.is_wanted = false;
        this.is_paused = false;
        this.is_running = false;
        this.is_due_again = false;
        this.last = -Infinity;
        this.due = Infinity;
        this.timer = null;
        document.addEventListener("visibilitychange", () => this.plan(0));
    }

    run(is_wanted) {
        this.is_wanted = is_wanted;
        this.last = -Infinity;
        this.plan(0);
    }

    pause(is_paused) {
        if (this.is_paused === is_paused)
            return;
        this.is_paused = is_paused;
        this.plan(0);
    }

    // Something has changed.
    soon() {
        this.plan(Math.max(0, SOONEST_MS - (performance.now() - this.last)));
    }

    plan(delay_ms) {
        const at = performance.now() + delay_ms;
        if (this.timer !== null && this.due <= at)
            return;
        clearTimeout(this.timer);
        this.due = at;
        this.timer = setTimeout(() => this.tick(), delay_ms);
    }

    async tick() {
        this.timer = null;
        if (!this.is_wanted || this.is_paused || document.hidden)
            return;
        if (this.is_running) {
            this.is_due_again = true;
            return;
        }
        await this.act();
        this.plan(this.is_due_again ? 0 : this.period_ms);
        this.is_due_again = false;
    }

    async act() {
        this.is_running = true;
        try {
            await this.action();
        } catch (error) {
            console.warn(error.message);
        }
        this.last = performance.now();
        this.is_running = false;
    }
}

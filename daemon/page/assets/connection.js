// One connection, opened: its explanation, segments, plots and history.
import {NotFound, ask} from "/page/api.js";
import {element} from "/page/dom.js";
import {Explanation} from "/page/explanation.js";
import {History} from "/page/history.js";
import {Ladder} from "/page/ladder.js";
import {past_of} from "/page/past.js";
import {Plots} from "/page/plots.js";
import {Variables} from "/page/variables.js";

export class Connection {
    constructor(explanation_place, details_place, diagram) {
        this.places = [explanation_place, details_place];
        this.diagram = diagram;
        this.id = null;
        this.explanation = new Explanation(explanation_place);
        const [ladder, plots, history, variables] =
            ["segments", "plots-of-connection", "history", "variables"].map((id) => element("section", {id}));
        details_place.append(ladder, plots, history, variables);
        this.ladder = new Ladder(ladder);
        this.plots = new Plots(plots);
        this.history = new History(history);
        this.variables = new Variables(variables);
    }

    open(id) {
        this.id = id;
        this.explanation.clear(id);
        this.ladder.clear();
        this.plots.clear();
        this.history.show([]);
        this.variables.show(null);
        this.show_places(true);
        this.plots.start().catch((error) => console.warn(error.message));
        this.explanation.title.focus({preventScroll: true});
    }

    close() {
        this.id = null;
        this.show_places(false);
        this.diagram.trace(null, null);
    }

    show_places(is_shown) {
        for (const place of this.places)
            place.hidden = !is_shown;
    }

    async refresh() {
        const id = this.id;
        try {
            const answer = await ask(`/page/connection/${id}`);
            if (id === this.id)
                this.show(answer);
        } catch (error) {
            if (!(error instanceof NotFound))
                throw error;
            if (id === this.id)
                this.explanation.show({id, state: "CLOSED", verdict: "dead", summary: error.message});
        }
    }

    show({show, explain, history}) {
        this.explanation.show(explain);
        this.history.show(history ?? []);
        this.ladder.remember(past_of(history ?? [], show));
        this.variables.show(show);
        const path = (history ?? []).filter(({from, to}) => from !== to);
        this.diagram.trace(path, explain.state);
    }
}

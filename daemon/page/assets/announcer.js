// Speaks to screen readers when a matter changes, and not when only its seconds do.
import {setText} from "/page/dom.js";

export class Announcer {
    constructor(region) {
        this.region = region;
        this.matter = null;
    }

    tell(matter, text) {
        if (matter === this.matter)
            return;
        this.matter = matter;
        setText(this.region, text);
    }
}

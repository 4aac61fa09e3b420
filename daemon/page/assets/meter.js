// How much of what there may be is in use.
import {element, setText} from "/page/dom.js";

export class Meter {
    constructor(label) {
        this.meter = element("meter", {min: 0, max: 1, value: 0, "aria-label": label});
        this.words = element("span");
        this.node = element("p", {class: "meter"}, this.meter, this.words);
    }

    show(used, max, words) {
        this.meter.max = max > 0 ? max : 1;
        this.meter.high = 0.8 * this.meter.max;
        this.meter.value = used;
        setText(this.words, words);
    }
}

// The TIME_WAIT table: how many have how much of their 2MSL before them, and how full it is.
import {drawn, element, setText} from "/page/dom.js";
import {Meter} from "/page/meter.js";
import {count, duration} from "/page/words.js";

const SIZE = {width: 320, height: 64};
const GAP = 2;

export class TimeWait {
    constructor(place, unit) {
        this.unit = unit;
        this.bars = [];
        this.picture = drawn("svg", {
            class: "remaining", role: "img", viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
            preserveAspectRatio: "none", "aria-label": "Entries by their remaining time",
        });
        this.longest = element("span", {}, "2MSL");
        this.meter = new Meter("Entries of the TIME_WAIT table");
        place.append(this.picture,
            element("p", {class: "scale"}, element("span", {}, "0: gone"),
                element("span", {class: "middle"}, "time that remains"), this.longest),
            this.meter.node);
    }

    show({count: entries, max, msl_ms, remaining}) {
        if (this.bars.length !== remaining.length)
            this.make_bars(remaining.length);
        const highest = Math.max(1, ...remaining);
        remaining.forEach((value, at) => {
            const height = value === 0 ? 0 : Math.max(2, (SIZE.height - 2) * value / highest);
            this.bars[at].setAttribute("y", SIZE.height - height);
            this.bars[at].setAttribute("height", height);
            this.bars[at].setAttribute("data-entries", value);
        });
        const longest = duration(2 * msl_ms);
        setText(this.longest, `2MSL: ${longest}`);
        setText(this.unit, entries > 0 ? `${count(entries)} for up to ${longest}` : "");
        this.picture.setAttribute("aria-label", describe(remaining, 2 * msl_ms));
        this.meter.show(entries, max, `${count(entries)} of at most ${count(max)}`);
    }

    make_bars(number) {
        const step = SIZE.width / number;
        this.bars = Array.from({length: number}, (_, at) => drawn("rect", {
            x: at * step + GAP / 2, width: step - GAP, y: SIZE.height, height: 0,
        }));
        this.picture.replaceChildren(
            drawn("path", {class: "base", d: `M0 ${SIZE.height - 0.5}H${SIZE.width}`}), ...this.bars);
    }
}

function describe(remaining, whole_ms) {
    const half = Math.floor(remaining.length / 2);
    const sum = (part) => part.reduce((total, value) => total + value, 0);
    return `TIME_WAIT entries by their remaining time: ${count(sum(remaining.slice(0, half)))} end within ` +
        `${duration(whole_ms / 2)}, ${count(sum(remaining.slice(half)))} later`;
}

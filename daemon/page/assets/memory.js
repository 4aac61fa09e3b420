// The memory of all connections together.
import {Meter} from "/page/meter.js";
import {bytes} from "/page/words.js";

export class Memory {
    constructor(place) {
        this.meter = new Meter("Memory of connections");
        place.append(this.meter.node);
    }

    show({used, max, level}) {
        const shortage = level && level !== "plenty" ? `, ${level}` : "";
        this.meter.show(used, max, `${bytes(used)} of at most ${bytes(max)}${shortage}`);
    }
}

// Numbers as people read them.

const whole = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});
const fine = new Intl.NumberFormat("en-US", {maximumSignificantDigits: 3});

export const NOTHING = "–";

export function count(value) {
    return value === null || value === undefined ? NOTHING : whole.format(value);
}

export function plural(value, one, many = `${one}s`) {
    return `${count(value)} ${value === 1 ? one : many}`;
}

function scaled(value, step, units) {
    let unit = 0;
    while (Math.abs(value) >= step && unit < units.length - 1) {
        value /= step;
        unit++;
    }
    return `${fine.format(value)} ${units[unit]}`;
}

// In tcpctl's units.
export function bytes(value) {
    if (value === null || value === undefined)
        return NOTHING;
    return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
}

export function rate(value) {
    return value < 10000 ? count(value) : scaled(value, 1000, ["", "k", "M", "G"]);
}

export function duration(ms) {
    if (ms === null || ms === undefined || ms < 0)
        return NOTHING;
    if (ms < 1)
        return `${fine.format(ms * 1000)} µs`;
    if (ms < 1000)
        return `${fine.format(ms)} ms`;
    if (ms < 60000)
        return `${fine.format(ms / 1000)} s`;
    return long_duration(Math.round(ms / 1000));
}

function long_duration(seconds) {
    if (seconds < 3600)
        return two_units(seconds, 60, "min", "s");
    if (seconds < 86400)
        return two_units(Math.floor(seconds / 60), 60, "h", "min");
    return two_units(Math.floor(seconds / 3600), 24, "d", "h");
}

function two_units(value, per, large, small) {
    const rest = value % per;
    return `${Math.floor(value / per)} ${large}${rest > 0 ? ` ${rest} ${small}` : ""}`;
}

// "billing-worker (pid 4711, gone)", as tcpctl says it; of a row, or of its owner.
export function program(row) {
    const {program: name, pid, gone} = row?.owner ?? row ?? {};
    if (!name)
        return NOTHING;
    return pid ? `${name} (pid ${pid}${gone ? ", gone" : ""})` : name;
}

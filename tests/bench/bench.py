#!/usr/bin/python3
"""One benchmark: the engine beside the kernel, by interleaved pairs. Prints one line of JSON.

A pair runs the same program over the engine's TCP, by requests and by a channel, and over the
kernel's across a veth pair, against the same kind of peer in the same namespace; the ratio is the
median over all pairs."""
import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
import harness  # noqa: E402 - after the path above
import idle_memory  # noqa: E402
import kernel_memory  # noqa: E402

VETH_HERE, VETH_THERE = "10.10.0.1", "10.10.0.2"
# name: what is counted, work per run, work per tiny run, and what the work's JSON becomes
BENCHES = {
    "bulk_out": ("GB/s", 1_000_000_000, 2_000_000, lambda row: row["bytes"] / row["seconds"] / 1e9),
    "bulk_in": ("GB/s", 1_000_000_000, 2_000_000, lambda row: row["bytes"] / row["seconds"] / 1e9),
    "latency": ("us", 5000, 50, lambda row: row["p50_us"]),
    "connections": ("1/s", 4000, 40, lambda row: row["count"] / row["seconds"]),
}
# Longer than a round trip takes.
BUSY_SETTINGS = {"busy_poll": "1ms"}
BUSY_ENVIRONMENT = ["TCPENGINE_BENCH_SPIN_US=200"]
CLIENTS = {"bulk_out": 1, "bulk_in": 1, "latency": 1, "connections": 8}


class Veth:
    """A second network namespace, behind a veth pair. It lives as long as its only process."""

    def start(self) -> None:
        self.other = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        harness.run("ip", "link", "add", "veth-here", "type", "veth", "peer", "name", "veth-there")
        harness.wait_for(self.is_elsewhere, what="the second namespace")
        harness.run("ip", "link", "set", "veth-there", "netns", self.other.pid)
        harness.run("ip", "address", "add", f"{VETH_HERE}/24", "dev", "veth-here")
        harness.run("ip", "link", "set", "veth-here", "up")
        self.elsewhere("ip", "address", "add", f"{VETH_THERE}/24", "dev", "veth-there")
        self.elsewhere("ip", "link", "set", "veth-there", "up")

    def is_elsewhere(self) -> bool:
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{self.other.pid}/ns/net") != os.readlink("/proc/self/ns/net")
        return False

    def elsewhere(self, *argv):
        return harness.run("nsenter", "--net", "--target", self.other.pid, *argv, timeout=300)

    def stop(self) -> None:
        self.other.kill()
        self.other.wait()


class Bench(Veth):
    def __init__(self, folder: Path):
        self.programs = harness.BUILD / "tests" / "bench"
        self.folder = folder
        self.port = 20000

    def start(self) -> None:
        harness.make_tap()
        self._start_daemon({})
        super().start()

    def _start_daemon(self, settings: dict) -> None:
        words = [word for key, value in {"log_level": "warning", **settings}.items()
                 for word in ("--set", f"{key}={value}")]
        self.daemon = harness.Daemon(self.folder, *words).wait_ready()

    def _stop_daemon(self) -> None:
        status = self.daemon.terminate()
        assert status == 0, self.daemon.log

    def stop(self) -> None:
        super().stop()
        self._stop_daemon()

    @contextlib.contextmanager
    def peer(self, address: str, name: str):
        """A peer on a fresh port, so that runs do not meet each other's TIME_WAITs."""
        self.port += 1
        process = harness.Process([self.programs / "peer", address, self.port, name],
                                  self.folder, f"peer-{self.port}")
        try:
            harness.wait_for(lambda: b"ready" in process.output, what="the peer")
            yield self.port
        finally:
            process.stop()

    def busy(self, name: str, amount: int) -> dict:
        """By a channel, with both sides that look without pause."""
        self._stop_daemon()
        self._start_daemon(BUSY_SETTINGS)
        report = self.engine(name, amount, "channel", before=["env", *BUSY_ENVIRONMENT])
        self._stop_daemon()
        self._start_daemon({})
        return report

    def engine(self, name: str, amount: int, way: str = "engine", work: str | None = None,
               before=()) -> dict:
        with self.peer(harness.HOST4, name) as port:
            done = harness.run(*before, self.programs / "work", way, work or name, harness.HOST4, port, amount,
                               f"clients={CLIENTS[name]}", f"url={self.daemon.url}", timeout=300)
        return json.loads(done.stdout)

    def kernel(self, name: str, amount: int) -> dict:
        with self.peer(VETH_HERE, name) as port:
            done = self.elsewhere(self.programs / "work", "kernel", name, VETH_HERE, port, amount,
                                  f"clients={CLIENTS[name]}")
        return json.loads(done.stdout)


def run_pairs(name: str, pairs: int, tiny: bool) -> dict:
    unit, amount, tiny_amount, value = BENCHES[name]
    folder = Path("/run/bench")
    folder.mkdir()
    bench = Bench(folder)
    bench.start()
    try:
        amount = tiny_amount if tiny else amount
        rounds = [run_round(bench, name, amount, value) for _ in range(pairs)]
    finally:
        bench.stop()
    result = {"bench": name, "unit": unit, "pairs": pairs, "better": "low" if unit == "us" else "high"}
    for way, prefix in WAYS.items():
        if way in rounds[0]:
            result[way] = round(statistics.median(row[way] for row in rounds), 4)
            result[f"{prefix}ratio"] = round(statistics.median(row[way] / row["kernel"]
                                                               for row in rounds), 3)
    result["kernel"] = round(statistics.median(row["kernel"] for row in rounds), 4)
    return result


# How the application works with the engine, and what its ratio's key begins with.
WAYS = {"engine": "", "channel": "channel_", "in_place": "in_place_", "busy": "busy_"}


def run_round(bench: Bench, name: str, amount: int, value) -> dict:
    """What came out per way, and of the kernel."""
    row = {way: value(bench.engine(name, amount, way)) for way in ("engine", "channel")}
    if name == "bulk_in":
        row["in_place"] = value(bench.engine(name, amount, "channel", "bulk_in_place"))
    if name == "latency":
        row["busy"] = value(bench.busy(name, amount))
    return {**row, "kernel": value(bench.kernel(name, amount))}


def run_memory(tiny: bool) -> dict:
    count = 2000 if tiny else 100_000
    done = harness.run(harness.BUILD / "tests" / "bench" / "memory_engine", count, timeout=600)
    engine = json.loads(done.stdout)
    veth = Veth()
    veth.start()
    try:
        kernel = kernel_memory.measure(500 if tiny else 10_000, VETH_HERE, veth.other.pid)
    finally:
        veth.stop()
    channel = idle_memory.measure(400 if tiny else 100_000)
    rows = {}
    for key in ("established_bytes", "time_wait_bytes"):
        rows[key] = {"engine": engine[key], "kernel": kernel[key],
                     "ratio": round(engine[key] / kernel[key], 3) if kernel[key] else None}
    return {"bench": "memory", "unit": "B", "better": "low", "connections": count, **rows,
            "kernel_connections": kernel["connections"], "by_channel": channel,
            "detail": engine}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[*BENCHES, "memory"])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--tiny", action="store_true", help="one pair of tiny size: does it work?")
    arguments = parser.parse_args()
    harness.isolate()
    pairs = 1 if arguments.tiny else arguments.pairs
    result = run_memory(arguments.tiny) if arguments.name == "memory" else \
        run_pairs(arguments.name, pairs, arguments.tiny)
    print(json.dumps(result))


if __name__ == "__main__":
    main()

"""How tests/bench/compare measures: one Run is one execution of tests/bench/work (or peers/lwip) by one
contender, and yields the values of one or more rows of the table."""
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import contenders
import harness
import kernel_memory
import programs

# More than any run does in its time; but no more requests than one remote endpoint has ports for.
AMOUNT_MAX = 1 << 50
REQUESTS_MAX = 25_000
BASE = "veth"
PATIENCE_SECONDS = 120


# What a socket is made of, and little else: other caches move with everything on the machine. Those
# of ports grow with the end that connects: the peer's sockets share their listener's.
SOCKET_CACHES = ["TCP", "sock_inode_cache", "filp"]
PORT_CACHES = ["tcp_bind_bucket", "tcp_bind2_bucket"]


def cache_bytes(caches: list[str]) -> int:
    return sum(kernel_memory.slab_bytes(name) for name in caches)


@dataclass
class Row:
    key: str
    title: str
    unit: str
    is_low_better: bool


@dataclass
class Run:
    """rows: key of the row -> its value, of the report of the work and the CPU seconds of all."""

    mode: str
    clients: int
    rows: dict
    has_time_waits: bool = False
    on_one_cpu: bool = False
    # By those who can; the kernel over veth copies, and is what they are compared with.
    in_place: bool = False
    # By those who can, as well.
    is_busy: bool = False
    # What a foreign program does, by those who can run one: of programs.py, with its name there.
    program: tuple = ()


def per_second(report: dict, _cpu: float) -> float:
    return report["count"] / report["seconds"]


def gigabytes_per_second(report: dict, _cpu: float) -> float:
    return report["bytes"] / report["seconds"] / 1e9


def cpu_per_gigabyte(report: dict, cpu: float) -> float | None:
    return cpu / report["bytes"] * 1e9 if report["bytes"] else None


def percentile(key: str):
    return lambda report, _cpu: report[key]


ROWS = [
    Row("send_1", "send, 1 connection", "GB/s", False),
    Row("send_8", "send, 8 connections", "GB/s", False),
    Row("receive_1", "receive, 1 connection", "GB/s", False),
    Row("receive_8", "receive, 8 connections", "GB/s", False),
    Row("receive_1_place", "receive, 1 connection, read in place", "GB/s", False),
    Row("receive_8_place", "receive, 8 connections, read in place", "GB/s", False),
    Row("send_1_cpu", "processor time, send, 1", "s/GB", True),
    Row("send_8_cpu", "processor time, send, 8", "s/GB", True),
    Row("receive_1_cpu", "processor time, receive, 1", "s/GB", True),
    Row("receive_8_cpu", "processor time, receive, 8", "s/GB", True),
    Row("receive_1_place_cpu", "processor time, receive, 1, read in place", "s/GB", True),
    Row("receive_8_place_cpu", "processor time, receive, 8, read in place", "s/GB", True),
    Row("round_trip_p50", "64 bytes there and back, p50", "us", True),
    Row("round_trip_p99", "64 bytes there and back, p99", "us", True),
    Row("round_trip_one_cpu_p50", "64 bytes there and back, one processor, p50", "us", True),
    Row("round_trip_busy_p50", "64 bytes there and back, busy-polling, p50", "us", True),
    Row("requests_1", "connect, request, close; 1 client", "1/s", False),
    Row("requests_8", "connect, request, close; 8 clients", "1/s", False),
    Row("requests_8_time_wait", "connect, request, close; 8, many TIME_WAITs", "1/s", False),
    Row("memory", "memory per idle connection", "B", True),
    Row("iperf3_send", "iperf3, 1 stream, send", "GB/s", False),
    Row("iperf3_receive", "iperf3, 1 stream, receive", "GB/s", False),
    Row("nginx_keep_alive", "nginx, 612 bytes, wrk with 32 connections", "1/s", False),
    Row("nginx_close", "nginx, the same, a connection per request", "1/s", False),
    Row("redis_set", "redis, SET, 50 clients", "1/s", False),
    Row("redis_get", "redis, GET, 50 clients", "1/s", False),
]

def value_of(key: str, unit: float = 1):
    return lambda report, _cpu: report[key] / unit


PROGRAM_RUNS = [
    Run("program", 1, {"iperf3_send": value_of("bytes_per_second", 1e9)},
        program=("iperf3", programs.iperf3)),
    Run("program", 1, {"iperf3_receive": value_of("bytes_per_second", 1e9)},
        program=("iperf3", programs.iperf3_receive)),
    Run("program", 32, {"nginx_keep_alive": value_of("per_second")},
        program=("nginx", programs.wrk)),
    Run("program", 32, {"nginx_close": value_of("per_second")},
        program=("nginx", programs.nginx_close)),
    Run("program", 50, {"redis_set": value_of("set"), "redis_get": value_of("get")},
        program=("redis", programs.redis)),
]

RUNS = [
    *PROGRAM_RUNS,
    Run("bulk_out", 1, {"send_1": gigabytes_per_second, "send_1_cpu": cpu_per_gigabyte}),
    Run("bulk_out", 8, {"send_8": gigabytes_per_second, "send_8_cpu": cpu_per_gigabyte}),
    Run("bulk_in", 1, {"receive_1": gigabytes_per_second, "receive_1_cpu": cpu_per_gigabyte}),
    Run("bulk_in", 8, {"receive_8": gigabytes_per_second, "receive_8_cpu": cpu_per_gigabyte}),
    Run("bulk_in", 1, {"receive_1_place": gigabytes_per_second,
                       "receive_1_place_cpu": cpu_per_gigabyte}, in_place=True),
    Run("bulk_in", 8, {"receive_8_place": gigabytes_per_second,
                       "receive_8_place_cpu": cpu_per_gigabyte}, in_place=True),
    Run("latency", 1, {"round_trip_p50": percentile("p50_us"),
                       "round_trip_p99": percentile("p99_us")}),
    Run("latency", 1, {"round_trip_one_cpu_p50": percentile("p50_us")}, on_one_cpu=True),
    Run("latency", 1, {"round_trip_busy_p50": percentile("p50_us")}, is_busy=True),
    Run("requests", 1, {"requests_1": per_second}),
    Run("requests", 8, {"requests_8": per_second}),
    # After all others, since the TIME_WAITs stay.
    Run("requests", 8, {"requests_8_time_wait": per_second}, has_time_waits=True),
]


def takes_part(one, run: Run) -> bool:
    if run.program:
        return one.served_at is not None
    if one.transport is None:
        return False
    can = (one.reads_in_place or not run.in_place) and (one.can_be_busy or not run.is_busy)
    return can or one.name == BASE


@dataclass
class Sizes:
    rounds: int
    seconds: float
    time_waits: int
    fill_seconds: float
    held: int  # connections of the memory row
    settle_seconds: float
    is_quick: bool = False


class Failed(Exception):
    """A contender could not do this work; the others go on."""


class Measurement:
    def __init__(self, ground, everyone: list, sizes: Sizes, wanted: set):
        self.ground, self.everyone, self.sizes, self.wanted = ground, everyone, sizes, wanted
        self.values = {row.key: {one.name: [] for one in everyone} for row in ROWS}
        self.time_waits = {one.name: [] for one in everyone}
        self.failures, self.failed, self.skipped = [], set(), {}
        self.runs = 0

    def measure(self, say) -> None:
        """Everyone in turn, so that what changes on the machine changes for all."""
        for run in [run for run in RUNS if self.wanted & run.rows.keys()]:
            if self._lacks_program(run):
                continue
            if run.has_time_waits:
                self._keep_time_waits()
            self._be_busy(run, True)
            for number in range(self.sizes.rounds):
                for one in [one for one in self.everyone if self._takes_part(one, run)]:
                    say(f"{', '.join(run.rows)}: round {number + 1}, {one.name}")
                    self._note(run, one)
            self._be_busy(run, False)
        for number in range(self.sizes.rounds if "memory" in self.wanted else 0):
            say(f"memory: round {number + 1}")
            self._measure_memory()

    def _takes_part(self, one, run: Run) -> bool:
        """Whether others work is not what a quick round is for, where each takes seconds."""
        return takes_part(one, run) and (one.is_ours or not (run.program and self.sizes.is_quick))

    def _lacks_program(self, run: Run) -> bool:
        reason = programs.missing(run.program[0]) if run.program else None
        if reason is not None:
            self.skipped[", ".join(run.rows)] = reason
        return reason is not None

    def _be_busy(self, run: Run, is_busy: bool) -> None:
        for one in [one for one in self.everyone if run.is_busy and one.can_be_busy]:
            one.be_busy(self.ground.folder, is_busy)

    def _keep_time_waits(self) -> None:
        for one in self.everyone:
            one.keep_time_waits(self.ground.folder)

    def _note(self, run: Run, one) -> None:
        """A round without a value has None, so that rounds stay side by side."""
        try:
            report, cpu = self._run(run, one)
        except Failed as failure:
            self._note_failure(one, ", ".join(run.rows), failure)
            report, cpu = None, 0
        for key, value in run.rows.items():
            self.values[key][one.name].append(None if report is None else value(report, cpu))

    def _note_failure(self, one, what: str, failure: Failed) -> None:
        self.failures.append(f"{one.name}, {what}: {failure}")
        self.failed.add(one.name)

    def _run(self, run: Run, one) -> tuple[dict, float]:
        if run.program:
            try:
                return run.program[1](self.ground, one, self.sizes.seconds), 0
            except (programs.Wrong, AssertionError) as error:
                raise Failed(str(error)[-300:]) from None
        return self._run_work(run, one)

    def _run_work(self, run: Run, one) -> tuple[dict, float]:
        amount = REQUESTS_MAX if run.mode == "requests" else AMOUNT_MAX
        mode = "bulk_in_place" if run.in_place and one.reads_in_place else run.mode
        words = [mode, one.address, self.ground.port(run.mode), amount,
                 f"clients={run.clients}", f"seconds={self.sizes.seconds}"]
        if run.has_time_waits:
            words += self._fill_words(one)
        pids = one.processes() + self.ground.processes()
        everywhere = os.sched_getaffinity(0)
        cpus = {min(everywhere)} if run.on_one_cpu else everywhere
        contenders.pin(pids, cpus)
        before = contenders.cpu_seconds(pids)
        try:
            report = self._execute(one.command(*words), cpus)
        finally:
            contenders.pin(pids, everywhere)
        cpu = contenders.cpu_seconds(pids) - before + report["cpu_seconds"]
        if run.has_time_waits:
            self.time_waits[one.name].append(self.time_waits_before + report["fill"])
        return report, cpu

    def _fill_words(self, one) -> list[str]:
        self.time_waits_before = one.time_waits()
        missing = max(0, self.sizes.time_waits - self.time_waits_before)
        return [f"fill={missing}", f"fill_port={self.ground.fill_port()}",
                f"fill_seconds={self.sizes.fill_seconds}"]

    def _execute(self, argv: list, cpus: set[int]) -> dict:
        self.runs += 1
        process = harness.Process(argv, self.ground.folder, f"work-{self.runs}",
                                  preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        try:
            status = process.child.wait(self.sizes.seconds + self.sizes.fill_seconds +
                                        PATIENCE_SECONDS * harness.PATIENCE)
        except subprocess.TimeoutExpired:
            process.stop(signal.SIGKILL)
            raise Failed("it did not come to an end") from None
        if status != 0:
            raise Failed(f"exit {status}: {process.log.strip()}")
        return json.loads(process.output)

    # --- memory -----------------------------------------------------------------------------------

    def _measure_memory(self) -> None:
        """The peer's end of a connection costs what one of two kernel's ends does. Whose other end
        is not the kernel's has no part in its caches, which move with the whole machine."""
        costs = {}
        everyone = [one for one in self.everyone if one.transport is not None]
        for one in everyone:
            try:
                costs[one.name] = self._cost_of_connection(one)
            except Failed as failure:
                self._note_failure(one, "memory", failure)
        peers = costs[BASE]["sockets"] / 2 if BASE in costs else None
        for one in everyone:
            cost = costs.get(one.name)
            value = None
            if cost is not None and not one.is_on_kernel:
                value = cost["stack"]
            elif cost is not None and peers is not None:
                value = sum(cost.values()) - peers
            self.values["memory"][one.name].append(value)

    def _cost_of_connection(self, one) -> dict:
        """On a new stack: what an old one has kept from before would hide the cost. But not on its
        first connection: once one has closed, malloc() may give others another kind of memory."""
        one.stop()
        one.start(self.ground.folder)
        self._bytes_with(one, 1)
        few, many = self.sizes.held // 10, self.sizes.held
        less, more = self._bytes_with(one, few), self._bytes_with(one, many)
        return {key: (more[key] - less[key]) / (many - few) for key in more}

    def _bytes_with(self, one, count: int) -> dict:
        words = one.command("hold", one.address, self.ground.port("hold"), count)
        with subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as work:
            if not work.stdout.readline():
                raise Failed(work.stderr.read().decode().strip())
            time.sleep(self.sizes.settle_seconds)
            pids = one.processes() + ([work.pid] if one.is_inside else [])
            held = {"stack": contenders.memory_bytes(pids), "sockets": cache_bytes(SOCKET_CACHES),
                    "ports": cache_bytes(PORT_CACHES)}
            work.stdin.close()
            work.wait(PATIENCE_SECONDS)
        time.sleep(self.sizes.settle_seconds)
        return held

    # --- what came out ----------------------------------------------------------------------------

    def summary(self, row: Row, name: str) -> dict | None:
        """Of one cell of the table; the ratio is the median of those of the rounds."""
        pairs = list(zip(self.values[row.key][name], self.values[row.key][BASE]))
        values = [value for value, _ in pairs if value is not None]
        if not values:
            return None
        ratios = [value / base for value, base in pairs if value is not None and base]
        return {"median": statistics.median(values), "min": min(values), "max": max(values),
                "ratio": statistics.median(ratios) if ratios else None,
                "ratio_min": min(ratios, default=None), "ratio_max": max(ratios, default=None),
                "values": self.values[row.key][name]}

    def result(self) -> dict:
        rows = {}
        for row in ROWS:
            cells = {one.name: self.summary(row, one.name) for one in self.everyone}
            if any(cells.values()):
                rows[row.key] = {"title": row.title, "unit": row.unit,
                                 "better": "low" if row.is_low_better else "high", "cells": cells}
        waiting = {name: {"least": min(counts), "against_none": self._against_none(name)}
                   for name, counts in self.time_waits.items() if counts}
        return {"rows": rows, "time_waits": waiting, "failures": self.failures}

    def _against_none(self, name: str) -> float | None:
        """Requests per second with TIME_WAITs by those without."""
        with_them, without = ([value for value in self.values[key][name] if value is not None]
                              for key in ("requests_8_time_wait", "requests_8"))
        if not with_them or not without:
            return None
        return round(statistics.median(with_them) / statistics.median(without), 3)


# --- system calls ---------------------------------------------------------------------------------

SYSTEM_CALL_RUNS = {"send": ("bulk_out", "MB"), "receive": ("bulk_in", "MB"),
                    "round_trip": ("latency", "round trip")}


class SystemCalls:
    """Counts them with strace, in runs of their own, which take many times as long. Two runs of
    different lengths are subtracted, so that start and end do not count."""

    def __init__(self, ground, megabytes: int, round_trips: int):
        self.ground = ground
        self.amounts = {"MB": megabytes, "round trip": round_trips}

    @staticmethod
    def missing() -> str | None:
        return None if shutil.which("strace") else "strace is not installed (Debian package strace)"

    def count(self, one) -> dict:
        rows = {}
        for key, (mode, unit) in SYSTEM_CALL_RUNS.items():
            amount = self.amounts[unit]
            less, more = self._traced(one, mode, unit, amount), self._traced(one, mode, unit,
                                                                             2 * amount)
            rows[key] = {"unit": f"per {unit}",
                         **{who: round((more[who] - less[who]) / amount, 2) for who in more}}
        return rows

    def _traced(self, one, mode: str, unit: str, amount: int) -> dict:
        total = amount * (1_000_000 if unit == "MB" else 1)
        words = one.command(mode, one.address, self.ground.port(mode), total)
        tracers = [self._attach(pid) for pid in one.processes()]
        path = self.ground.folder / "strace-application"
        harness.run("strace", "-f", "-c", "-U", "calls", "-o", path, *words, timeout=300)
        for tracer in tracers:
            tracer.stop(signal.SIGINT)
        return {"application": calls_in(path.read_text()),
                "stack": sum(calls_in(tracer.report.read_text()) for tracer in tracers)}

    def _attach(self, pid: int) -> harness.Process:
        report = self.ground.folder / f"strace-{pid}"
        report.unlink(missing_ok=True)
        tracer = harness.Process(["strace", "-f", "-c", "-U", "calls", "-o", report, "-p", pid],
                                 self.ground.folder, f"strace-log-{pid}-{time.monotonic_ns()}")
        tracer.report = report
        harness.wait_for(lambda: "attached" in tracer.log, what="strace")
        return tracer


def calls_in(text: str) -> int:
    """The sum of strace's table, which has one column of numbers."""
    found = re.search(r"^\s*(\d+)\s+total$|^\s*(\d+)\s*$(?=\s*\Z)", text, re.M)
    if found is None:
        return sum(int(number) for number in re.findall(r"^\s*(\d+)", text, re.M))
    return int(found.group(1) or found.group(2))


def machine() -> dict:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {"processors": len(os.sched_getaffinity(0)), "kernel": os.uname().release,
            "model": model.group(1) if model else "?"}

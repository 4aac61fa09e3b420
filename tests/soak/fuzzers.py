"""The fuzz targets under libFuzzer, from the kept corpus."""
import argparse
import functools
import hashlib
import math
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/fuzz"))
import pack  # noqa: E402 (its folder is not this one)

# How much of the time each gets.
TARGETS = {"stack": 200, "rpc": 90, "saved": 60, "reassembly": 45, "config": 45, "sp": 40,
           "wire": 20, "text": 20, "tcp_options": 10}

# Memory and time that no input may need.
LIMITS = ["-rss_limit_mb=2048", "-timeout=20"]
MINIMIZE_SECONDS = 30
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
               "UBSAN_OPTIONS": "print_stacktrace=1"}


def failure_in(log: str) -> str:
    """The line that says what is wrong."""
    found = re.search(r"^fuzz: .*|.*(?:ERROR: |runtime error: |Assertion ).*", log, re.MULTILINE)
    return re.sub(r"==\d+==|0x[0-9a-f]+", "", found.group(0)).strip() if found else "?"


class Fuzzers:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.build = arguments.fuzz_build
        self.replay_build = arguments.build
        self.seed = arguments.seed % (1 << 31) or 1
        self.processes = arguments.jobs
        self.kept = arguments.keep / "fuzz/corpus"
        self.found = self.build / "fuzz"
        self.failed: set[str] = set()
        self.findings = 0
        self.lock = threading.Lock()

    def program(self, target: str) -> Path:
        return self.build / f"tests/fuzz/fuzz_{target}"

    def run(self, target: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess":
        return subprocess.run([self.program(target), *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                              env={**ENVIRONMENT, **environment})

    def jobs(self, targets: list[str], seconds: int, share: float) -> list:
        """What to run, the longest first: together that share of the processors' time, each so
        long that all fit beside one another."""
        total = sum(TARGETS[target] for target in targets)
        jobs = []
        for target in targets:
            whole = seconds * share * self.processes * TARGETS[target] / total
            pieces = math.ceil(whole / (seconds * share))
            self.unpack(target)
            jobs += [(whole / pieces, functools.partial(
                self.fuzz, target, self.seed + piece, math.ceil(whole / pieces)))
                for piece in range(pieces)]
        return [job for _, job in sorted(jobs, key=lambda job: -job[0])]

    def unpack(self, target: str) -> None:
        """The kept corpus, file by file, beside what earlier runs have found."""
        if not self.program(target).exists():
            print(f"soak: {self.program(target)} does not exist: ./check --explore builds it",
                  file=sys.stderr)
            sys.exit(2)
        kept = ROOT / "tests/fuzz/corpus" / target
        folder = self.found / target
        folder.mkdir(parents=True, exist_ok=True)
        if (kept / "pack").exists():
            pack.unpack(kept / "pack", folder)
        for file in kept.iterdir():
            if file.name != "pack":
                shutil.copy(file, folder)
        if target == "saved":  # states as they are saved today
            self.unpack("stack")
            self.run("stack", "-runs=0", str(self.found / "stack"), FUZZ_STATES=str(folder))

    def fuzz(self, target: str, seed: int, seconds: int) -> None:
        if target in self.failed:
            return
        crashes = self.found / "crashes"
        crashes.mkdir(exist_ok=True)
        dictionary = ROOT / f"tests/fuzz/{target}.dict"
        done = self.run(target, f"-seed={seed}", f"-max_total_time={seconds}", *LIMITS,
                        *([f"-dict={dictionary}"] if dictionary.exists() else []),
                        f"-artifact_prefix={crashes}/{target}-", str(self.found / target))
        with self.lock:
            if done.returncode != 0 and target not in self.failed:
                self.failed.add(target)
                self.findings += 1
                self.report(target, done.stdout)
            elif done.returncode == 0:
                counts = re.findall(r"^#\d+\s+DONE .*", done.stdout, re.MULTILINE)
                print(f"soak: fuzz_{target} -seed={seed}: {counts[-1] if counts else ''}", flush=True)

    def report(self, target: str, log: str) -> None:
        (self.found / f"{target}.log").write_text(log)
        print(f"soak: fuzz_{target}: {failure_in(log)}\n"
              f"  the whole output: {self.found / target}.log", flush=True)
        written = re.findall(r"Test unit written to (\S+)", log)
        if not written:
            return
        crash = Path(written[-1])
        kept = self.place_of(target, crash)
        is_known = kept.exists()
        if not is_known:
            smallest = self.minimize(target, crash, failure_in(log))
            kept = self.place_of(target, smallest)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(smallest, kept)
        print(f"  again: {self.program(target)} {kept}\n"
              f"  or with gdb: {self.replay_build}/tests/fuzz/fuzz_{target} {kept}\n"
              f"  {'is kept already' if is_known else 'kept'}: git add {kept}", flush=True)

    def place_of(self, target: str, file: Path) -> Path:
        name = "found-" + hashlib.sha1(file.read_bytes()).hexdigest()[:12]
        return self.kept / target / name

    def minimize(self, target: str, crash: Path, failure: str) -> Path:
        """As small as half a minute makes it, if that still fails in the same way."""
        if not crash.name.startswith(f"{target}-crash-"):
            return crash
        small = crash.with_name(crash.name + ".small")
        self.run(target, "-minimize_crash=1", f"-max_total_time={MINIMIZE_SECONDS}", *LIMITS,
                 f"-exact_artifact_path={small}", str(crash))
        if small.exists() and failure_in(self.run(target, *LIMITS, str(small)).stdout) == failure:
            return small
        return crash

    def merge(self, targets: list[str]) -> None:
        """Files beside the pack have a name because somebody gave it: they stay."""
        for target in targets:
            fresh = self.found / f"{target}.fresh"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            done = self.run(target, "-merge=1", str(fresh), str(self.found / target))
            if done.returncode != 0:
                print(f"soak: fuzz_{target} -merge=1 failed:\n{done.stdout[-2000:]}")
                continue
            file = self.kept / target / "pack"
            pack.pack(fresh, file)
            print(f"soak: {file}: {len(list(fresh.iterdir()))} inputs, {file.stat().st_size} bytes",
                  flush=True)

"""Seeds of the simulator that nobody has run."""
import argparse
import re
import subprocess
import threading
import time

SEEDS_AT_ONCE = 400
SEEDS_PER_SECOND = 10000  # so that the next run, a second later, begins beyond this one
SHRINK_SECONDS = 120
FINDINGS_MAX = 5


def reasons_in(text: str) -> list[tuple[str, str]]:
    """(seed, what did not hold), one for each that failed."""
    return re.findall(r"^FAILED --seed (\d+)\b.*\n(?:  side .*\n)?  (.*)$", text, re.MULTILINE)


class Simulator:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.program = arguments.build / "tests/sim/sim"
        self.list = arguments.keep / "sim/fixed_seeds.txt"
        self.options = ["--plant"] if arguments.plant else []
        self.next_seed = arguments.seed * SEEDS_PER_SECOND
        self.seeds_run = self.findings = 0
        self.reasons: set[str] = set()
        self.lock = threading.Lock()

    def run_some(self) -> bool:
        """Runs the next seeds. False: enough was found."""
        with self.lock:
            if self.findings >= FINDINGS_MAX:
                return False
            first = self.next_seed
            self.next_seed += SEEDS_AT_ONCE
        done = subprocess.run(
            [self.program, "--seeds", f"{first}:{SEEDS_AT_ONCE}", "--jobs", "1", "--quiet",
             *self.options], capture_output=True, text=True, errors="replace", check=False)
        with self.lock:
            self.seeds_run += SEEDS_AT_ONCE
            if done.returncode != 0:
                self.report(first, done.stdout + done.stderr)
        return True

    def report(self, first: int, text: str) -> None:
        failures = reasons_in(text)
        if not failures:  # the simulator itself
            self.findings += 1
            print(f"soak: {self.program} --seeds {first}:{SEEDS_AT_ONCE} failed:\n{text}", flush=True)
        for seed, reason in failures:
            kind = re.sub(r"\d+", "N", reason)
            if kind not in self.reasons and self.findings < FINDINGS_MAX:
                self.reasons.add(kind)
                self.findings += 1
                self.show(seed, reason)
                self.keep_seed(seed, reason)

    def show(self, seed: str, reason: str) -> None:
        command = [str(self.program), "--seed", seed, *self.options]
        print(f"soak: seed {seed}: {reason.strip()}\n  again: {' '.join(command)} -v", flush=True)
        try:
            shrunk = subprocess.run([*command, "--shrink"], capture_output=True, text=True,
                                    errors="replace", check=False, timeout=SHRINK_SECONDS)
        except subprocess.TimeoutExpired:
            return
        print(shrunk.stdout, end="", flush=True)

    def keep_seed(self, seed: str, reason: str) -> None:
        """CMake reads the list: no character that means something there."""
        why = re.sub(r"[^\w .,:'=<>-]", " ", reason.split(":", 1)[-1]).strip()
        lines = self.list.read_text() if self.list.exists() else ""
        if re.search(rf"^{seed}\b", lines, re.MULTILINE):
            return
        date = time.strftime("%Y-%m-%d")
        self.list.parent.mkdir(parents=True, exist_ok=True)
        self.list.write_text(f"{lines}{seed} {why} (found {date})\n")
        print(f"  kept: git add {self.list}", flush=True)

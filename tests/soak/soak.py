#!/usr/bin/python3
"""Looks for what no fixed test finds: simulator seeds that nobody has run, and the fuzzers. Run by
./check --explore, which builds what it needs; --help says what else it can do.

Half of the time goes to the simulator, and half to the fuzzers, by their weights. What is found is
printed with the command that replays it and kept where the tests find it: a fuzzer's input in
tests/fuzz/corpus/TARGET, a seed in tests/sim/fixed_seeds.txt."""
import argparse
import concurrent.futures
import os
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
from fuzzers import TARGETS, Fuzzers  # noqa: E402
from simulator import Simulator  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 7 * 24 * 3600


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/soak/soak.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, metavar="N",
                        help="time on the clock, about (default 600)")
    parser.add_argument("--seed", type=int, default=int(time.time()), metavar="N",
                        help="what is drawn begins here (default: the date, in seconds)")
    parser.add_argument("--only", metavar="NAME,...", default="",
                        help="of sim and the fuzz targets, these: " + ", ".join(TARGETS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N",
                        help="processes at a time (default: one for each processor)")
    parser.add_argument("--build", type=Path, default=ROOT / "build", metavar="DIR",
                        help="where the simulator was built (default build)")
    parser.add_argument("--fuzz-build", type=Path, default=ROOT / "build-fuzz", metavar="DIR",
                        help="where the fuzzers were built (default build-fuzz)")
    parser.add_argument("--keep", type=Path, default=ROOT / "tests", metavar="DIR",
                        help="where findings are kept, in fuzz/corpus and sim (default tests)")
    parser.add_argument("--merge", action="store_true",
                        help="afterwards, make each fuzzer's kept pack anew: the fewest inputs that"
                        " reach all that was reached")
    parser.add_argument("--plant", action="store_true",
                        help="the simulator's planted failure, to test all this with")
    arguments = parser.parse_args()
    if not 1 <= arguments.seconds <= SECONDS_MAX or arguments.seed < 1 or arguments.jobs < 1:
        parser.error(f"1 to {SECONDS_MAX} seconds, from a seed and with a number of jobs above 0")
    return arguments


def choose(arguments: argparse.Namespace) -> tuple[list[str], bool]:
    """The fuzz targets, and whether the simulator runs."""
    names = arguments.only.split(",") if arguments.only else ["sim", *TARGETS]
    unknown = [name for name in names if name != "sim" and name not in TARGETS]
    if unknown:
        print(f"soak: there is no {unknown[0]}; there are sim, {', '.join(TARGETS)}",
              file=sys.stderr)
        sys.exit(2)
    return [name for name in names if name != "sim"], "sim" in names


def work(jobs: list, sim_until: float, simulator: "Simulator | None") -> None:
    """One processor: seeds for their share of the time, then fuzzing as long as there is some."""
    while simulator is not None and time.monotonic() < sim_until and simulator.run_some():
        pass
    while jobs:
        try:
            job = jobs.pop(0)
        except IndexError:  # another has taken it
            break
        job()


def main() -> int:
    arguments = parse_arguments()
    targets, has_sim = choose(arguments)
    fuzzers = Fuzzers(arguments)
    simulator = Simulator(arguments) if has_sim else None
    sim_share = 0.0 if not has_sim else 0.5 if targets else 1.0
    jobs = fuzzers.jobs(targets, arguments.seconds, 1 - sim_share)
    print(f"soak: seed {arguments.seed}, {arguments.seconds} s on {arguments.jobs} processors"
          + (f"; simulator seeds from {simulator.next_seed}" if simulator else ""), flush=True)
    sim_until = time.monotonic() + arguments.seconds * sim_share
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for done in [pool.submit(work, jobs, sim_until, simulator) for _ in range(arguments.jobs)]:
            done.result()
    found = fuzzers.findings + (simulator.findings if simulator else 0)
    if simulator:
        print(f"soak: {simulator.seeds_run} simulator seeds run")
    if arguments.merge and not found:
        fuzzers.merge(targets)
    print(f"soak: {found} found" if found else "soak: nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

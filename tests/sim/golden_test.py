"""The golden table: sim --golden against docs/golden.md. --rewrite regenerates the page."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "docs" / "golden.md"
TOLERANCE = 0.10


def parse(text):
    """{(buffers, loss, RTT): kbit/s}"""
    cells, columns, buffers = {}, [], None
    for line in text.splitlines():
        parts = [part.strip() for part in line.strip("|").split("|")]
        if line.startswith("| buffers"):
            buffers, columns = parts[0], parts[1:]
        elif line.startswith("| loss"):
            for column, value in zip(columns, parts[1:], strict=True):
                cells[buffers, parts[0], column] = float("nan") if value == "failed" else int(value)
    return cells


def is_close(old, new):
    return old is not None and new is not None and abs(new - old) <= TOLERANCE * old


def compare(old, new):
    """One sentence per changed cell."""
    wrong = []
    for cell in sorted(old.keys() | new.keys()):
        before, after = old.get(cell), new.get(cell)
        if not is_close(before, after):
            wrong.append(f"{', '.join(cell)}: {before} kbit/s in the table, {after} now")
    return wrong


def selftest():
    table = "| buffers 1 KiB | RTT 1 ms |\n|---|---:|\n| loss 0 % | {} |\n"
    old = parse(table.format(1000))
    assert compare(old, parse(table.format(1100))) == []
    assert compare(old, parse(table.format(900))) == []
    for value in (1101, 899, 0, "failed"):
        assert len(compare(old, parse(table.format(value)))) == 1, value
    assert len(compare(old, {})) == 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rewrite", action="store_true")
    parser.add_argument("sim")
    arguments = parser.parse_args()
    selftest()
    done = subprocess.run([arguments.sim, "--golden"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"sim --golden failed:\n{done.stdout}{done.stderr}")
    page = TABLE.read_text(encoding="utf-8")
    if arguments.rewrite:
        head = page[:re.search(r"^\| buffers", page, re.MULTILINE).start()] \
            if "| buffers" in page else page.rstrip() + "\n\n"
        TABLE.write_text(head + done.stdout.lstrip(), encoding="utf-8")
        return
    wrong = compare(parse(page), parse(done.stdout))
    if wrong:
        print("cells that changed by more than a tenth:", *wrong, sep="\n  ")
        sys.exit("When the change is meant, look at each cell, then rewrite the table:\n"
                 f"  tests/sim/golden_test.py --rewrite {arguments.sim}")


if __name__ == "__main__":
    main()

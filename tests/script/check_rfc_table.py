#!/usr/bin/python3
"""Checks docs/rfc9293.md: it has every item of RFC 9293's appendix B, as often as the RFC has, and
every test it names exists and is run. --selftest shows that the check can fail."""
import argparse
import re
import sys
from collections import Counter
from pathlib import Path

TABLE = "docs/rfc9293.md"

# The ReqIDs of appendix B in its order, repeated if they have several lines there.
ITEMS = """
MAY-16 SHLD-27 MAY-15 MUST-60 MUST-61 MAY-17 SHLD-28
MUST-1 REC-1 SHLD-14 SHLD-15 SHLD-16 SHLD-17 MUST-34 MAY-8 MUST-35 MUST-36 SHLD-29 SHLD-30 MUST-37
MAY-7 MUST-66
MUST-30 MUST-62 MUST-31 MUST-32 MUST-33 SHLD-13
MUST-4 MUST-5 MUST-6 MUST-68 MUST-7 MUST-64 MUST-14 SHLD-5 SHLD-5 MAY-3 MUST-15 MUST-15 MUST-16
SHLD-6 MUST-65 MUST-67 MUST-69
MUST-2 MUST-3
MUST-8 SHLD-1 MUST-9
MUST-10 MUST-11 MUST-41 MUST-42 MUST-44 MUST-45 MUST-46 MUST-57
SHLD-2 MUST-12 MAY-1 SHLD-3 MUST-13 MAY-2 SHLD-4
MUST-19 MAY-4 MUST-18
MUST-58 SHLD-31 MUST-59 MAY-13 SHLD-18 MUST-40 SHLD-19 MUST-39
MUST-49 MUST-38 SHLD-7 MUST-17
MUST-20 MUST-20 MUST-21 SHLD-9 SHLD-10 SHLD-11 MUST-22 MUST-23
MAY-5 MUST-24 MUST-25 MUST-26 MUST-27 MUST-28 MUST-29 SHLD-12 MAY-6
MUST-50 MAY-10 MAY-11 MUST-51 MUST-52 MUST-53 SHLD-24
MUST-54 SHLD-25 MUST-56 SHLD-26 MUST-55 MUST-56 MUST-56
MUST-46 MUST-63 MUST-57
MUST-47 SHLD-20 MUST-48 SHLD-22 SHLD-21 SHLD-23 MAY-9 MAY-14 MUST-43
MAY-12
SHLD-8
MAY-18
""".split()

LEVELS = {"MUST": ("MUST", "MUST NOT"), "SHLD": ("SHOULD", "SHOULD NOT"), "MAY": ("MAY",),
          "REC": ("SHOULD",)}
ANSWERS = ("yes", "no", "n.a.")
REFERENCE = re.compile(r"`(tests/[\w./-]+\.c): ([^`]+)`")


def _rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if row[0] != "item"]


def _test_problem(root: Path, file: str, name: str) -> str | None:
    path = root / file
    if not path.is_file():
        return f"{file} does not exist"
    source = path.read_text()
    if name.startswith('"'):  # a row of a table of tests
        return None if name in source else f"{file} has no {name}"
    if f"static void {name}(void **state)" not in source:
        return f"{file} has no test {name}"
    is_run = re.search(rf"(SCRIPT_TEST|cmocka_unit_test\w*)\(\s*{name}\b", source)
    return None if is_run else f"{file}: {name} is not run"


def _row_problems(root: Path, row: list[str]) -> list[str]:
    if len(row) != 6:
        return [f"{row[0]}: {len(row)} columns, not 6"]
    item, level, _, answer, note, tests = row
    found = []
    if level not in LEVELS.get(item.split("-")[0], ()):
        found.append(f"{item}: level {level}")
    if answer not in ANSWERS:
        found.append(f"{item}: \"{answer}\" is none of {', '.join(ANSWERS)}")
    if answer != "yes" and not note:
        found.append(f"{item}: {answer}, and no reason")
    references = REFERENCE.findall(tests)
    if answer == "yes" and not references and not note:
        found.append(f"{item}: neither a test nor a note")
    if tests.count("`") != 2 * len(references):
        found.append(f"{item}: a test is not written as `FILE: test name`")
    problems = [_test_problem(root, file, name) for file, name in references]
    return found + [f"{item}: {problem}" for problem in problems if problem]


def check(root: Path, text: str) -> list[str]:
    """Everything wrong with the table, one sentence each."""
    rows = _rows(text)
    wanted, there = Counter(ITEMS), Counter(row[0] for row in rows)
    found = [f"{item}: {there[item]} lines, not {wanted[item]}"
             for item in sorted(wanted | there) if wanted[item] != there[item]]
    for row in rows:
        found += _row_problems(root, row)
    return found


def _selftest(root: Path, text: str) -> int:
    line = next(row for row in text.splitlines() if row.startswith("| MUST-13 "))
    breaks = {"an item is missing": text.replace(line + "\n", ""),
              "an item comes twice": text.replace(line, line + "\n" + line),
              "a test does not exist": text.replace("rfc9293_3_6_1_lasts", "no_such_test"),
              "a file does not exist": text.replace("time_wait_script_test.c", "gone.c"),
              "an answer is no answer": text.replace("| MUST-13 | MUST |", "| MUST-13 | MAY |"),
              "a reason is missing": text.replace("| it is not kept |", "| |")}
    silent = [name for name, broken in breaks.items() if not check(root, broken)]
    for name in silent:
        print(f"not found: {name}")
    return 1 if silent else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--selftest", action="store_true")
    options = parser.parse_args()
    text = (options.root / TABLE).read_text()
    if options.selftest:
        return _selftest(options.root, text)
    found = check(options.root, text)
    for problem in found:
        print(f"{TABLE}: {problem}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

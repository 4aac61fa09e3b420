"""The commands of the documentation: blocks of Markdown marked "sh" or "console", and a terminal to type
them on.

    ```sh                       each line is typed; it must succeed, or its comment begins with "fails"
    ```console                  the same for lines that begin with "$ "; the others are what it prints
    ```sh not typed: REASON     needs more than a network namespace; listed with its reason

In what is printed, numbers, ids, times and durations are not compared, nor is white space; "..." stands
for any lines."""
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

FENCE = re.compile(r"^```(.*)$")
PROMPT = re.compile(r"\[(\d+)\]@@ ")
CONTINUED = re.compile(r"\\$|<<-?'?(\w+)'?")
JOB_ENDED = re.compile(r"\[\d+\][+-]? +(Done|Exit|Terminated|Killed)")  # bash says so when it likes
QUIET_S = 0.3  # what a program in the background prints just after it was started


class PageError(AssertionError):
    pass


@dataclass
class Command:
    text: str  # may have several lines: continued, or a here-document
    line: int
    expected: list[str] | None = None  # None: not compared

    @property
    def fails(self) -> bool:
        return re.search(r"#\s*fails\b", self.text) is not None


@dataclass
class Block:
    page: Path
    line: int
    language: str
    reason: str  # why it is not typed; empty: it is
    lines: list[str] = field(default_factory=list)

    def commands(self) -> list[Command]:
        return self.console() if self.language == "console" else self.shell()

    def shell(self) -> list[Command]:
        commands, end = [], None
        for number, text in enumerate(self.lines, self.line + 1):
            if end is not None:  # a here-document, or a continued line
                commands[-1].text += "\n" + text
                if end == "" and not text.endswith("\\") or text == end:
                    end = None
            elif text.strip() and not text.lstrip().startswith("#"):
                commands.append(Command(text, number))
                found = CONTINUED.search(text)
                end = None if found is None else found[1] or ""
        return commands

    def console(self) -> list[Command]:
        commands = []
        for number, text in enumerate(self.lines, self.line + 1):
            if text.startswith("$ "):
                commands.append(Command(text[2:], number, []))
            elif not commands:
                raise PageError(f"{self.page}:{number}: output before the first command")
            else:
                commands[-1].expected.append(text)
        return commands


def blocks_of(page: Path) -> list[Block]:
    """Every fenced block of the page."""
    blocks, current = [], None
    for number, text in enumerate(page.read_text().splitlines(), 1):
        found = FENCE.match(text)
        if found is None:
            if current is not None:
                current.lines.append(text)
        elif current is None:
            language, _, rest = found[1].partition(" ")
            if rest and not rest.startswith("not typed: "):
                raise PageError(f"{page}:{number}: \"{rest}\" is not \"not typed: REASON\"")
            current = Block(page, number, language, rest.removeprefix("not typed: "))
        elif found[1]:
            raise PageError(f"{page}:{number}: a block begins within that of line {current.line}")
        else:
            blocks.append(current)
            current = None
    if current is not None:
        raise PageError(f"{page}: the block of line {current.line} has no end")
    return blocks


def indented_blocks(page: Path) -> list[int]:
    """Lines where a block begins that is marked by its indentation alone."""
    found, before, is_fenced = [], "", False
    for number, text in enumerate(page.read_text().splitlines(), 1):
        is_fenced ^= FENCE.match(text) is not None
        if not is_fenced and before == "" and re.match(r" {4}\S", text):
            found.append(number)
        before = text
    return found


def abstract(text: str) -> str:
    """Without what differs between two runs of the same command."""
    text = re.sub(r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b", "MAC", text)
    text = re.sub(r"\b[0-9a-f]{16}\b", "BOOT", text)
    text = re.sub(r"(?<![\w.:])\d+(\.\d+)?( ?(us|ms|s|min|h|KiB|MiB|GiB|B))?\b(?![.:]\d)", "N", text)
    text = re.sub(r":\d{5}\b", ":PORT", text)
    return " ".join(text.split())


def mismatch(expected: list[str], printed: list[str]) -> str | None:
    """None: they are alike."""
    want = [abstract(line) for line in expected if line.strip()]
    have = [abstract(line) for line in printed if line.strip() and not JOB_ENDED.match(line)]
    at, any_lines = 0, False
    for line in want:
        if line == "...":
            any_lines = True
            continue
        while any_lines and at < len(have) and have[at] != line:
            at += 1
        if at == len(have) or have[at] != line:
            return f"expected {line!r}, printed {have[at] if at < len(have) else 'nothing more'!r}"
        at, any_lines = at + 1, False
    if at < len(have) and not any_lines:
        return f"printed {have[at]!r} beyond what the page shows"
    return None


class Terminal:
    """An interactive bash on a pty, as whoever reads the page would have it."""

    def __init__(self, folder: Path, home: Path, environment: dict, columns: int = 160):
        (home / ".bashrc").write_text("PS1='[$?]@@ '\nPS2=''\nbind 'set enable-bracketed-paste off'\n"
                                      "unset HISTFILE\n")
        self.child = pexpect.spawn("/bin/bash", cwd=str(folder), encoding="utf-8", timeout=60,
                                   env=dict(environment, HOME=str(home), TERM="xterm", PS1="[$?]@@ "),
                                   dimensions=(40, columns))
        self.child.delaybeforesend = None
        self.wait_prompt("the first prompt")

    def wait_prompt(self, what: str) -> tuple[int, str]:
        """The status of the last command, and what came before the prompt."""
        try:
            self.child.expect(PROMPT)
        except (pexpect.TIMEOUT, pexpect.EOF):
            raise PageError(f"no prompt after {what}:\n{self.child.before}") from None
        return int(self.child.match[1]), self.child.before

    def run(self, command: Command) -> tuple[int, list[str]]:
        self.child.sendline(command.text)
        status, printed = self.wait_prompt(command.text)
        time.sleep(QUIET_S)
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed).replace("\r", "")
        return status, text.split("\n")[1 + command.text.count("\n"):]

    def close(self) -> None:
        self.child.close(force=True)

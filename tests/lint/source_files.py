"""Which files a lint reads, and C source reduced to what a lint needs to see."""
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

C_SUFFIXES = (".c", ".h")
# Fuzz inputs are not source.
SKIPPED_FOLDERS = re.compile(r"^(\.git|build[^/]*|tests/fuzz/corpus)(/|$)")


def tracked_files(root: Path) -> list[Path]:
    """Files that git tracks or would add; without git, every file outside build folders."""
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files",
               "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
        names = [name for name in done.stdout.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
    names = [name for name in names if not SKIPPED_FOLDERS.match(name)]
    return sorted(root / name for name in set(names) if (root / name).is_file())


def c_files(root: Path) -> list[Path]:
    return [path for path in tracked_files(root) if path.suffix in C_SUFFIXES]


BLANKED = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE | re.DOTALL)


def _blank(match: re.Match) -> str:
    return re.sub(r"[^\n]", " ", match.group(0))


def blank_text(text: str) -> str:
    """Comments, literals and preprocessor lines become spaces; line numbers stay."""
    return DIRECTIVE.sub(_blank, BLANKED.sub(_blank, text))


@dataclass
class Function:
    name: str
    line: int
    line_count: int
    parameter_count: int
    parameters: str
    body: str


def _matching_open(text: str, close: int) -> int:
    depth = 0
    for at in range(close, -1, -1):
        depth += {")": 1, "(": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return -1


def _count_parameters(text: str) -> int:
    if text.strip() in ("", "void"):
        return 0
    depth, count = 0, 1
    for char in text:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(char, 0)
        count += char == "," and depth == 0
    return count


def _function_at(text: str, opening: int, closing: int) -> Function | None:
    head = text[:opening].rstrip()
    if not head.endswith(")"):
        return None
    paren = _matching_open(head, len(head) - 1)
    name = re.search(r"(\w+)\s*$", head[:max(paren, 0)])
    if name is None:
        return None
    start = max(head.rfind(char, 0, name.start()) for char in ";}")
    start += len(head[start + 1:]) - len(head[start + 1:].lstrip()) + 1
    line = text.count("\n", 0, start) + 1
    last = text.count("\n", 0, closing) + 1
    parameters = head[paren + 1:len(head) - 1]
    return Function(name.group(1), line, last - line + 1, _count_parameters(parameters),
                    parameters, text[opening + 1:closing])


def _outer_braces(text: str):
    """The offsets of each pair of braces at depth 0."""
    depth, opening = 0, 0
    for match in re.finditer(r"[{}]", text):
        if match.group(0) == "{":
            opening = match.start() if depth == 0 else opening
            depth += 1
            continue
        depth -= 1
        if depth == 0:
            yield opening, match.start()


def functions_of(text: str) -> list[Function]:
    """Function definitions: a brace at depth 0 that follows a parenthesis."""
    text = blank_text(text)
    found = [_function_at(text, *braces) for braces in _outer_braces(text)]
    return [function for function in found if function]


def bodies_of(blanked: str) -> list[str]:
    """The text between the braces of each function."""
    return [blanked[opening:closing] for opening, closing in _outer_braces(blanked)
            if blanked[:opening].rstrip().endswith(")")]

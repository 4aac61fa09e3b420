"""What a struct declares, read from C source: every member, bit-fields included."""
import re
from dataclasses import dataclass
from pathlib import Path

from source_files import blank_text, c_files

STRUCT = re.compile(r"\b(?:struct|union)\s+(\w+)\s*\{")
DECLARATION = re.compile(
    r"(?P<const>const\s+)?(?:(?:struct|union)\s+(?P<struct>\w+)|enum\s+\w+"
    r"|(?:unsigned|signed)(?:\s+(?:char|short|int|long))*|\w+)\s+(?P<names>\**.*)", re.DOTALL)
DECLARATOR = re.compile(r"(?P<stars>(?:\*\s*(?:const\s+)?)*)(?P<name>\w+)\s*"
                        r"(?P<arrays>(?:\[[^\]]*\]\s*)*)(?::\s*\w+)?")
FUNCTION_POINTER = re.compile(r"[^()]*\(\*(\w+)\)\s*\(.*\)", re.DOTALL)
# One list declares the members and everything else done with each of them (counters.h).
LISTED = re.compile(r"\w+_LIST\(\w+\)")


@dataclass(frozen=True)
class Member:
    name: str
    line: int
    struct: str | None   # the struct or union it is, or points to
    is_borrowed: bool    # points to something const
    length: int | None   # of an array, if it is a plain number


@dataclass
class Struct:
    name: str
    path: Path
    line: int
    members: dict[str, Member]
    unread: list[str]    # what could not be parsed


def closing(text: str, opening: int) -> int:
    """Where the bracket at opening is closed; the end of the text if it never is."""
    depth = 0
    for at in range(opening, len(text)):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return len(text)


def split_arguments(text: str) -> list[str]:
    """Splits at the commas outside brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def _members_of(declaration: str, line: int) -> list[Member] | None:
    pointer = FUNCTION_POINTER.fullmatch(declaration)
    if pointer:
        return [Member(pointer.group(1), line, None, False, None)]
    match = DECLARATION.fullmatch(declaration)
    names = [DECLARATOR.fullmatch(part) for part in split_arguments(match["names"])] if match else []
    if not names or None in names:
        return None
    members = []
    for name in names:
        length = re.fullmatch(r"\[\s*(\d+)\s*\]\s*", name["arrays"])
        members.append(Member(name["name"], line, match["struct"],
                              bool(match["const"] and name["stars"]),
                              int(length.group(1)) if length else None))
    return members


def _read_body(struct: Struct, text: str, start: int, end: int) -> None:
    at = start
    while at < end:
        until = text.find(";", at, end)
        until = end if until < 0 else until
        raw = text[at:until]
        declaration = raw.strip()
        line = text.count("\n", 0, at + len(raw) - len(raw.lstrip())) + 1
        members = _members_of(declaration, line) if "{" not in declaration else None
        if members is not None:
            struct.members.update({member.name: member for member in members})
        elif declaration and not LISTED.fullmatch(declaration):
            struct.unread.append(" ".join(declaration.split()))
        at = until + 1


def structs_of(text: str, path: Path) -> list[Struct]:
    text = blank_text(text)
    found = []
    for match in STRUCT.finditer(text):
        struct = Struct(match.group(1), path, text.count("\n", 0, match.start()) + 1, {}, [])
        _read_body(struct, text, match.end(), closing(text, match.end() - 1))
        found.append(struct)
    return found


def structs_below(root: Path, folder: str) -> dict[str, Struct]:
    """All structs declared below folder, by name; those in headers win."""
    files = [path for path in c_files(root) if str(path.relative_to(root)).startswith(folder)]
    files.sort(key=lambda path: path.suffix == ".h")
    return {struct.name: struct for path in files
            for struct in structs_of(path.read_text(), path.relative_to(root))}

"""Lints that read the compiled engine, and its documentation."""
import re
import subprocess
from pathlib import Path

from source_files import tracked_files

ALLOWED_SYMBOLS = re.compile(
    r"^(te_\w+"
    r"|mem(cpy|move|set|cmp|chr)|str(len|nlen|cmp|ncmp|chr|rchr|cpy|ncpy|spn|cspn)"
    r"|__(memcpy|memmove|memset|strcpy|strncpy)_chk"
    r"|__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_"
    r"|__(u?div|u?mod|popcount|clz|ctz|bswap|mul)[sdt]i[234]?)$")


def _nm(library: Path, *options: str) -> list[str]:
    done = subprocess.run(["nm", *options, str(library)], capture_output=True, text=True,
                          check=True)
    return done.stdout.splitlines()


def forbidden_symbols(_: Path, context: dict) -> list[str]:
    """The engine calls nothing but itself, mem*, str* and what the compiler inserts."""
    library = Path(context["library"])
    defined = {line.split()[-1] for line in _nm(library, "--defined-only", "--extern-only")
               if len(line.split()) == 3}
    found, member = [], ""
    for line in _nm(library, "--undefined-only"):
        if line.endswith(":"):
            member = line[:-1]
        fields = line.split()
        if len(fields) != 2 or fields[0] not in ("U", "w", "v"):
            continue
        if fields[1] not in defined and not ALLOWED_SYMBOLS.match(fields[1]):
            found.append(f"{library.name}: {member} calls {fields[1]}: the engine is sans-I/O")
    return found


MUTABLE_SECTION = re.compile(r"^(\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*)")


def mutable_data(_: Path, context: dict) -> list[str]:
    """The engine has no mutable data at file scope."""
    library = Path(context["library"])
    done = subprocess.run(["objdump", "--syms", str(library)], capture_output=True, text=True,
                          check=True)
    found, member = [], ""
    for line in done.stdout.splitlines():
        if ":     file format" in line:
            member = line.split(":")[0]
        match = re.match(r"^[0-9a-f]+ .{7} (\S+)\t([0-9a-f]+) (?:\.\w+ )?(\S+)$", line)
        if match is None or int(match.group(2), 16) == 0:
            continue
        if MUTABLE_SECTION.match(match.group(1)):
            found.append(f"{library.name}: {member}: {match.group(3)} lies in {match.group(1)}: "
                         "state belongs into struct te_stack")
    return found


def exported_names(_: Path, context: dict) -> list[str]:
    """Every external symbol of the engine starts with te_."""
    library = Path(context["library"])
    fields = [line.split() for line in _nm(library, "--defined-only", "--extern-only")]
    return [f"{library.name}: {field[2]} has no te_ in front: it would clash in a host"
            for field in fields if len(field) == 3 and not field[2].startswith("te_")]


COUNTERS_HEADER = "lib/engine/include/tcpengine/counters.h"
COUNTER = re.compile(r"\bX\(\s*(\w+)\s*,\s*((?:\"[^\"]*\"\s*)+)\)")


def counters_documented(root: Path, context: dict) -> list[str]:
    """Every counter is described in the header and listed in tcpctl-stats(7)."""
    counters = COUNTER.findall((root / COUNTERS_HEADER).read_text())
    if not counters:
        return [f"{COUNTERS_HEADER}: no counter found"]
    found = [f"{COUNTERS_HEADER}: {name}: say in a sentence what it counts"
             for name, text in counters if len(text.strip().strip('"').split()) < 2]
    pages = [path for path in tracked_files(root) if "tcpctl-stats" in path.name]
    build = Path(context.get("build") or root)
    pages += [path for path in build.rglob("tcpctl-stats.7") if build != root]
    text = "\n".join(path.read_text(errors="replace") for path in pages).replace("\\", "")
    is_made = "TE_COUNTER_LIST" in text or "@COUNTERS@" in text
    if pages and not is_made:
        found += [f"tcpctl-stats(7): {name} is missing" for name, _ in counters
                  if not re.search(rf"\b{name}\b", text)]
    return found + ([] if pages else ["tcpctl-stats(7): the page is missing"])


STATUS_HEADER = "lib/engine/include/tcpengine/status_list.h"
# X(KIND, name, LINE, "..." of the list, and X(name, moment_us, LINE, "..." of the ages: the second
# argument is the member of te_status.
STATUS_ROW = re.compile(r'X\(\w+, ([a-z]\w*), [A-Z_]+,\s*\\?\s*"')


def status_computed(root: Path, _: dict) -> list[str]:
    """Every field of a connection's status is given a value in user_status.c."""
    names = STATUS_ROW.findall((root / STATUS_HEADER).read_text())
    sources = [path for path in tracked_files(root) if path.name == "user_status.c"]
    if not names or len(sources) != 1:
        return [f"{STATUS_HEADER}: {len(names)} fields, {len(sources)} user_status.c"]
    text = sources[0].read_text()
    return [f"{sources[0].relative_to(root)}: {name} is never set" for name in names
            if not re.search(rf"(->|\.){name} = ", text)]


LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+\s+(.*?)\s*$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(root: Path, _: dict) -> list[str]:
    """Every relative link in a Markdown page has a target."""
    found = []
    for page in [path for path in tracked_files(root) if path.suffix == ".md"]:
        for groups in LINK.findall(FENCE.sub("", page.read_text())):
            target, _, anchor = (groups[0] or groups[1]).partition("#")
            if re.match(r"^[a-z]+:", target):
                continue
            path = (page.parent / target) if target else page
            name = page.relative_to(root)
            if not path.exists():
                found.append(f"{name}: {target} does not exist")
            elif anchor and path.suffix == ".md" and anchor not in _anchors(path.read_text()):
                found.append(f"{name}: {target}#{anchor}: no such heading")
    return found

"""Lints that read C sources and scripts."""
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from source_files import blank_text, c_files, functions_of, tracked_files

FUNCTION_LINES_MAX = 70
LISTED_FUNCTION_LINES_MAX = 120
FILE_LINES_MAX = 1000
PARAMETERS_MAX = 6
LIST_NAME = "tests/lint/long_functions.txt"
CALLBACK_LIST_NAME = "tests/lint/foreign_callbacks.txt"


def _listed_functions(root: Path, name: str) -> set[str]:
    path = root / name
    lines = path.read_text().splitlines() if path.exists() else []
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def _all_functions(root: Path):
    for path in c_files(root):
        for function in functions_of(path.read_text(errors="replace")):
            yield path.relative_to(root), function


def function_length(root: Path, _: dict) -> list[str]:
    """Functions have at most 70 lines; flat decode switches listed by name, 120."""
    listed, found, seen = _listed_functions(root, LIST_NAME), [], set()
    for path, function in _all_functions(root):
        seen.add(function.name)
        limit = LISTED_FUNCTION_LINES_MAX if function.name in listed else FUNCTION_LINES_MAX
        if function.line_count > limit:
            found.append(f"{path}:{function.line}: {function.name} has {function.line_count} "
                         f"lines, over {limit}: split it by its steps")
    found += [f"{LIST_NAME}: {name} does not exist any more: take it off the list"
              for name in sorted(listed - seen)]
    return found


def parameter_count(root: Path, _: dict) -> list[str]:
    """Functions take at most 6 parameters, except listed callbacks of other libraries."""
    listed = _listed_functions(root, CALLBACK_LIST_NAME)
    return [f"{path}:{function.line}: {function.name} takes {function.parameter_count} "
            f"parameters, over {PARAMETERS_MAX}: hand over a struct"
            for path, function in _all_functions(root)
            if function.parameter_count > PARAMETERS_MAX and function.name not in listed]


def file_length(root: Path, _: dict) -> list[str]:
    """Source files stay under 1,000 lines."""
    suffixes = (".c", ".h", ".py", ".proto", ".txt", ".cmake", ".sh", "")
    found = []
    for path in tracked_files(root):
        if path.suffix not in suffixes or path.name == "LICENSE":
            continue
        count = path.read_bytes().count(b"\n")
        if count >= FILE_LINES_MAX:
            found.append(f"{path.relative_to(root)}: {count} lines, not under {FILE_LINES_MAX}")
    return found


UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK|TBD|WIP)\b|(?i:\bnot (?:yet )?implemented\b|\bunimplemented\b"
    r"|\bstub(?:bed|s)?\b|\bplaceholders?\b|\bcoming soon\b)")


def unfinished_words(root: Path, _: dict) -> list[str]:
    """No word that marks unfinished work."""
    found = []
    for path in tracked_files(root):
        name = path.relative_to(root)
        if str(name).startswith("tests/lint/"):
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{name}:{number}: '{match.group(0)}'" for number, line in enumerate(lines, 1)
                  for match in [UNFINISHED.search(line)] if match]
    return found


REAL_TIME = re.compile(
    r"\b(sleep|usleep|nanosleep|clock_nanosleep|alarm|setitimer|timerfd_create|time|clock"
    r"|gettimeofday|clock_gettime)\s*\(")


def virtual_time(root: Path, _: dict) -> list[str]:
    """Unit, script, simulator and fuzz tests and the engine use virtual time only."""
    folders = ("tests/unit/", "tests/script/", "tests/sim/", "tests/fuzz/", "lib/engine/")
    # The client library's threads are nng's, and nng's clock is the real one.
    exempt = ("tests/unit/client/", "tests/unit/cli/")
    found = []
    for path in c_files(root):
        name = str(path.relative_to(root))
        if not name.startswith(folders) or name.startswith(exempt):
            continue
        for number, line in enumerate(blank_text(path.read_text()).splitlines(), 1):
            match = REAL_TIME.search(line)
            found += [f"{name}:{number}: {match.group(1)}(): now_us is a parameter"] if match else []
    return found


CONDITIONAL = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b\s*(\w*)")


def no_conditionals(root: Path, _: dict) -> list[str]:
    """In the engine the preprocessor has include guards only."""
    found = []
    for path in c_files(root):
        name = str(path.relative_to(root))
        if not name.startswith("lib/engine/"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = CONDITIONAL.match(line)
            is_guard = match and match.group(1) == "ifndef" and match.group(2).endswith("_H")
            if match and not is_guard:
                found.append(f"{name}:{number}: {line.strip()}: make it a field of the config")
    return found


DROP_HEADER = "lib/engine/include/tcpengine/drop.h"
DROP_ROW = re.compile(r"\bX\(\s*([A-Z0-9_]+)\s*,\s*\w+\s*,\s*(\w+)\s*,")
COUNTED = re.compile(r"\bcounters(?:\.|->)(\w+)\s*(?:\+\+|\+=)")
NO_DROP = "/* no drop"


def drops_have_reasons(root: Path, _: dict) -> list[str]:
    """A drop counter of the engine grows only in te_drop, and every reason is used somewhere.

    A line that counts something other than a drop says so: /* no drop: why */."""
    rows = DROP_ROW.findall((root / DROP_HEADER).read_text())
    counters, given, found = {counter for _, counter in rows}, set(), []
    for path in c_files(root):
        name = str(path.relative_to(root))
        if not name.startswith("lib/engine/") or name == DROP_HEADER:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            given |= set(re.findall(r"\bTE_DROP_([A-Z0-9_]+)\b", line))
            hits = set(COUNTED.findall(line)) & counters
            found += [f"{name}:{number}: {hit} counts drops: te_drop() it, with its reason"
                      for hit in hits if NO_DROP not in line]
    return found + [f"{DROP_HEADER}: nothing is dropped as {reason}"
                    for reason, _ in rows if reason not in given]


def clang_format(root: Path, _: dict) -> list[str]:
    """Every C file is formatted by clang-format."""
    files = [str(path) for path in c_files(root)]
    if not files:
        return []
    command = ["clang-format", "--dry-run", "--Werror", "--style=file", *files]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    lines = [line for line in done.stderr.splitlines() if ": error:" in line]
    if done.returncode != 0 and not lines:
        return [f"clang-format failed: {done.stderr.strip()}"]
    return [f"{line}: run clang-format -i" for line in lines]


BAR = re.compile(r"^\s*/\* --- .*$", re.MULTILINE)
BAR_COLUMNS = 100


def section_bars(root: Path, _: dict) -> list[str]:
    """The bar over a section is one line that fills 100 columns."""
    return [f"{path.relative_to(root)}:{text.count(chr(10), 0, bar.start(0)) + 1}: {bar.group(0)}"
            for path in c_files(root)
            for text in [path.read_text()]
            for bar in BAR.finditer(text)
            if len(bar.group(0).lstrip(chr(10))) != BAR_COLUMNS or not bar.group(0).endswith("- */")]


INCLUDE = re.compile(r'^#include ([<"])([^>"]+)[>"]', re.MULTILINE)


def include_order(root: Path, _: dict) -> list[str]:
    """Includes: the file's own header, then <...>, then "...", each sorted."""
    found = []
    for path in c_files(root):
        if path.name == "test.h":  # cmocka.h needs others before it
            continue
        includes = INCLUDE.findall(path.read_text().split("\n}", 1)[0])
        own = path.with_suffix(".h").name
        if path.suffix == ".c" and includes and includes[0][1].split("/")[-1] == own:
            includes = includes[1:]
        order = [(mark == '"', name) for mark, name in includes]
        if order != sorted(order):
            found.append(f"{path.relative_to(root)}: the includes are not in order")
    return found


def _is_shell(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(80)
    return bool(re.match(rb"#!\s*(/usr)?/bin/(env )?(ba)?sh", first))


def shellcheck(root: Path, _: dict) -> list[str]:
    """Shell scripts pass shellcheck."""
    scripts = [str(path) for path in tracked_files(root) if _is_shell(path)]
    if not scripts or shutil.which("shellcheck") is None:
        return [] if not scripts else ["shellcheck is missing: apt-get install shellcheck"]
    done = subprocess.run(["shellcheck", "--format=gcc", "--severity=style", *scripts],
                          capture_output=True, text=True, cwd=root)
    return done.stdout.splitlines()


def python_compiles(root: Path, _: dict) -> list[str]:
    """Python sources compile."""
    found = []
    for path in tracked_files(root):
        if path.suffix == ".py":
            try:
                compile(path.read_text(), str(path), "exec")
            except SyntaxError as error:
                found.append(f"{path.relative_to(root)}:{error.lineno}: {error.msg}")
    return found


# What reads text as markup or as a program, and what a strict Content-Security-Policy forbids.
MARKUP = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|new Function|srcdoc)\b")
INLINE = re.compile(r"\s(style|on[a-z]+)\s*=|<style\b|<script(?![^>]*\ssrc=)|(src|href)=\"(https?:)?//")
IMPORT = re.compile(r"^import .* from \"/page/([^\"]+)\";$", re.MULTILINE)


def _module_errors(path: Path) -> list[str]:
    text = path.read_text()
    found = [f"import of {name}, which is not there" for name in IMPORT.findall(text)
             if not (path.parent / name).is_file()]
    found += [f"{name} is forbidden" for name in MARKUP.findall(text)]
    with tempfile.NamedTemporaryFile("w", suffix=".mjs") as module:
        module.write(text)
        module.flush()
        done = subprocess.run(["node", "--check", module.name], capture_output=True, text=True)
    return found + ([done.stderr.replace(module.name, path.name)] if done.returncode != 0 else [])


def page_assets(root: Path, _: dict) -> list[str]:
    """Modules of the live page parse, import each other, and put text as text; the document has nothing inline."""
    found = []
    for path in tracked_files(root):
        if path.parent.name != "assets":
            continue
        if path.suffix == ".js" and shutil.which("node") is None:
            return ["node is missing: apt-get install nodejs"]
        errors = _module_errors(path) if path.suffix == ".js" else []
        if path.suffix == ".html":
            errors = [f"{match.group(0).strip()} is forbidden" for match in INLINE.finditer(path.read_text())]
        found += [f"{path.relative_to(root)}: {error}" for error in errors]
    return found

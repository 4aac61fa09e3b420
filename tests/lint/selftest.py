#!/usr/bin/python3
"""Shows that a lint can fail: selftest.py NAME builds a tree that keeps the rule and trees that
break it, and runs the lint on each."""
import subprocess
import sys
import tempfile
from pathlib import Path

from lint import RULES
from saved_fields import TESTED_PREFIX
from source_files import c_files

REPOSITORY = Path(__file__).resolve().parents[2]


def _lines(count: int) -> str:
    return "".join(f"    v += {number};\n" for number in range(count))


def _function(body_lines: int) -> str:
    return "int f(int v)\n{\n" + _lines(body_lines) + "    return v;\n}\n"


def _engine(changes: dict[str, str]) -> dict[str, str]:
    """A copy of the engine's sources, and of the lists that have a row per saved field, with each key
    replaced, once."""
    files = {str(path.relative_to(REPOSITORY)): path.read_text() for path in c_files(REPOSITORY)
             if path.is_relative_to(REPOSITORY / "lib/engine") or
             path.name.startswith(TESTED_PREFIX)}
    for old, new in changes.items():
        names = [name for name, text in files.items() if old in text]
        if len(names) != 1 or files[names[0]].count(old) != 1:
            raise ValueError(f"'{old}' does not stand in the engine once")
        files[names[0]] = files[names[0]].replace(old, new)
    return files


ADDED = {"a_bit": "bool a_bit : 1", "a_byte": "uint8_t a_byte", "a_word": "uint32_t a_word"}


def _added_fields() -> tuple[dict[str, str], list[str]]:
    """A bit, a byte and a word at the start of a struct of each kind."""
    structs = ("te_conn", "te_ecn", "te_sender", "te_cc_bbr_state", "te_hystart", "te_listener",
               "te_neighbour", "te_time_wait_entry", "te_stack")
    members = "".join(f"    {member};\n" for member in ADDED.values())
    return (_engine({f"struct {name} {{\n": f"struct {name} {{\n{members}" for name in structs}),
            [f"struct {name}: {member} is not saved" for name in structs for member in ADDED])


def _lost_lines() -> tuple[dict[str, str], list[str]]:
    """A word, a bit, one item of an array; unsaved members of a new struct; and a row."""
    return (_engine({"    te_codec_u32(codec, &conn->snd_wl2);\n": "",
                     " te_conn, snd_wl1)": " te_conn, snd_wl2)",
                     "    TE_CODEC_BIT(codec, bbr->full_bw_now);\n": "",
                     "    te_codec_u64(codec, &bbr->max_bw_filter[1]);\n": "",
                     "    ack_fields(codec, stack, &conn->ack);\n": "",
                     "struct te_listener {\n": "struct te_new {\n    int16_t *all, one;\n};\n"
                                              "struct te_listener {\n    struct te_new *owned;\n"}),
            ["struct te_conn: snd_wl2 is not saved", ": full_bw_now is not saved",
             ": max_bw_filter is not saved", "struct te_conn: snd_wl1 is saved: give it a row",
             "struct te_conn: ack is not saved", ": owned is not saved",
             "struct te_new: all is not saved", "struct te_new: one is not saved"])


def _wrong_statements() -> tuple[dict[str, str], list[str]]:
    """One without a reason, one that is stale, one for a saved field, and one that is invalid."""
    return (_engine({'TE_NOT_SAVED(struct te_conn, "armed again", timer)':
                     'TE_NOT_SAVED(struct te_conn, " ", timer, snd_una)',
                     "counted_orphan, counted_remote)": "counted_orphan, uncounted)",
                     "    struct te_list output;": "    struct te_list output, input;"}),
            ["struct te_conn: say why", "has no uncounted", ": counted_remote is not saved",
             "snd_una is said to be saved and not to be",
             ": input is not saved, nor is it said what hangs on it"])


STATUS = ('X(FLAG, alpha, SND, "", "An alpha") '
          'X(beta_us, since_us, SND, "#", "Age of beta")\n')
COUNTERS = 'X(alpha, "Alphas seen") X(beta, "Betas seen")\n'

REASON = {"lib/engine/include/tcpengine/drop.h": 'X(ODD, odd, odd_in, "It is odd")\n'}
DROPS = "te_drop(stack, NULL, TE_DROP_ODD, NULL);\n"
NO_DROP = "stack->counters.odd_in++; /* no drop: it is only looked at */\n"

ROOMS = "[e]\nshared: all\nlow:\nhigh: low\n"
LOW = {"e/low/one.h": "void te_one(void);\n", "e/low/one.c": '#include "low/one.h"\nvoid te_one(void)\n{\n}\n'}
HIGH = {"e/high/two.h": "void te_two(void);\n",
        "e/high/two.c": '#include "low/one.h"\nvoid te_two(void)\n{\n    te_one();\n}\n'}


def _layers(rooms: str = ROOMS, **changes: str) -> dict[str, str]:
    """Two rooms, and what changes in them: e_low_one_c for e/low/one.c."""
    files = {"tests/lint/rooms.txt": rooms, "e/all.h": '#include "high/two.h"\n', **LOW, **HIGH}
    by_key = {name.replace("/", "_").replace(".", "_"): name for name in files}
    return files | {by_key[key]: text for key, text in changes.items()}


UPWARD_CALL = "void te_one(void)\n{\n    te_two();\n}\n"
CIRCLE = "circle: low/one high/two\n"

# name: (files that keep the rule, files that break it ...), the latter maybe with texts that must
# appear in the findings. "lib.c" becomes the library.
CASES = {
    "function_length": ({"a.c": _function(66)}, {"a.c": _function(67)}),
    "parameter_count": (
        {"a.c": "int f(int a, int b, int c, int d, int e, int (*g)(int, int))\n{\n}\n"},
        {"a.c": "int f(int a, int b, int c, int d, int e, int g, int h)\n{\n}\n"}),
    "file_length": ({"a.c": "\n" * 999}, {"a.c": "\n" * 1000}),
    "unfinished_words": ({"a.c": "/* all to do is done */\n"}, {"a.c": "/* TO" "DO: rest */\n"}),
    "virtual_time": ({"tests/unit/a.c": "/* no sleep(1) */\n"},
                     {"tests/unit/a.c": "void f(void)\n{\n    usleep(1);\n}\n"}),
    "no_conditionals": ({"lib/engine/a.h": "#ifndef A_H\n#define A_H\n#endif\n"},
                        {"lib/engine/a.h": "#ifdef __linux__\n#endif\n"}),
    "drops_have_reasons": (
        {**REASON, "lib/engine/a.c": DROPS + NO_DROP + "stack->counters.even_in++;\n"},
        {**REASON, "lib/engine/a.c": DROPS + "stack->counters.odd_in++;\n"}),
    "layers": (
        _layers(),
        (_layers(e_low_one_c='#include "high/two.h"\n'), ["low must not look into high"]),
        (_layers(e_low_one_c=UPWARD_CALL), ["2 files call each other in a circle"]),
        (_layers(rooms="[e]\nshared: all\nlow:\n"), ["high has no line in"]),
        (_layers(rooms="[e]\nshared: all\nlow: high\nhigh: low\n"), ["high has no line above"]),
        (_layers(rooms=ROOMS + CIRCLE + "    they may\n"), ["there is none of these files"]),
        (_layers(rooms=ROOMS + CIRCLE, e_low_one_c=UPWARD_CALL), ["say why"])),
    "section_bars": ({"a.c": "/* --- words " + "-" * 84 + " */\n"},
                     {"a.c": "/* --- words " + "-" * 86 + "\n */\n"},
                     {"a.c": "/* --- words --- */\n"}),
    "include_order": ({"a.c": '#include "b/a.h"\n\n#include <c.h>\n\n#include "b.h"\n'},
                      {"a.c": '#include "b.h"\n#include <c.h>\n'},
                      {"a.c": "#include <d.h>\n#include <c.h>\n"}),
    "clang_format": ({"a.c": "int a;\n", ".clang-format": "BasedOnStyle: LLVM\n"},
                     {"a.c": "int   a ;\n", ".clang-format": "BasedOnStyle: LLVM\n"}),
    "shellcheck": ({"a": "#!/bin/sh\nrm -f \"$1\"\n"}, {"a": "#!/bin/sh\nrm -f $1\n"}),
    "python_compiles": ({"a.py": "a = 1\n"}, {"a.py": "a = = 1\n"}),
    "page_assets": (
        {"assets/a.js": 'import {b} from "/page/b.js";\nnode.textContent = b;\n', "assets/b.js": "export const b = 1;\n",
         "assets/a.html": '<script type="module" src="/page/a.js"></script>\n'},
        {"assets/a.js": "node.innerHTML = name;\n"}, {"assets/a.js": 'import {b} from "/page/b.js";\n'},
        {"assets/a.js": "const = 1;\n"}, {"assets/a.html": "<p style=color:red>\n"},
        {"assets/a.html": "<script>f()</script>\n"}, {"assets/a.html": '<img src="https://a.example/">\n'}),
    "forbidden_symbols": (
        {"lib.c": "#include <string.h>\nvoid te_f(char *p, int c)\n{ memset(p, c, 999); }\n"},
        {"lib.c": "#include <time.h>\nlong te_f(void)\n{ return time(0); }\n"}),
    "mutable_data": (
        {"lib.c": "static const char *const t[] = {\"a\"};\n"
                  "const char *te_f(int i)\n{ return t[i]; }\n"},
        {"lib.c": "static int n;\nint te_f(void)\n{ return n++; }\n"}),
    "exported_names": ({"lib.c": "static int f(int a) { return a; }\n"
                                 "int te_f(int a) { return f(a); }\n"},
                       {"lib.c": "int f(void) { return 1; }\n"}),
    "counters_documented": (
        {"lib/engine/include/tcpengine/counters.h": COUNTERS, "tcpctl-stats.7": "alpha\nbeta\n"},
        {"lib/engine/include/tcpengine/counters.h": COUNTERS, "tcpctl-stats.7": "alpha\n"}),
    "status_computed": (
        {"lib/engine/include/tcpengine/status_list.h": STATUS,
         "user_status.c": "status->alpha = conn->a;\n*s = {.since_us = 1};\n"},
        {"lib/engine/include/tcpengine/status_list.h": STATUS,
         "user_status.c": "status->alpha = conn->a;\nif (s.since_us == 1) {}\n"}),
    "links": ({"README.md": "# One two\n[a](other.md#head-line) [b](#one-two) [c](https://x/)\n",
               "other.md": "## Head line\n"},
              {"README.md": "[a](missing.md)\n"}),
}
# These take more than a line and are built on demand.
MADE_CASES = {
    "saved_fields": lambda: (_engine({}), _added_fields(), _lost_lines(), _wrong_statements()),
}


def _findings(name: str, files: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="tcpengine-lint-") as folder:
        root = Path(folder)
        for file, text in files.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
        library = root / "lib.a"
        if "lib.c" in files:
            flags = ["-O1", "-fno-builtin", "-fPIC"]
            subprocess.run(["cc", *flags, "-c", "-o", root / "lib.o", root / "lib.c"], check=True)
            subprocess.run(["ar", "rc", library, root / "lib.o"], check=True)
        return RULES[name](root, {"library": str(library), "build": str(root)})


def _speaks(name: str, broken) -> bool:
    files, texts = broken if isinstance(broken, tuple) else (broken, [""])
    findings = _findings(name, files)
    missed = [text for text in texts if not any(text in finding for finding in findings)]
    print(f"broken tree: {findings}\nmissed: {missed}")
    return not missed


def main() -> int:
    name = sys.argv[1]
    clean, *broken = MADE_CASES[name]() if name in MADE_CASES else CASES[name]
    unexpected = _findings(name, clean)
    print(f"clean tree: {unexpected}")
    if not broken or not all([_speaks(name, case) for case in broken]) or unexpected:
        print(f"lint {name} does not work: it must be silent on the first and speak on the others")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

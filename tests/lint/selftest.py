#!/usr/bin/python3
"""Shows that a lint can fail: selftest.py NAME builds one tree that keeps the rule and one that
breaks it, and runs the lint on both."""
import subprocess
import sys
import tempfile
from pathlib import Path

from lint import RULES


def _lines(count: int) -> str:
    return "".join(f"    v += {number};\n" for number in range(count))


def _function(body_lines: int) -> str:
    return "int f(int v)\n{\n" + _lines(body_lines) + "    return v;\n}\n"


COUNTERS = 'X(alpha, "Alphas seen") X(beta, "Betas seen")\n'

# name: (files that keep the rule, files that break it). "lib.c" becomes the library.
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
    "clang_format": ({"a.c": "int a;\n", ".clang-format": "BasedOnStyle: LLVM\n"},
                     {"a.c": "int   a ;\n", ".clang-format": "BasedOnStyle: LLVM\n"}),
    "shellcheck": ({"a": "#!/bin/sh\nrm -f \"$1\"\n"}, {"a": "#!/bin/sh\nrm -f $1\n"}),
    "python_compiles": ({"a.py": "a = 1\n"}, {"a.py": "a = = 1\n"}),
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
    "links": ({"README.md": "# One two\n[a](other.md#head-line) [b](#one-two) [c](https://x/)\n",
               "other.md": "## Head line\n"},
              {"README.md": "[a](missing.md)\n"}),
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


def main() -> int:
    name = sys.argv[1]
    clean, broken = CASES[name]
    unexpected, expected = _findings(name, clean), _findings(name, broken)
    print(f"clean tree: {unexpected}\nbroken tree: {expected}")
    if unexpected or not expected:
        print(f"lint {name} does not work: it must be silent on the first and speak on the second")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

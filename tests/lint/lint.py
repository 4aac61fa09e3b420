#!/usr/bin/python3
"""Runs one lint: lint.py NAME [--root DIR] [--library LIBTCPENGINE] [--build DIR].

Exit status 0: nothing found; 1: each finding is one line; 2: usage."""
import argparse
import sys
from pathlib import Path

import rules_layers
import rules_library
import rules_source
import saved_fields

RULES = {
    "function_length": rules_source.function_length,
    "parameter_count": rules_source.parameter_count,
    "file_length": rules_source.file_length,
    "unfinished_words": rules_source.unfinished_words,
    "virtual_time": rules_source.virtual_time,
    "no_conditionals": rules_source.no_conditionals,
    "drops_have_reasons": rules_source.drops_have_reasons,
    "section_bars": rules_source.section_bars,
    "include_order": rules_source.include_order,
    "layers": rules_layers.layers,
    "clang_format": rules_source.clang_format,
    "shellcheck": rules_source.shellcheck,
    "python_compiles": rules_source.python_compiles,
    "page_assets": rules_source.page_assets,
    "forbidden_symbols": rules_library.forbidden_symbols,
    "mutable_data": rules_library.mutable_data,
    "exported_names": rules_library.exported_names,
    "counters_documented": rules_library.counters_documented,
    "status_computed": rules_library.status_computed,
    "links": rules_library.links,
    "saved_fields": saved_fields.saved_fields,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(RULES))
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--library", help="libtcpengine.a")
    parser.add_argument("--build", help="build folder, for pages that are generated")
    arguments = parser.parse_args()
    rule = RULES[arguments.name]
    findings = rule(arguments.root, vars(arguments))
    for finding in findings:
        print(finding)
    if findings:
        print(f"lint {arguments.name}: {len(findings)} found. The rule: {rule.__doc__}")
        return 1
    print(f"lint {arguments.name}: clean")
    return 0


if __name__ == "__main__":
    sys.exit(main())

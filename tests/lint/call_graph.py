"""The call graph of the sources: nouns (NAME.c with NAME.h) and what each uses of another."""
import re
from collections import defaultdict
from pathlib import Path

from source_files import blank_text, bodies_of, c_files, functions_of

# A name in the code, except members and tags.
IDENTIFIER = re.compile(r"(?<![\w.>])(?<!struct )(?<!enum )(?<!union )[A-Za-z_]\w*\b")
# A table or other external object at file scope: `const struct te_cc_ops te_cc_reno = {`.
OBJECT = re.compile(r"^(?!static\b|typedef\b|extern\b)[a-z][\w \*]*?\b(\w+)(?:\[\w*\])* = ", re.MULTILINE)


def noun_of(path: Path) -> str:
    return str(path.with_suffix(""))


def _definitions(text: str, blanked: str) -> set[str]:
    lines = blanked.splitlines()
    found = set()
    for function in functions_of(text):
        head = " ".join(lines[function.line - 1:function.line + 1])
        if not re.match(r"\s*static\b", head):
            found.add(function.name)
    return found | set(OBJECT.findall(blanked))


def call_graph(root: Path, folder: str) -> dict[str, dict[str, set[str]]]:
    """noun -> noun -> names of the second that the first uses in its code."""
    owner: dict[str, str] = {}
    code: dict[str, str] = defaultdict(str)
    for path in c_files(root):
        name = path.relative_to(root)
        if not str(name).startswith(folder + "/"):
            continue
        text = path.read_text(errors="replace")
        blanked = blank_text(text)
        if path.suffix == ".c":
            for symbol in _definitions(text, blanked):
                owner[symbol] = noun_of(name)
            code[noun_of(name)] += blanked
        else:
            code[noun_of(name)] += "\n".join(bodies_of(blanked))
    graph: dict[str, dict[str, set[str]]] = {noun: defaultdict(set) for noun in code}
    for noun, text in code.items():
        for symbol in set(IDENTIFIER.findall(text)):
            if owner.get(symbol, noun) != noun:
                graph[noun][owner[symbol]].add(symbol)
    return graph


def circles(graph: dict) -> list[list[str]]:
    """Groups whose members all call each other, directly or not; largest first (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(found, key=len, reverse=True)

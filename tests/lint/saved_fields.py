"""What the save code writes of each struct, and the rule that no member is forgotten.

Save code is every function that takes a struct te_codec. What such a function passes to a verb of
the codec, itself or through functions it calls, is written: `&conn->rtt.srtt_us` writes srtt_us of
struct te_rtt and counts as rtt of struct te_conn; the types are those of parameters and local
variables. A local variable counts as the one member it is initialised with.

Everything else has to be declared, with the reason (util/codec.h):
    TE_NOT_SAVED(struct NAME, "why", MEMBER...)       is derived from something else
    TE_SAVED_BY_HAND(struct NAME, "how", MEMBER...)   written in another form
    TE_SAVED_ITEMS(struct NAME, MEMBER, struct ITEM)  leads to items, each written separately

A number that is written also needs a row in a list for saved_fields_test.c, which shows that it
is restored, if its struct has rows there."""
import re
from dataclasses import dataclass, field
from pathlib import Path

from c_structs import Struct, closing, split_arguments, structs_below
from source_files import blank_text, c_files, functions_of

ENGINE = "lib/engine/"
ROOT = "te_stack"
TESTED = "saved_fields_test.c"
TESTED_PREFIX = "saved_fields_"  # of the lists that it includes
TESTED_ROW = re.compile(r"\bMAY_\w+,\s*[\w ]+,\s*(te_\w+),\s*(\w+)\s*[,)]")
# They say nothing about what they point to.
LINKS = {"te_list", "te_tree", "te_tree_node", "te_wheel_node"}
# Verbs of the codec that write none of their arguments.
NEUTRAL = re.compile(r"te_codec_(require|fail|is_ok|view|begin|end|skip_optional|init_\w+)")
VERB = re.compile(r"te_codec_\w+|TE_CODEC_\w+")
CALL = re.compile(r"(?<![\w.>])(\w+(?:(?:->|\.)\w+)*)\s*\(")
PATH_STEP = re.compile(r"\s*(?:->|\.)\s*(\w+)")
VARIABLE = re.compile(r"\b(?:struct|union)\s+(\w+)\s*\**\s*(\w+)\s*(?=[=;,)\[]|$)")
INITIALISED = re.compile(r"[\w*]\s*[\s*](\w+)\s*=\s*(?!=)([^;]+);")
MAY_SAVE = re.compile(r"te_codec|TE_NOT_SAVED|TE_SAVED_")
STATEMENT = re.compile(r"\b(TE_NOT_SAVED|TE_SAVED_BY_HAND|TE_SAVED_ITEMS)\s*\(")


@dataclass
class SaveFunction:
    name: str
    path: Path
    body: str
    codec: str
    parameters: list[str]
    types: dict[str, str]        # of parameters and local variables: struct names
    initial: dict[str, str]      # of local variables
    written: set[int] = field(default_factory=set)


@dataclass
class Saved:
    """(struct, member): the constant indices written, None for all of it."""
    written: dict[tuple[str, str], set[str | None]] = field(default_factory=dict)
    counts: set[tuple[str, str]] = field(default_factory=set) # of items that follow
    not_saved: set[tuple[str, str]] = field(default_factory=set)
    by_hand: set[tuple[str, str]] = field(default_factory=set)
    items: dict[tuple[str, str], str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


def _flat(text: str) -> str:
    return re.sub(r"\(\*(\w+)\)", r"\1", " ".join(text.split()))


def _save_function(path: Path, function) -> SaveFunction | None:
    parameters = [_flat(part) for part in split_arguments(function.parameters)]
    codec = re.search(r"\bstruct te_codec \*(\w+)", _flat(function.parameters))
    if codec is None:
        return None
    names = [re.search(r"(\w+)(?:\[[^\]]*\])?$", part).group(1) for part in parameters]
    body = _flat(function.body)
    types = {name: struct for text in [*parameters, body]
             for struct, name in VARIABLE.findall(text)}
    initial = dict(INITIALISED.findall(body))
    return SaveFunction(function.name, path, body, codec.group(1), names, types, initial)


def _paths_in(expression: str) -> list[list[tuple[str, str | None]]]:
    """a->b.c[i] as [(a, None), (b, None), (c, "i")]; names of called functions are skipped."""
    found, at = [], 0
    while match := re.compile(r"[A-Za-z_]\w*").search(expression, at):
        at = match.end()
        steps = [(match.group(0), None)]
        while True:
            step = PATH_STEP.match(expression, at)
            if step:
                steps.append((step.group(1), None))
                at = step.end()
            elif expression[at:at + 1] == "[":
                end = closing(expression, at)
                steps[-1] = (steps[-1][0], expression[at + 1:end].strip())
                at = end + 1
            else:
                break
        if expression[at:].lstrip()[:1] != "(":
            found.append(steps)
    return found


class Reader:
    def __init__(self, root: Path):
        self.structs: dict[str, Struct] = structs_below(root, ENGINE)
        self.functions: list[SaveFunction] = []
        self.saved = Saved()
        for path in c_files(root):
            name = path.relative_to(root)
            text = path.read_text() if str(name).startswith(ENGINE) else ""
            if path.suffix == ".c" and MAY_SAVE.search(text):
                self._read_file(name, text)

    def _read_file(self, path: Path, text: str) -> None:
        for function in functions_of(text):
            save = _save_function(path, function)
            if save and not re.fullmatch(r"te_codec_\w+", save.name):
                self.functions.append(save)
        blank = blank_text(text)
        for match in STATEMENT.finditer(blank):
            end = closing(blank, match.end() - 1)
            line = blank.count("\n", 0, match.start()) + 1
            self._read_statement(f"{path}:{line}", match.group(1),
                                 split_arguments(blank[match.end():end]),
                                 text[match.end():end])

    def _read_statement(self, place: str, verb: str, arguments: list[str], raw: str) -> None:
        struct = arguments[0].removeprefix("struct ").removeprefix("union ")
        members = arguments[1:2] if verb == "TE_SAVED_ITEMS" else arguments[2:]
        declared = self.structs.get(struct)
        if declared is None:
            self.saved.findings.append(f"{place}: struct {struct} is not declared")
            return
        if verb != "TE_SAVED_ITEMS" and not re.search(r'"[^"]*\w[^"]*"', raw):
            self.saved.findings.append(f"{place}: struct {struct}: say why")
        for member in members:
            if member not in declared.members:
                self.saved.findings.append(f"{place}: struct {struct} has no {member}: take it off")
            elif verb == "TE_SAVED_ITEMS":
                self.saved.items[struct, member] = arguments[2].removeprefix("struct ")
            else:
                kind = self.saved.not_saved if verb == "TE_NOT_SAVED" else self.saved.by_hand
                kind.add((struct, member))

    # --- what is written ---

    def follow(self) -> None:
        """Repeats until no function writes more of its parameters than was known."""
        before = -1
        while before != (now := sum(len(function.written) for function in self.functions)):
            before = now
            for function in self.functions:
                self._follow_calls(function)

    def _follow_calls(self, function: SaveFunction) -> None:
        for call in CALL.finditer(function.body):
            end = closing(function.body, call.end() - 1)
            arguments = split_arguments(function.body[call.end():end])
            if arguments[0] != function.codec or NEUTRAL.fullmatch(call.group(1)):
                continue
            for position in self._written_positions(function, call.group(1), len(arguments)):
                if position < len(arguments):
                    self._write(function, arguments[position], set())
            if call.group(1) == "te_codec_count":
                self._count(function, arguments[1])

    def _written_positions(self, function: SaveFunction, callee: str, count: int) -> set[int]:
        if VERB.fullmatch(callee):
            return {1}
        if not callee.isidentifier():
            return set(range(1, count)) # through a pointer: a hook made for this
        same = [other for other in self.functions if other.name == callee]
        here = [other for other in same if other.path == function.path]
        if not same:
            self.saved.findings.append(f"{function.path}: {function.name}: {callee} is not known")
            return set()
        return (here or same)[0].written

    def _write(self, function: SaveFunction, expression: str, seen: set[str]) -> None:
        for steps in _paths_in(expression):
            name = steps[0][0]
            self._mark(function.types.get(name), steps[1:])
            if name in function.parameters:
                function.written.add(function.parameters.index(name))
            elif name in function.initial and name not in seen:
                self._write_initial(function, function.initial[name], seen | {name})

    def _count(self, function: SaveFunction, expression: str) -> None:
        for steps in _paths_in(function.initial.get(expression, expression)):
            struct = function.types.get(steps[0][0])
            for name, _ in steps[1:]:
                self.saved.counts.add((struct, name))
                member = self.structs[struct].members.get(name) if struct in self.structs else None
                struct = member.struct if member else None

    def _write_initial(self, function: SaveFunction, expression: str, seen: set[str]) -> None:
        members = {tuple(step for step, _ in steps) for steps in _paths_in(expression)
                   if len(steps) > 1}
        if len(members) == 1:
            self._write(function, expression, seen)

    def _mark(self, struct: str | None, steps: list[tuple[str, str | None]]) -> None:
        for name, index in steps:
            declared = self.structs.get(struct or "")
            if declared is None or name not in declared.members:
                return
            is_constant = index is not None and index.isdecimal()
            self.saved.written.setdefault((struct, name), set()).add(index if is_constant else None)
            struct = declared.members[name].struct

    # --- what is forgotten ---

    def _is_all_written(self, struct: str, member) -> bool:
        indices = self.saved.written.get((struct, member.name), set())
        if None in indices or member.length is None:
            return bool(indices)
        return len(indices) == member.length

    def _check_member(self, struct: Struct, member) -> str | None:
        key = (struct.name, member.name)
        is_link = member.struct in LINKS
        stated = [key in self.saved.not_saved, key in self.saved.by_hand, key in self.saved.items]
        is_written = self._is_all_written(struct.name, member) and not is_link
        if not any(stated) and not is_written:
            return f"struct {struct.name}: {member.name} is not saved" + \
                (", nor is it said what hangs on it" if is_link else "")
        if sum(stated) + (is_written and stated[0]) > 1:
            return f"struct {struct.name}: {member.name} is said to be saved and not to be"
        return None

    def _reached_from(self, struct: Struct) -> set[str]:
        reached = {item for (name, _), item in self.saved.items.items() if name == struct.name}
        for member in struct.members.values():
            if (struct.name, member.name) not in self.saved.not_saved and not member.is_borrowed:
                reached.add(member.struct)
        return (reached & self.structs.keys()) - LINKS

    def forgotten(self) -> list[str]:
        found = list(dict.fromkeys(self.saved.findings))
        stated = self.saved.not_saved | self.saved.by_hand | self.saved.items.keys()
        todo, done = {ROOT} & self.structs.keys() | {struct for struct, _ in stated}, set()
        while todo:
            struct = self.structs[todo.pop()]
            done.add(struct.name)
            found += [f"{struct.path}:{struct.line}: struct {struct.name}: cannot read '{text}'"
                      for text in struct.unread]
            for member in struct.members.values():
                complaint = self._check_member(struct, member)
                found += [f"{struct.path}:{member.line}: {complaint}"] if complaint else []
            todo |= self._reached_from(struct) - done
        if ROOT not in done:
            found.append(f"{ENGINE}: struct {ROOT} was not found")
        return sorted(found)


    def untested(self, rows: set[tuple[str, str]]) -> list[str]:
        found = []
        for struct in sorted({struct for struct, _ in rows} & self.structs.keys()):
            for member in self.structs[struct].members.values():
                key = (struct, member.name)
                if key in self.saved.written and key not in rows | self.saved.counts and \
                        member.struct is None:
                    found.append(f"{TESTED}: struct {struct}: {member.name} is saved: give it a row")
        return found


def saved_fields(root: Path, _: dict) -> list[str]:
    """Every member of the engine's state is passed to the codec in its struct's list of fields, or
    is named in a TE_NOT_SAVED beside the list, with the reason (lib/engine/util/codec.h)."""
    reader = Reader(root)
    reader.follow()
    rows = {row for path in c_files(root) if path.name.startswith(TESTED_PREFIX)
            for row in TESTED_ROW.findall(path.read_text())}
    return reader.forgotten() + (reader.untested(rows) if rows else [f"{TESTED} has no rows"])

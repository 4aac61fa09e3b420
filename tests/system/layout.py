"""Where the fields of a C header's structs lie, as a compiler of x86-64 or arm64 puts them: read from
the header, so that a test follows it. The header's own assertions are checked against it."""
import re

from harness import ROOT

SIZES = {"uint8_t": 1, "char": 1, "uint16_t": 2, "uint32_t": 4, "uint64_t": 8, "bool": 1}


class Struct:
    """A struct or a union: fields as (offset, size), by name."""

    def __init__(self):
        self.fields: dict[str, tuple[int, int]] = {}
        self.size, self.alignment = 0, 1

    def at(self, name: str) -> int:
        return self.fields[name][0]

    def add(self, name: str, size: int, alignment: int, count: int, is_union: bool) -> int:
        at = 0 if is_union else -(-self.size // alignment) * alignment
        if name:
            self.fields[name] = (at, size * count)
        self.size = max(self.size, at + size * count)
        self.alignment = max(self.alignment, alignment)
        return at

    def take(self, inner: "Struct", is_union: bool) -> None:
        """The members of one without a name."""
        at = self.add("", inner.size, inner.alignment, 1, is_union)
        for name, (offset, size) in inner.fields.items():
            self.fields[name] = (at + offset, size)

    def end(self) -> None:
        self.size = -(-self.size // self.alignment) * self.alignment


class Header:
    def __init__(self, path: str):
        text = (ROOT / path).read_text()
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S).replace("_Atomic", "")
        self.numbers: dict[str, int] = {}
        self.structs: dict[str, Struct] = {}
        for name, value in re.findall(r"^#define (\w+) (.+)$", text, flags=re.M):
            self.define(name, value)
        for body in re.findall(r"^enum \w+ \{(.*?)\};", text, flags=re.M | re.S):
            self.enumerate(body)
        for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", text, flags=re.M | re.S):
            self.structs[name] = self.parse(body, False)
        self.check(text)

    def define(self, name: str, value: str) -> None:
        value = re.sub(r"(?<=[0-9a-f])u\b", "", value)
        value = re.sub(r"UINT64_C\((\w+)\)", r"\1", value).replace("/", "//")
        if re.fullmatch(r"[\w\s*+()/-]+", value):
            try:
                self.numbers[name] = eval(value, {"__builtins__": {}}, dict(self.numbers))
            except NameError:
                pass  # not a number

    def enumerate(self, body: str) -> None:
        for number, name in enumerate(re.findall(r"\w+", body)):
            self.numbers[name] = number

    def kind(self, words: str) -> tuple[int, int]:
        if words in SIZES:
            return SIZES[words], SIZES[words]
        struct = self.structs[words.removeprefix("struct ")]
        return struct.size, struct.alignment

    def parse(self, body: str, is_union: bool) -> Struct:
        struct = Struct()
        while body := body.strip():
            inner = re.match(r"(union|struct) \{", body)
            if inner:
                end = self.closing(body, inner.end())
                struct.take(self.parse(body[inner.end():end], inner[1] == "union"), is_union)
                body = body[end + 1:].lstrip().removeprefix(";")
            else:
                line, _, body = body.partition(";")
                self.declare(struct, line, is_union)
        struct.end()
        return struct

    @staticmethod
    def closing(body: str, at: int) -> int:
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(body[at], 0)
            at += 1
        return at - 1

    def declare(self, struct: Struct, line: str, is_union: bool) -> None:
        words, names = re.fullmatch(r"((?:struct )?\w+)\s+(.*)", line.strip(), flags=re.S).groups()
        size, alignment = self.kind(words)
        for name, count in re.findall(r"(\w+)(?:\[(\w+)\])?\s*(?:,|$)", names):
            number = int(self.numbers.get(count, count or 1))
            struct.add(name, size, alignment, number, is_union)

    def check(self, text: str) -> None:
        """What the compiler is asked to confirm, we must find as well."""
        for name, field, at in re.findall(r"_Static_assert\(offsetof\(struct (\w+), (\w+)\) == (\d+),", text):
            assert self.structs[name].at(field) == int(at), (name, field)
        for name, size in re.findall(r"_Static_assert\(sizeof\(struct (\w+)\) == (\d+),", text):
            assert self.structs[name].size == int(size), (name, self.structs[name].size)

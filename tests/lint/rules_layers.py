"""The layers: which room may include which, and which files may call each other in a circle."""
import re
from dataclasses import dataclass, field
from pathlib import Path

from call_graph import call_graph, circles
from source_files import c_files

ROOMS_NAME = "tests/lint/rooms.txt"
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


@dataclass
class Component:
    """One [FOLDER] of rooms.txt."""
    folder: str
    shared: set[str] = field(default_factory=set)
    rooms: dict[str, set[str]] = field(default_factory=dict)  # room: the rooms it may include
    circles: dict[frozenset[str], list[str]] = field(default_factory=dict)  # each with its reason
    faults: list[str] = field(default_factory=list)

    def add(self, names: str, allowed: list[str], number: int) -> None:
        self.faults += [f"{ROOMS_NAME}:{number}: {name} has no line above"
                        for name in allowed if name not in self.rooms]
        for name in names.split():
            self.rooms[name] = set(allowed)


def _room_of(noun: str) -> str:
    """A noun's folder, or the noun itself at the top level."""
    return noun.rpartition("/")[0] or noun


def _read(root: Path) -> list[Component]:
    components: list[Component] = []
    reason: list[str] = []
    for number, line in enumerate((root / ROOMS_NAME).read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        names, _, rest = line.partition(":")
        if line.startswith("["):
            components.append(Component(line.strip("[]")))
        elif line.startswith(" "):
            reason.append(line.strip())
        elif names == "shared":
            components[-1].shared |= set(rest.split())
        elif names == "circle":
            reason = components[-1].circles.setdefault(frozenset(rest.split()), [])
        else:
            components[-1].add(names, rest.split(), number)
    return components


def _included_noun(root: Path, component: Component, path: Path, name: str) -> str:
    """The noun of an #include "name": beside the file, or below the component's folder; or ""."""
    folder = root / component.folder
    target = path.parent / name if (path.parent / name).exists() else folder / name
    return str(target.relative_to(folder).with_suffix("")) if target.exists() else ""


def _check_file(root: Path, component: Component, path: Path) -> list[str]:
    name = path.relative_to(root)
    noun = str(name.relative_to(component.folder).with_suffix(""))
    room, found = _room_of(noun), []
    if noun in component.shared or not component.rooms:
        return []
    if room not in component.rooms:
        return [f"{name}: {room} has no line in {ROOMS_NAME}"]
    for included in INCLUDE.findall(path.read_text()):
        other = _included_noun(root, component, path, included)
        target = _room_of(other)
        if other and target != room and other not in component.shared \
                and target not in component.rooms[room]:
            found.append(f"{name}: includes {included}: {room} must not look into {target}")
    return found


def _check_circles(root: Path, component: Component) -> list[str]:
    graph = call_graph(root, component.folder)
    cut = len(component.folder) + 1
    found, seen = [], set()
    for group in circles(graph):
        names = frozenset(name[cut:] for name in group)
        seen.add(names)
        if names in component.circles:
            continue
        calls = [f"{one[cut:]} -> {other[cut:]} ({', '.join(sorted(graph[one][other]))})"
                 for one in group for other in sorted(graph[one]) if other in group]
        found.append(f"{component.folder}: {len(names)} files call each other in a circle: "
                     + "; ".join(calls))
    for names, reason in component.circles.items():
        listed = f"{ROOMS_NAME}: circle {' '.join(sorted(names))}"
        if names not in seen:
            found.append(f"{listed}: there is none of these files: take it off")
        if not reason:
            found.append(f"{listed}: say why")
    return found


def layers(root: Path, _: dict) -> list[str]:
    """Rooms include what tests/lint/rooms.txt lets them; no files call each other in a circle."""
    found = []
    for component in _read(root):
        found += component.faults
        for path in c_files(root / component.folder):
            if "include" not in path.relative_to(root / component.folder).parts:
                found += _check_file(root, component, path)
        found += _check_circles(root, component)
    return found

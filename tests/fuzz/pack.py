#!/usr/bin/python3
"""Many inputs of a fuzz target in one file, as replay.c reads them: pack.py pack FOLDER FILE,
pack.py unpack FILE FOLDER.

A pack is a sequence of inputs, each preceded by its length in two bytes, big endian."""
import hashlib
import sys
from pathlib import Path

INPUT_MAX = 0xffff


def pack(folder: Path, file: Path) -> None:
    inputs = sorted(path.read_bytes() for path in folder.iterdir())
    inputs = [data for data in inputs if len(data) <= INPUT_MAX]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(len(data).to_bytes(2, "big") + data for data in inputs))


def unpack(file: Path, folder: Path) -> None:
    data = file.read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        one = data[2:end]
        (folder / hashlib.sha1(one).hexdigest()).write_bytes(one)
        data = data[end:]


def main() -> int:
    verbs = {"pack": pack, "unpack": unpack}
    if len(sys.argv) != 4 or sys.argv[1] not in verbs:
        print(__doc__, file=sys.stderr)
        return 2
    verbs[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
    return 0


if __name__ == "__main__":
    sys.exit(main())

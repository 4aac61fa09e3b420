"""smoke.py PROGRAM [ARGUMENT]...: runs a benchmark and checks that it prints one line of JSON with
numbers in it, of any size."""
import json
import subprocess
import sys


def main() -> int:
    done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        print(done.stdout.decode())
        return done.returncode
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 1, f"one line of JSON was due: {lines}"
    row = json.loads(lines[0])
    assert row["bench"] and any(isinstance(value, (int, float)) for value in row.values()), row
    print(lines[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())

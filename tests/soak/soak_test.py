"""soak.py with the simulator's planted failure: it is found, printed with its replay, and kept once.
soak_test.py BUILD"""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = Path(sys.argv.pop(1))
SOAK = Path(__file__).with_name("soak.py")
PLANTED = "planted: no byte is sent twice"


def soak(keep: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/usr/bin/python3", "-B", SOAK, "--build", BUILD, "--keep", keep, "--jobs", "1",
         "--seed", "1", "--seconds", "1", *arguments],
        capture_output=True, text=True, timeout=300, check=False)


class Soak(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.keep = Path(folder.name)
        self.list = self.keep / "sim/fixed_seeds.txt"

    def test_a_failing_seed_is_replayed_and_kept(self) -> None:
        done = soak(self.keep, "--only", "sim", "--plant")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        seed = re.search(rf"^soak: seed (\d+): .*{PLANTED}$", done.stdout, re.MULTILINE).group(1)
        command = re.search(r"^  again: (.*)$", done.stdout, re.MULTILINE).group(1).split()
        again = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn(PLANTED, again.stdout)
        self.assertRegex(self.list.read_text(), rf"\A{seed} {PLANTED} \(found [0-9-]+\)\n\Z")
        self.assertIn(f"git add {self.list}", done.stdout)

    def test_what_is_kept_stays_and_comes_once(self) -> None:
        self.list.parent.mkdir()
        self.list.write_text("# Why.\n7 an old one\n")
        for _ in range(2):
            self.assertEqual(soak(self.keep, "--only", "sim", "--plant").returncode, 1)
        lines = self.list.read_text().splitlines()
        self.assertEqual(lines[:2], ["# Why.", "7 an old one"])
        self.assertEqual(len(lines), 3)

    def test_nothing_found(self) -> None:
        done = soak(self.keep, "--only", "sim")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("simulator seeds from 10000", done.stdout)
        self.assertFalse(self.list.exists())

    def test_usage(self) -> None:
        for arguments in (["--only", "nobody"], ["--seconds", "0"], ["--seconds", "x"]):
            self.assertEqual(soak(self.keep, *arguments).returncode, 2, arguments)


if __name__ == "__main__":
    unittest.main()

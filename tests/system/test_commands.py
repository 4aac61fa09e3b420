"""./demo and ./check as a user runs them."""
import os
import re
import unittest

import harness
from harness import BUILD, ROOT, run


class Commands(unittest.TestCase):
    def test_demo(self) -> None:
        """It runs to the end and leaves nothing behind."""
        before = self.surroundings()
        done = run(ROOT / "demo", "--built", BUILD, check=False, timeout=90)
        text = done.stdout.decode()
        self.assertEqual(done.returncode, 0, text + done.stderr.decode())
        for words in ("Served by nginx over the kernel's TCP", "Served by tcpengine",
                      "GET / HTTP/1.1", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT", "CLOSE_WAIT",
                      "LAST_ACK", "timeout=2MSL", "exit status 0"):
            self.assertIn(words, text)
        self.assertNotIn("\x1b[", text, "colours are for terminals")
        self.assertEqual(self.surroundings(), before)

    @staticmethod
    def surroundings() -> tuple:
        """Processes and interfaces in these namespaces, and files of ours outside them."""
        files = [name for name in os.listdir("/tmp") if name.startswith("tcpengine-")]
        processes = sorted(name for name in os.listdir("/proc") if name.isdigit())
        return files, processes, run("ip", "-brief", "link").stdout

    def test_wrong_arguments(self) -> None:
        for command in ("demo", "check"):
            with self.subTest(command):
                done = run(ROOT / command, "--no-such-flag", check=False)
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr.decode(), rf"^{command}: .*--no-such-flag.*\n$")

    def test_help(self) -> None:
        for command in ("demo", "check"):
            with self.subTest(command):
                text = run(ROOT / command, "--help").stdout.decode()
                self.assertTrue(re.match(rf"usage: ./{command} ", text), text)


if __name__ == "__main__":
    harness.main()

"""./demo --lesson: both, with TIME_WAIT and without it, to the end and in their words."""
import re
import unittest

import harness
from harness import BUILD, ROOT, run


class Lessons(unittest.TestCase):
    def lesson(self, name: str) -> tuple[str, str]:
        """What it prints in its two parts, blanks made one."""
        done = run(ROOT / "demo", "--built", BUILD, "--lesson", name, check=False, timeout=280)
        text = done.stdout.decode()
        self.assertEqual(done.returncode, 0, text + done.stderr.decode())
        intro, first, second = re.split(r"(?m)^[12]\. (?=With)", text)
        self.assertIn("Lesson: the ", intro)
        return tuple(" ".join(part.split()) for part in (first, second))

    def test_last_ack(self) -> None:
        with_it, without = self.lesson("last-ack")
        self.assertTrue(with_it.startswith("With TIME_WAIT"), with_it)
        self.assertTrue(without.startswith("Without"), without)
        lost = r"This ACK was lost: <SEQ=\d+><ACK=\d+><CTL=ACK>, 0 bytes"
        for part in (with_it, without):
            self.assertRegex(part, lost)
            self.assertRegex(part, r"\$ tcpctl fault add \d+ drop ack-of-fin --count 1")
        self.assertRegex(with_it, r"LAST_ACK CLOSED recv ACK of FIN")
        self.assertRegex(with_it, r"FINs repeated .* 10\.9\.1\.2:6000 10\.9\.2\.2:7000 FIN_WAIT_2 .* 1 0 ")
        self.assertRegex(without, r"LAST_ACK CLOSED recv RST")
        self.assertIn('learns "connection reset"', without)
        self.assertNotIn("FINs repeated", without)

    def test_old_duplicate(self) -> None:
        without, with_it = self.lesson("old-duplicate")
        self.assertTrue(without.startswith("Without"), without)
        self.assertTrue(with_it.startswith("With TIME_WAIT"), with_it)
        for part in (without, with_it):
            self.assertRegex(part, r"\$ tcpctl fault add 'dport = :7000' duplicate data --out --delay 60000")
            self.assertRegex(part, r"copies are to come:( <SEQ=\d+><ACK=\d+><CTL=ACK>, 1460 bytes){3} A closes")
            self.assertRegex(part, r"A\$ tcpctl fault rm 1 ")
            self.assertRegex(part, r"ESTABLISHED .* 10\.9\.1\.2:6000 10\.9\.2\.2:7000 ")
        self.assertRegex(without, r"What does B receive\? .*\|old, from the first connection\|old, ")
        self.assertRegex(with_it, r"connection already exists \(EADDRINUSE\)")
        self.assertRegex(with_it, r"10\.9\.1\.2:6000 10\.9\.2\.2:7000 FIN_WAIT_2 .* 6\.0 s 0 0 ")
        self.assertTrue(with_it.endswith("B has received nothing, as A has sent nothing."), with_it)


if __name__ == "__main__":
    harness.main()

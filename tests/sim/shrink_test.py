"""sim --shrink, on planted failures (sim --plant: it fails if a byte is sent twice)."""

import re
import subprocess
import sys
import unittest

SIM = sys.argv.pop(1)
SEEDS = range(1, 21)
PLANTED = "planted: no byte is sent twice"
REST_LINES_MAX = 16


def sim(*arguments):
    return subprocess.run([SIM, *arguments], capture_output=True, text=True, timeout=120,
                          check=False)


def command_in(text):
    """The arguments of the command in a report."""
    return re.search(r"^  again: \S+ (.*)$", text, re.MULTILINE).group(1).split()


class Shrink(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.failing = [seed for seed in SEEDS
                       if PLANTED in sim("--seed", str(seed), "--plant").stdout]

    def shrink(self, seed):
        done = sim("--seed", str(seed), "--plant", "--shrink")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stdout

    def test_planted_failures_are_found(self):
        self.assertGreaterEqual(len(self.failing), 4)

    def test_result_is_simple_and_shorter(self):
        for seed in self.failing:
            text = self.shrink(seed)
            after, before = re.search(r": (\d+) events, were (\d+)", text).groups()
            self.assertLessEqual(int(after), int(before))
            self.assertIn(PLANTED, text)
            rest = re.findall(r"^  \w+\.\d+ = \d+$", text, re.MULTILINE)
            self.assertLessEqual(len(rest), REST_LINES_MAX, text)

    def test_command_replays_what_was_found(self):
        for seed in self.failing:
            text = self.shrink(seed)
            command = command_in(text)
            first, second = sim(*command), sim(*command)
            self.assertEqual(first.returncode, 1)
            self.assertIn(PLANTED, first.stdout)
            self.assertEqual(first.stdout, second.stdout)
            self.assertEqual(command, command_in(first.stdout.split("FAILED")[-1]))

    def test_same_seed_shrinks_to_the_same(self):
        seed = self.failing[0]
        self.assertEqual(self.shrink(seed), self.shrink(seed))

    def test_what_is_simple_already_stays(self):
        command = command_in(self.shrink(self.failing[0]))[:-1]
        text = sim(*command, "--shrink").stdout
        self.assertEqual(command_in(text)[:-1], command)

    def test_nothing_to_shrink(self):
        done = sim("--seed", "1", "--shrink")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("all held", done.stdout)

    def test_wrong_steps_are_refused(self):
        for steps in ("drop", "drop.x", "nonsense.0", "drop.99", "host.0,host.0"):
            self.assertEqual(sim("--seed", "1", "--simplify", steps).returncode, 2, steps)


if __name__ == "__main__":
    unittest.main()

"""Every command of every page of the documentation, typed on a terminal."""
import contextlib
import html
import os
import re
import signal
import sys
import tempfile
import unittest
from pathlib import Path

import harness
from harness import BUILD, ROOT, run

try:
    import pages
except ImportError as error:
    harness.skip(f"{error}: install python3-pexpect")

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "proto" / "README.md",
         ROOT / "lib" / "client" / "README.md"]
# Blocks that are not commands.
OTHER_LANGUAGES = {"text", "c", "ini", "nft", "python", "js", "dot"}

# How many blocks of each page are not typed, each with its reason on the page: a new one is a decision.
NOT_TYPED = {
    "README.md": 3,
    "docs/access.md": 1,
    "docs/benchmarks.md": 7,
    "docs/building.md": 1,
    "docs/golden.md": 1,
    "docs/installation.md": 3,
    "docs/instances.md": 1,
    "docs/internet.md": 1,
    "docs/lan.md": 1,
    "docs/programs.md": 1,
    "docs/sockets.md": 1,
    "docs/state-machine.md": 1,
    "docs/uninstall.md": 2,
    "docs/ways-in.md": 1,
    "lib/client/README.md": 1,
}


class Pages(unittest.TestCase):
    """One test per page; see add_pages()."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="pages-", dir="/run")
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.checkout = self.home / "tcpengine"
        self.checkout.mkdir()
        for entry in ROOT.iterdir():
            if not entry.name.startswith("build"):
                (self.checkout / entry.name).symlink_to(entry)
        (self.checkout / "build").symlink_to(BUILD)

        self.addCleanup(self.clean_up)

    def clean_up(self) -> None:
        """What a page that failed has left, in the namespaces of this test."""
        for pid in run("pgrep", "-x", "tcpengined|nc", check=False).stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        for line in run("ip", "netns", "list").stdout.decode().splitlines():
            run("ip", "netns", "delete", line.split()[0])

    def terminal(self) -> pages.Terminal:
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("TCPENGINE_")}
        terminal = pages.Terminal(self.checkout, self.home, environment)
        self.addCleanup(terminal.close)
        return terminal

    def type_page(self, page: Path) -> None:
        terminal = None
        name = page.relative_to(ROOT)
        for block in pages.blocks_of(page):
            if block.language not in ("sh", "console"):
                self.assertIn(block.language, OTHER_LANGUAGES, f"{name}:{block.line}")
                continue
            if block.reason:
                print(f"not typed: {name}:{block.line}: {block.reason}", file=sys.stderr)
                self.assertGreater(len(block.reason), 10)
                continue
            terminal = terminal or self.terminal()
            for command in block.commands():
                self.type_command(terminal, f"{name}:{command.line}", command)
        if terminal is not None:
            self.assert_cleaned_up(name)

    def type_command(self, terminal, where: str, command) -> None:
        status, printed = terminal.run(command)
        text = "\n".join(printed)
        self.assertEqual(status != 0, command.fails, f"{where}: {command.text}: {status}\n{text}")
        self.assertNotRegex(text, r"(?m)^\[\d+\][+-]? +Stopped", f"{where}: {command.text}")
        if command.expected is not None:
            difference = pages.mismatch(command.expected, printed)
            self.assertIsNone(difference, f"{where}: {command.text}: {difference}\n{text}")

    def assert_cleaned_up(self, name: Path) -> None:
        self.assertEqual(run("ip", "netns", "list").stdout, b"", f"{name} leaves namespaces")
        running = run("pgrep", "--runstates", "R,S,D,T", "-a", "tcpengined", check=False).stdout.decode()
        self.assertEqual(running, "", f"{name} leaves daemons")

    def test_no_block_is_forgotten(self) -> None:
        """Fenced, and with a language: nothing that looks like a command is left out."""
        for page in PAGES:
            where = page.relative_to(ROOT)
            for block in pages.blocks_of(page):
                self.assertIn(block.language, {"sh", "console"} | OTHER_LANGUAGES, f"{where}:{block.line}")
            untyped = [block for block in pages.blocks_of(page) if block.reason]
            self.assertEqual(len(untyped), NOT_TYPED.get(str(where), 0), where)
            self.assertLessEqual({block.language for block in untyped}, {"sh", "console"}, where)
            if where.parts[0] != "proto":  # bytes in lists
                self.assertEqual(pages.indented_blocks(page), [], where)

    def test_the_pictures_are_sessions_of_today(self) -> None:
        """The same commands print the same, apart from numbers."""
        for name in ("terminal", "explain"):
            drawn = run(ROOT / "docs" / "terminal-picture", name, "--build", BUILD,
                        timeout=60).stdout.decode()
            shown = (ROOT / "docs" / f"{name}.svg").read_text()
            texts = [[html.unescape(text) for text in re.findall(r"<text [^>]*>(.*)</text>", svg)]
                     for svg in (shown, drawn)]
            self.assertGreater(len(texts[0]), 10)
            if name == "explain":  # a number with a digit less may end a line elsewhere
                texts = [[" ".join(lines)] for lines in texts]
            self.assertIsNone(pages.mismatch(*texts), name)

    def test_the_rules_of_the_comparison(self) -> None:
        """The test's own test: what it takes for alike, and what not."""
        alike = [("id 12 ESTABLISHED", "id 4711 ESTABLISHED"), ("up 3 ms", "up 12.5 s"),
                 ("10.9.0.1:40000  x", "10.9.0.1:51234 \t x".replace("\t", " "))]
        for one, other in alike:
            self.assertIsNone(pages.mismatch([one], [other]), (one, other))
        for want, have in [(["a"], ["b"]), (["a"], []), (["a"], ["a", "b"]), (["10.9.0.1:7"], ["10.9.0.1:8"]),
                           (["10.9.0.1"], ["10.9.0.2"]), (["...", "c"], ["a", "b"])]:
            self.assertIsNotNone(pages.mismatch(want, have), (want, have))
        self.assertIsNone(pages.mismatch(["a", "...", "c"], ["a", "b1", "b2", "c"]))
        self.assertIsNone(pages.mismatch(["a", "..."], ["a", "b"]))


def add_pages() -> None:
    for page in PAGES:
        name = re.sub(r"\W+", "_", str(page.relative_to(ROOT).with_suffix("")).lower())
        setattr(Pages, f"test_{name}", lambda self, page=page: self.type_page(page))


add_pages()

if __name__ == "__main__":
    harness.isolate()
    result = unittest.main(verbosity=2, exit=False).result
    sys.exit(0 if result.wasSuccessful() else 1)

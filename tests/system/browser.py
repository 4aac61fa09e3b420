"""Debian's Chromium, driven by playwright-core (tests/page/driver.mjs), for tests of the live page.

Where there is no browser, or nothing that drives it, the tests are skipped by that name; in continuous integration they fail."""
import contextlib
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from harness import BUILD, PATIENCE, ROOT

FOLDER = BUILD / "tests" / "page"
WAIT_SECONDS = 30


def missing() -> str:
    """What there is not; an empty text if all is here."""
    for program in ("node", "chromium"):
        if not shutil.which(program):
            return f"there is no {program}"
    if not (FOLDER / "node_modules" / "playwright-core").is_dir():
        return f"there is no playwright-core: run tests/page/install {FOLDER}"
    return ""


class Browser:
    def __init__(self, folder: Path):
        if reason := missing():
            if os.environ.get("CI"):
                raise AssertionError(reason)
            raise unittest.SkipTest(reason)
        self.log_path = folder / "browser.log"
        environment = dict(os.environ, HOME=str(folder), XDG_CONFIG_HOME=str(folder), XDG_CACHE_HOME=str(folder))
        with self.log_path.open("wb") as log:
            self.child = subprocess.Popen(
                ["node", ROOT / "tests" / "page" / "driver.mjs", FOLDER, shutil.which("chromium")], env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder)
        self.version = self.answer()

    def answer(self):
        line = self.child.stdout.readline()
        assert line, f"the browser has ended:\n{self.log_path.read_text(errors='replace')[-4000:]}"
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def do(self, *words):
        self.child.stdin.write(json.dumps(words) + "\n")
        self.child.stdin.flush()
        return self.answer()

    def open(self, url: str) -> None:
        self.do("open", url)

    def get(self, expression: str):
        return self.do("evaluate", expression)

    def wait(self, expression: str, timeout: float = WAIT_SECONDS):
        """Until the JavaScript expression is true; its value."""
        try:
            return self.do("wait", expression, timeout * 1000 * PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}\nwaiting for {expression}\nseen: {self.do('seen')}\n"
                                 f"{self.text('body')[:3000]}") from None

    def text(self, selector: str) -> str:
        return self.get(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def wait_text(self, selector: str, part: str) -> None:
        self.wait(f"document.querySelector({json.dumps(selector)})?.innerText.includes({json.dumps(part)})")

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.close()
        try:
            self.child.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()

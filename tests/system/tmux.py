"""A real terminal, as tmux has them: what is typed there, and what is on its screen."""
import os
import re
import subprocess

from harness import wait_for


class Tmux:
    """One terminal of its own server, with a shell in it."""

    def __init__(self, folder, rows=24, columns=80, **environment):
        self.socket = str(folder / f"tmux-{id(self)}")
        words = [f"{name}={value}" for name, value in environment.items()]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  "env", *words, "sh")

    def tmux(self, *arguments) -> str:
        return subprocess.run(["tmux", "-S", self.socket, *arguments], check=True, timeout=30,
                              capture_output=True, text=True,
                              env=dict(os.environ, LC_ALL="C.UTF-8")).stdout

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def colors(self) -> str:
        return self.tmux("capture-pane", "-p", "-e")

    def format(self, name: str) -> str:
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    def resize(self, rows: int, columns: int) -> None:
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wait(self, pattern: str, timeout: float = 15) -> str:
        """The screen, once it matches."""
        found = []

        def matches() -> bool:
            found[:] = [self.screen()]
            return re.search(pattern, found[0], re.MULTILINE) is not None

        try:
            wait_for(matches, timeout, pattern, 0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{found[0]}") from None
        return found[0]

    def close(self) -> None:
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False, capture_output=True)

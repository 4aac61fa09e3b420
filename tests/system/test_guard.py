"""The guard of tcpengine-run: system calls that go past the library are the engine's, too, and nothing
else of the program changes."""
import os
import signal
from pathlib import Path

import harness
from harness import BUILD, HOST4, run, wait_for
from test_calls import PROGRAM, Peer

RUN = BUILD / "lib" / "preload" / "tcpengine-run"
STATIC = f"{PROGRAM}_static"


def guards() -> list[int]:
    """Those that run: of the dead, whoever is their parent may know."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if text.startswith("Name:\ttcpengine-guard\n") and "\nState:\tZ" not in text:
            found.append(int(status.parent.name))
    return found


class Guard(harness.SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.peer = Peer(HOST4)
        self.addCleanup(self.peer.close)
        wait_for(lambda: not guards(), what="the guards of the test before")

    def under(self, *words, check=True):
        return run(*words, check=check, timeout=60, env=dict(
            os.environ, TCPENGINE_CONTROL=self.daemon.url, CASES_ON_ENGINE="1"))

    def opens(self) -> int:
        return self.counters()["active_opens"]

    def case(self, program, name: str) -> list:
        return [program, HOST4, *self.peer.numbers, name]

    def test_programs_of_programs(self):
        """Whatever kind executes whatever other, the connections are the engine's, and one guard is
        enough."""
        shell = 'exec "$@"', "sh"
        chains = {"a static child": [RUN, "sh", "-c", *shell],
                  "tcpengine-run inside": [RUN, "sh", "-c", *shell, RUN],
                  "supervised inside": [RUN, "sh", "-c", *shell, RUN, "--supervise"],
                  "inside a supervised one": [RUN, "--supervise", "sh", "-c", *shell, RUN],
                  "with no environment": [RUN, "env", "-i"]}
        for what, words in chains.items():
            for program in (PROGRAM, STATIC):
                with self.subTest(what, program=program):
                    before = self.opens()
                    self.under(*words, *self.case(program, "inline_client"))
                    self.assertEqual(self.opens(), before + 2)

    def test_a_user_without_privileges(self):
        before = self.opens()
        self.under("setpriv", "--reuid=65534", "--regid=65534", f"--groups={os.getgid()}", RUN,
                   *self.case(PROGRAM, "inline_client"))
        self.assertEqual(self.opens(), before + 2)

    def under_yama(self, *words):
        """Where the kernel says that a process may look into its descendants only."""
        script = ("mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/yama &&"
                  ' echo 1 >/proc/sys/kernel/yama/ptrace_scope && exec "$@"')
        return self.under("unshare", "--mount", "sh", "-c", script, "sh", "setpriv",
                          "--reuid=65534", "--regid=65534", f"--groups={os.getgid()}", *words,
                          check=False)

    def test_where_only_parents_may_look(self):
        for program in (PROGRAM, STATIC):
            before = self.opens()
            done = self.under_yama(RUN, "sh", "-c", '"$@"; exit 7', "sh",
                                   *self.case(program, "inline_client"))
            self.assertEqual((done.returncode, done.stderr), (7, b""))
            self.assertEqual(self.opens(), before + 2)
        self.assertEqual(self.under_yama(RUN, "/nothing").returncode, 127)
        self.assertIn(b"ptrace_scope", self.under_yama(RUN, "--verbose", "true").stderr)

    def test_the_program_keeps_its_place(self):
        """It is the process that was started, and has no child that it does not know."""
        script = ("echo $$", f"exec {RUN} sh -c '{{}}'",
                  'echo $$; read -r children </proc/$$/task/$$/children; echo "=$children"; exit 7')
        done = self.under("sh", "-c", f"{script[0]}; {script[1].format(script[2])}", check=False)
        outer, inner, children = done.stdout.decode().split()
        self.assertEqual((done.returncode, inner, children), (7, outer, "="))

    def test_it_lives_as_long_as_the_last_of_them(self):
        stop = self.folder / "stop"
        for flags in ((), ("--verbose",)):
            # Returns once all who have its output have closed it: the guard has.
            self.under(RUN, *flags, "sh", "-c",
                       f"(while [ ! -e {stop} ]; do sleep .05; done) </dev/null >/dev/null 2>&1 &")
        self.assertEqual(len(guards()), 2)
        stop.touch()
        wait_for(lambda: not guards(), what="the end of the guards")

    def test_nothing_of_the_program_is_kept_open(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.start_guarded("sleep", "600", pass_fds=[writer])
        os.close(writer)
        [guard] = wait_for(guards, what="the guard")

        def opened() -> list[str]:
            return [os.readlink(link) for link in Path(f"/proc/{guard}/fd").iterdir()]
        wait_for(lambda: not any(name.startswith("pipe:") for name in opened()), what="closed pipes")

    def start_guarded(self, *words, **options) -> harness.Process:
        program = harness.Process([RUN, *words], self.folder, "guarded", env=dict(
            os.environ, TCPENGINE_CONTROL=self.daemon.url), **options)
        self.addCleanup(program.stop)
        return program

    def test_without_its_guard_nothing_goes_past_the_engine(self):
        """Somebody has killed it: such calls then fail, and others do without it."""
        start = self.folder / "start"
        words = " ".join([str(PROGRAM), HOST4, *self.peer.numbers])
        program = self.start_guarded(
            "sh", "-c", f"until [ -e {start} ]; do sleep .05; done; {words} inline_client; echo $?; "
            f"{words} bare_client; echo $?")
        [guard] = wait_for(guards, what="the guard")
        before = self.opens()
        os.kill(guard, signal.SIGKILL)
        start.touch()
        program.wait()
        self.assertEqual(program.output, b"1\n0\n", program.log)
        self.assertIn("ENOSYS", program.log)
        self.assertEqual(self.opens(), before + 2)


if __name__ == "__main__":
    harness.main()

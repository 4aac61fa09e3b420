"""tcpctl top, on a real terminal (tmux), in a pipe, and where there is no full screen."""
import json
import os
import re
import signal
import subprocess

import harness
from harness import HOST4, TCPCTL, SystemTest, wait_for
from tmux import Tmux


def ids_on(screen: str) -> list[int]:
    return [int(number) for number in re.findall(r"^ *(\d+) [A-Z]+(?:_[A-Z0-9]+)*", screen, re.M)]


class Top(SystemTest):
    def setUp(self) -> None:
        self.server = self.kernel_server()
        self.port = self.server.getsockname()[1]
        self.accepted = []

    def open(self, count: int) -> list[int]:
        ids = [self.ctl("open", HOST4, self.port, "--wait")["id"] for _ in range(count)]
        self.accepted += [self.server.accept()[0] for _ in range(count)]
        self.addCleanup(lambda: [self.tcpctl("abort", i) for i in ids if self.find(id=i)])
        return ids

    def terminal(self, *arguments: str, rows=24, columns=80, **environment) -> Tmux:
        tmux = Tmux(self.folder, rows, columns, **environment)
        self.addCleanup(tmux.close)
        self.start(tmux, *arguments)
        return tmux

    def start(self, tmux: Tmux, *arguments: str) -> None:
        words = " ".join(f"'{word}'" for word in arguments)
        tmux.type(f"clear; stty -g >{self.folder}/before; {TCPCTL} --control {self.daemon.url} top "
                  f"{words}")
        tmux.keys("Enter")

    def ends(self, tmux: Tmux, status: int) -> None:
        """The shell has its terminal back as it was. Something of top was seen before."""
        wait_for(lambda: not self.top_pids(tmux), what="the end of tcpctl")
        tmux.type(f"echo \"status=$?\"; stty -g >{self.folder}/after; echo all-is-done")
        tmux.keys("Enter")
        tmux.wait(rf"^status={status}$")
        tmux.wait(r"^all-is-done$")
        self.assertEqual((self.folder / "before").read_text(), (self.folder / "after").read_text())
        self.assertEqual(tmux.format("alternate_on"), "0")
        self.assertEqual(tmux.format("cursor_flag"), "1")

    def top_pids(self, tmux: Tmux) -> list[int]:
        found = subprocess.run(["pgrep", "-P", tmux.format("pane_pid"), "tcpctl"], check=False,
                               capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    # --- the screen -----------------------------------------------------------------------------

    def test_states_order_filter_explanation(self) -> None:
        ids = self.open(3)
        self.accepted[1].close()
        self.wait_state(ids[1], "CLOSE_WAIT")
        tmux = self.terminal(TERM="screen-256color")
        screen = tmux.wait(r"W CLOSE_WAIT 1")
        self.assertIn("E ESTABLISHED 2", screen)
        self.assertEqual(set(ids_on(screen)), set(ids))
        self.assertRegex(screen, r"\[.*E+W+.*\]")
        self.assertRegex(screen, rf"{ids[1]} CLOSE_WAIT +{HOST4}:{self.port}")
        self.assertIn("tcpctl", screen.splitlines()[8])
        tmux.wait(r"^Bytes/s in \d")
        tmux.keys("I")
        tmux.wait(r"Id\*")
        wait_for(lambda: ids_on(tmux.screen()) == sorted(ids), what="the order of ids")
        tmux.keys("r")
        tmux.wait(r"Id\^")
        wait_for(lambda: ids_on(tmux.screen()) == sorted(ids, reverse=True), what="the new order")
        tmux.keys(">")
        tmux.wait(r"State\*")
        self.filter_with(tmux, ids)
        self.explain_with(tmux, ids)
        tmux.keys("q")
        self.ends(tmux, 0)

    def filter_with(self, tmux: Tmux, ids: list[int]) -> None:
        tmux.keys("/")
        tmux.type("state close-wait")
        screen = tmux.wait(r"Filter: state close-wait")
        wait_for(lambda: ids_on(tmux.screen()) == [ids[1]], what="the filter while it is typed")
        tmux.keys("Enter")
        tmux.wait(r"^1-1 of 1: state close-wait")
        tmux.keys("/", "C-u")
        tmux.type("stat foo")
        tmux.keys("Enter")
        screen = tmux.wait(r'"stat": expected')
        self.assertIn("Filter: stat foo", screen)
        tmux.keys("Escape")
        tmux.wait(r"^1-1 of 1: state close-wait")

    def explain_with(self, tmux: Tmux, ids: list[int]) -> None:
        tmux.keys("Enter")
        screen = tmux.wait(r"^verdict +waiting")
        self.assertIn(f"tcpctl explain {ids[1]}", screen)
        self.assertIn("has not called CLOSE", screen)
        self.tcpctl("abort", ids[1])  # it vanishes while it is open
        tmux.wait(r"^summary +Over for .*ABORT")
        tmux.keys("Escape")
        tmux.wait(r"No connection matches the filter\.")
        tmux.keys("/", "C-u", "Enter")
        tmux.wait(r"^1-2 of 2 ")

    def test_other_sizes(self) -> None:
        ids = self.open(8)
        tmux = self.terminal("-s", "id", TERM="screen-256color")
        tmux.wait(r"^1-8 of 8 ")
        tmux.resize(10, 40)
        screen = tmux.wait(r"^1-5 of 8\b")
        self.assertEqual(ids_on(screen), ids[:5])
        self.assertLessEqual(max(map(len, screen.splitlines())), 40)
        tmux.keys("End")
        screen = tmux.wait(r"^4-8 of 8\b")
        self.assertEqual(ids_on(screen), ids[3:])
        tmux.resize(50, 200)
        screen = tmux.wait(r"^1-8 of 8 .*q quit$")
        self.assertRegex(screen, r"Id\* +State +Local +Peer +Rate +In/s +Out/s +RTT +Cwnd")
        tmux.keys("q")
        self.ends(tmux, 0)

    def test_bytes_per_second_of_a_transfer(self) -> None:
        ids = self.open(3)
        tmux = self.terminal("-d", "0.2", TERM="screen-256color")

        def moves() -> bool:
            self.accepted[2].send(b"x" * 1000)
            rows = [line for line in tmux.screen().splitlines() if "ESTABLISHED 10" in line]
            return len(rows) == 3 and ids_on(rows[0]) == [ids[2]] and \
                re.search(r":\d+ +(\S+)", rows[0])[1] not in ("0", "-")

        wait_for(moves, 20, "a rate of the one that receives, in the first row")
        tmux.keys("q")
        self.ends(tmux, 0)

    def test_without_colors(self) -> None:
        self.open(1)
        colors = re.compile(r"\x1b\[(\d+;)*([34][0-7]|[34]8;5;\d+)m")
        for environment in ({"TERM": "screen-256color", "NO_COLOR": "1"}, {"TERM": "vt100"}):
            tmux = self.terminal(**environment)
            tmux.wait(r"E ESTABLISHED 1")
            self.assertNotRegex(tmux.colors(), colors)
            tmux.keys("q")
            self.ends(tmux, 0)
        tmux = self.terminal(TERM="screen-256color")
        tmux.wait(r"E ESTABLISHED 1")
        self.assertRegex(tmux.colors(), colors)

    # --- ways out -------------------------------------------------------------------------------

    def test_signals_give_the_terminal_back(self) -> None:
        tmux = self.terminal(TERM="screen-256color")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            tmux.wait(r"No connections\.")
            os.kill(self.top_pids(tmux)[0], number)
            self.ends(tmux, 128 + number)
            self.start(tmux)
        tmux.wait(r"No connections\.")
        tmux.keys("C-c")
        self.ends(tmux, 130)

    def test_stopped_and_continued(self) -> None:
        tmux = Tmux(self.folder, TERM="screen-256color")
        self.addCleanup(tmux.close)
        tmux.type("bash --norc --noprofile -i")
        tmux.keys("Enter")
        self.start(tmux)
        tmux.wait(r"No connections\.")
        tmux.keys("C-z")
        tmux.wait(r"Stopped")
        self.assertEqual(tmux.format("alternate_on"), "0")
        tmux.type("fg")
        tmux.keys("Enter")
        tmux.wait(r"No connections\.")
        tmux.keys("q")
        wait_for(lambda: tmux.format("alternate_on") == "0", what="the end of the full screen")

    def test_a_daemon_that_restarts(self) -> None:
        self.open(1)
        tmux = self.terminal(TERM="screen-256color")
        tmux.wait(r"E ESTABLISHED 1")
        self.stop_daemon()
        tmux.wait(r"trying again")
        self.start_daemon()
        screen = tmux.wait(r"No connections\.", 30)
        self.assertNotIn("trying again", screen)
        tmux.keys("q")
        self.ends(tmux, 0)

    # --- batch ----------------------------------------------------------------------------------

    def test_batch(self) -> None:
        ids = self.open(5)
        text = self.tcpctl("top", "-b", "-n", 2, "-d", 0.1, "-l", 3, "-s", "id").stdout.decode()
        self.assertEqual(text.count("tcpctl top - "), 2)
        self.assertEqual(ids_on(text), ids[:3] * 2)
        self.assertNotIn("\x1b", text)
        objects = [json.loads(line) for line in self.tcpctl(
            "--json", "top", "-n", 2, "-d", 0.1, "-s", "id", "-r").stdout.splitlines()]
        self.assertEqual(len(objects), 2)
        for found in objects:
            self.assertEqual(found["states"]["ESTABLISHED"], 5)
            self.assertEqual(found["matched"], 5)
            self.assertEqual(found["per_second"]["in_bytes"], 0)
            self.assertEqual([row["id"] for row in found["connections"]], ids[::-1])
            row = found["connections"][0]
            self.assertEqual(row["remote"], f"{HOST4}:{self.port}")
            self.assertEqual(row["program"], "tcpctl")
            self.assertEqual(row["in_bytes_per_second"], 0)
        found = json.loads(self.tcpctl("--json", "top", "-n", 1, "-d", 0.1, "sport", "=",
                                       f":{self.port}").stdout)
        self.assertEqual(found["connections"], [])

    def test_where_there_is_no_full_screen(self) -> None:
        done = self.tcpctl("top", "-n", 1, "-d", 0.1, stdin=subprocess.DEVNULL)
        self.assertIn(b"stdout is no terminal: goes on as with --batch", done.stderr)
        self.assertIn(b"No connections.", done.stdout)
        for kind, why in (("dumb", "TERM=dumb"), ("nobodyknows", "nobodyknows is not known here")):
            tmux = self.terminal("-n", "1", "-d", "0.1", TERM=kind)
            self.assertIn(why, tmux.wait(r"^No connections\."))
            self.ends(tmux, 0)

    def test_usage(self) -> None:
        for words, what in ((["-d", "0"], "-d: 0 is not"), (["-s", "local"], 'no column "local"'),
                            (["-n", "0"], "-n: 0 is no number"), (["-l", "0"], "-l: 0 is not"),
                            (["stat", "foo"], '"stat": expected')):
            done = self.tcpctl("top", *words, status=2)
            self.assertIn(what, done.stderr.decode())


if __name__ == "__main__":
    harness.main()

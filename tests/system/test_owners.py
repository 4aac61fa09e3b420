"""Whose a connection is: process, program and session, for as long as anything is known of it."""
import json
import os
import subprocess

import harness
from harness import BUILD, ENGINE4, HOST4, TCPCTL, wait_for

RUN = BUILD / "lib" / "preload" / "tcpengine-run"
OTHER_UID = 65534


class Owners(harness.SystemTest):
    daemon_arguments = ("--msl", "30", "--set", f"control_group={OTHER_UID}")

    def program(self, name: str) -> str:
        """tcpctl as a program of another name: the kernel calls a process after its file."""
        path = self.folder / name
        if not path.exists():
            path.symlink_to(os.path.abspath(TCPCTL))
        return str(path)

    def start(self, name: str, *arguments, **options) -> subprocess.Popen:
        process = subprocess.Popen(
            [self.program(name), "--control", self.daemon.url, *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        return process

    def rows(self, *expression: str, verb: str = "ls") -> list[dict]:
        return self.ctl(verb, *expression)

    def row_in(self, state: str, program: str) -> dict:
        """The one row of a program, once it is in the state."""
        expression = f"state {state} program {program}"
        wait_for(lambda: self.rows(expression), what=expression)
        row, = self.rows(expression)
        return row

    def assert_owner(self, owner: dict, process: subprocess.Popen, program: str,
                     session: str | None, gone: bool = False) -> None:
        self.assertEqual(owner, {"uid": 0, "pid": process.pid, "program": program,
                                 "session": session, "gone": gone})

    def test_a_leak_names_its_program(self) -> None:
        """The peer has closed, and the program does not: one command says which one."""
        server = self.kernel_server()
        process = self.start("billing-worker", "connect", HOST4, server.getsockname()[1])
        accepted, _ = server.accept()
        accepted.close()
        row = self.row_in("close-wait", "billing-worker")
        self.assert_owner(row["owner"], process, "billing-worker", "tcpctl connect")
        self.assert_owner(self.ctl("show", row["id"])["owner"], process, "billing-worker",
                          "tcpctl connect")
        text = self.tcpctl("ls", "-p", "state", "close-wait").stdout.decode()
        self.assertIn(f'users:(("billing-worker",pid={process.pid}))', text)
        session, = [each for each in self.ctl("sessions") if each["pid"] == process.pid]
        self.assertEqual({key: session[key] for key in ("name", "uid", "program", "policy",
                                                        "connections", "listeners", "attached")},
                         {"name": "tcpctl connect", "uid": 0, "program": "billing-worker",
                          "policy": "close", "connections": 1, "listeners": 0, "attached": True})
        self.assertGreaterEqual(session["age_ms"], 0)
        self.assertIn(f"billing-worker (pid {process.pid})",
                      self.tcpctl("sessions").stdout.decode())

    def test_a_process_that_has_ended_is_gone(self) -> None:
        """What a one-shot verb makes stays, and names a process that does not."""
        process = self.start("opener", "--json", "listen", 7100)
        listener = json.loads(process.stdout.read())["id"]
        process.wait()
        self.assert_owner(self.find(id=listener)["owner"], process, "opener", None, gone=True)
        self.assertRegex(self.tcpctl("show", listener).stdout.decode(),
                         rf"program +opener \(pid {process.pid}, gone\)\n")
        self.tcpctl("close", listener)
        for row in self.ctl("history", listener):
            self.assert_owner(row["owner"], process, "opener", None, gone=True)
        events = [event for event in self.ctl("events", "program", "opener")
                  if event["id"] == listener]
        self.assertEqual([event["to"] for event in events], ["LISTEN", "CLOSED"])
        for event in events:
            self.assert_owner(event["owner"], process, "opener", None, gone=True)

    def test_time_wait_names_who_closed(self) -> None:
        server = self.kernel_server()
        process = self.start("hasty", "connect", HOST4, server.getsockname()[1], "-N")
        accepted, _ = server.accept()
        process.stdin.close()
        self.assertEqual(accepted.recv(1), b"")
        accepted.close()
        process.wait()
        wait_for(lambda: self.rows("program", "hasty", verb="tw"), what="TIME_WAIT")
        row, = self.rows("program", "hasty", verb="tw")
        self.assert_owner(row["owner"], process, "hasty", "tcpctl connect", gone=True)
        self.assertEqual(self.rows("program", "hasty", "state", "all")[0]["owner"], row["owner"])
        self.assertEqual(self.rows("program", "somebody", verb="tw"), [])

    def test_hostile_names_are_made_printable(self) -> None:
        """A terminal gets no command, and a table no further line."""
        process = self.start("a\n\x1b[2J)\xe9 7", "--json", "listen", 7101)
        listener = json.loads(process.stdout.read())["id"]
        self.assertEqual(self.find(id=listener)["owner"]["program"], "a??[2J)\xe9 7")
        for arguments in (("ls", "-p", "sport", "=", ":7101"), ("show", listener)):
            text = self.tcpctl(*arguments).stdout
            self.assertIn("a??[2J)\xe9 7".encode(), text)
            self.assertNotIn(b"\x1b", text)
        self.tcpctl("close", listener)

    def test_only_ones_own_sessions_are_shown(self) -> None:
        process = self.start("mine", "serve", 7102)
        wait_for(lambda: self.rows("program", "mine"), what="the listener")
        with harness.effective_user(OTHER_UID, OTHER_UID):
            client = self.client()
        self.assertEqual(len(client.call("sessions").sessions), 0)
        row, = [each for each in self.ctl("sessions") if each["pid"] == process.pid]
        self.assertEqual((row["connections"], row["listeners"]), (0, 1))

    def test_a_session_is_called_after_its_program_if_need_be(self) -> None:
        client = self.client()
        client.call("attach", policy=1)
        names = [row["name"] for row in self.ctl("sessions") if row["pid"] == os.getpid()]
        self.assertEqual(len(names), 1)
        with open("/proc/self/comm", encoding="utf-8") as comm:
            self.assertEqual(names[0], comm.read().rstrip("\n"))

    def test_sockets_are_their_programs_own(self) -> None:
        """Not tcpengine-run's, and those of each process apart."""
        if harness.is_sanitized(harness.TCPCTL):
            self.skipTest("Python cannot load a library that needs a sanitizer")
        code = ("import os, socket, sys\n"
                "s = socket.create_server((sys.argv[1], 7103))\n"
                "print(os.getpid(), flush=True)\n"
                "c, _ = s.accept()\n"
                "sys.stdin.read()\n")
        process = subprocess.Popen([RUN, "/usr/bin/python3", "-c", code, ENGINE4],
                                   env=dict(os.environ, TCPENGINE_CONTROL=self.daemon.url),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        pid = int(process.stdout.readline())
        self.kernel_client(7103)
        wait_for(lambda: len(self.rows("sport = :7103")) == 2, what="both")
        for row in self.rows("sport = :7103"):
            with self.subTest(row["state"]):
                self.assertEqual((row["owner"]["pid"], row["owner"]["gone"]), (pid, False))
                self.assertTrue(row["owner"]["program"].startswith("python3"), row["owner"])

    def test_expressions_about_what_a_connection_does(self) -> None:
        """Each is true of the one of two that it describes, and its opposite of the other."""
        server = self.kernel_server()
        port = server.getsockname()[1]
        busy = self.ctl("open", HOST4, port, "--wait")["id"]
        accepted, _ = server.accept()
        self.addCleanup(accepted.close)
        accepted.sendall(b"twelve bytes")
        wait_for(lambda: self.rows("recv-q = 12"), what="the bytes")
        idle = self.ctl("listen", 7104)["id"]
        both = f"( dport = :{port} or sport = :7104 )"
        for expression in ("receive-queue > 11", "recv-q >= 12", "rtt > 0us", "age < 1h",
                           "idle < 1h", "retransmits = 0 and not state listening", "state big",
                           "state connected", "state synchronized", "timer none"):
            with self.subTest(expression):
                found = {row["id"] for row in self.rows(f"{both} and {expression}")}
                self.assertIn(busy, found)
        for expression in ("receive-queue > 12", "age > 1h", "idle > 1h", "rtt > 1h",
                           "retransmits > 0", "state bucket", "timer retransmit",
                           "program nobody", "session = nothing"):
            with self.subTest(expression):
                self.assertEqual(self.rows(f"{both} and {expression}"), [])
        self.assertEqual({row["id"] for row in self.rows(both, "-l")}, {idle})
        details = self.rows(f"dport = :{port}", "-i")[0]
        self.assertGreater(details["srtt_us"], 0)
        self.assertEqual(details["bytes_received"], 12)
        self.tcpctl("abort", busy)
        self.tcpctl("close", idle)


if __name__ == "__main__":
    harness.main()

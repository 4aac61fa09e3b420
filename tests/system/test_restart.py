"""What a client holds outlives no daemon: ids, events, cursors and waiting requests, across SIGKILL and
across a graceful stop, for tcpctl and for a client that only sends the same bytes again."""
import contextlib
import json
import os
import shutil
import signal
import socket
import time
import unittest

import harness
from harness import HOST4, Process, wait_for
from ipc import Client, Link, RpcError, endpoint, pb

ENDS = (signal.SIGKILL, signal.SIGTERM)
PORT, OTHER_PORT = 7000, 7001
NOBODY = "10.9.0.77"
GONE = r"^tcpctl: .*(restarted|earlier run of the daemon).*\n$"


class Restart(harness.SystemTest):
    wants_daemon = False
    daemon_arguments = ("--set", "shutdown_timeout=1")

    def setUp(self) -> None:
        self.start_daemon()

    def tearDown(self) -> None:
        if self.daemon is not None:
            self.daemon.stop(signal.SIGKILL)
            type(self).daemon = None

    def restart(self, number: int) -> None:
        self.daemon.stop(number)
        self.daemon.notify.close()
        self.start_daemon()

    def connected(self) -> tuple[int, socket.socket]:
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        accepted, _ = server.accept()
        self.addCleanup(accepted.close)
        return conn_id, accepted

    def listener(self, port: int = PORT) -> int:
        return self.ctl("listen", port)["id"]

    def is_listening(self, port: int = PORT) -> bool:
        return self.find(state="LISTEN", local=f"*:{port}") is not None

    def wait_linked(self, count: int) -> None:
        """The clients in the background have sent their requests."""
        wait_for(lambda: self.ctl("status")["links"] > count, what="the client's link")
        time.sleep(0.2)

    def assert_restarted(self, process: Process) -> None:
        self.assertEqual(process.wait(30), 3, process.log)
        self.assertRegex(process.log, GONE)

    def outlive(self, number: int, *arguments, **options) -> Process:
        """tcpctl with these arguments waits while the daemon is replaced."""
        process = self.tcpctl_process(f"{arguments[0]}-{number}", *arguments, **options)
        self.wait_linked(1)
        self.assertTrue(process.is_running(), process.log)
        self.restart(number)
        return process

    # --- ids ------------------------------------------------------------------------------------

    def test_ids_go_on(self) -> None:
        """Also in the third and fourth run, and though each used many."""
        seen = set()
        for number in (*ENDS, *ENDS):
            with self.client_of_daemon() as client:
                ids = {client.call("open", passive=True, local=endpoint("", port)).id
                       for port in range(10000, 10150)}
            self.assertEqual(len(ids), 150)
            self.assertFalse(ids & seen)
            self.assertGreater(min(ids), max(seen, default=0))
            self.assertLess(max(ids), 2 ** 53)
            seen |= ids
            self.restart(number)

    def test_a_graceful_stop_wastes_no_id(self) -> None:
        first = self.listener()
        self.restart(signal.SIGTERM)
        self.assertEqual(self.listener(), first + 1)

    def test_a_crash_wastes_few_ids(self) -> None:
        first = self.listener()
        for _ in range(3):
            self.restart(signal.SIGKILL)
        self.assertLessEqual(self.listener(), first + 4 * 64)

    def test_marks_lost(self) -> None:
        """The file is deleted, or the whole directory: the machine's clock goes on."""
        first = self.listener()
        self.daemon.stop(signal.SIGKILL)
        mark = self.daemon.control.with_name(self.daemon.control.name + ".ids")
        self.assertEqual(mark.stat().st_mode & 0o7777, 0o600)
        mark.unlink()
        self.start_daemon()
        second = self.listener()
        self.assertGreater(second, first)
        self.assertRegex(self.tcpctl("close", first, status=1).stderr.decode(), GONE)
        self.daemon.stop(signal.SIGKILL)
        mark.write_text("not a mark\n")
        self.start_daemon()
        self.assertGreater(self.listener(), second)

    def test_the_state_directory_is_enough(self) -> None:
        state = self.folder / "state"
        state.mkdir()
        self.daemon.stop()
        os.environ["STATE_DIRECTORY"] = f"{state}:/nowhere"
        self.addCleanup(os.environ.pop, "STATE_DIRECTORY")
        self.start_daemon()
        first = self.listener()
        self.daemon.stop()
        self.daemon.control.with_name("control.sock.ids").unlink()
        self.assertEqual([file.name for file in state.iterdir()],
                         [f"{str(self.daemon.control)[1:].replace('/', '-')}.ids"])
        self.start_daemon()
        self.assertEqual(self.listener(), first + 1)
        self.daemon.stop(signal.SIGKILL)
        shutil.rmtree(state)

    def test_no_place_for_a_mark(self) -> None:
        """The log says so, and ids are still new."""
        first = self.listener()
        self.daemon.stop(signal.SIGKILL)
        mark = self.daemon.control.with_name("control.sock.ids")
        mark.unlink()
        mark.mkdir()
        self.addCleanup(mark.rmdir)
        self.start_daemon()
        self.assertIn("control.sock.ids", self.daemon.log)
        second = self.listener()
        self.assertGreater(second, first)
        self.restart(signal.SIGKILL)
        self.assertGreater(self.listener(), second)

    # --- tcpctl ---------------------------------------------------------------------------------

    def test_close_wait_closes_no_other(self) -> None:
        for number in ENDS:
            with self.subTest(end=number.name):
                process = self.outlive(number, "close", self.stuck(), "--wait")
                self.listener()
                self.assert_restarted(process)
                self.assertTrue(self.is_listening())
                self.restart(signal.SIGKILL)

    def stuck(self) -> int:
        """A connection with data that the peer does not take: no FIN can leave."""
        server = self.kernel_server()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        accepted, _ = server.accept()
        self.addCleanup(accepted.close)
        with self.client_of_daemon() as client:
            self.assertGreater(client.call("send", id=conn_id, data=bytes(60000)).accepted_to, 8192)
        return conn_id

    def test_accept_wait_takes_no_other_connection(self) -> None:
        for number in ENDS:
            with self.subTest(end=number.name):
                process = self.outlive(number, "accept", self.listener(), "--wait", "60")
                self.listener()
                self.kernel_client(PORT)
                self.assert_restarted(process)
                self.assertEqual(process.output, b"")
                self.restart(signal.SIGKILL)

    def test_receive_wait(self) -> None:
        for number in ENDS:
            with self.subTest(end=number.name):
                conn_id, _ = self.connected()
                self.assert_restarted(self.outlive(number, "receive", conn_id, "--wait", "60"))

    def test_send(self) -> None:
        """More than all buffers hold, to a peer that does not read."""
        for number in ENDS:
            with self.subTest(end=number.name):
                conn_id, _ = self.connected()
                with open("/dev/zero", "rb") as zeros:
                    self.assert_ended(self.outlive(number, "send", conn_id, stdin=zeros), number)

    def test_open_wait_opens_no_second_connection(self) -> None:
        for number in ENDS:
            with self.subTest(end=number.name):
                process = self.outlive(number, "open", NOBODY, PORT, "--wait")
                self.assert_ended(process, number)
                self.assertEqual(self.ctl("ls"), [])
                self.assertEqual(self.counters()["active_opens"], 0)

    def test_connect(self) -> None:
        for number in ENDS:
            with self.subTest(end=number.name):
                server = self.kernel_server()
                reader, writer = os.pipe()
                process = self.outlive(number, "connect", HOST4, server.getsockname()[1],
                                       stdin=reader)
                os.close(reader)
                with contextlib.suppress(BrokenPipeError):
                    os.write(writer, b"anybody there?\n")
                self.assert_ended(process, number)
                os.close(writer)

    def assert_ended(self, process: Process, number: int) -> None:
        """A stopping daemon may have said so first, by closing the connection."""
        if number == signal.SIGKILL:
            self.assert_restarted(process)
        else:
            self.assertIn(process.wait(30), (1, 3), process.log)

    def test_serve(self) -> None:
        for number in ENDS:
            with self.subTest(end=number.name):
                process = self.outlive(number, "serve", PORT, "-k")
                self.listener()
                self.assertEqual(process.wait(30), 3, process.log)
                self.assertEqual(process.log.count("\n"), process.log.count("tcpctl: "))
                self.assertRegex(process.log.splitlines()[-1] + "\n", GONE)
                self.assertTrue(self.is_listening())
                self.restart(signal.SIGKILL)

    def test_events_follow(self) -> None:
        for number in ENDS:
            with self.subTest(end=number.name):
                self.assert_restarted(self.outlive(number, "events", "-f"))

    def waiting_verbs(self, number: int) -> dict[str, Process]:
        """Each verb that can wait, waiting."""
        server = self.kernel_server()
        stdin, writer = os.pipe()
        zeros = open("/dev/zero", "rb")
        for end in (stdin, writer):
            self.addCleanup(os.close, end)
        self.addCleanup(zeros.close)
        verbs = {
            "connect": (("connect", HOST4, server.getsockname()[1]), {"stdin": stdin}),
            "serve": (("serve", PORT), {"stdin": stdin}),
            "send": (("send", self.connected()[0]), {"stdin": zeros}),
            "receive": (("receive", self.connected()[0], "--wait", "60"), {}),
            "accept": (("accept", self.listener(OTHER_PORT), "--wait", "60"), {}),
            "open": (("open", NOBODY, PORT, "--wait"), {}),
            "close": (("close", self.stuck(), "--wait"), {}),
            "events": (("events", "-f"), {}),
        }
        return {name: self.tcpctl_process(f"{name}-{number}-{time.monotonic_ns()}", *arguments,
                                          **options)
                for name, (arguments, options) in verbs.items()}

    def stop_with_waiting_verbs(self, number: int) -> dict[str, Process]:
        processes = self.waiting_verbs(number)
        self.wait_linked(len(processes))
        self.daemon.stop(number)
        self.daemon.notify.close()
        return processes

    def test_a_slow_restart(self) -> None:
        """As by a service manager that waits first: who was there at the end hears of it."""
        for number, pause_s in ((signal.SIGKILL, 4), (signal.SIGTERM, 4), (signal.SIGKILL, 10)):
            processes = self.stop_with_waiting_verbs(number)
            time.sleep(pause_s)
            self.start_daemon()
            for name, process in processes.items():
                with self.subTest(verb=name, end=number.name, pause_s=pause_s):
                    self.assert_ended(process, number)
            self.restart(signal.SIGKILL)

    def test_a_daemon_that_stays_away(self) -> None:
        """The patience of all verbs is the same, and --timeout's if there is one."""
        processes = self.stop_with_waiting_verbs(signal.SIGKILL)
        for name, process in processes.items():
            with self.subTest(verb=name):
                self.assertEqual(process.wait(30), 3, process.log)
                self.assertIn("no daemon at", process.log)
        self.start_daemon()

    def test_the_patience_is_the_users(self) -> None:
        """Shorter with --timeout; and without a daemon at the start there is none."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        port = self.kernel_server().getsockname()[1]
        process = self.tcpctl_process("hurried", "--timeout", "1", "serve", port, stdin=reader)
        self.wait_linked(1)
        self.daemon.stop(signal.SIGKILL)
        self.daemon.notify.close()
        began = time.monotonic()
        self.assertEqual(process.wait(30), 3, process.log)
        self.assertLess(time.monotonic() - began, 10)
        began = time.monotonic()
        self.assertIn(b"no daemon at", self.tcpctl("ls", status=3).stderr)
        self.assertLess(time.monotonic() - began, 10)
        self.start_daemon()

    def test_an_old_id_is_told(self) -> None:
        """A new tcpctl has outlived nothing: status 1, but it says what the id is."""
        old = self.listener()
        self.restart(signal.SIGKILL)
        self.listener()
        for arguments in (["close", old], ["abort", old], ["show", old], ["history", old],
                          ["accept", old, "--wait", "5"], ["receive", old], ["shutdown", old]):
            error = self.tcpctl(*arguments, status=1).stderr.decode()
            self.assertRegex(error, rf"^tcpctl: .*{old} belongs to an earlier run of the daemon")
        self.assertTrue(self.is_listening())

    # --- a client that knows no boot id ---------------------------------------------------------

    def client_of_daemon(self) -> Client:
        return Client(str(self.daemon.control))

    def requests(self, client: Client) -> dict[str, pb.Request]:
        """What names something of this run, as bytes to be sent again to the next."""
        listener = client.call("open", passive=True, local=endpoint("", PORT)).id
        conn_id, _ = self.connected()
        seq = client.call("daemon_status").last_event_seq
        self.assertGreater(seq, 0)
        cursor = client.call("list", max=1).cursor
        fields = {"accept": {"listener_id": listener, "token": 5, "wait_ms": 60000},
                  "send": {"id": conn_id, "data": b"once"},
                  "receive": {"id": conn_id, "wait_ms": 60000},
                  "shutdown": {"id": conn_id},
                  "close": {"id": listener, "wait_ms": 60000},
                  "abort": {"id": conn_id},
                  "status": {"id": conn_id},
                  "history": {"id": conn_id},
                  "set_option": {"id": conn_id, "name": "nagle", "value": 0},
                  "next_events": {"after_seq": seq, "wait_ms": 60000},
                  "list": {"cursor": cursor}}
        return {verb: client.request(verb, values) for verb, values in fields.items()}

    def test_the_same_bytes_again(self) -> None:
        for number in ENDS:
            with self.subTest(end=number.name):
                with self.client_of_daemon() as client:
                    requests = self.requests(client)
                    first_boot = client.boot_id
                self.restart(number)
                mine, _ = self.connected()
                self.listener(PORT)
                self.listener(OTHER_PORT)
                with self.client_of_daemon() as client:
                    for verb, request in requests.items():
                        response = client.exchange(request)
                        self.assertEqual(pb.Code.Name(response.status.code), "RESTARTED", verb)
                        self.assertEqual(response.status.errno_name, "ESTALE")
                        self.assertNotEqual(response.boot_id, first_boot)
                self.assertEqual(self.ctl("show", mine)["state"], "ESTABLISHED")
                self.assertTrue(self.is_listening(PORT))
                self.assertTrue(self.is_listening(OTHER_PORT))
                self.restart(signal.SIGKILL)

    def test_a_session_of_an_earlier_run(self) -> None:
        with self.client_of_daemon() as client:
            token = client.attach(policy=pb.POLICY_KEEP, keep_seconds=600).token
            detach = client.request("detach", {})
        self.restart(signal.SIGKILL)
        with self.client_of_daemon() as client:
            self.assertEqual(client.exchange(detach).status.code, pb.SESSION)
            with self.assertRaises(RpcError) as caught:
                client.call("attach", token=token)
            self.assertEqual(caught.exception.code, "SESSION")

    def test_a_request_with_a_boot_id(self) -> None:
        """It is refused before it does anything."""
        with self.client_of_daemon() as client:
            client.call("daemon_status")
            request = client.request("open", {"passive": True, "local": endpoint("", PORT)})
            request.boot_id = client.boot_id
            self.assertEqual(client.exchange(request).status.code, pb.OK)
        self.restart(signal.SIGKILL)
        with self.client_of_daemon() as client:
            self.assertEqual(client.exchange(request).status.code, pb.RESTARTED)
        self.assertFalse(self.is_listening())

    def test_a_waiting_request_is_not_taken_up(self) -> None:
        """The link breaks; the client resends over the next one, as nng does."""
        for number in ENDS:
            with self.subTest(end=number.name):
                listener = self.listener()
                with self.client_of_daemon() as client:
                    request = client.request("accept", {"listener_id": listener, "wait_ms": 60000})
                    body = request.SerializeToString()
                    client.link.send(body, 1)
                    time.sleep(0.2)
                    self.restart(number)
                self.listener()
                self.kernel_client(PORT)
                with Link(str(self.daemon.control)) as link:
                    link.send(body, 1)
                    response = pb.Response.FromString(link.receive()[1])
                self.assertEqual(response.status.code, pb.RESTARTED)
                self.assertEqual(response.accept.id, 0)
                self.restart(signal.SIGKILL)

    def test_list_then_watch_starts_anew(self) -> None:
        """as_of_seq of an empty log is a number to watch from, in any run."""
        for _ in range(2):
            with self.client_of_daemon() as client:
                seq = client.call("list").as_of_seq
                self.listener()
                events = client.call("next_events", after_seq=seq, wait_ms=5000)
                self.assertEqual((events.lost, events.events[0].seq), (0, seq + 1))
            self.restart(signal.SIGKILL)

    def test_json_of_events_stays_exact(self) -> None:
        self.listener()
        for event in self.ctl("events"):
            self.assertLess(event["seq"], 2 ** 53)
            self.assertEqual(json.loads(json.dumps(float(event["seq"]))), event["seq"])


if __name__ == "__main__":
    harness.main()

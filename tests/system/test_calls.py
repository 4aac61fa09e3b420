"""What socket calls do under tcpengine-run: one C program (calls/), on the kernel's stack first,
then on the engine's, against the same peers on the kernel's TCP."""
import os
import socket
import struct
import threading
import unittest
from pathlib import Path

import harness
from harness import BUILD, HOST4, HOST6, PATIENCE, run

RUN = BUILD / "lib" / "preload" / "tcpengine-run"
PROGRAM = BUILD / "tests" / "system" / "calls" / "socket_calls"


class Peer:
    """The ports that the program's cases know (calls/calls.h), on one address."""

    ports = ("echo", "reset", "end", "closed", "caller", "stuck")

    def __init__(self, address: str):
        self.address = address
        self.kept = []
        self.listeners = {name: self.listen() for name in self.ports}
        self.numbers = [str(self.listeners[name].getsockname()[1]) for name in self.ports]
        self.listeners["closed"].close()
        for name in self.ports:
            if name != "closed":
                threading.Thread(target=self.serve, args=(name,), daemon=True).start()

    def listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        return socket.create_server((self.address, 0), family=family, backlog=200)

    def serve(self, name: str) -> None:
        answer = getattr(self, name)
        while True:
            try:
                connection, _ = self.listeners[name].accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(answer, connection), daemon=True).start()

    @staticmethod
    def answer(answer, connection: socket.socket) -> None:
        try:
            answer(connection)
        except OSError:
            connection.close()  # the program has reset it

    def echo(self, connection: socket.socket) -> None:
        while data := connection.recv(65536):
            connection.sendall(data)
        connection.close()

    def reset(self, connection: socket.socket) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def end(self, connection: socket.socket) -> None:
        connection.sendall(b"bye")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        connection.close()

    def stuck(self, connection: socket.socket) -> None:
        self.kept.append(connection)

    def caller(self, connection: socket.socket) -> None:
        port, count = connection.makefile().readline().split()
        address = connection.getpeername()[0]
        for _ in range(int(count)):
            call = socket.create_connection((address, int(port)), 20 * PATIENCE)
            call.sendall(b"hi")
            self.kept.append(call)
        connection.close()

    def close(self) -> None:
        for one in (*self.listeners.values(), *self.kept):
            one.close()


def has_rings() -> bool:
    switch = Path("/proc/sys/kernel/io_uring_disabled")  # of Linux 6.6
    return not switch.exists() or switch.read_text().strip() == "0"


def cases() -> list[str]:
    names = run(PROGRAM).stdout.decode().split()
    return [name for name in names if has_rings() or not name.startswith("ring_")]


# What a supervised program sees otherwise, since its reads, writes and epolls are not supervised:
# docs/programs.md says so.
NOT_SUPERVISED = {
    "reset_by_peer", "epoll_level", "epoll_edge", "epoll_one_shot", "flags_of_receiving",
    "addresses_of_receiving", "extras_of_sending", "descriptors_exhausted", "shut_down_twice",
    "reset_met_by_sending", "reset_met_by_writing", "refused_and_read", "bytes_of_a_listener",
    "bytes_on_their_way", "messages_at_once", "watched_by_several"}


class Calls(harness.SystemTest):
    """Each case in a process of its own: what one leaves behind does not help the next."""

    def environment(self, is_on_engine: bool) -> dict:
        return dict(os.environ, TCPENGINE_CONTROL=self.daemon.url,
                    **({"CASES_ON_ENGINE": "1"} if is_on_engine else {}))

    def check(self, address: str, *words, without=frozenset()) -> None:
        peer = Peer(address)
        self.addCleanup(peer.close)
        for name in cases():
            if name in without:
                continue
            with self.subTest(case=name, address=address):
                done = run(*words, address, *peer.numbers, name, check=False, timeout=120,
                           env=self.environment(words[0] == RUN))
                self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))

    def test_kernel_ipv4(self):
        self.check(HOST4, PROGRAM)

    def test_kernel_ipv6(self):
        self.check(HOST6, PROGRAM)

    def test_engine_ipv4(self):
        self.check(HOST4, RUN, "--verbose", PROGRAM)

    def test_engine_ipv6(self):
        self.check(HOST6, RUN, "--verbose", PROGRAM)

    def test_static(self):
        self.check(HOST4, RUN, "--verbose", f"{PROGRAM}_static", without=NOT_SUPERVISED)

    def test_supervised(self):
        self.check(HOST6, RUN, "--verbose", "--supervise", PROGRAM, without=NOT_SUPERVISED)

    def test_options_that_are_refused_are_named(self):
        peer = Peer(HOST4)
        self.addCleanup(peer.close)
        for how in ([], ["--supervise"]):
            done = run(RUN, "--verbose", *how, PROGRAM, HOST4, *peer.numbers, "options_refused",
                       env=self.environment(True))
            said = done.stderr.decode()
            for name in ("SO_DONTROUTE", "SO_MARK", "SO_TIMESTAMP", "SO_TIMESTAMPNS", "TCP_INQ",
                         "SO_MAX_PACING_RATE", "IP_MINTTL", "TCP_SAVE_SYN"):
                self.assertIn(f"{name}, set before, is none of the engine's", said)
                self.assertRegex(said, rf"setsockopt\(\d+, {name} \(")

    def test_bare_calls_are_the_engines(self):
        """They do not go past it, to the kernel's TCP."""
        peer = Peer(HOST4)
        self.addCleanup(peer.close)
        for words in ((RUN, PROGRAM), (RUN, "--supervise", PROGRAM), (RUN, f"{PROGRAM}_static")):
            for name, made in (("bare_client", {"active_opens": 2}),
                               ("bare_server", {"active_opens": 1, "passive_opens": 2}),
                               ("inline_client", {"active_opens": 2}),
                               ("inline_server", {"active_opens": 1, "passive_opens": 2}),
                               ("inline_fast_open", {"active_opens": 3})):
                before = self.counters()
                run(*words, HOST4, *peer.numbers, name, env=self.environment(True))
                now = self.counters()
                self.assertEqual({key: now[key] - before[key] for key in made}, made, words)


if __name__ == "__main__":
    harness.main()

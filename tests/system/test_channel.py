"""Channels: shared memory between a program and the daemon (lib/channel, tcpclient/stream.h)."""
import contextlib
import hashlib
import os
import random
import resource
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.request

import harness
import rawchannel
from harness import BUILD, ENGINE4, HOST4, Process, recv_exactly, wait_for
from rawchannel import (ABORT, ACCEPT, CLOSE, CODE, ENDED, FREE, LISTEN, LISTENING, MOVE, OPEN,
                        OPENED, OPENING, RELEASED, STATE, WRITTEN, RawChannel, Refused, hello)

ECHO = BUILD / "lib/client/tcpclient_example_echo"
ECHO_UV = BUILD / "lib/client/tcpclient_example_echo_uv"
WORK = BUILD / "tests/bench/work"
PORT = 7777
THOUSANDS = 3000
# Codes of the protocol.
INVALID_ARGUMENT, NOT_FOUND, PERMISSION, BAD_OFFSET, RESOURCES = 1, 2, 3, 4, 7
BAD_STATE, UNSUPPORTED = 15, 16


def metric(name: str, suffix: str = "_total") -> int:
    with urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=10) as page:
        rows = page.read().decode().splitlines()
    row = next(row for row in rows if row.startswith(f"tcpengine_rpc_{name}{suffix} "))
    return int(row.split()[1])


class EchoServer(harness.SystemTest):
    """One of the examples, as a program of the user's would be."""

    started = 0

    def end(self, echo: Process) -> None:
        echo.stop()
        wait_for(lambda: self.find(state="LISTEN") is None, what="the listener's end")

    def start(self, program=ECHO) -> Process:
        EchoServer.started += 1
        echo = Process([program, PORT], self.folder, f"echo-{EchoServer.started}",
                       env=dict(os.environ, TCPENGINE_CONTROL=self.daemon.url))
        self.addCleanup(self.end, echo)
        wait_for(lambda: b"ready" in echo.output or not echo.is_running(), what="the echo server")
        self.assertTrue(echo.is_running(), echo.log)
        return echo

    def echoes(self, size: int) -> None:
        text = os.urandom(size)
        with self.kernel_client(PORT) as client:
            sender = threading.Thread(target=client.sendall, args=(text,))
            sender.start()
            got = recv_exactly(client, size)
            sender.join()
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(1), b"")
        self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256(text).digest())


class Echo(EchoServer):
    """What programs on channels do, and what becomes of them."""

    @classmethod
    def setUpClass(cls) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        super().setUpClass()

    def test_echo_on_epoll(self) -> None:
        self.start()
        for size in (1, 1000, 5_000_000):
            self.echoes(size)
        self.assertEqual(metric("channel_positions_bad"), 0)

    def test_echo_on_libuv(self) -> None:
        self.start(ECHO_UV)
        for size in (1, 5_000_000):
            self.echoes(size)

    def serve_thousands(self, program) -> None:
        """All of them by one thread, at once."""
        self.start(program)
        clients = [socket.create_connection((ENGINE4, PORT), 15 * harness.PATIENCE)
                   for _ in range(THOUSANDS)]
        for turn in range(2):
            for number, client in enumerate(clients):
                client.sendall(b"%06d" % (number + turn))
            for number, client in enumerate(clients):
                self.assertEqual(recv_exactly(client, 6), b"%06d" % (number + turn))
        self.assertGreaterEqual(self.ctl("status")["connections"], THOUSANDS)
        for client in clients:
            client.close()

    def test_thousands_on_epoll(self) -> None:
        self.serve_thousands(ECHO)

    def test_thousands_on_libuv(self) -> None:
        self.serve_thousands(ECHO_UV)

    def test_three_hundred_at_once(self) -> None:
        self.start()
        clients = [self.kernel_client(PORT) for _ in range(300)]
        for number, client in enumerate(clients):
            client.sendall(b"%06d" % number)
        for number, client in enumerate(clients):
            self.assertEqual(recv_exactly(client, 6), b"%06d" % number)
        for client in clients:
            client.close()

    def test_one_after_the_other(self) -> None:
        """Slots come back: more connections than a channel has."""
        self.start()
        for _ in range(1500):
            with self.kernel_client(PORT) as client:
                client.sendall(b"x")
                self.assertEqual(client.recv(1), b"x")

    def test_the_server_dies(self) -> None:
        """Its connections are closed, and its port is free again."""
        echo = self.start()
        with self.kernel_client(PORT) as client:
            client.sendall(b"x")
            self.assertEqual(client.recv(1), b"x")
            echo.stop(harness.signal.SIGKILL)
            self.assertEqual(client.recv(1), b"")
        wait_for(lambda: self.find(state="LISTEN") is None, what="the listener's end")
        self.start()
        self.echoes(10)

    def test_the_daemon_dies(self) -> None:
        for _ in range(20):  # a bell may cross with the program's waking
            echo = self.start()
            self.stop_daemon()
            self.assertEqual(echo.wait(5), 0)
            self.start_daemon()


class Blocking(harness.SystemTest):
    """A program that sleeps in a call."""

    def test_the_daemon_dies(self) -> None:
        """With no time to wake anybody."""
        server = self.kernel_server()
        work = Process([WORK, "channel", "bulk_in", HOST4, server.getsockname()[1], 1000,
                        f"url={self.daemon.url}"], self.folder, "work")
        peer, _ = server.accept()
        self.assertEqual(len(recv_exactly(peer, 8)), 8)
        self.daemon.stop(signal.SIGKILL)
        self.assertNotEqual(work.wait(5), 0)
        self.assertIn("receive:", work.log)
        peer.close()
        self.start_daemon()


class Pages(harness.SystemTest):
    """An idle connection of a channel keeps no pages of its rings."""

    daemon_arguments = ("--set", "idle_release=50ms")

    def setUp(self) -> None:
        self.server = self.kernel_server()
        self.channel = RawChannel(self.daemon.url, hello(send=1 << 20))
        self.addCleanup(self.channel.close)
        self.channel.ask(0, OPEN, remote=(HOST4, self.server.getsockname()[1]))
        self.peer, _ = self.server.accept()
        self.addCleanup(self.peer.close)
        wait_for(lambda: self.channel.get(0, STATE) == OPENED, what="the connection")
        # Touch head and slots: from now on only rings grow.
        self.channel.put(0, WRITTEN, 0)
        self.before = self.channel.pages()
        self.written = 0

    def write(self, text: bytes) -> None:
        start = self.channel.send_ring(0) + self.written
        self.channel.memory[start:start + len(text)] = text
        self.written += len(text)
        self.channel.put(0, WRITTEN, self.written)

    def send(self, text: bytes) -> None:
        self.write(text)
        self.channel.kick(0)
        self.assertEqual(recv_exactly(self.peer, len(text)), text)

    def receive(self, text: bytes) -> None:
        self.peer.sendall(text)
        wait_for(lambda: self.channel.get(0, rawchannel.RECEIVED, "<Q") ==
                 self.channel.get(0, RELEASED, "<Q") + len(text), what="the peer's bytes")
        self.channel.put(0, RELEASED, self.channel.get(0, rawchannel.RECEIVED, "<Q"))

    def is_back(self) -> bool:
        return self.channel.pages() == self.before

    def test_they_are_given_back(self) -> None:
        for _ in range(3):
            text = os.urandom(50_000)
            self.send(text)
            self.receive(text)
            self.channel.kick(0)
            wait_for(self.is_back, what="the pages")

    def test_also_if_it_reads_without_ringing(self) -> None:
        """The library does not ring for what leaves no room worth telling the peer of."""
        for _ in range(3):
            self.receive(b"some")
            wait_for(self.is_back, what="the pages")
            self.assertIsNotNone(self.find("exclude LISTEN", receive_queue_bytes=0))

    def test_not_while_it_writes(self) -> None:
        self.channel.put(0, rawchannel.WRITES, 1, "<I")
        self.send(b"first")
        start = self.channel.send_ring(0) + self.written
        self.channel.memory[start:start + 6] = b"second"
        time.sleep(0.5)
        self.assertEqual(self.channel.memory[start:start + 6], b"second")
        self.written += 6
        self.channel.put(0, WRITTEN, self.written)
        self.channel.put(0, rawchannel.WRITES, 0, "<I")
        self.channel.kick(0)
        self.assertEqual(recv_exactly(self.peer, 6), b"second")
        wait_for(self.is_back, what="the pages")

    def test_not_before_the_daemon_has_looked(self) -> None:
        """Written, but nobody has rung: it is still there when somebody does."""
        self.send(b"first")
        self.write(b"second")
        time.sleep(0.5)
        self.channel.kick(0)
        self.assertEqual(recv_exactly(self.peer, 6), b"second")
        wait_for(self.is_back, what="the pages")


class DroppedAtOnce(EchoServer):
    """Pages go as soon as a ring is empty, while the library writes the next bytes."""

    daemon_arguments = ("--set", "idle_release=0")

    def go_to_and_fro(self, seed: int) -> None:
        source = random.Random(seed)
        with self.kernel_client(PORT) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(1000):
                text = source.randbytes(source.randint(1, 9000))
                client.sendall(text)
                if recv_exactly(client, len(text)) != text:
                    return
        self.intact += 1

    def test_many_small_ones(self) -> None:
        self.start()
        self.intact = 0
        clients = [threading.Thread(target=self.go_to_and_fro, args=(seed,)) for seed in range(8)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual(self.intact, len(clients))

    def test_a_stream(self) -> None:
        self.start()
        self.echoes(20_000_000)


class Busy(harness.SystemTest):
    """A daemon that looks without pause for some time."""

    daemon_arguments = ("--set", "busy_poll=500ms")

    def test_no_bell_is_needed(self) -> None:
        server = self.kernel_server()
        with RawChannel(self.daemon.url) as channel:
            channel.ask(0, OPEN, remote=(HOST4, server.getsockname()[1]))
            peer, _ = server.accept()
            peer.settimeout(10)
            wait_for(lambda: channel.get(0, STATE) == OPENED, what="the connection")
            self.assertEqual(channel.daemon_sleeps(), 0)
            for number in range(100):
                channel.put(0, WRITTEN, number + 1)
                channel.mark(0)
                self.assertEqual(len(recv_exactly(peer, 1)), 1)
            wait_for(lambda: channel.daemon_sleeps() == 1, what="the daemon's sleep")
            channel.put(0, WRITTEN, 101)
            channel.kick(0)
            self.assertEqual(len(recv_exactly(peer, 1)), 1)

    def test_echo(self) -> None:
        """With a program that looks as well."""
        server = self.kernel_server()
        work = Process([WORK, "channel", "latency", HOST4, server.getsockname()[1], 2000,
                        f"url={self.daemon.url}"], self.folder, "busy-work",
                       env=dict(os.environ, TCPENGINE_BENCH_SPIN_US="1000"))
        peer, _ = server.accept()
        with contextlib.suppress(ConnectionResetError):  # its end
            while data := peer.recv(65536):
                peer.sendall(data)
        self.assertEqual(work.wait(10), 0, work.log)


class Hostile(harness.SystemTest):
    """Whatever a program writes into its channel costs that program alone."""

    daemon_arguments = ("--set", "channels_per_uid_max=2", "--set", "listeners_max=16")

    def setUp(self) -> None:
        self.addCleanup(self.check_others)  # the last one
        self.server = self.kernel_server()
        self.bad_before = metric("channel_positions_bad")

    def check_others(self) -> None:
        """Someone else's connection works as ever, and everything adds up."""
        self.assertTrue(self.daemon.is_running(), self.daemon.log)
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        self.tcpctl("abort", conn_id)
        wait_for(lambda: self.channels() == 0, what="the end of all channels")

    def channels(self) -> int:
        return metric("channels", "")

    def channel(self, **options) -> RawChannel:
        channel = RawChannel(self.daemon.url, hello(**options))
        self.addCleanup(channel.close)
        return channel

    def opened(self, channel: RawChannel, slot: int = 0) -> socket.socket:
        channel.ask(slot, OPEN, remote=(HOST4, self.server.getsockname()[1]))
        peer, _ = self.server.accept()
        peer.settimeout(10)
        wait_for(lambda: channel.get(slot, STATE) == OPENED, what="the connection")
        return peer

    def answer(self, channel: RawChannel, slot: int, *words, **options) -> int:
        channel.ask(slot, *words, **options)
        wait_for(lambda: channel.is_answered(slot), what="an answer")
        return channel.get(slot, CODE)

    def test_a_good_client(self) -> None:
        with self.channel() as channel:
            peer = self.opened(channel)
            start = channel.send_ring(0)
            channel.memory[start:start + 5] = b"hello"
            channel.put(0, WRITTEN, 5)
            channel.kick(0)
            self.assertEqual(recv_exactly(peer, 5), b"hello")
            self.assertEqual(self.answer(channel, 0, CLOSE), 0)
            self.assertEqual(channel.get(0, STATE), FREE)
            self.assertEqual(peer.recv(1), b"")

    def expect_reset(self, channel: RawChannel, peer: socket.socket) -> None:
        self.expect_end(channel)
        with self.assertRaises(ConnectionResetError):
            while peer.recv(65536):
                pass

    def expect_end(self, channel: RawChannel) -> None:
        wait_for(lambda: channel.get(0, STATE) == ENDED, what="the end of the connection")
        self.assertEqual(channel.get(0, CODE), BAD_OFFSET)
        self.assertEqual(metric("channel_positions_bad"), self.bad_before + 1)

    def position(self, offset: int, value: int) -> None:
        with self.channel() as channel:
            peer, other = self.opened(channel), self.opened(channel, 1)
            channel.put(0, offset, value)
            channel.kick(0)
            self.expect_reset(channel, peer)
            self.assertEqual(channel.get(1, STATE), OPENED)
            other.close()

    def test_written_beyond_the_ring(self) -> None:
        self.position(WRITTEN, 65537)

    def test_written_far_beyond(self) -> None:
        self.position(WRITTEN, 2**64 - 1)

    def test_released_what_never_came(self) -> None:
        self.position(RELEASED, 1)

    def test_released_far_beyond(self) -> None:
        self.position(RELEASED, 2**63)

    def test_released_without_a_bell(self) -> None:
        """The daemon looks when more comes: what is released step by step needs no bell."""
        with self.channel() as channel:
            peer = self.opened(channel)
            for number in range(8):  # of a ring that takes 64 KiB
                peer.sendall(b"x" * 40000)
                received = 40000 * (number + 1)
                wait_for(lambda: channel.get(0, rawchannel.RECEIVED, "<Q") == received,
                         what="more than the ring takes")
                channel.put(0, RELEASED, received)

    def test_released_too_much_without_a_bell(self) -> None:
        with self.channel() as channel:
            peer = self.opened(channel)
            channel.put(0, RELEASED, 1)
            peer.sendall(b"xyz")
            self.expect_reset(channel, peer)

    def test_written_runs_back(self) -> None:
        with self.channel() as channel:
            peer = self.opened(channel)
            channel.put(0, WRITTEN, 1000)
            channel.kick(0)
            recv_exactly(peer, 1000)
            channel.put(0, WRITTEN, 999)
            channel.kick(0)
            self.expect_reset(channel, peer)

    def test_written_after_the_end(self) -> None:
        with self.channel() as channel:
            peer = self.opened(channel)
            channel.put(0, rawchannel.FINISHED, 1, "<I")
            channel.kick(0)
            self.assertEqual(peer.recv(1), b"")
            channel.put(0, WRITTEN, 1)
            channel.kick(0)
            self.expect_end(channel)

    def test_requests_that_make_no_sense(self) -> None:
        with self.channel() as channel:
            remote = (HOST4, self.server.getsockname()[1])
            wrong = (
                ((9,), {}, UNSUPPORTED), ((0,), {}, UNSUPPORTED), ((2**32 - 1,), {}, UNSUPPORTED),
                ((OPEN,), {"remote": ("0.0.0.0", 0)}, INVALID_ARGUMENT),
                ((OPEN,), {"remote": ("255.255.255.255", 80)}, INVALID_ARGUMENT),
                ((LISTEN,), {"local": ("0.0.0.0", 0)}, INVALID_ARGUMENT),
                ((ACCEPT, 8), {}, INVALID_ARGUMENT), ((ACCEPT, 2**32 - 1), {}, INVALID_ARGUMENT),
                ((MOVE, 3), {}, INVALID_ARGUMENT), ((MOVE, 2**32 - 1), {}, INVALID_ARGUMENT),
                ((ACCEPT, 0), {}, BAD_STATE), ((ACCEPT, 3), {}, BAD_STATE),
                ((MOVE,), {"conn_id": 0}, NOT_FOUND), ((MOVE,), {"conn_id": 2**64 - 1}, NOT_FOUND))
            for words, options, code in wrong:
                with self.subTest(words=words, options=options):
                    self.assertEqual(self.answer(channel, 0, *words, **options), code)
                    self.assertEqual(channel.get(0, STATE), ENDED)
                    self.answer(channel, 0, CLOSE)
                    self.assertEqual(channel.get(0, STATE), FREE)
            self.answer(channel, 0, ABORT)  # of nothing
            self.assertEqual(channel.get(0, STATE), FREE)
            self.opened(channel)
            self.answer(channel, 0, OPEN, remote=remote)  # where there is one already
            self.assertEqual(channel.get(0, STATE), OPENED)

    def test_a_listener_that_goes(self) -> None:
        with self.channel() as channel:
            self.assertEqual(self.answer(channel, 0, LISTEN, local=("0.0.0.0", PORT)), 0)
            self.assertEqual(channel.get(0, STATE), LISTENING)
            for slot in (1, 2):
                self.assertEqual(self.answer(channel, slot, ACCEPT, 0), 0)
            self.answer(channel, 1, CLOSE)
            self.answer(channel, 0, CLOSE)
            wait_for(lambda: channel.get(2, STATE) == ENDED, what="the acceptor's end")
            self.assertEqual(self.answer(channel, 1, ACCEPT, 0), BAD_STATE)

    def test_bits_of_slots_that_do_not_exist(self) -> None:
        with self.channel() as channel:
            peer = self.opened(channel)
            for at in range(rawchannel.WORK, rawchannel.WORK + rawchannel.SET_OF_SLOTS.size, 8):
                struct.pack_into("<Q", channel.memory, at, 2**64 - 1)
            channel.ring()
            channel.put(0, WRITTEN, 3)
            channel.kick(0)
            self.assertEqual(len(recv_exactly(peer, 3)), 3)

    def test_the_daemons_own_words(self) -> None:
        """It does not read back what it has told: all of it may be overwritten."""
        with self.channel() as channel:
            peer = self.opened(channel)
            last = rawchannel.SLOTS_AT + 8 * rawchannel.SLOT_BYTES
            channel.memory[0:rawchannel.DAEMON_SLEEPS] = b"\xff" * rawchannel.DAEMON_SLEEPS
            for start, end in ((rawchannel.LOCAL, rawchannel.ACKED), (rawchannel.ACKED, rawchannel.SLOT_BYTES)):
                channel.memory[channel.at(0, start):channel.at(0, end)] = b"\xff" * (end - start)
            channel.memory[channel.at(1, 0):last] = b"\xff" * (last - channel.at(1, 0))
            channel.put(0, WRITTEN, 3)
            channel.kick(0)
            self.assertEqual(len(recv_exactly(peer, 3)), 3)

    def test_a_code_that_changes_while_it_is_told(self) -> None:
        """Else a connection could be taken for refused, and keep its rings beyond the channel."""
        peers = []
        with self.channel() as channel:
            self.assertEqual(self.answer(channel, 0, LISTEN, local=("0.0.0.0", PORT)), 0)
            at, noise = channel.at(1, CODE), struct.pack("<I", BAD_STATE)
            child = os.fork()
            while child == 0:
                channel.memory[at:at + 4] = noise
            try:
                for _ in range(100):
                    peers.append(socket.create_connection((ENGINE4, PORT), timeout=10))
                    wait_for(lambda: self.find("sport = :%d" % PORT, state="ESTABLISHED"))
                    self.answer(channel, 1, ACCEPT, 0)
                    self.assertIn(channel.get(1, STATE), (OPENING, OPENED))
                    self.answer(channel, 1, CLOSE)
            finally:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        wait_for(lambda: self.channels() == 0, what="the channel's end")
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.send(b"x")
            peer.close()

    def test_noise(self) -> None:
        """Random words everywhere, while connections work."""
        chance = random.Random(4711)
        with self.channel(slots=64) as channel:
            peers = [self.opened(channel, slot) for slot in range(4)]
            for _ in range(3000):
                slot = chance.randrange(64)
                offset = chance.choice((
                    WRITTEN, RELEASED, rawchannel.FINISHED, rawchannel.WANTS_ROOM, rawchannel.ASKED,
                    rawchannel.OP, rawchannel.ARGUMENT, rawchannel.ID, rawchannel.LOCAL, rawchannel.REMOTE))
                value = chance.choice((0, 1, 2, 5, 63, 64, 65536, 65537, 2**31, chance.getrandbits(32)))
                channel.put(slot, offset, value, "<I")
                channel.kick(slot)
            for peer in peers:
                peer.close()

    def test_the_memory_keeps_its_size(self) -> None:
        with self.channel() as channel:
            for size in (0, 4096, channel.size * 2):
                with self.assertRaises(PermissionError):
                    os.ftruncate(channel.fds[0], size)
            peer = self.opened(channel)
            channel.put(0, WRITTEN, 65536)
            channel.kick(0)
            self.assertEqual(len(recv_exactly(peer, 65536)), 65536)

    def test_greetings(self) -> None:
        for greeting, code in ((b"x", UNSUPPORTED), (hello()[:-1], UNSUPPORTED),
                               (hello() + b"x", UNSUPPORTED), (b"x" * 5000, UNSUPPORTED),
                               (hello(magic=1), UNSUPPORTED),
                               (hello(version=rawchannel.VERSION - 1), UNSUPPORTED),
                               (hello(version=rawchannel.VERSION + 1), UNSUPPORTED),
                               (hello(slots=0), INVALID_ARGUMENT),
                               (hello(slots=4097), INVALID_ARGUMENT),
                               (hello(slots=2**32 - 1), INVALID_ARGUMENT),
                               (hello(send=65535), INVALID_ARGUMENT),
                               (hello(send=2**31), INVALID_ARGUMENT),
                               (hello(receive=32768), INVALID_ARGUMENT),
                               (hello(receive=2**23), INVALID_ARGUMENT),
                               (hello(aborts=2), INVALID_ARGUMENT)):
            with self.subTest(greeting=greeting[:40]):
                with self.assertRaises(Refused) as caught:
                    RawChannel(self.daemon.url, greeting)
                self.assertEqual(caught.exception.code, code)

    def test_silence(self) -> None:
        """A program that says nothing loses its place."""
        link = rawchannel.connect(self.daemon.url)
        self.assertEqual(link.recv(1), b"")
        link.close()

    def test_bells_without_end(self) -> None:
        """Long ones, with descriptors, and never one read: all are bells."""
        channel = self.channel()
        peer = self.opened(channel)
        for _ in range(1000):
            channel.link.send(b"x" * 100)
            socket.send_fds(channel.link, [b"y"], [0, 0, 0])
            struct.pack_into("<I", channel.memory, rawchannel.CLIENT_SLEEPS, 1)
            peer.send(b"z")
        channel.put(0, WRITTEN, 3)
        channel.kick(0)
        self.assertEqual(len(recv_exactly(peer, 3)), 3)

    def toggle(self, bell: int) -> None:
        """Rings, and takes it back before the daemon does, for some time."""
        child, one, buffers = os.fork(), struct.pack("<Q", 1), [bytearray(8)]
        while child == 0:
            os.write(bell, one)
            with contextlib.suppress(BlockingIOError):
                os.preadv(bell, buffers, -1, os.RWF_NOWAIT)
        time.sleep(0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    def test_the_bell(self) -> None:
        """Its flags and its count are the program's as well: the daemon does not block in it."""
        with self.channel() as channel:
            peer, bell = self.opened(channel), channel.fds[1]
            os.set_blocking(bell, True)
            for number in range(40):
                self.toggle(bell)
                self.assertEqual(self.channels(), 1)
                channel.put(0, WRITTEN, number + 1)
                channel.mark(0)
                channel.ring_bell(1 if number % 2 else 2**63)
                self.assertEqual(len(recv_exactly(peer, 1)), 1)

    def test_how_it_sleeps(self) -> None:
        """Only the futex is quiet: all other words are taken for the socket."""
        with self.channel() as channel:
            peer = self.opened(channel)
            channel.drain()
            for how, rings in ((1, True), (2, False), (3, True), (2**32 - 1, True), (0, False)):
                received = channel.get(0, rawchannel.RECEIVED)
                struct.pack_into("<I", channel.memory, rawchannel.CLIENT_SLEEPS, how)
                peer.send(b"z")
                wait_for(lambda: channel.get(0, rawchannel.RECEIVED) > received, what="a byte")
                wait_for(lambda: struct.unpack_from("<I", channel.memory, rawchannel.CLIENT_SLEEPS)
                         == (0,), what="being woken")
                self.assertEqual(channel.drain(), b"" if not rings else b"\0", how)

    def test_a_refusal_names_the_limit(self) -> None:
        """As a request's does, by the number of its hint."""
        hint_listeners_max = 60  # of the .proto
        opens = 'requests_total{verb="Open"}'
        before, direct_before = metric(opens, ""), metric(f"direct_{opens}", "")
        with self.channel(slots=32) as channel:
            codes = [self.answer(channel, slot, LISTEN, local=("0.0.0.0", 6000 + slot))
                     for slot in range(20)]
            refused = codes.index(RESOURCES)
            self.assertEqual(codes[:refused], [0] * refused)
            self.assertEqual(channel.get(refused, STATE), ENDED)
            self.assertEqual(channel.get(refused, rawchannel.ID, "<Q"), hint_listeners_max)
            self.assertEqual(self.answer(channel, 31, OPEN, remote=("127.0.0.1", 1)), INVALID_ARGUMENT)
            self.assertEqual(channel.get(31, rawchannel.ID, "<Q"), 0)  # nothing is full
        self.assertEqual(metric(opens, "") - before, 21)
        self.assertEqual(metric(f"direct_{opens}", "") - direct_before, 21)

    def test_too_many(self) -> None:
        channels = [self.channel() for _ in range(2)]
        with self.assertRaisesRegex(Refused, "channels_per_uid_max") as caught:
            RawChannel(self.daemon.url)
        self.assertEqual(caught.exception.code, RESOURCES)
        for channel in channels:
            channel.close()
        wait_for(lambda: self.channels() == 0, what="the end of both")
        self.channel()

    def test_too_many_at_the_door(self) -> None:
        """Refused before the greeting was read: the reason arrives all the same, also through the
        library."""
        for _ in range(2):
            self.channel()
        for _ in range(10):
            with rawchannel.connect(self.daemon.url):
                with self.assertRaisesRegex(Refused, "channels_per_uid_max"):
                    RawChannel(self.daemon.url)
                echo = harness.run(ECHO, PORT, check=False,
                                   env=dict(os.environ, TCPENGINE_CONTROL=self.daemon.url))
                self.assertIn(b"channels_per_uid_max", echo.stderr)

    def test_one_generation_after_the_other(self) -> None:
        """What a program has left is not held against the next one, however soon that comes."""
        for _ in range(20):
            channels = [RawChannel(self.daemon.url) for _ in range(2)]
            for channel in channels:
                for slot in range(8):
                    channel.ask(slot, OPEN, remote=(HOST4, self.server.getsockname()[1]))
            for channel in channels:
                channel.close()

    def last_words(self, aborts: int, *asked: int) -> socket.socket:
        """A program reads, writes, asks and ends before the daemon looks: it does not even ring."""
        channel = self.channel(aborts=aborts)
        peer = self.opened(channel)
        peer.send(b"read")
        wait_for(lambda: channel.get(0, rawchannel.RECEIVED) == 4, what="what the peer has sent")
        start = channel.send_ring(0)
        channel.memory[start:start + 5] = b"hello"
        channel.put(0, RELEASED, 4)
        channel.put(0, WRITTEN, 5)
        for op in asked:
            channel.put(0, rawchannel.OP, op, "<I")
            channel.put(0, rawchannel.ASKED, channel.get(0, rawchannel.ASKED) + 1, "<I")
        channel.close()
        return peer

    def test_last_words(self) -> None:
        for aborts, asked in ((0, ()), (0, (CLOSE,)), (1, (CLOSE,))):
            with self.subTest(aborts=aborts, asked=asked):
                peer = self.last_words(aborts, *asked)
                self.assertEqual(recv_exactly(peer, 5), b"hello")
                self.assertEqual(peer.recv(1), b"")
        for aborts, asked in ((1, ()), (0, (ABORT,))):
            with self.subTest(aborts=aborts, asked=asked):
                peer = self.last_words(aborts, *asked)
                with self.assertRaises(ConnectionResetError):
                    while peer.recv(100):
                        pass

    def test_another_users_connection(self) -> None:
        """It cannot be moved in, and ports below 1024 are as closed as over the control socket."""
        mine = self.ctl("open", HOST4, self.server.getsockname()[1], "--wait")["id"]
        os.chmod(str(self.daemon.control) + ".channel", 0o666)
        with harness.effective_user(65534, 65534):
            channel = self.channel()
        self.assertEqual(self.answer(channel, 0, MOVE, conn_id=mine), PERMISSION)
        self.assertEqual(self.answer(channel, 1, LISTEN, local=("0.0.0.0", 80)), PERMISSION)
        self.tcpctl("abort", mine)

    def test_move(self) -> None:
        port = self.server.getsockname()[1]
        mine = self.ctl("open", HOST4, port, "--wait")["id"]
        peer, _ = self.server.accept()
        self.tcpctl("send", mine, "-", input=b"before ")
        with self.channel() as channel:
            channel.put(0, WRITTEN, 6)
            self.assertEqual(self.answer(channel, 0, MOVE, conn_id=mine), BAD_OFFSET)
            self.answer(channel, 0, CLOSE)
            channel.put(0, WRITTEN, 7)
            self.assertEqual(self.answer(channel, 0, MOVE, conn_id=mine), 0)
            self.assertEqual(self.answer(channel, 1, MOVE, conn_id=mine), BAD_STATE)
            start = channel.send_ring(0) + 7
            channel.memory[start:start + 5] = b"after"
            channel.put(0, WRITTEN, 12)
            channel.kick(0)
            self.assertEqual(recv_exactly(peer, 12), b"before after")
        # The channel is gone, and the connection is where it was.
        wait_for(lambda: self.channels() == 0, what="the channel's end")
        self.tcpctl("send", mine, "-", input=b" all")
        self.assertEqual(recv_exactly(peer, 4), b" all")
        self.tcpctl("abort", mine)

    def borrowed(self, channel: RawChannel, way: int) -> tuple[int, socket.socket]:
        mine = self.ctl("open", HOST4, self.server.getsockname()[1], "--wait")["id"]
        peer, _ = self.server.accept()
        peer.settimeout(10)
        self.assertEqual(self.answer(channel, 0, MOVE, way, conn_id=mine), 0)
        return mine, peer

    def test_the_other_direction(self) -> None:
        """Who borrows one has no say in the other: it is reset."""
        for way, offset in ((rawchannel.RECEIVES, WRITTEN), (rawchannel.SENDS, RELEASED)):
            with self.channel() as channel:
                _, peer = self.borrowed(channel, way)
                peer.send(b"x")
                if way == rawchannel.RECEIVES:
                    wait_for(lambda: channel.get(0, rawchannel.RECEIVED) == 1, what="a byte")
                channel.put(0, offset, 1)
                channel.kick(0)
                self.expect_reset(channel, peer)
            self.bad_before += 1

    def test_requests_in_the_other_direction(self) -> None:
        with self.channel() as channel:
            mine, peer = self.borrowed(channel, rawchannel.RECEIVES)
            text = os.urandom(100_000)  # more than the ring holds
            self.tcpctl("--timeout", 1, "send", mine, input=text[:65536])
            sender = self.tcpctl_process("send", "send", mine, stdin=subprocess.PIPE)
            sender.child.stdin.write(text[65536:])
            sender.child.stdin.close()
            self.assertTrue(recv_exactly(peer, len(text)) == text)
            self.assertEqual(sender.wait(), 0, sender.log)
            peer.send(b"there")
            wait_for(lambda: channel.get(0, rawchannel.RECEIVED) == 5, what="the peer's bytes")
            channel.put(0, RELEASED, 2)
            self.answer(channel, 0, rawchannel.RETURN)
            self.assertEqual((channel.get(0, rawchannel.ARGUMENT), channel.get(0, STATE)), (0, FREE))
            self.assertEqual(self.tcpctl("receive", mine).stdout, b"ere")
            self.tcpctl("abort", mine)

    def test_what_does_not_go_back(self) -> None:
        with self.channel() as channel:
            self.opened(channel)
            self.assertEqual(self.answer(channel, 1, LISTEN, local=("0.0.0.0", PORT)), 0)
            for slot, state in ((0, OPENED), (1, LISTENING), (2, FREE)):
                self.answer(channel, slot, rawchannel.RETURN)
                self.assertEqual(channel.get(slot, rawchannel.ARGUMENT), BAD_STATE)
                self.assertEqual(channel.get(slot, STATE), state)


if __name__ == "__main__":
    harness.main()

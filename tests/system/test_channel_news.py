"""Who is rung for what (lib/channel): a client that sleeps, for the news that it wants; the daemon, when it
sleeps; and in which order the daemon looks at what it was asked for at once."""
import socket
import struct

import harness
import rawchannel
from harness import HOST4, wait_for
from rawchannel import (ABORT, CLIENT_SLEEPS, CLIENT_WANTS, CLOSE, DAEMON_SLEEPS, FREE, OPEN, OPENED, STATE, WRITTEN,
                        RawChannel, hello)

ANSWER, OPENED_TOO, MATTER = range(3)
OTHER = 7  # a slot for requests


class News(harness.SystemTest):
    def setUp(self) -> None:
        self.server = self.kernel_server()
        self.channel = RawChannel(self.daemon.url, hello())
        self.addCleanup(self.channel.close)

    def sleep(self, wants: int) -> None:
        struct.pack_into("<I", self.channel.memory, CLIENT_WANTS, wants)
        struct.pack_into("<I", self.channel.memory, CLIENT_SLEEPS, 1)

    def is_asleep(self) -> bool:
        return struct.unpack_from("<I", self.channel.memory, CLIENT_SLEEPS)[0] == 1

    def be_answered(self) -> None:
        """Nobody lies in that slot, and afterwards either. What the daemon told before, it has told."""
        for _ in range(2):
            self.channel.ask(OTHER, ABORT)
            wait_for(lambda: self.channel.is_answered(OTHER), what="an answer")
            self.assertEqual(self.channel.get(OTHER, STATE), FREE)

    def open(self) -> socket.socket:
        self.channel.ask(0, OPEN, remote=(HOST4, self.server.getsockname()[1]))
        peer, _ = self.server.accept()
        self.addCleanup(peer.close)
        peer.settimeout(10)
        wait_for(lambda: self.channel.get(0, STATE) == OPENED, what="the connection")
        return peer

    def expect_bell(self) -> None:
        self.assertEqual(len(self.channel.link.recv(8)), 1)
        self.assertFalse(self.is_asleep())
        self.assertEqual(self.channel.drain(), b"")

    def ready_slots(self) -> int:
        return struct.unpack_from("<Q", self.channel.memory, rawchannel.READY + rawchannel.WORDS)[0]

    def test_all_news(self) -> None:
        self.sleep(ANSWER)
        self.channel.ask(OTHER, ABORT)
        self.expect_bell()

    def test_what_has_opened(self) -> None:
        self.sleep(OPENED_TOO)
        self.be_answered()
        self.assertTrue(self.is_asleep())
        self.open()
        self.expect_bell()

    def test_what_matters(self) -> None:
        self.sleep(MATTER)
        peer = self.open()
        self.be_answered()
        self.assertTrue(self.is_asleep())
        self.assertEqual(self.channel.drain(), b"")
        self.assertEqual(self.ready_slots(), 1 | 1 << OTHER)  # to be found by whoever wakes up
        peer.sendall(b"x")
        self.expect_bell()

    def test_an_end_matters(self) -> None:
        self.sleep(MATTER)
        peer = self.open()
        peer.close()
        self.expect_bell()

    def test_its_own_close_is_no_news(self) -> None:
        """A program that closes one connection may be waiting for the next already."""
        self.sleep(MATTER)
        peer = self.open()
        self.channel.ask(0, CLOSE)
        self.be_answered()
        wait_for(lambda: self.channel.get(0, STATE) == FREE, what="the close")
        self.be_answered()
        self.assertEqual(peer.recv(1), b"")
        self.assertTrue(self.is_asleep())
        self.assertEqual(self.channel.drain(), b"")

    def test_a_close_by_request_matters(self) -> None:
        self.sleep(MATTER)
        self.open()
        self.tcpctl("close", self.channel.get(0, rawchannel.ID, "<Q"))
        self.expect_bell()

    def test_a_refusal_matters(self) -> None:
        self.sleep(MATTER)
        self.channel.ask(0, OPEN, remote=(HOST4, 0))
        self.expect_bell()

    def test_wishes_beyond_all_news(self) -> None:
        """Whoever wants nothing hears nothing, and harms nobody."""
        self.sleep(0xFFFFFFFF)
        peer = self.open()
        peer.sendall(b"x")
        wait_for(lambda: self.channel.get(0, rawchannel.RECEIVED, "<Q") == 1, what="the byte")
        self.be_answered()
        self.assertTrue(self.is_asleep())
        self.assertEqual(self.channel.drain(), b"")

    def daemon_sleeps(self) -> bool:
        return struct.unpack_from("<I", self.channel.memory, DAEMON_SLEEPS)[0] == 1

    def ring_if_it_sleeps(self) -> None:
        if self.daemon_sleeps():
            struct.pack_into("<I", self.channel.memory, DAEMON_SLEEPS, 0)
            self.channel.ring_bell()

    def test_no_request_is_missed(self) -> None:
        """The daemon falls asleep at any moment, and is rung only if it does."""
        for _ in range(3000):
            self.channel.ask(OTHER, ABORT, rings=False)
            self.ring_if_it_sleeps()
            if not any(self.channel.is_answered(OTHER) for _ in range(100)):
                wait_for(lambda: self.channel.is_answered(OTHER), what="an answer")
        wait_for(self.daemon_sleeps, what="the daemon's sleep")

    def close_and_open(self, written: int) -> list[str]:
        """The order of what became of a connection that was closed and of one that was opened in one go."""
        self.open()
        remote = (HOST4, self.server.getsockname()[1])
        wait_for(self.daemon_sleeps, what="the daemon's sleep")
        self.channel.put(0, WRITTEN, written)
        self.channel.ask(0, CLOSE, rings=False)
        self.channel.ask(1, OPEN, remote=remote, rings=False)
        ids = [self.channel.get(0, rawchannel.ID, "<Q")]
        self.channel.ring()
        wait_for(lambda: self.channel.is_answered(0) and self.channel.is_answered(1), what="answers")
        ids.append(self.channel.get(1, rawchannel.ID, "<Q"))
        wanted = [(ids[0], "FIN_WAIT_1"), (ids[1], "SYN_SENT")]
        return [event["to"] for event in self.ctl("events")
                if event["kind"] == "state" and (event["id"], event["to"]) in wanted]

    def test_what_begins_leaves_before_what_ends(self) -> None:
        self.assertEqual(self.close_and_open(0), ["SYN_SENT", "FIN_WAIT_1"])

    def test_an_end_with_bytes_does_not_wait(self) -> None:
        self.assertEqual(self.close_and_open(5), ["FIN_WAIT_1", "SYN_SENT"])


if __name__ == "__main__":
    harness.main()

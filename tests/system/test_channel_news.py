"""For which news of its slots a client that sleeps is rung (lib/channel, enum channel_news)."""
import socket
import struct

import harness
import rawchannel
from harness import HOST4, wait_for
from rawchannel import ABORT, CLIENT_SLEEPS, FREE, OPEN, OPENED, STATE, RawChannel, hello

CLIENT_WANTS = 132
ANSWER, OPENED_TOO, MATTER = range(3)
OTHER = 7  # a slot for requests


class News(harness.SystemTest):
    def setUp(self) -> None:
        self.server = self.kernel_server()
        self.channel = RawChannel(self.daemon.url, hello())
        self.addCleanup(self.channel.close)

    def sleep(self, wants: int) -> None:
        struct.pack_into("<II", self.channel.memory, CLIENT_SLEEPS, 1, wants)

    def is_asleep(self) -> bool:
        return struct.unpack_from("<I", self.channel.memory, CLIENT_SLEEPS)[0] == 1

    def bells(self) -> int:
        count = 0
        self.channel.link.setblocking(False)
        try:
            while self.channel.link.recv(8):
                count += 1
        except BlockingIOError:
            return count
        finally:
            self.channel.link.settimeout(10)
        raise AssertionError("the channel has ended")

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
        self.assertEqual(self.bells(), 0)

    def ready_slots(self) -> int:
        return struct.unpack_from("<Q", self.channel.memory, rawchannel.READY + 64)[0]

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
        self.assertEqual(self.bells(), 0)
        self.assertEqual(self.ready_slots(), 1 | 1 << OTHER)  # to be found by whoever wakes up
        peer.sendall(b"x")
        self.expect_bell()

    def test_an_end_matters(self) -> None:
        self.sleep(MATTER)
        peer = self.open()
        peer.close()
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
        self.assertEqual(self.bells(), 0)


if __name__ == "__main__":
    harness.main()

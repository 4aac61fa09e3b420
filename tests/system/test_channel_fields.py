"""Every field that a program can write in a channel (lib/channel/channel.h), with what no good program
writes there: it costs that program alone."""
import os
import random
import struct

import harness
import test_channel
from harness import HOST4, recv_exactly, wait_for
from rawchannel import (ARGUMENT, ASKED, CLIENT_SLEEPS, CLIENT_WANTS, CLOSE, DAEMON_SLEEPS, ENDED,
                        FINISHED, FREE, HEAD, ID, LISTEN, LISTENING, LOCAL, OP, OPEN, OPENED, OPEN_FAST,
                        READY, RECEIVED, SET, SET_OF_SLOTS, SLOT, STATE, WANTS_ROOM, WORK, WRITES,
                        WRITTEN, RawChannel, hello)
from test_channel import BAD_STATE, INVALID_ARGUMENT

PORT = 7778
NUMBERS = (2, 3, 0x8000_0000, 2**32 - 1, 0)

# Which test writes nonsense there: of this file, or of test_channel.py.
GREETING = {name: "test_greetings" for name in ("magic", "version", "slot_count", "send_bytes",
                                                "receive_bytes", "aborts")}
OWN = "test_the_daemons_own_words"
UNUSED = "test_words_that_nobody_uses"
TESTS = {
    "channel_hello": GREETING,
    "channel_head": {
        **{name: OWN for name in ("magic", "version", "slot_count", "send_bytes", "receive_bytes")},
        "daemon_sleeps": "test_whether_the_daemon_sleeps",
        "client_sleeps": "test_how_it_sleeps",
        "client_wants": "test_what_it_wants",
        "work": "test_bits_of_slots_that_do_not_exist",
        "ready": "test_news_that_it_makes_up"},
    "channel_set": {"summary": "test_summaries", "words": "test_summaries"},
    "channel_slot": {
        "written": "test_written_far_beyond", "released": "test_released_what_never_came",
        "finished": "test_finished", "wants_room": "test_wants_room", "asked": "test_asked",
        "writes": "test_writes", "op": "test_requests_that_make_no_sense",
        "argument": "test_argument", "id": "test_id", "local": "test_endpoints",
        "remote": "test_endpoints", "option": "test_settings", "text": "test_settings",
        **{name: OWN for name in ("acked", "received", "answered", "state", "is_end", "code", "drops")}},
    "channel_endpoint": {"addr": "test_endpoints", "port": "test_endpoints"}}


class Fields(harness.SystemTest):
    daemon_arguments = ("--set", "channels_per_uid_max=2")

    def setUp(self) -> None:
        self.server = self.kernel_server()
        self.channel = RawChannel(self.daemon.url, hello(slots=8))
        self.addCleanup(self.check_others)
        self.addCleanup(self.channel.close)
        self.peer = self.opened(0)
        self.sent = 0

    def check_others(self) -> None:
        """Another program's channel works as ever."""
        with RawChannel(self.daemon.url, hello()) as other:
            other.ask(0, OPEN, remote=(HOST4, self.server.getsockname()[1]))
            peer, _ = self.server.accept()
            wait_for(lambda: other.get(0, STATE) == OPENED, what="another's connection")
            peer.close()

    def opened(self, slot: int):
        self.channel.ask(slot, OPEN, remote=(HOST4, self.server.getsockname()[1]))
        peer, _ = self.server.accept()
        peer.settimeout(15 * harness.PATIENCE)
        self.addCleanup(peer.close)
        wait_for(lambda: self.channel.get(slot, STATE) == OPENED, what="the connection")
        return peer

    def exchange(self) -> None:
        """A byte each way, in slot 0."""
        self.sent += 1
        self.channel.memory[self.channel.send_ring(0) + self.sent - 1] = self.sent % 256
        self.channel.put(0, WRITTEN, self.sent)
        self.channel.kick(0)
        self.assertEqual(recv_exactly(self.peer, 1), bytes([self.sent % 256]))
        self.peer.send(b"x")
        wait_for(lambda: self.channel.get(0, RECEIVED, "<Q") == self.sent, what="a byte")

    def put_head(self, offset: int, value: int, kind: str = "<I") -> None:
        struct.pack_into(kind, self.channel.memory, offset, value)

    def ask_with(self, slot: int, op: int, **noise: bytes) -> int:
        """The request op with these bytes in these fields; the state of the slot afterwards."""
        for name in ("argument", "id", "local", "remote", "option", "text"):
            offset, size = SLOT.fields[name]
            start = self.channel.at(slot, offset)
            self.channel.memory[start:start + size] = bytes(size)
        for name, text in noise.items():
            start = self.channel.at(slot, SLOT.at(name))
            self.channel.memory[start:start + len(text)] = text
        self.channel.put(slot, OP, op, "<I")
        self.channel.put(slot, ASKED, (self.channel.get(slot, ASKED) + 1) % 2**32, "<I")
        self.channel.kick(slot)
        wait_for(lambda: self.channel.is_answered(slot), what="an answer")
        return self.channel.get(slot, STATE)

    # --- which there are ------------------------------------------------------------------------

    def test_every_field_has_its_test(self) -> None:
        names = set(dir(Fields)) | set(dir(test_channel.Hostile))
        for struct_name, tests in TESTS.items():
            fields = test_channel.rawchannel.HEADER.structs[struct_name].fields
            used = {name for name in fields if not name.startswith("unused")}
            self.assertEqual(used, set(tests), struct_name)
            self.assertEqual(set(tests.values()) - names, set())
        known = {"channel_welcome", "channel_layout"}  # the daemon's, and nobody's
        self.assertEqual(set(test_channel.rawchannel.HEADER.structs) - known, set(TESTS))
        self.assertIn(UNUSED, names)

    def test_words_that_nobody_uses(self) -> None:
        for base, fields in ((0, HEAD.fields), (self.channel.at(0, 0), SLOT.fields),
                             (WORK, SET_OF_SLOTS.fields), (READY, SET_OF_SLOTS.fields)):
            for name, (offset, size) in fields.items():
                if name.startswith("unused"):
                    self.channel.memory[base + offset:base + offset + size] = b"\xff" * size
        self.exchange()

    # --- the head -------------------------------------------------------------------------------

    def test_whether_the_daemon_sleeps(self) -> None:
        for value in NUMBERS:
            self.put_head(DAEMON_SLEEPS, value)
            self.exchange()

    def test_what_it_wants(self) -> None:
        """More than there is: it is not rung, and finds its news all the same."""
        for value in (3, 2**31, 2**32 - 1):
            self.channel.drain()
            self.put_head(CLIENT_WANTS, value)
            self.put_head(CLIENT_SLEEPS, 1)
            self.exchange()
            wait_for(lambda: self.channel.memory[READY + SET_OF_SLOTS.at("words")] & 1, what="the bit")
            self.assertEqual(self.channel.drain(), b"")

    def test_news_that_it_makes_up(self) -> None:
        for byte in (b"\xff", b"\0"):
            self.channel.memory[READY:READY + SET_OF_SLOTS.size] = byte * SET_OF_SLOTS.size
            self.exchange()

    def test_summaries(self) -> None:
        """Words without their summary are not seen; a summary without words is for nothing."""
        words = WORK + SET_OF_SLOTS.at("words")
        self.channel.memory[words + 8:WORK + SET_OF_SLOTS.size] = b"\xff" * (SET_OF_SLOTS.size - words - 8 + WORK)
        self.exchange()
        self.put_head(WORK, 2**64 - 1, "<Q")
        self.exchange()

    # --- a slot ---------------------------------------------------------------------------------

    def test_finished(self) -> None:
        """Any number but 0 is a FIN, and 0 takes none back."""
        self.exchange()
        self.channel.put(0, FINISHED, 2**32 - 1, "<I")
        self.channel.kick(0)
        self.assertEqual(self.peer.recv(1), b"")
        self.channel.put(0, FINISHED, 0, "<I")
        self.channel.kick(0)
        self.peer.send(b"still")
        wait_for(lambda: self.channel.get(0, RECEIVED, "<Q") == 6, what="what the peer sends on")
        self.assertEqual(self.channel.get(0, STATE), OPENED)

    def test_wants_room(self) -> None:
        for value in NUMBERS:
            self.channel.put(0, WANTS_ROOM, value, "<I")
            self.exchange()

    def test_writes(self) -> None:
        for value in NUMBERS:
            self.channel.put(0, WRITES, value, "<I")
            self.exchange()

    def test_asked(self) -> None:
        """Another number than before is one request, whichever; the same is none."""
        for step in (5, 2**31, -1):
            asked = (self.channel.get(1, ASKED) + step) % 2**32
            for offset, kind, value in ((OP, "<I", LISTEN), (ID, "<Q", 0), (LOCAL + 16, "<H", PORT)):
                self.channel.put(1, offset, value, kind)
            self.channel.put(1, ASKED, asked, "<I")
            self.channel.kick(1)
            wait_for(lambda: self.channel.is_answered(1), what="an answer")
            self.assertEqual(self.channel.get(1, STATE), LISTENING)
            self.channel.put(1, OP, CLOSE, "<I")
            self.channel.kick(1)
            self.exchange()
            self.assertEqual(self.channel.get(1, STATE), LISTENING)
            self.channel.put(1, ASKED, (asked + 2**16) % 2**32, "<I")
            self.channel.kick(1)
            wait_for(lambda: self.channel.get(1, STATE) == FREE, what="its end")

    def test_argument(self) -> None:
        """Of a LISTEN, the largest backlog; of ACCEPT see test_requests_that_make_no_sense."""
        self.channel.ask(1, LISTEN, argument=2**32 - 1, local=("0.0.0.0", PORT))
        wait_for(lambda: self.channel.is_answered(1), what="an answer")
        self.assertEqual(self.channel.get(1, STATE), LISTENING)
        self.kernel_client(PORT)

    def test_id(self) -> None:
        """Bits of OPEN and LISTEN that there are not; of MOVE see test_requests_that_make_no_sense."""
        for op, places in ((OPEN, {"remote": (HOST4, self.server.getsockname()[1])}),
                           (LISTEN, {"local": ("0.0.0.0", PORT)})):
            for bits in (2, 3, 2**63, 2**64 - 1):
                self.channel.ask(1, op, conn_id=bits, **places)
                wait_for(lambda: self.channel.is_answered(1), what="an answer")
                self.assertEqual(self.channel.get(1, STATE), ENDED)
                self.assertEqual(self.channel.get(1, test_channel.CODE), INVALID_ARGUMENT)
                self.channel.ask(1, CLOSE)
                wait_for(lambda: self.channel.get(1, STATE) == FREE, what="its end")
        self.channel.ask(1, OPEN, conn_id=OPEN_FAST, remote=(HOST4, self.server.getsockname()[1]))
        wait_for(lambda: self.channel.get(1, STATE) == OPENED, what="the connection")

    def test_endpoints(self) -> None:
        chance = random.Random(20261130)
        for op, place in ((OPEN, "remote"), (OPEN, "local"), (LISTEN, "local"), (LISTEN, "remote")):
            for noise in (b"\xff" * 20, b"\0" * 20, b"\xff" * 16 + b"\0" * 4, b"\0" * 16 + b"\xff" * 4,
                          *(chance.randbytes(20) for _ in range(5))):
                with self.subTest(op=op, place=place, noise=noise):
                    self.assertIn(self.ask_with(1, op, **{place: noise}), (ENDED, LISTENING))
                    self.channel.ask(1, CLOSE)
                    wait_for(lambda: self.channel.get(1, STATE) == FREE, what="its end")
        self.exchange()

    def test_settings(self) -> None:
        """Names and texts without an end, bytes that are no text, and none of it where nothing lies."""
        for option, text in ((b"\xff" * 24, b"\xff" * 20), (b"nagle" * 5, b""), (b"", b""),
                             (b"%s%n%s%n", b"%s%n"), (os.urandom(24), os.urandom(20)),
                             (b"congestion_control", b"cubic" * 4), (b"congestion_control", b""),
                             (b"nagle" + b" " * 19, b"")):
            with self.subTest(option=option, text=text):
                self.assertEqual(self.ask_with(0, SET, option=option[:24], text=text), OPENED)
                self.assertEqual(self.channel.get(0, ARGUMENT), INVALID_ARGUMENT)
                self.exchange()
        for value in (-1, 2, 2**63 - 1, -2**63):
            number = struct.pack("<q", value)
            self.assertEqual(self.ask_with(0, SET, option=b"nagle", id=number), OPENED)
            self.assertEqual(self.channel.get(0, ARGUMENT), INVALID_ARGUMENT)
        for option, text in ((b"nagle", b"\xff" * 20), (b"keepalive_interval_ms", b""),
                             (b"congestion_control", b"reno")):
            value = struct.pack("<q", 1000 if b"_ms" in option else 1)
            self.assertEqual(self.ask_with(0, SET, option=option, text=text, id=value), OPENED)
            self.assertEqual(self.channel.get(0, ARGUMENT), 0, option)
        self.assertEqual(self.ask_with(5, SET, option=b"nagle"), FREE)
        self.assertEqual(self.channel.get(5, ARGUMENT), BAD_STATE)
        self.exchange()


if __name__ == "__main__":
    harness.main()

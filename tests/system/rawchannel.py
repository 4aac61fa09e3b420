"""A channel without the library: what a hostile program can do with the memory and the bells.

Versions, offsets and sizes are read from lib/channel/channel.h."""
import contextlib
import mmap
import os
import socket
import struct

from layout import Header

HEADER = Header("lib/channel/channel.h")
HELLO, WELCOME, HEAD, SET_OF_SLOTS, SLOT = (
    HEADER.structs[f"channel_{name}"] for name in ("hello", "welcome", "head", "set", "slot"))
WORDS = SET_OF_SLOTS.at("words")
MAGIC, VERSION, SLOTS_AT = (HEADER.numbers[f"CHANNEL_{name}"] for name in ("MAGIC", "VERSION", "SLOTS_AT"))
OPEN_FAST = HEADER.numbers["CHANNEL_OPEN_FAST"]
SLOT_BYTES = SLOT.size
DAEMON_SLEEPS, CLIENT_SLEEPS, CLIENT_WANTS, WORK, READY = (
    HEAD.at(name) for name in ("daemon_sleeps", "client_sleeps", "client_wants", "work", "ready"))
# Of a slot: the client's words,
WRITTEN, RELEASED, FINISHED, WANTS_ROOM, ASKED, WRITES, OP, ARGUMENT = (
    SLOT.at(name) for name in ("written", "released", "finished", "wants_room", "asked", "writes", "op",
                               "argument"))
# the daemon's,
ACKED, RECEIVED, ANSWERED, STATE, IS_END, CODE = (
    SLOT.at(name) for name in ("acked", "received", "answered", "state", "is_end", "code"))
# and those of a request, and then of its answer.
LOCAL, REMOTE, ID, OPTION, TEXT = (SLOT.at(name) for name in ("local", "remote", "id", "option", "text"))
OPEN, LISTEN, ACCEPT, MOVE, CLOSE, ABORT, SET, RETURN = (
    HEADER.numbers[f"CHANNEL_OP_{name}"]
    for name in ("OPEN", "LISTEN", "ACCEPT", "MOVE", "CLOSE", "ABORT", "SET", "RETURN"))
BOTH_WAYS, SENDS, RECEIVES = (HEADER.numbers[f"CHANNEL_{name}"] for name in ("BOTH_WAYS", "SENDS", "RECEIVES"))
FREE, ACCEPTING, LISTENING, OPENING, OPENED, ENDED = (
    HEADER.numbers[f"CHANNEL_{name}"]
    for name in ("FREE", "ACCEPTING", "LISTENING", "OPENING", "OPEN", "ENDED"))


def hello(slots=8, send=65536, receive=65536, aborts=0, magic=MAGIC, version=VERSION) -> bytes:
    return struct.pack("<6I", magic, version, slots, send, receive, aborts)


def connect(url: str) -> socket.socket:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link.settimeout(10)
    link.connect(url.removeprefix("ipc://") + ".channel")
    return link


class Refused(Exception):
    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


class RawChannel:
    def __init__(self, url: str, greeting: bytes | None = None):
        self.link = connect(url)
        self.fds: list[int] = []
        self.memory = None
        greeting = hello() if greeting is None else greeting
        self.send_bytes, self.receive_bytes = 65536, 65536
        if len(greeting) == HELLO.size:
            self.slots, self.send_bytes, self.receive_bytes = struct.unpack_from(
                "<3I", greeting, HELLO.at("slot_count"))
        try:
            self.link.send(greeting)
        except BrokenPipeError:
            pass  # it has been refused at once; the reason can still be read
        text, self.fds, _, _ = socket.recv_fds(self.link, 4096, 2)
        self.code = struct.unpack_from("<I", text, WELCOME.at("code"))[0]
        if self.code != 0:
            message = text[WELCOME.at("message"):].split(b"\0")[0].decode()
            self.close()
            raise Refused(self.code, message)
        self.size = struct.unpack_from("<Q", text, WELCOME.at("total_bytes"))[0]
        self.memory = mmap.mmap(self.fds[0], self.size)

    def close(self) -> None:
        if self.memory is not None:
            self.memory.close()
            self.memory = None
        for fd in self.fds:
            os.close(fd)
        self.fds = []
        self.link.close()

    def __enter__(self) -> "RawChannel":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def at(self, slot: int, offset: int) -> int:
        return SLOTS_AT + slot * SLOT_BYTES + offset

    def put(self, slot: int, offset: int, value: int, kind: str = "<Q") -> None:
        struct.pack_into(kind, self.memory, self.at(slot, offset), value)

    def get(self, slot: int, offset: int, kind: str = "<I") -> int:
        return struct.unpack_from(kind, self.memory, self.at(slot, offset))[0]

    def kick(self, slot: int) -> None:
        """Rings whether or not the daemon sleeps."""
        self.mark(slot)
        self.ring()

    def mark(self, slot: int) -> None:
        """Sets the slot's bit, wherever it is."""
        word = WORK + WORDS + slot // 64 * 8
        bits = struct.unpack_from("<Q", self.memory, word)[0] | 1 << slot % 64
        struct.pack_into("<Q", self.memory, word, bits)
        summary = struct.unpack_from("<Q", self.memory, WORK)[0] | 1 << slot // 64
        struct.pack_into("<Q", self.memory, WORK, summary)

    def ring(self) -> None:
        self.link.send(b"!")

    def daemon_sleeps(self) -> int:
        return struct.unpack_from("<I", self.memory, DAEMON_SLEEPS)[0]

    def drain(self) -> bytes:
        """Takes what the daemon has rung over the socket."""
        rung, patience = b"", self.link.gettimeout()
        self.link.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while piece := self.link.recv(1):
                rung += piece
        self.link.settimeout(patience)
        return rung

    def ring_bell(self, count: int = 1) -> None:
        """The eventfd, which blocks only if a test has made it."""
        os.write(self.fds[1], struct.pack("<Q", count))

    def ask(self, slot: int, op: int, argument: int = 0, conn_id: int = 0, local=None,
            remote=None, rings: bool = True) -> None:
        self.put(slot, OP, op, "<I")
        self.put(slot, ARGUMENT, argument, "<I")
        starts = op not in (CLOSE, ABORT)  # else what the daemon has told stays readable
        if starts:
            self.put(slot, ID, conn_id)
        for offset, endpoint in ((LOCAL, local), (REMOTE, remote)) if starts else ():
            address, port = endpoint or ("0.0.0.0", 0)
            text = socket.inet_aton(address)
            full = b"\0" * 10 + b"\xff\xff" + text if any(text) else b"\0" * 16
            start = self.at(slot, offset)
            self.memory[start:start + 18] = full + struct.pack("<H", port)
        self.put(slot, ASKED, (self.get(slot, ASKED) + 1) & 0xFFFFFFFF, "<I")
        self.mark(slot)
        if rings:
            self.ring()

    def is_answered(self, slot: int) -> bool:
        return self.get(slot, ASKED) == self.get(slot, ANSWERED)

    def pages(self) -> int:
        """How many the memory has, of whosever making."""
        return os.fstat(self.fds[0]).st_blocks * 512 // 4096

    def send_ring(self, slot: int) -> int:
        slots = (self.slots * SLOT_BYTES + 4095) // 4096 * 4096
        return SLOTS_AT + slots + slot * (self.send_bytes + self.receive_bytes)

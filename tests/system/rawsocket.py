"""The requests about engine sockets, spoken by hand. Offsets are those of lib/socket/socket.h."""
import ipaddress
import os
import socket
from socket import socket as Socket
import struct

MAGIC, VERSION = 0x314B4353, 1
(SOCKET, CONNECT, BIND, LISTEN, GETSOCKNAME, GETPEERNAME, SETSOCKOPT, GETSOCKOPT, ABORT,
 WRAP) = range(1, 11)
NEW, BOUND, LISTENING, CONNECTING, CONNECTED, ENDED = range(1, 7)
NOWAIT = 1
REQUEST = struct.Struct("=IIIIQiiII24s256s")
ANSWER = struct.Struct("=IIIIQII24s24s256s")
ACCEPTED = struct.Struct("=IIQII24s24s")
ADDRESS = struct.Struct("=16sHHI")
assert (REQUEST.size, ANSWER.size, ACCEPTED.size, ADDRESS.size) == (320, 336, 72, 24)


def pack_address(host: str, port: int, family: int | None = None) -> bytes:
    address = ipaddress.ip_address(host)
    if family is None:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    raw = address.packed
    if address.version == 4:
        raw = bytes(16) if int(address) == 0 else bytes(10) + b"\xff\xff" + raw
    return ADDRESS.pack(raw, family, port, 0)


def unpack_address(packed: bytes) -> tuple[str, int] | None:
    raw, family, port, _ = ADDRESS.unpack(packed)
    if family == 0:
        return None
    if family == socket.AF_INET:
        return str(ipaddress.ip_address(raw[12:])), port
    return str(ipaddress.ip_address(raw)), port


class Answer:
    def __init__(self, message: bytes, fds: list[int]):
        (self.magic, self.version, self.error, self.state, self.id, self.length, _, local, remote,
         value) = ANSWER.unpack(message)
        self.local, self.remote = unpack_address(local), unpack_address(remote)
        self.value, self.fds = value[:self.length], fds


def receive(link: Socket, size: int, flags: int = 0) -> tuple[bytes, list[int]]:
    message, fds, _, _ = socket.recv_fds(link, size, 8, flags | socket.MSG_CMSG_CLOEXEC)
    return message, list(fds)


class Control:
    """A connection for requests. Raises OSError with the errno of an answer."""

    def __init__(self, control):
        self.path = f"{control}.socket"
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.settimeout(60)
        self.link.connect(self.path)

    def close(self) -> None:
        self.link.close()

    def send_raw(self, message: bytes, fds=()) -> None:
        if fds:
            socket.send_fds(self.link, [message], list(fds))
        else:
            self.link.send(message)

    def answer(self) -> Answer:
        message, fds = receive(self.link, ANSWER.size + 1)
        if not message:
            raise EOFError("the daemon has closed the connection for requests")
        return Answer(message, fds)

    def send(self, op: int, fd=None, *, flags=0, id=0, level=0, name=0, argument=0, length=None,
             address=bytes(24), value=b"", magic=MAGIC, version=VERSION, fds=None) -> None:
        message = REQUEST.pack(magic, version, op, flags, id, level, name, argument,
                               len(value) if length is None else length, address, value)
        if fds is None:
            fds = [] if fd is None else [fd.fileno() if hasattr(fd, "fileno") else fd]
        self.send_raw(message, fds)

    def ask(self, op: int, fd=None, **fields) -> Answer:
        """The answer, whatever it is."""
        self.send(op, fd, **fields)
        return self.answer()

    def call(self, op: int, fd=None, **fields) -> Answer:
        answer = self.ask(op, fd, **fields)
        if answer.error:
            raise OSError(answer.error, os.strerror(answer.error))
        return answer

    # --- as a program has it ---------------------------------------------------------------------

    def socket(self, family: int = socket.AF_INET) -> Socket:
        return as_socket(self.call(SOCKET, argument=family).fds[0])

    def connect(self, fd, host: str, port: int, flags: int = 0) -> Answer:
        return self.call(CONNECT, fd, address=pack_address(host, port), flags=flags)

    def bind(self, fd, host: str, port: int) -> Answer:
        return self.call(BIND, fd, address=pack_address(host, port))

    def listen(self, fd, backlog: int = 128) -> Answer:
        return self.call(LISTEN, fd, argument=backlog)

    def setsockopt(self, fd, level: int, name: int, value) -> None:
        packed = struct.pack("=i", value) if isinstance(value, int) else value
        self.call(SETSOCKOPT, fd, level=level, name=name, value=packed)

    def getsockopt(self, fd, level: int, name: int, length: int = 4):
        value = self.call(GETSOCKOPT, fd, level=level, name=name, length=length).value
        return struct.unpack("=i", value)[0] if length == 4 else value

    def error_of(self, fd) -> int:
        return self.getsockopt(fd, socket.SOL_SOCKET, socket.SO_ERROR)

    def connected(self, host: str, port: int) -> Socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = self.socket(family)
        self.connect(made, host, port)
        return made

    def listening(self, host: str, port: int, backlog: int = 128) -> Socket:
        made = self.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.bind(made, host, port)
        self.listen(made, backlog)
        return made


def as_socket(fd: int) -> Socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=fd)
    made.settimeout(60)
    return made


class Accepted:
    def __init__(self, message: bytes, fds: list[int]):
        (self.magic, self.version, self.id, greeting, _, local,
         remote) = ACCEPTED.unpack(message)
        self.local, self.remote = unpack_address(local), unpack_address(remote)
        self.socket = as_socket(fds[0])
        while greeting:
            greeting -= len(self.socket.recv(greeting))


def accept(listener: Socket) -> Accepted:
    message, fds = receive(listener, ACCEPTED.size)
    if not message:
        raise EOFError("the listener is gone")
    return Accepted(message, fds)

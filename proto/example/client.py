#!/usr/bin/python3
"""A complete client of tcpengined, to read beside ../README.md.

Connects through the daemon to HOST PORT, sends TEXT (or standard input), shuts its direction down,
prints what comes back until the peer's end, and closes. It needs python3-protobuf and nothing else:
the Scalability Protocols' side is the forty lines of class Link.

The generated module is taken from PYTHONPATH (tcpengine/v1/tcpengine_pb2.py); when it is not there,
protoc makes it in a temporary directory.
"""
import argparse
import importlib.util
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

DEFAULT_CONTROL = "ipc:///run/tcpengine/control.sock"
SOCKET_MAGIC, SOCKET_OP_WRAP = 0x314B4353, 10  # lib/socket/socket.h
MESSAGE_MAX = 256 * 1024  # either way, with the request id
SEND_MAX = 64 * 1024  # bytes of data in one Send; a message would hold almost four times that
WAIT_MS = 30000


def has_module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # not even its parent is there
        return False


def load_messages():
    """Imports the generated module, making it first when need be."""
    try:
        from tcpengine.v1 import tcpengine_pb2
        return tcpengine_pb2
    except ImportError:
        pass
    for name, package in (("google.protobuf", "python3-protobuf"), ("protoc", "protobuf-compiler")):
        is_there = shutil.which(name) if name == "protoc" else has_module(name)
        if not is_there:
            sys.exit(f"client.py: {name} is missing: apt install {package}")
    proto = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(["protoc", "--proto_path=" + proto, "--python_out=" + out,
                        "tcpengine/v1/tcpengine.proto"], check=True)
        sys.path.insert(0, out)
        try:
            from tcpengine.v1 import tcpengine_pb2
        finally:
            sys.path.remove(out)
    return tcpengine_pb2


pb = load_messages()


class Failed(Exception):
    """The daemon answered with an error."""

    def __init__(self, status):
        hint = f" ({status.hint})" if status.hint else ""
        super().__init__(f"{status.message}{hint} [{status.errno_name}]")
        self.code = status.code


class Link:
    """SP REQ over a Unix socket: one request, one reply."""

    def __init__(self, control):
        if not control.startswith("ipc://"):
            raise ValueError("the control socket is ipc:///PATH")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(control[len("ipc://"):])
        # Both greet at once: NUL "SP" NUL, the protocol (REQ 0x30, REP 0x31), a reserved word.
        self.socket.sendall(b"\0SP\0\x00\x30\0\0")
        if self.read(8) != b"\0SP\0\x00\x31\0\0":
            raise ConnectionError("not an SP REP server")
        self.request_id = random.getrandbits(31)

    def read(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the daemon closed the link")
            data += piece
        return data

    def exchange(self, body):
        """A frame is 01, a be64 length, and the message: a request id and the body."""
        self.request_id = (self.request_id + 1) & 0x7FFFFFFF
        message = struct.pack(">I", 0x80000000 | self.request_id) + body  # top bit: the last id
        self.socket.sendall(b"\x01" + struct.pack(">Q", len(message)) + message)
        while True:
            kind, length = struct.unpack(">BQ", self.read(9))
            if kind != 1 or length < 4 or length > MESSAGE_MAX:
                raise ConnectionError("malformed frame")
            reply = self.read(length)
            if reply[:4] == message[:4]:  # else it answers a request that was given up
                return reply[4:]


class Client:
    """The verbs as methods. Each returns the verb's result, or raises Failed."""

    def __init__(self, control):
        self.link = Link(control)
        self.path = control[len("ipc://"):]
        self.session = 0
        self.request_id = 0

    def call(self, verb, **fields):
        self.request_id += 1
        request = pb.Request(api_major=1, session=self.session, request_id=self.request_id)
        operation = getattr(request, verb)
        operation.SetInParent()  # an operation without fields must be there too
        for name, value in fields.items():
            if isinstance(value, pb.Endpoint):
                getattr(operation, name).CopyFrom(value)
            else:
                setattr(operation, name, value)
        response = pb.Response.FromString(self.link.exchange(request.SerializeToString()))
        if response.status.code != pb.OK:
            raise Failed(response.status)
        return getattr(response, response.WhichOneof("result"))

    def attach(self):
        """From here on our connections end with us: with a RST when we die."""
        self.session = self.call("attach", client_name="client.py", policy=pb.POLICY_ABORT).session

    def open(self, host, port):
        """A token makes a repeated Open answer the same connection."""
        return self.call("open", remote=pb.Endpoint(address=host, port=port),
                         token=random.getrandbits(64) | 1, wait_ms=WAIT_MS)

    def send_all(self, connection, data):
        """Send is safe to repeat: its offset says which bytes of the stream it means."""
        offset = 0
        while True:
            piece = data[offset:offset + SEND_MAX]
            is_last = offset + len(piece) == len(data)
            try:
                sent = self.call("send", id=connection, offset=offset, data=piece, fin=is_last,
                                 wait_ms=WAIT_MS)
            except Failed as failure:
                if failure.code == pb.AGAIN:  # no room in time: ask again
                    continue
                raise
            offset = sent.accepted_to
            if sent.fin_accepted:
                return

    def receive_all(self, connection):
        """Yields what comes. The next from_offset tells the daemon what it may forget."""
        offset = 0
        while True:
            try:
                got = self.call("receive", id=connection, from_offset=offset, wait_ms=WAIT_MS)
            except Failed as failure:
                if failure.code == pb.AGAIN:
                    continue
                raise
            offset += len(got.data)
            if got.data:
                yield got.data
            if got.end:
                return

    def descriptor(self, connection):
        """The connection as a plain socket of the kernel's (docs/sockets.md): the request WRAP of
        lib/socket/socket.h, and the descriptor that the answer carries."""
        request = struct.pack("=IIIIQ296x", SOCKET_MAGIC, 1, SOCKET_OP_WRAP, 0, connection)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.connect(self.path + ".socket")
            link.send(request)
            answer, descriptors, _, _ = socket.recv_fds(link, 336, 1)
        error = struct.unpack_from("=I", answer, 8)[0]
        if error or not descriptors:
            raise OSError(error, f"connection {connection}: {os.strerror(error)}")
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptors[0])

    def close(self, connection):
        return self.call("close", id=connection, wait_ms=WAIT_MS)


def main():
    parser = argparse.ArgumentParser(description="Sends TEXT through tcpengined to HOST PORT.")
    parser.add_argument("--control",
                        default=os.environ.get("TCPENGINE_CONTROL", DEFAULT_CONTROL))
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("text", nargs="?", help="default: standard input")
    arguments = parser.parse_args()
    data = sys.stdin.buffer.read() if arguments.text is None else arguments.text.encode() + b"\n"
    try:
        client = Client(arguments.control)
        client.attach()
        opened = client.open(arguments.host, arguments.port)
        print(f"connection {opened.id} from {opened.local.address}:{opened.local.port}",
              file=sys.stderr)
        client.send_all(opened.id, data)
        for piece in client.receive_all(opened.id):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        state = client.close(opened.id).state
        print(f"closed: {pb.State.Name(state)}", file=sys.stderr)
    except (Failed, OSError) as failure:
        sys.exit(f"client.py: {failure}")


if __name__ == "__main__":
    main()

"""A client of the control socket in plain Python: SP framing by hand, messages by protobuf.

Link speaks SP's REQ side and can be made to misbehave; Client sends one Request and waits for its
Response."""
import itertools
import random
import socket
import struct

from tcpengine.v1 import tcpengine_pb2 as pb

REQ, REP = 0x30, 0x31
# Each client of a test starts at different numbers, the same in every run.
RANDOM = random.Random("tcpengine")
REQUEST_BIT = 0x80000000
MESSAGE_MAX = 256 * 1024


def hello(protocol: int = REQ) -> bytes:
    return b"\0SP\0" + struct.pack(">HH", protocol, 0)


def frame(body: bytes, request_id: int = 1) -> bytes:
    return struct.pack(">BQI", 1, len(body) + 4, request_id | REQUEST_BIT) + body


class Link:
    """One connection to the control socket."""

    def __init__(self, path: str, greet: bool = True, timeout: float = 10.0):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        if greet:
            self.socket.sendall(hello())
            answer = self.read_exactly(8)
            assert answer == hello(REP), f"the daemon's hello is {answer!r}"

    def read_exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError(f"the daemon closed the link after {len(data)} bytes")
            data += piece
        return data

    def send(self, body: bytes, request_id: int = 1) -> None:
        self.socket.sendall(frame(body, request_id))

    def receive(self) -> tuple[int, bytes]:
        kind, length, request_id = struct.unpack(">BQI", self.read_exactly(13))
        assert kind == 1 and 4 <= length <= MESSAGE_MAX + 4, (kind, length)
        assert request_id & REQUEST_BIT
        return request_id & ~REQUEST_BIT, self.read_exactly(length - 4)

    def is_closed_by_peer(self) -> bool:
        """Waits for the daemon to close the link; False if it does not within the timeout."""
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RpcError(Exception):
    def __init__(self, status):
        self.code = pb.Code.Name(status.code)
        self.errno_name = status.errno_name
        super().__init__(f"{self.code}: {status.message} ({status.errno_name})")


class Client:
    """client.call("open", passive=True, ...) answers the OpenResult or raises RpcError."""

    def __init__(self, path: str, timeout: float = 30.0):
        self.link = Link(path, timeout=timeout)
        self.session = 0
        # The daemon repeats its answer to a known request id: clients draw theirs at random.
        self.numbers = itertools.count(RANDOM.getrandbits(62))
        self.boot_id = 0

    def request(self, verb: str, fields: dict) -> pb.Request:
        request = pb.Request(api_major=1, session=self.session, request_id=next(self.numbers))
        getattr(request, verb).SetInParent()
        message = getattr(request, verb)
        for name, value in fields.items():
            if isinstance(value, pb.Endpoint):
                getattr(message, name).CopyFrom(value)
            else:
                setattr(message, name, value)
        return request

    def exchange(self, request: pb.Request) -> pb.Response:
        number = request.request_id & 0x7FFFFFFF
        self.link.send(request.SerializeToString(), number)
        echoed, body = self.link.receive()
        response = pb.Response.FromString(body)
        assert echoed == number, "the SP request id was not echoed"
        assert response.request_id == request.request_id, "request_id was not echoed"
        self.boot_id = response.boot_id
        return response

    def call(self, verb: str, **fields):
        response = self.exchange(self.request(verb, fields))
        if response.status.code != pb.OK:
            raise RpcError(response.status)
        result = response.WhichOneof("result")
        return getattr(response, result) if result else None

    def attach(self, **fields):
        result = self.call("attach", **fields)
        self.session = result.session
        return result

    def close(self) -> None:
        self.link.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def endpoint(address: str = "", port: int = 0) -> pb.Endpoint:
    return pb.Endpoint(address=address, port=port)


def release(client: Client, conn_id: int, offset: int) -> None:
    """Tells the daemon that the bytes below offset were read: otherwise CLOSE would reset."""
    try:
        client.call("receive", id=conn_id, from_offset=offset)
    except RpcError as error:
        if error.code != "AGAIN":
            raise


def receive_all(client: Client, conn_id: int) -> bytes:
    """Receives from stream offset 0 to the peer's FIN."""
    data = b""
    while True:
        result = client.call("receive", id=conn_id, from_offset=len(data), wait_ms=10000)
        data += result.data
        if result.end:
            return data

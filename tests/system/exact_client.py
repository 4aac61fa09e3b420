#!/usr/bin/python3
"""exact_client.py http|http-each|redis HOST PORT REQUESTS CONNECTIONS [FOLDER]

Makes so many requests over so many connections at once, and compares every byte of every answer with
what it has to be. http: files of FOLDER, over connections that are kept; http-each: a connection per
request; redis: a SET of a value of its own, then its GET. Prints what it has seen as JSON, and exits
with 1 at the first thing that is wrong. No library: it runs under tcpengine-run as well."""
import json
import random
import socket
import sys
import threading
from pathlib import Path

LIMIT_S = 120
VALUE_SIZES = (1, 10, 100, 1000, 1460, 4096, 20_000)


class Wrong(Exception):
    """An answer that is not what it has to be."""


class Stream:
    """One connection, and what has come of it but was not taken yet."""

    def __init__(self, host: str, port: int):
        self.socket = socket.create_connection((host, port), LIMIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.come = b""

    def more(self) -> None:
        piece = self.socket.recv(262_144)
        if not piece:
            raise Wrong(f"the stream ends, with {self.come[:100]!r} left")
        self.come += piece

    def take_to(self, mark: bytes) -> bytes:
        while mark not in self.come:
            self.more()
        head, _, self.come = self.come.partition(mark)
        return head

    def take(self, count: int) -> bytes:
        while len(self.come) < count:
            self.more()
        taken, self.come = self.come[:count], self.come[count:]
        return taken

    def expect(self, wanted: bytes, what: str) -> None:
        got = self.take(len(wanted))
        if got != wanted:
            at = next(i for i, pair in enumerate(zip(got, wanted)) if pair[0] != pair[1])
            raise Wrong(f"{what}: byte {at} of {len(wanted)} is {got[at]}, not {wanted[at]}")

    def expect_end(self) -> None:
        if self.come or self.socket.recv(1):
            raise Wrong(f"more than the answer has come: {self.come[:100]!r}")


class Worker(threading.Thread):
    """One connection at a time, with its part of the requests."""

    def __init__(self, client: "Client", number: int, requests: int):
        super().__init__(daemon=True)
        self.client, self.number, self.requests = client, number, requests
        self.random = random.Random(number)
        self.bytes = 0
        self.failure: str | None = None

    def run(self) -> None:
        try:
            getattr(self, self.client.kind.replace("-", "_"))()
        except (OSError, Wrong) as error:
            self.failure = f"connection {self.number}: {type(error).__name__}: {error}"

    def stream(self) -> Stream:
        return Stream(self.client.host, self.client.port)

    def get(self, stream: Stream, is_last: bool) -> bool:
        """False when the server ends the connection, as it does now and then."""
        name = self.random.choice(self.client.names)
        stream.socket.sendall(b"GET /%s HTTP/1.1\r\nHost: x\r\nConnection: %s\r\n\r\n" % (
            name.encode(), b"close" if is_last else b"keep-alive"))
        head = stream.take_to(b"\r\n\r\n")
        wanted = self.client.files[name]
        if not head.startswith(b"HTTP/1.1 200 ") or \
                b"\r\nContent-Length: %d" % len(wanted) not in head:
            raise Wrong(f"{name}: {head!r}")
        stream.expect(wanted, name)
        self.bytes += len(wanted)
        if b"\r\nConnection: close" not in head:
            return True
        stream.expect_end()
        stream.socket.close()
        return False

    def http(self) -> None:
        stream = None
        for left in range(self.requests, 0, -1):
            stream = stream or self.stream()
            if not self.get(stream, left == 1):
                stream = None

    def http_each(self) -> None:
        for _ in range(self.requests):
            self.get(self.stream(), True)

    def redis(self) -> None:
        """Half of the requests are SETs, half are GETs of what was set just before."""
        stream = self.stream()
        for turn in range((self.requests + 1) // 2):
            key = b"key:%d:%d" % (self.number, turn % 100)
            value = self.random.randbytes(self.random.choice(VALUE_SIZES))
            stream.socket.sendall(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (
                len(key), key, len(value), value))
            stream.expect(b"+OK\r\n", "SET")
            stream.socket.sendall(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(key), key))
            stream.expect(b"$%d\r\n%s\r\n" % (len(value), value), f"GET {key.decode()}")
            self.bytes += len(value)
        stream.socket.close()


class Client:
    def __init__(self, kind: str, host: str, port: int, folder: str | None):
        self.kind, self.host, self.port = kind, host, port
        self.files = {path.name: path.read_bytes() for path in Path(folder).iterdir()} \
            if folder else {}
        self.names = sorted(self.files)

    def work(self, requests: int, connections: int) -> list[Worker]:
        shares = [requests // connections + (number < requests % connections)
                  for number in range(connections)]
        workers = [Worker(self, number, share) for number, share in enumerate(shares)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return workers


def main() -> None:
    kind, host, port, requests, connections, *folder = sys.argv[1:]
    client = Client(kind, host, int(port), *folder or [None])
    workers = client.work(int(requests), int(connections))
    failures = [worker.failure for worker in workers if worker.failure]
    print(json.dumps({"requests": sum(worker.requests for worker in workers),
                      "bytes": sum(worker.bytes for worker in workers), "failures": failures}))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

"""Well-behaved and misbehaving clients of the control socket."""
import socket
import struct
import threading
import time
import unittest

import harness
from harness import run, wait_for
from ipc import MESSAGE_MAX, REP, Client, Link, frame, hello, pb


class ControlSocket(harness.SystemTest):
    @property
    def path(self) -> str:
        return str(self.daemon.control)

    def still_answers(self) -> None:
        with Client(self.path, timeout=5) as client:
            self.assertEqual(client.call("daemon_status").api_major, 1)

    def tearDown(self) -> None:
        self.still_answers()

    def test_thousand_abrupt_connects(self) -> None:
        """Connect and close, with nothing, part of the hello or all of it in between."""
        for number in range(1000):
            with socket.socket(socket.AF_UNIX) as link:
                link.connect(self.path)
                if number % 3:
                    link.sendall(hello()[:8 if number % 3 == 1 else 3])
        self.still_answers()
        wait_for(lambda: self.client_links() <= 1, what="links of the dead to go")

    def client_links(self) -> int:
        with Client(self.path) as client:
            return client.call("daemon_status").links

    def refuses(self, data: bytes, greet: bool = True) -> None:
        """The daemon closes the link in answer to these bytes."""
        with Link(self.path, greet, timeout=8) as link:
            try:
                link.socket.sendall(data)
            except ConnectionError:
                return
            self.assertTrue(link.is_closed_by_peer(), f"still open after {data[:32]!r}")

    def test_wrong_hello(self) -> None:
        for data in (b"GET / HTTP/1.0\r\n\r\n", b"\0SP\1" + bytes(4), hello(REP),
                     hello(0x10), harness.RANDOM.randbytes(64)):
            with self.subTest(data=data[:16]):
                self.refuses(data, greet=False)

    def test_bad_frames(self) -> None:
        cases = {
            "unknown type": struct.pack(">BQ", 2, 10) + bytes(10),
            "no request id": struct.pack(">BQ", 1, 3) + bytes(3),
            "empty": struct.pack(">BQ", 1, 0),
            "absurd": struct.pack(">BQI", 1, 2**64 - 1, 1 << 31) + bytes(64),
            "signed": struct.pack(">BQI", 1, 2**63, 1 << 31) + bytes(64),
        }
        for name, data in cases.items():
            with self.subTest(name):
                self.refuses(data)

    def test_oversize_is_answered(self) -> None:
        """A message over the limit is skipped and answered with an error; the link stays up."""
        with Link(self.path) as link:
            link.send(b"x" * (MESSAGE_MAX + 1), 3)
            number, answer = link.receive()
            self.assertEqual(number, 3)
            status = pb.Response.FromString(answer).status
            self.assertEqual(pb.Code.Name(status.code), "RESOURCES")
            self.assertRegex(status.message + status.hint, r"262144|256 KiB|256")
            request = pb.Request(api_major=1, request_id=1)
            request.daemon_status.SetInParent()
            link.send(request.SerializeToString(), 4)
            self.assertEqual(link.receive()[0], 4)

    def answer_to(self, body: bytes) -> pb.Response:
        with Link(self.path) as link:
            link.send(body, 77)
            number, answer = link.receive()
            self.assertEqual(number, 77)
            return pb.Response.FromString(answer)

    def code_of(self, body: bytes) -> str:
        return pb.Code.Name(self.answer_to(body).status.code)

    def test_garbage_bodies_are_malformed(self) -> None:
        for body in (b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f", b"\x08", harness.RANDOM.randbytes(4000)):
            self.assertIn(self.code_of(body), ("MALFORMED", "UNSUPPORTED", "INVALID_ARGUMENT"))

    def test_largest_message_is_read(self) -> None:
        request = pb.Request(api_major=1, request_id=1)
        request.send.id = 2 ** 53 - 1  # never given out
        request.send.data = b"x" * (MESSAGE_MAX - 64)
        self.assertEqual(self.code_of(request.SerializeToString()), "NOT_FOUND")

    def test_unknown_major_and_verb(self) -> None:
        request = pb.Request(api_major=2, request_id=1)
        request.daemon_status.SetInParent()
        self.assertEqual(self.code_of(request.SerializeToString()), "UNSUPPORTED")
        no_verb = pb.Request(api_major=1, request_id=1)
        self.assertIn(self.code_of(no_verb.SerializeToString()),
                      ("UNSUPPORTED", "INVALID_ARGUMENT"))
        unknown_verb = no_verb.SerializeToString() + b"\xfa\x3e\x00"
        self.assertIn(self.code_of(unknown_verb), ("UNSUPPORTED", "INVALID_ARGUMENT"))

    def test_unknown_fields_are_ignored(self) -> None:
        request = pb.Request(api_major=1, request_id=1)
        request.daemon_status.SetInParent()
        self.assertEqual(self.code_of(request.SerializeToString() + b"\xf8\x3e\x05"), "OK")

    def test_many_unknown_fields_are_bounded(self) -> None:
        """128 K unknown fields would become megabytes in a decoder without a budget."""
        request = pb.Request(api_major=1, request_id=1)
        request.daemon_status.SetInParent()
        flood = request.SerializeToString() + b"\x98\x06\x01" * 80000
        self.assertIn(self.code_of(flood), ("OK", "MALFORMED", "RESOURCES"))

    def test_request_in_single_bytes(self) -> None:
        request = pb.Request(api_major=1, request_id=5)
        request.daemon_status.SetInParent()
        with Link(self.path) as link:
            for byte in frame(request.SerializeToString(), 9):
                link.socket.sendall(bytes([byte]))
            number, body = link.receive()
        self.assertEqual((number, pb.Response.FromString(body).request_id), (9, 5))

    def test_truncated_message_holds_nobody_up(self) -> None:
        with Link(self.path) as link:
            link.socket.sendall(frame(b"x" * 100)[:50])
            self.still_answers()

    def test_reader_that_never_reads(self) -> None:
        """A client that only asks: the daemon closes its link, and others stay fast."""
        request = pb.Request(api_major=1)
        request.counters.SetInParent()
        asked = frame(request.SerializeToString()) * 64
        with Link(self.path, timeout=0.2) as link:
            stop = time.monotonic() + 5
            slowest = 0.0
            with Client(self.path) as honest:
                while time.monotonic() < stop:
                    try:
                        link.socket.sendall(asked)
                    except TimeoutError:
                        pass
                    except ConnectionError:
                        break
                    started = time.monotonic()
                    honest.call("daemon_status")
                    slowest = max(slowest, time.monotonic() - started)
        self.assertLess(slowest, 1.0 * harness.PATIENCE)

    def test_two_requests_at_once_on_one_link(self) -> None:
        """A long poll does not hold up the next request of the same link."""
        slow, quick = pb.Request(api_major=1, request_id=1), pb.Request(api_major=1, request_id=2)
        slow.next_events.after_seq = 1 << 40
        slow.next_events.wait_ms = 3000
        quick.daemon_status.SetInParent()
        with Link(self.path) as link:
            link.send(slow.SerializeToString(), 1)
            link.send(quick.SerializeToString(), 2)
            numbers = [link.receive()[0], link.receive()[0]]
        self.assertEqual(sorted(numbers), [1, 2])

    def test_many_at_once(self) -> None:
        """Twelve clients, 200 requests each, at the same time."""
        errors = []

        def work() -> None:
            try:
                with Client(self.path) as client:
                    for _ in range(200):
                        client.call("daemon_status")
            except Exception as error:  # noqa: BLE001 - reported by the main thread
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])

    # --- stock clients --------------------------------------------------------------------------

    def request_file(self) -> str:
        request = pb.Request(api_major=1, request_id=4711)
        request.daemon_status.SetInParent()
        path = self.folder / "request.bin"
        path.write_bytes(request.SerializeToString())
        return str(path)

    def is_status(self, body: bytes) -> None:
        response = pb.Response.FromString(body)
        self.assertEqual(response.request_id, 4711)
        self.assertEqual(response.status.code, pb.OK)
        self.assertEqual(len(response.daemon.states), 11)

    def test_nngcat(self) -> None:
        done = run("nngcat", "--req", "--dial", self.daemon.url, "--file", self.request_file(),
                   "--raw", "--recv-timeout", 5)
        self.is_status(done.stdout)

    def test_nanocat(self) -> None:
        done = run("nanocat", "--req", "--connect", self.daemon.url, "--file",
                   self.request_file(), "--raw", "--recv-timeout", 5, check=False)
        self.is_status(done.stdout)


if __name__ == "__main__":
    harness.main()

"""The protocol's worked examples, and a client of each kind that people bring along."""
import ctypes
import ctypes.util
import unittest

import harness
from harness import BUILD, HOST4, ROOT, KernelSink, run
from ipc import pb

EXAMPLE_SECONDS = 30


class Clients(harness.SystemTest):
    def request(self) -> bytes:
        request = pb.Request(api_major=1, request_id=99)
        request.daemon_status.SetInParent()
        return request.SerializeToString()

    def is_status(self, body: bytes) -> None:
        response = pb.Response.FromString(body)
        self.assertEqual((response.request_id, response.status.code), (99, pb.OK))
        self.assertEqual(response.daemon.tap, harness.TAP)

    def test_nng_library(self) -> None:
        """Debian's libnng by ctypes: three requests on one socket."""
        nng = ctypes.CDLL(ctypes.util.find_library("nng"))
        opened = ctypes.c_uint32()
        self.assertEqual(nng.nng_req0_open(ctypes.byref(opened)), 0)
        self.assertEqual(nng.nng_dial(opened, self.daemon.url.encode(), None, 0), 0)
        for _ in range(3):
            body = self.request()
            self.assertEqual(nng.nng_send(opened, body, ctypes.c_size_t(len(body)), 0), 0)
            answer, size = ctypes.create_string_buffer(65536), ctypes.c_size_t(65536)
            self.assertEqual(nng.nng_recv(opened, answer, ctypes.byref(size), 0), 0)
            self.is_status(answer.raw[:size.value])
        self.assertEqual(nng.nng_close(opened), 0)

    def test_nanomsg_library(self) -> None:
        nn = ctypes.CDLL(ctypes.util.find_library("nanomsg"))
        nn.nn_send.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
        nn.nn_recv.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        opened = nn.nn_socket(1, 48)  # AF_SP, NN_REQ
        self.assertGreaterEqual(opened, 0)
        self.assertGreaterEqual(nn.nn_connect(opened, self.daemon.url.encode()), 0)
        for _ in range(3):
            body = self.request()
            self.assertEqual(nn.nn_send(opened, body, len(body), 0), len(body))
            answer = ctypes.create_string_buffer(65536)
            size = nn.nn_recv(opened, answer, 65536, 0)
            self.assertGreater(size, 0)
            self.is_status(answer.raw[:size])
        nn.nn_close(opened)

    def test_python_example(self) -> None:
        """proto/example/client.py as its page tells to run it."""
        example = ROOT / "proto" / "example" / "client.py"
        if not example.exists():
            self.skipTest("no proto/example/client.py")
        sink = KernelSink()
        done = run("/usr/bin/python3", "-B", example, self.daemon.url, HOST4, sink.port,
                   check=False, timeout=EXAMPLE_SECONDS, input=b"hello from another language\n")
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_c_examples(self) -> None:
        """Every example program of libtcpclient runs against the daemon."""
        programs = [path for path in (BUILD / "lib" / "client").rglob("*example*")
                    if path.is_file() and path.stat().st_mode & 0o100 and path.suffix == ""]
        if not programs:
            self.skipTest("no example of libtcpclient was built")
        for program in programs:
            with self.subTest(program.name):
                done = run(program, check=False, timeout=EXAMPLE_SECONDS)
                self.assertGreaterEqual(done.returncode, 0, "killed by a signal")


if __name__ == "__main__":
    harness.main()

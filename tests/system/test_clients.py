"""The protocol's worked examples, and each kind of stock client."""
import ctypes
import ctypes.util
import hashlib
import os
import shutil
import threading
import unittest

import harness
from harness import BUILD, HOST4, ROOT, Nginx, run
from ipc import pb

PAGE = b"<h1>a page of nginx</h1>"


class Clients(harness.SystemTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.nginx = Nginx(cls.folder)
        cls.addClassCleanup(cls.nginx.stop)
        (cls.nginx.root / "index.html").write_bytes(PAGE)

    def request(self) -> bytes:
        request = pb.Request(api_major=1, request_id=99)
        request.daemon_status.SetInParent()
        return request.SerializeToString()

    def is_status(self, body: bytes) -> None:
        response = pb.Response.FromString(body)
        self.assertEqual((response.request_id, response.status.code), (99, pb.OK))
        self.assertEqual(response.daemon.tap, harness.TAP)

    def test_nng_library(self) -> None:
        """Debian's libnng through ctypes: three requests on one socket."""
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

    def environment(self) -> dict:
        return dict(os.environ, TCPENGINE_CONTROL=self.daemon.url)

    def test_python_example(self) -> None:
        """proto/example/client.py: a client without any library of ours."""
        done = run("/usr/bin/python3", "-B", ROOT / "proto" / "example" / "client.py",
                   "--control", self.daemon.url, HOST4, 80, input=b"GET / HTTP/1.0\r\n\r\n")
        self.assertIn(PAGE, done.stdout)

    def node(self) -> str:
        return shutil.which("node") or self.skipTest("there is no node: install nodejs")

    def test_node_example(self) -> None:
        """proto/example/client.js: the same in JavaScript."""
        done = run(self.node(), ROOT / "proto" / "example" / "client.js", "--control",
                   self.daemon.url, HOST4, 80, input=b"GET / HTTP/1.0\r\n\r\n")
        self.assertIn(PAGE, done.stdout)
        self.assertRegex(done.stderr.decode(), r"^connection \d+ from 10\.9\.0\.2:\d+\nclosed: \w+\n$")

    def test_examples_carry_much_data(self) -> None:
        """More than one message, one Send and any buffer hold, both ways, every byte."""
        data = harness.RANDOM.randbytes(3000000)
        programs = [["/usr/bin/python3", "-B", ROOT / "proto" / "example" / "client.py"],
                    [self.node(), ROOT / "proto" / "example" / "client.js"]]
        for words in programs:
            server = self.kernel_server()
            echo = threading.Thread(target=self.echo, args=(server,))
            echo.start()
            done = run(*words, "--control", self.daemon.url, HOST4, server.getsockname()[1], input=data)
            echo.join()
            self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(data).digest())

    def echo(self, server) -> None:
        connection, _ = server.accept()
        with connection:
            received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
            connection.sendall(received)

    def test_python_example_says_what_to_install(self) -> None:
        """Without protobuf, and without protoc: one line each."""
        script = ROOT / "proto" / "example" / "client.py"
        for flags, path, package in ((["-S"], os.environ["PATH"], "python3-protobuf"),
                                     ([], "/nowhere", "protobuf-compiler")):
            done = run("/usr/bin/python3", "-B", *flags, script, HOST4, 80, check=False,
                       env={"PATH": path, "TCPENGINE_CONTROL": self.daemon.url})
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.decode().count("\n"), 1, done.stderr)
            self.assertIn(f"apt install {package}", done.stderr.decode())

    def test_c_example(self) -> None:
        """libtcpclient's example, with its shared library."""
        done = run(BUILD / "lib" / "client" / "tcpclient_example", HOST4, 80, "/index.html",
                   env=self.environment())
        self.assertIn(PAGE, done.stdout)

    def test_examples_fail_politely(self) -> None:
        for words in (["/usr/bin/python3", "-B", ROOT / "proto" / "example" / "client.py"],
                      [self.node(), ROOT / "proto" / "example" / "client.js"],
                      [BUILD / "lib" / "client" / "tcpclient_example"]):
            done = run(*words, HOST4, 1, "/", check=False, env=self.environment())
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr.decode(), r"(?i)refused.*\n$")


if __name__ == "__main__":
    harness.main()

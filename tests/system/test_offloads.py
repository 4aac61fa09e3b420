"""Offloads of the TAP: on by default, off by one key, each refused by itself, and what the kernel drops
before the daemon reads it."""
import ctypes
import errno
import hashlib
import json
import signal
import socket
import struct
import unittest
import urllib.request

import harness
from harness import (ENGINE4, ENGINE6, HOST4, HOST6, TAP, Capture, Daemon, KernelSink, random_file,
                     run, tshark, wait_for)

SIZE = 20_000_000
SEND = ["send_checksum", "send_gso"]
RECEIVE = ["receive_checksum", "receive_tso4", "receive_tso6", "receive_tso_ecn"]
TUNGETFEATURES, TUNSETOFFLOAD = 0x800454CF, 0x400454D0
CSUM, TSO4, TSO6, TSO_ECN = 1, 2, 4, 8

# BPF and seccomp: load a word, compare bits, return; for Linux on any 64-bit little-endian machine.
LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EINVAL
REQUEST_AT, VALUE_AT = 24, 32
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def refuse(request: int, bits: int):
    """What a child does before it runs: an older kernel, which does not know some bits of a request. With 0,
    it does not know the request. No other system call has such a number as its second argument."""
    steps = [(LOAD, 0, 0, REQUEST_AT), (JUMP_EQUAL, 0, 3 if bits else 1, request)]
    if bits:
        steps += [(LOAD, 0, 0, VALUE_AT), (JUMP_SET, 0, 1, bits)]
    steps += [(RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(steps),
                                                      ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)

    def apply() -> None:
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
                libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    apply.keep = code
    return apply


def kernel_dropped(interface: str = TAP) -> int:
    links = json.loads(run("ip", "-s", "-j", "link", "show", "dev", interface).stdout)
    return links[0]["stats64"]["tx"]["dropped"]


class OffloadTest(harness.SystemTest):
    def both_ways(self, host: str = HOST4, engine: str = ENGINE4, port: int = 4100) -> None:
        """Some megabytes to the kernel and back, whole."""
        file, digest = random_file(str(self.folder), SIZE)
        sink = KernelSink(host)
        with file.open("rb") as stdin:
            self.tcpctl("connect", host, sink.port, "-N", stdin=stdin, timeout=120)
        self.assertEqual(sink.finish(), digest)
        server = self.tcpctl_process(f"serve-{port}", "serve", port)
        wait_for(lambda: self.find(f"sport = :{port}", state="LISTEN"), what="LISTEN")
        with self.kernel_client(port, engine) as client, file.open("rb") as source:
            client.settimeout(120)
            client.sendfile(source)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(1), b"")
        self.assertEqual(server.wait(60), 0, server.log)
        self.assertEqual(hashlib.sha256(server.output).hexdigest(), digest)

    def offloads(self) -> tuple[list[str], list[str]]:
        status = self.ctl("status")
        return status["offloads"], status["offloads_refused"]

    def largest(self, port: int) -> tuple[int, int]:
        """Of the frames that the kernel and the engine sent in a transfer."""
        capture = Capture(self.folder, "tcp")
        self.both_ways(port=port)
        rows = [row.split() for row in tshark(capture.finish(), "-T", "fields",
                                              "-e", "ip.src", "-e", "frame.len")]
        return (max(int(size) for source, size in rows if source == HOST4),
                max(int(size) for source, size in rows if source == ENGINE4))

    def bad_checksums(self, port: int) -> int:
        """tshark wants 0 where the sum is 0; 0xffff is the same number to every receiver (RFC 1624), and
        the kernel's."""
        capture = Capture(self.folder, "tcp")
        self.both_ways(port=port)
        return len(tshark(capture.finish(), "-o", "tcp.check_checksum:TRUE",
                          "-Y", "tcp.checksum.status == 0 and tcp.checksum != 0xffff"))


@unittest.skipIf(harness.OFFLOADS_OFF, "asks for the defaults")
class ByDefault(OffloadTest):
    def test_all_are_on(self) -> None:
        self.assertEqual(self.offloads(), (SEND + RECEIVE, []))
        text = self.tcpctl("status").stdout.decode()
        self.assertIn("offloads     " + " ".join(SEND + RECEIVE), text)
        self.assertNotIn("refused", text)
        self.assertNotIn("refuses some offloads", self.daemon.log)

    def test_frames_are_larger_than_the_link_both_ways(self) -> None:
        of_kernel, of_engine = self.largest(4110)
        self.assertGreater(of_kernel, 3 * 1514)
        self.assertGreater(of_engine, 3 * 1514)

    def test_ipv6(self) -> None:
        self.both_ways(HOST6, ENGINE6, 4111)


class Off(OffloadTest):
    daemon_arguments = ("--set", "checksum_offload=no")

    def test_one_key_turns_all_off(self) -> None:
        self.assertEqual(self.offloads(), ([], []))
        self.assertRegex(self.tcpctl("status").stdout.decode(), r"(?m)^offloads +none$")

    def test_frames_fit_the_link(self) -> None:
        of_kernel, of_engine = self.largest(4112)
        self.assertLessEqual(of_kernel, 1514)
        self.assertLessEqual(of_engine, 1514)

    def test_captures_show_finished_checksums(self) -> None:
        self.assertEqual(self.bad_checksums(4113), 0)


class Refused(OffloadTest):
    """Daemons on a kernel that lacks something."""

    wants_daemon = False

    def start_on(self, request: int, bits: int) -> Daemon:
        self.stop_daemon()
        type(self).daemon = Daemon(self.folder, "--set", "checksum_offload=yes", "--set", "gso=yes",
                                   preexec_fn=refuse(request, bits))
        return self.daemon.wait_ready()

    def check(self, request: int, bits: int, in_use: list[str], port: int) -> None:
        self.start_on(request, bits)
        refused = [name for name in SEND + RECEIVE if name not in in_use]
        self.assertEqual(self.offloads(), (in_use, refused))
        self.assertIn("; refused by the kernel: " + " ".join(refused),
                      self.tcpctl("status").stdout.decode())
        self.assertEqual(self.daemon.log.count("refuses some offloads"), 1)
        self.assertIn(f"off now: {' '.join(refused)};", self.daemon.log)
        self.both_ways(port=port)

    def test_ecn(self) -> None:
        self.check(TUNSETOFFLOAD, TSO_ECN, SEND + RECEIVE[:3], 4120)

    def test_ipv4_segmentation(self) -> None:
        self.check(TUNSETOFFLOAD, TSO4, SEND + ["receive_checksum", "receive_tso6", "receive_tso_ecn"], 4124)

    def test_ipv6_segmentation(self) -> None:
        self.check(TUNSETOFFLOAD, TSO6, SEND + ["receive_checksum", "receive_tso4",
                                                "receive_tso_ecn"], 4121)

    def test_checksums_to_us(self) -> None:
        self.check(TUNSETOFFLOAD, CSUM, SEND, 4122)

    def test_the_header_itself(self) -> None:
        self.check(TUNGETFEATURES, 0, [], 4123)


class Beyond(OffloadTest):
    """Frames larger than the link, and sums that are not finished, go on to other machines."""

    def peer_namespace(self) -> None:
        run("ip", "netns", "add", "beyond")
        self.addCleanup(run, "ip", "netns", "delete", "beyond")
        run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", "beyond")
        self.addCleanup(run, "ip", "link", "delete", "near")  # a namespace takes its time to do it
        run("ip", "link", "set", "near", "up")
        run("ip", "-n", "beyond", "link", "set", "far", "up")

    def transfers(self, engine_sees: str, port: int) -> None:
        """The peer's nc sends and receives; its far end gets finished frames or knows that they are not."""
        file, digest = random_file(str(self.folder), SIZE)
        sink = harness.Process(["ip", "netns", "exec", "beyond", "nc", "-l", "-N", str(port)],
                               self.folder, f"nc-{port}")
        self.addCleanup(sink.stop, signal.SIGKILL)
        wait_for(lambda: str(port) in run("ip", "netns", "exec", "beyond", "ss", "-Hltn")
                 .stdout.decode(), what="nc")
        with file.open("rb") as stdin:
            self.tcpctl("connect", engine_sees, port, "-N", stdin=stdin, timeout=120)
        self.assertEqual(sink.wait(), 0, sink.log)
        self.assertEqual(hashlib.sha256(sink.output).hexdigest(), digest)
        server = self.tcpctl_process("serve", "serve", port)
        wait_for(lambda: self.find(f"sport = :{port}", state="LISTEN"), what="LISTEN")
        with file.open("rb") as stdin:
            run("ip", "netns", "exec", "beyond", "nc", "-N", ENGINE4, port, stdin=stdin,
                timeout=120)
        self.assertEqual(server.wait(60), 0, server.log)
        self.assertEqual(hashlib.sha256(server.output).hexdigest(), digest)

    def test_bridged(self) -> None:
        self.peer_namespace()
        run("ip", "-n", "beyond", "address", "add", "10.9.0.3/24", "dev", "far")
        run("ip", "link", "add", "bridge0", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "bridge0")
        for port in (TAP, "near"):
            run("ip", "link", "set", port, "master", "bridge0")
        run("ip", "link", "set", "bridge0", "up")
        self.transfers("10.9.0.3", 4130)
        run("ip", "link", "set", TAP, "nomaster")

    def forwarded(self) -> None:
        self.peer_namespace()
        run("ip", "address", "add", "10.8.0.1/24", "dev", "near")
        run("ip", "-n", "beyond", "address", "add", "10.8.0.2/24", "dev", "far")
        run("ip", "-n", "beyond", "route", "add", "10.9.0.0/24", "via", "10.8.0.1")
        run("sysctl", "-qw", "net.ipv4.ip_forward=1")

    def test_forwarded(self) -> None:
        self.forwarded()
        self.transfers("10.8.0.2", 4131)

    def test_forwarded_to_a_link_without_offloads(self) -> None:
        """The kernel must finish the sums, and cut the segments."""
        self.forwarded()
        for where, name in ((["ip", "netns", "exec", "beyond"], "far"), ([], "near")):
            done = run(*where, "ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off",
                       "gro", "off", check=False)
            if done.returncode != 0:
                self.skipTest("ethtool cannot turn offloads off here")
        self.transfers("10.8.0.2", 4132)

    def test_masqueraded(self) -> None:
        self.forwarded()
        rules = ("table ip nat { chain post { type nat hook postrouting priority 100; "
                 "ip saddr 10.9.0.0/24 oifname near masquerade; } }")
        if run("nft", rules, check=False).returncode != 0:
            self.skipTest("no nft here")
        self.addCleanup(run, "nft", "delete", "table", "ip", "nat")
        self.transfers("10.8.0.2", 4133)


class Dropped(OffloadTest):
    """While the daemon does not read, the kernel's queue runs over."""

    FLOOD = 3000
    daemon_arguments = ("--set", "tap_queue_len=100")

    def metric(self) -> int:
        page = urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=10).read().decode()
        rows = [line for line in page.splitlines()
                if line.startswith("tcpengine_network_receive_drop_total{")]
        self.assertEqual(len(rows), 1, page)
        return int(rows[0].split()[1])

    def flood(self) -> None:
        run("ip", "neighbour", "replace", ENGINE4, "lladdr", self.ctl("status")["mac"], "dev", TAP)
        self.daemon.send_signal(signal.SIGSTOP)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(self.FLOOD):
                sender.sendto(b"flood", (ENGINE4, 9))
        self.daemon.send_signal(signal.SIGCONT)

    def test_counter_is_the_kernels(self) -> None:
        self.assertEqual(self.ctl("status")["kernel_dropped"], kernel_dropped())
        before = kernel_dropped()
        self.flood()
        self.assertGreater(kernel_dropped(), before + self.FLOOD // 2)
        self.assertEqual(self.ctl("status")["kernel_dropped"], kernel_dropped())
        self.assertEqual(self.metric(), kernel_dropped())
        self.assertIn(f" {kernel_dropped()} frames, by the kernel",
                      self.tcpctl("status").stdout.decode())


class DroppedWithoutSandbox(Dropped):
    daemon_arguments = (*Dropped.daemon_arguments, "--set", "sandbox=no")


if __name__ == "__main__":
    harness.main()

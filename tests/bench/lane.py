"""A lane: two kernel hosts and a slot for an engine, with one path between two of them at a time.

            namespace of host 1          here          namespace of host 2
              host1  <--veth-->  link1   relay   link2  <--veth-->  host2
                                         tap  <--> tcpengined

Every host is one virtual wire away from the relay, which holds a packet socket at this end of the
wire. Segmentation and checksums are done in software before the wire, so that the relay sees the
segments a real network would."""
import contextlib
import ctypes
import fcntl
import json
import signal
import socket
import struct
import subprocess
from pathlib import Path

import harness
import kernel_memory

PROGRAMS = harness.BUILD / "tests" / "bench"
ADDRESSES = {"host1": "10.77.0.1", "host2": "10.77.0.2", "engine": "10.77.0.3"}
MACS = {"host1": "02:00:00:00:77:01", "host2": "02:00:00:00:77:02", "engine": "02:00:00:00:77:03"}
SIOCETHTOOL = 0x8946
# ETHTOOL_SRXCSUM, STXCSUM, SSG, STSO, SGSO, SGRO
OFFLOADS = {"rx": 0x15, "tx": 0x17, "sg": 0x19, "tso": 0x1f, "gso": 0x24, "gro": 0x2c}
# Programs choose the congestion control: only the first namespace may have cubic as its default.
SYSCTLS = {"net/ipv4/tcp_no_metrics_save": "1",
           "net/ipv6/conf/all/disable_ipv6": "1", "net/ipv6/conf/default/disable_ipv6": "1"}
# Who sends and who receives.
VARIANTS = {"kernel": ("host1", "host2"), "out": ("engine", "host2"), "in": ("host1", "engine")}


class Void(Exception):
    """The run is void: the machine, not the path, lost or delayed frames."""


def sysctl(values: dict) -> None:
    for name, value in values.items():
        Path("/proc/sys", name).write_text(value)


def offloads_off(interface: str) -> None:
    """A driver may lack a feature; the relay refuses frames that are not as they should be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for command in OFFLOADS.values():
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP8x", interface.encode(), ctypes.addressof(value))
            with contextlib.suppress(OSError):
                fcntl.ioctl(any_socket, SIOCETHTOOL, request)


class KernelHost:
    """A network namespace with one end of a veth pair. It lives as long as its only process."""

    def __init__(self, name: str, link: str):
        self.name, self.link = name, link
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        # These names are used until the host's end has moved to its namespace.
        self.end = f"{link}-end"
        harness.run("ip", "link", "add", link, "type", "veth", "peer", "name", self.end)
        for interface in (link, self.end):
            harness.run("ip", "link", "set", interface, "arp", "off")
            offloads_off(interface)
        harness.wait_for(self._is_apart, what="a namespace")
        harness.run("ip", "link", "set", self.end, "netns", self.holder.pid)
        harness.run("ip", "link", "set", link, "up")
        with self.inside():
            sysctl(SYSCTLS)
        self._configure()

    def _is_apart(self) -> bool:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self.holder.pid}/ns/net").readlink() != \
                Path("/proc/self/ns/net").readlink()
        return False

    def _configure(self) -> None:
        self.run("ip", "link", "set", self.end, "address", MACS[self.name], "arp", "on", "up")
        self.run("ip", "address", "add", f"{ADDRESSES[self.name]}/24", "dev", self.end)
        for other, mac in MACS.items():
            if other != self.name:
                self.run("ip", "neighbour", "replace", ADDRESSES[other], "lladdr", mac, "dev",
                         self.end, "nud", "permanent")

    def inside(self):
        return kernel_memory.inside(self.holder.pid)

    def command(self, *argv) -> list:
        return ["nsenter", "--net", "--target", self.holder.pid, *argv]

    def run(self, *argv):
        return harness.run(*self.command(*argv))

    def drops(self) -> int:
        """Frames the veth pair lost on the way to the relay."""
        rows = json.loads(self.run("ip", "-s", "-j", "link", "show", "dev", self.end).stdout)
        return rows[0]["stats64"]["tx"]["dropped"]

    def stop(self) -> None:
        self.holder.kill()
        self.holder.wait()


class EngineHost:
    """A TAP, with a new tcpengined on it for each run."""

    name = "engine"

    def __init__(self, link: str, folder: Path):
        self.link, self.folder = link, folder
        self.daemon = None
        harness.run("ip", "tuntap", "add", "dev", link, "mode", "tap")
        harness.run("ip", "link", "set", link, "arp", "off")
        offloads_off(link)
        harness.run("ip", "link", "set", link, "up")

    def start(self) -> str:
        control = f"ipc://{self.folder}/control.sock"
        words = ["--tap", self.link, "--address", f"{ADDRESSES['engine']}/24", "--control", control,
                 "--http", "off", "--set", f"mac={MACS['engine']}", "--set", "dad=false",
                 "--set", "log_level=warning", "--set", "shutdown_timeout=0",
                 # The relay's packet socket takes what a real network would carry.
                 "--set", "checksum_offload=no"]
        self.daemon = harness.Daemon(self.folder, argv=words).wait_ready()
        return control

    def stop(self) -> None:
        if self.daemon is not None:
            status, log, self.daemon = self.daemon.terminate(), self.daemon.log, None
            assert status == 0, log


class Lane:
    def __init__(self, number: int, folder: Path):
        self.folder = folder / f"lane{number}"
        self.folder.mkdir()
        self.hosts = {name: KernelHost(name, f"link{number}-{name[-1]}")
                      for name in ("host1", "host2")}
        self.hosts["engine"] = EngineHost(f"tap{number}", self.folder)
        self.port = 20000
        self.runs = 0

    def run(self, variant: str, path: dict, seconds: int, trace: Path | None = None) -> dict:
        """One connection: the reports of its receiver and of the relay. Raises Void."""
        sender, receiver = (self.hosts[name] for name in VARIANTS[variant])
        self.runs += 1
        self.port += 1
        url = self.hosts["engine"].start() if variant != "kernel" else ""
        drops = self._host_drops()
        words = [f"{key}={value}" for key, value in path.items()]
        words += [f"trace={trace}"] if trace else []
        try:
            with self._process("relay", [PROGRAMS / "relay", sender.link, receiver.link,
                                         *words]) as relay:
                received = self._flow(sender, receiver, seconds, url)
                relay.stop()
                told = json.loads(relay.output.decode().splitlines()[1])
        finally:
            self.hosts["engine"].stop()
        told["unwanted_drops"] += self._host_drops() - drops
        if told["unwanted_drops"] > 0:
            raise Void(f"{told['unwanted_drops']} frames were lost outside of the path")
        return {**received, "relay": told}

    def _flow(self, sender, receiver, seconds: int, url: str) -> dict:
        to = [ADDRESSES[receiver.name], self.port, seconds, *([url] if url else [])]
        with self._flow_process(receiver, "receive", to) as sink:
            harness.wait_for(lambda: b"ready" in sink.output, what="the receiver")
            with self._flow_process(sender, "send", to) as source:
                lines = harness.wait_for(lambda: self._answer(sink, source), seconds + 30,
                                         "the receiver's answer")
        return json.loads(lines[1])

    @staticmethod
    def _answer(sink, source) -> list:
        assert sink.is_running() and source.is_running(), sink.log + source.log
        lines = sink.output.decode().splitlines(keepends=True)
        return lines if len(lines) == 2 and lines[1].endswith("\n") else []

    @contextlib.contextmanager
    def _process(self, name: str, argv: list):
        process = harness.Process(argv, self.folder, f"{name}-{self.runs}")
        try:
            harness.wait_for(lambda: b"ready" in process.output or not process.is_running(),
                             what=name)
            assert process.is_running(), process.log
            yield process
        finally:
            process.stop()

    @contextlib.contextmanager
    def _flow_process(self, host, role: str, to: list):
        words = [PROGRAMS / "flow", "engine" if host.name == "engine" else "kernel", role, *to]
        words = words if host.name == "engine" else host.command(*words)
        process = harness.Process(words, self.folder, f"{role}-{self.runs}")
        try:
            yield process
        finally:
            process.stop(signal.SIGKILL)

    def _host_drops(self) -> int:
        return self.hosts["host1"].drops() + self.hosts["host2"].drops()

    def stop(self) -> None:
        for host in self.hosts.values():
            host.stop()

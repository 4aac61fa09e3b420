"""What tests/bench/compare compares: each contender is one way from an application to the same peers,
which use the kernel's TCP. A new one is a class here and its place in CONTENDERS; another interface
of libtcpclient is a row of the table in transport.c as well."""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import bench
import harness
import kernel_memory
import programs

RUN = harness.BUILD / "lib" / "preload" / "tcpengine-run"
PROGRAMS = harness.BUILD / "tests" / "bench"
# Of the kernel's clocks of other processes, the one in nanoseconds (CPUCLOCK_SCHED).
CPU_CLOCK = 2
PORT_RANGE = "1024\t65535"
HTTP_PORT = 9409
MTU = 65520  # of pasta and slirp4netns: their fastest


def sysctl(name: str, value: str) -> None:
    Path("/proc/sys/net/ipv4", name).write_text(value)


def cubic_route(address: str, device: str) -> list[str]:
    """Gives it to the sockets of foreign programs, before they begin: one that was accepted with BBR
    keeps its pacing when the program chooses CUBIC. The default of a namespace may only be what the
    whole machine allows to everybody."""
    network = address.rsplit(".", 1)[0]
    return ["ip", "route", "replace", f"{network}.0/24", "dev", device, "proto", "kernel", "scope",
            "link", "src", address, "congctl", "cubic"]


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def cpu_seconds(pids: list[int]) -> float:
    return sum(time.clock_gettime(~pid << 3 | CPU_CLOCK) for pid in pids)


def memory_bytes(pids: list[int]) -> int:
    """What they have written. Pages of programs and libraries, of which another run of the same
    program touches others, are no cost of a connection."""
    words = [line.split() for pid in pids
             for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line[1]) for line in words if line[0] in ("RssAnon:", "RssShmem:")) * 1024


def pin(pids: list[int], cpus: set[int]) -> None:
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), cpus)


def time_waits_of(sockstat: str) -> int:
    words = next(line for line in sockstat.splitlines() if line.startswith("TCP:")).split()
    return int(words[words.index("tw") + 1])


class Namespace:
    """A network namespace, which lives as long as its only process."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        harness.wait_for(self._is_apart, what="a namespace")
        with kernel_memory.inside(self.holder.pid):
            prepare_kernel()

    def _is_apart(self) -> bool:
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{self.holder.pid}/ns/net") != \
                os.readlink("/proc/self/ns/net")
        return False

    def command(self, *argv) -> list:
        return ["nsenter", "--net", "--target", self.holder.pid, *argv]

    def time_waits(self) -> int:
        return time_waits_of(Path(f"/proc/{self.holder.pid}/net/sockstat").read_text())

    def stop(self) -> None:
        self.holder.kill()
        self.holder.wait()


def prepare_kernel() -> None:
    """Ports and TIME_WAITs as the daemon has them, in the namespace of the caller."""
    sysctl("ip_local_port_range", PORT_RANGE)
    sysctl("tcp_max_tw_buckets", "262144")


class Contender:
    """name is the column's; title explains it. The application runs command(); processes() are the
    stack's own beside it, if any; address is where the peers are, seen from it."""

    name = title = transport = address = ""
    needs: str | None = None  # a program
    package = ""
    # Whether the stack is a library inside the application.
    is_inside = False
    # Whether connections cost the kernel more than the peer's end.
    is_on_kernel = True
    # Whether an application can read what has come where it lies.
    reads_in_place = False
    # Whether application and stack can look without pause instead of sleeping.
    can_be_busy = False
    # Whether it is this project or the kernel: a failure is then a failure of the benchmark.
    is_ours = True
    # Where a server that it runs is reached, if it can run foreign programs (program()).
    served_at: str | None = None
    # Where the same port of another contender is taken there.
    served_offset = 0

    def __init__(self, ground: "Ground"):
        self.ground = ground

    def missing(self) -> str | None:
        """Why it cannot take part."""
        if self.needs is not None and shutil.which(self.needs) is None:
            return f"{self.needs} is not installed (Debian package {self.package})"
        if self.transport not in transports():
            return f"libtcpclient has no transport of the name {self.transport}"
        return None

    def start(self, folder: Path) -> None:
        """Needs what start_ground() made."""

    def stop(self) -> None:
        """What start() began."""

    def keep_time_waits(self, folder: Path) -> None:
        """From now on they should stay for all rounds, if that can be chosen."""

    def processes(self) -> list[int]:
        return []

    def command(self, *words) -> list:
        return [PROGRAMS / "work", self.transport, *words]

    def program(self, *words) -> list:
        """Of those that are served_at some address: a foreign program, on their TCP."""
        raise NotImplementedError

    def time_waits(self) -> int:
        return time_waits_of(Path("/proc/self/net/sockstat").read_text())


class Loopback(Contender):
    name, title, transport = "loopback", "kernel over loopback", "kernel"
    address = "127.0.0.1"


class Veth(Contender):
    name, title, transport = "veth", "kernel over veth", "kernel"
    address, served_at = bench.VETH_HERE, bench.VETH_THERE

    def program(self, *words) -> list:
        return self.ground.space.command(*words)

    def command(self, *words) -> list:
        return self.ground.space.command(*super().command(*words))

    def time_waits(self) -> int:
        return self.ground.space.time_waits()


class Engine(Contender):
    """tcpengined with its defaults, except for limits that this many connections would meet."""

    address = harness.HOST4
    settings = {"connections_per_remote_max": "0", "objects_per_uid_max": "1000000",
                "port_first": "1024", "port_last": "65535", "time_wait_max": "1000000",
                "log_level": "warning"}
    is_on_kernel = False
    msl_seconds = 30  # as Linux

    def start(self, folder: Path) -> None:
        self.tap = f"tap-{self.name}"
        address = self._make_tap()
        words = ["--tap", self.tap, "--address", address, "--control",
                 f"ipc://{folder}/{self.name}.sock", "--http", f"127.0.0.1:{self.http_port}",
                 "--msl", str(self.msl_seconds), "--set", "dad=false"]
        for key, value in {**self.settings, **self.ground.settings}.items():
            words += ["--set", f"{key}={value}"]
        self.url = f"ipc://{folder}/{self.name}.sock"
        self.daemon = harness.Daemon(folder, argv=words).wait_ready()

    def _make_tap(self) -> str:
        """Returns the engine's address."""
        network = self.address.rsplit(".", 1)[0]
        if not Path("/sys/class/net", self.tap).exists():
            harness.run("ip", "tuntap", "add", "dev", self.tap, "mode", "tap")
            harness.run("ip", "address", "add", f"{self.address}/24", "dev", self.tap)
        harness.run("ip", "link", "set", self.tap, "up")
        harness.run(*cubic_route(self.address, self.tap))
        return f"{network}.2/24"

    def stop(self) -> None:
        status = self.daemon.terminate()
        assert status == 0, self.daemon.log

    def keep_time_waits(self, folder: Path) -> None:
        self.stop()
        self.msl_seconds = 1800
        self.start(folder)

    def processes(self) -> list[int]:
        return family(self.daemon.child.pid)

    def command(self, *words) -> list:
        return [*super().command(*words), f"url={self.url}"]

    def time_waits(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=30) as page:
            text = page.read().decode()
        return int(text.split("\ntcpengine_tcp_time_wait ")[1].split()[0])


class Rpc(Engine):
    name, title, transport, http_port = "rpc", "tcpengine over the RPC", "engine", HTTP_PORT


class Channel(Engine):
    name, title, transport = "channel", "tcpengine by channel", "channel"
    address, http_port = "10.13.0.1", HTTP_PORT + 1
    reads_in_place = can_be_busy = True
    is_busy = False

    def be_busy(self, folder: Path, is_busy: bool) -> None:
        self.stop()
        self.is_busy = is_busy
        self.settings = {**Engine.settings, **(bench.BUSY_SETTINGS if is_busy else {})}
        self.start(folder)

    def command(self, *words) -> list:
        return [*(["env", *bench.BUSY_ENVIRONMENT] if self.is_busy else []), *super().command(*words)]


class Programs(Engine):
    """Only foreign programs: to others it is what a channel is, with more system calls."""

    name, title, transport = "run", "tcpengine-run", None
    address, served_at, http_port = "10.14.0.1", "10.14.0.2", HTTP_PORT + 2

    def missing(self) -> str | None:
        return None if RUN.exists() else f"{RUN} was not built"

    def program(self, *words) -> list:
        return ["env", f"TCPENGINE_CONTROL={self.url}", RUN, *words]


class Lwip(Contender):
    name, title = "lwip", "lwIP, inside the application"
    address = "10.11.0.1"
    is_inside, is_on_kernel, is_ours = True, False, False

    def missing(self) -> str | None:
        if (PROGRAMS / "lwip").exists():
            return None
        return "tests/bench/peers/lwip was not built (Debian package liblwip-dev)"

    def start(self, folder: Path) -> None:
        harness.run("ip", "tuntap", "add", "dev", "tap-lwip", "mode", "tap")
        harness.run("ip", "address", "add", f"{self.address}/24", "dev", "tap-lwip")
        harness.run("ip", "link", "set", "tap-lwip", "up")
        harness.run(*cubic_route(self.address, "tap-lwip"))

    def stop(self) -> None:
        harness.run("ip", "link", "delete", "tap-lwip")

    def command(self, *words) -> list:
        return [PROGRAMS / "lwip", *words, "tap=tap-lwip"]

    def time_waits(self) -> int:
        return 0  # each run is a new stack


class UserNetwork(Contender):
    """A namespace whose only way out is a process that ends its TCP and opens sockets here."""

    transport = "kernel"
    address = served_at = bench.VETH_HERE
    is_ours = False

    def program(self, *words) -> list:
        return self.space.command(*words)

    def argv(self, folder: Path) -> list:
        raise NotImplementedError

    def start(self, folder: Path) -> None:
        self.space = Namespace()
        harness.run(*self.space.command("ip", "link", "set", "lo", "up"))
        self.process = harness.Process(self.argv(folder), folder, self.name)
        harness.wait_for(self._is_up, what=self.name)

    def _is_up(self) -> bool:
        assert self.process.is_running(), self.process.log
        done = harness.run(*self.space.command("ip", "-4", "route", "show", "default"))
        return bool(done.stdout)

    def stop(self) -> None:
        self.process.stop()
        self.space.stop()

    def processes(self) -> list[int]:
        return family(self.process.child.pid)

    def command(self, *words) -> list:
        return self.space.command(*super().command(*words))

    def time_waits(self) -> int:
        return self.space.time_waits()


class Pasta(UserNetwork):
    name, title = "pasta", "passt (pasta)"
    needs, package = "pasta", "passt"

    def argv(self, folder: Path) -> list:
        # It has dropped its right to look into /proc by the time it opens the namespace.
        self.mount = folder / "pasta-namespace"
        self.mount.touch()
        harness.run("mount", "--bind", f"/proc/{self.space.holder.pid}/ns/net", self.mount)
        return ["pasta", "--foreground", "--quiet", "--config-net", "--netns-only", "--netns",
                self.mount, "--runas", "0", "--ns-ifname", "tap0", "--mtu", MTU, "--ipv4-only",
                "--address", "10.12.0.2", "--netmask", "24", "--gateway", "10.12.0.1",
                "--interface", "veth-here", "-t", ",".join(map(str, programs.PORTS)), "-u", "none",
                "-T", "none", "-U", "none"]

    def stop(self) -> None:
        super().stop()
        harness.run("umount", self.mount)


class Slirp(UserNetwork):
    """Its memory per connection, some 270 kB, is true: libslirp takes two buffers of 128 KiB at the SYN,
    and larger ones once it knows the MSS. In a new process these are mappings of their own, of which
    a connection touches 12 kB. As soon as one connection has closed, malloc() takes such sizes from
    the heap (its threshold has grown), and each change of size copies 128 KiB, which are resident
    from then on: 13 kB per connection before the first close, 268 kB after it."""

    name, title = "slirp4netns", "slirp4netns"
    served_offset = 10_000
    needs, package = "slirp4netns", "slirp4netns"

    def argv(self, folder: Path) -> list:
        return ["slirp4netns", "--configure", f"--mtu={MTU}", "--disable-dns", "--api-socket",
                self.requests(folder), self.space.holder.pid, "tap0"]

    @staticmethod
    def requests(folder: Path) -> Path:
        return folder / "slirp4netns.sock"

    def start(self, folder: Path) -> None:
        self.requests(folder).unlink(missing_ok=True)
        super().start(folder)
        for port in programs.PORTS:
            self._forward(folder, port)

    def _connected(self, folder: Path) -> socket.socket | None:
        """None while it does not listen yet, which it does after its network is up."""
        connection = socket.socket(socket.AF_UNIX)
        if connection.connect_ex(str(self.requests(folder))) == 0:
            return connection
        connection.close()
        return None

    def _forward(self, folder: Path, port: int) -> None:
        request = {"execute": "add_hostfwd",
                   "arguments": {"proto": "tcp", "host_addr": self.served_at, "guest_addr": "10.0.2.100",
                                 "host_port": port + self.served_offset, "guest_port": port}}
        listening = "the socket of slirp4netns"
        with harness.wait_for(lambda: self._connected(folder), what=listening) as connection:
            connection.sendall(json.dumps(request).encode())
            connection.shutdown(socket.SHUT_WR)
            answer = json.loads(connection.makefile().read())
        assert "error" not in answer, answer


CONTENDERS = [Veth, Loopback, Channel, Rpc, Programs, Lwip, Pasta, Slirp]


def transports() -> list[str]:
    return harness.run(PROGRAMS / "work", "list").stdout.decode().split()


class Ground:
    """The namespace of the peers, which is this one, and that of the kernel's client over veth."""

    # For which work, what the peer does, its first port, and how many ports. A port is used again when its
    # TIME_WAITs have gone: Linux looks through 32,000 ports before it takes one of the other half.
    # A prime, so that everybody comes to all of them.
    PEERS = {"bulk_out": ("bulk_out", 20000, 1), "bulk_in": ("bulk_in", 20001, 1),
             "latency": ("latency", 20002, 1), "hold": ("hold", 20003, 1),
             "fill": ("latency", 20010, 4), "requests": ("latency", 20100, 47)}

    def __init__(self, folder: Path, settings: dict):
        self.folder, self.settings = folder, settings
        self.peers = {}
        self.turn = 0

    def start(self) -> None:
        prepare_kernel()
        self.space = Namespace()
        harness.run("ip", "link", "add", "veth-here", "type", "veth", "peer", "name", "veth-there")
        harness.run("ip", "link", "set", "veth-there", "netns", self.space.holder.pid)
        harness.run("ip", "address", "add", f"{bench.VETH_HERE}/24", "dev", "veth-here")
        harness.run("ip", "link", "set", "veth-here", "up")
        self._inside("ip", "address", "add", f"{bench.VETH_THERE}/24", "dev", "veth-there")
        self._inside("ip", "link", "set", "veth-there", "up")
        self._be_sure_of_cubic()
        for name, (mode, port, count) in self.PEERS.items():
            self.peers[name] = harness.Process([PROGRAMS / "peer", "0.0.0.0", port, mode, count],
                                               self.folder, f"peer-{name}")
        for name, peer in self.peers.items():
            harness.wait_for(lambda peer=peer: b"ready" in peer.output, what=f"the peer {name}")

    def _inside(self, *argv) -> None:
        harness.run(*self.space.command(*argv))

    def _be_sure_of_cubic(self) -> None:
        """For the sockets that pasta and slirp4netns have here, the route to this host chooses it."""
        known = Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().split()
        if "cubic" not in known:
            harness.skip("this kernel has no cubic (modprobe tcp_cubic)")
        harness.run("ip", "route", "replace", "table", "local", "local", bench.VETH_HERE, "dev",
                    "veth-here", "proto", "kernel", "scope", "host", "src", bench.VETH_HERE,
                    "congctl", "cubic")
        harness.run(*cubic_route(bench.VETH_HERE, "veth-here"))
        self._inside(*cubic_route(bench.VETH_THERE, "veth-there"))

    def processes(self) -> list[int]:
        return [peer.child.pid for peer in self.peers.values()]

    def port(self, work: str) -> int:
        """The next of its ports."""
        _, first, count = self.PEERS[work]
        self.turn += 1
        return first + self.turn % count

    def fill_port(self) -> int:
        return self.PEERS["fill"][1]

    def stop(self) -> None:
        for peer in self.peers.values():
            peer.stop()
        self.space.stop()

"""What an idle ESTABLISHED connection of a channel costs: the engine, the daemon, the shared memory
and the application, from what their processes have written."""
import json
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import harness

PROGRAMS = harness.BUILD / "tests" / "bench"
FIRST_PORT = 20000
# One process of the peer's has so many descriptors at most.
HELD_PER_PEER = 15_000
# Beyond idle_release, which is a second.
SETTLE_SECONDS = 3
SETTINGS = {"connections_per_remote_max": "0", "objects_per_uid_max": "1000000",
            "port_first": "1024", "port_last": "65535", "channels_per_uid_max": "64",
            "channels_max": "64", "log_level": "warning"}


def written_bytes(pid: int) -> dict:
    """Of a process, by kind."""
    words = [line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    sizes = {line[0].rstrip(":"): int(line[1]) * 1024 for line in words if line[0].startswith("Rss")}
    return {"private": sizes["RssAnon"], "shared": sizes["RssShmem"]}


def charged_bytes() -> int:
    """What the engine has charged."""
    with urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=30) as page:
        rows = page.read().decode().splitlines()
    return int(next(row for row in rows if row.startswith("tcpengine_memory_used_bytes ")).split()[1])


class Idle:
    def __init__(self, folder: Path):
        self.folder = folder

    def start(self, connections: int) -> None:
        words = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
        self.daemon = harness.Daemon(self.folder, *words).wait_ready()
        self.ports = connections // HELD_PER_PEER + 1
        self.peers = [harness.Process([PROGRAMS / "peer", harness.HOST4, FIRST_PORT + i, "hold"],
                                      self.folder, f"peer-{i}") for i in range(self.ports)]
        for peer in self.peers:
            harness.wait_for(lambda peer=peer: b"ready" in peer.output, what="a peer")

    def stop(self) -> None:
        status = self.daemon.terminate()
        for peer in self.peers:
            peer.stop()
        assert status == 0, self.daemon.log

    def held(self, connections: int, use: int) -> dict:
        """Bytes while so many are open, and idle."""
        words = [PROGRAMS / "work", "channel", "hold", harness.HOST4, FIRST_PORT, connections,
                 f"ports={self.ports}", f"use={use}", f"url={self.daemon.url}"]
        with subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as work:
            report = json.loads(work.stdout.readline())
            assert report["count"] == connections, report
            time.sleep(SETTLE_SECONDS)
            daemon, application = written_bytes(self.daemon.child.pid), written_bytes(work.pid)
            bytes_now = {"charged": charged_bytes(), "daemon": daemon["private"],
                         "channel": max(daemon["shared"], application["shared"]),
                         "application": application["private"]}
            work.stdin.close()
            assert work.wait(300) == 0
        return bytes_now


def cost(folder: Path, connections: int, use: int) -> dict:
    """Per connection, beyond what the first tenth needs. A new daemon: what an old one has kept from
    before would hide the cost."""
    few = connections // 10
    each = {}
    counts = {}
    for count in (few, connections):
        idle = Idle(Path(tempfile.mkdtemp(dir=folder)))
        idle.start(connections)
        try:
            counts[count] = idle.held(count, use)
        finally:
            idle.stop()
    for key, value in counts[connections].items():
        each[f"{key}_bytes"] = round((value - counts[few][key]) / (connections - few), 1)
    each["together_bytes"] = round(each["daemon_bytes"] + each["channel_bytes"], 1)
    each["rss_growth_bytes"] = sum(counts[connections][key] - counts[few][key]
                                   for key in ("daemon", "channel"))
    return each


def measure(connections: int) -> dict:
    """never: no byte was sent; once: 64 bytes there and back, then idle."""
    folder = Path("/run/bench-idle")
    folder.mkdir()
    harness.make_tap()
    return {"connections": connections,
            **{name: cost(folder, connections, use) for use, name in enumerate(("never", "once"))}}

"""A Debian with a systemd of its own, booted from a folder in memory by systemd-nspawn.

The folder is a copy of one that mmdebstrap makes once and keeps in the build folder, from the package
sources of this machine. The container lives in mount and PID namespaces made by isolate(): it ends
with them, even if the test is killed."""
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from harness import BUILD, run, skip, wait_for

SUITE = "bookworm"
# Beside what the packages under test depend on: systemd, and what the tests use.
TOOLS = ("systemd", "systemd-sysv", "dbus", "iproute2", "netcat-openbsd", "procps", "init-system-helpers")
MARK = "TCPENGINE_CONTAINER"
CGROUPS = Path("/sys/fs/cgroup")
TUN = "/dev/net/tun"


def isolate() -> None:
    """Re-executes this program in namespaces of its own. In them /run is empty, and in memory."""
    if os.environ.get(MARK) == "1":
        run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/run")
        return
    if os.geteuid() != 0:
        skip("a container needs root")
    unshare = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        skip("this machine allows no namespaces")
    os.environ[MARK] = "1"
    os.execvp("unshare", [*unshare, "--", sys.executable, "-B", *sys.argv])


def _indexes() -> list[str]:
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)"
    return run("apt-get", "indextargets", "--format", form, "Created-By: Packages",
               "Origin: Debian").stdout.decode().splitlines()


def _sources() -> list[str]:
    """This machine's Debian sources: a line for each, as in sources.list."""
    if not _indexes():  # never fetched, or deleted since
        run("apt-get", "update", timeout=300)
    lines = []
    for uri, release, component, key in sorted({tuple(row.split("|")) for row in _indexes()}):
        if release.split("-")[0].split("/")[0] == SUITE:
            signed = f"[signed-by={key}] " if key.startswith("/") else ""
            lines.append(f"deb {signed}{uri} {release} {component}")
    return lines


def _proxies() -> list[str]:
    """This machine's way to its package sources, as options of apt."""
    dump = run("apt-config", "dump").stdout.decode().splitlines()
    return [f"--aptopt={line}" for line in dump
            if line.startswith(("Acquire::http", "Acquire::https", "Acquire::Check")) and
            not line.endswith(' "";')]


def base(packages: list[str]) -> Path:
    """The folder with SUITE, TOOLS and these packages; made if the build folder has none."""
    wanted = sorted({*TOOLS, *packages})
    key = hashlib.sha256(" ".join([SUITE, *wanted]).encode()).hexdigest()[:12]
    folder = BUILD / "tests" / "system" / f"debian-{key}"
    if folder.is_dir():
        return folder
    for old in folder.parent.glob("debian-*"):
        shutil.rmtree(old)
    making = folder.with_name("debian-incomplete")
    sources = "\n".join(_sources()) + "\n"
    run("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", f"--include={','.join(wanted)}",
        *_proxies(), SUITE, making, "-", input=sources.encode(), timeout=400)
    making.rename(folder)
    return folder


class Container:
    def __init__(self, packages: list[str]):
        self.root = Path("/run/container")
        run("cp", "-a", base(packages), self.root, timeout=200)
        # An empty one is filled at boot; without one this would be a first boot.
        (self.root / "etc/machine-id").write_text("")
        (self.root / "etc/hostname").write_text("container\n")
        self.log_path = Path("/run/container.log")
        self.cgroups: list[Path] = []
        self.process = None
        self.leader = 0

    def boot(self) -> None:
        self._own_cgroups()
        # As udev makes it.
        Path(TUN).chmod(0o666)
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network",
                 f"--bind={TUN}", "--link-journal=no", "--console=pipe",
                 f"--directory={self.root}", "--boot"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self._enter_cgroups)
        self.leader = wait_for(self._find_leader, 30, "systemd in the container")
        wait_for(self._is_booted, 90, "the container's boot", interval=0.2)
        self._delegate_memory()

    def end(self) -> None:
        """Kills whatever is in it; its folder goes with the namespaces."""
        if self.leader != 0:
            os.kill(self.leader, signal.SIGKILL)
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.process.kill()
            self.process.wait()
        for folder in self.cgroups:
            wait_for(lambda here=folder: self._remove_cgroup(here), 10, "the container's end")

    def _find_leader(self) -> int:
        assert self.process.poll() is None, self.log_path.read_text()
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for pid in tasks.split():
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                return int(pid)
        return 0

    def _is_booted(self) -> bool:
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in (b"running", b"degraded")

    # --- control groups of its own, which vanish with it ------------------------------------------

    def _own_cgroups(self) -> None:
        """A group where systemd counts processes and memory, below the one that this test is in."""
        name = f"tcpengine-test-{os.urandom(6).hex()}"
        here = dict(line.split(":", 2)[1:] for line in
                    Path("/proc/self/cgroup").read_text().splitlines())
        for controller, folder in (("", "unified"), ("", "."), ("name=systemd", "systemd"),
                                   ("memory", "memory")):
            parent = CGROUPS / folder / here.get(controller, "/none").lstrip("/")
            if (parent / "cgroup.procs").exists():
                for killed in parent.glob("tcpengine-test-*"):
                    self._remove_cgroup(killed)
                self.cgroups.append(parent / name)
                self.cgroups[-1].mkdir()

    def _enter_cgroups(self) -> None:
        for group in self.cgroups:
            with contextlib.suppress(OSError):
                (group / "cgroup.procs").write_text("0")

    @staticmethod
    def _remove_cgroup(folder: Path) -> bool:
        """False while there is a process in it."""
        try:
            for here, _, _ in os.walk(folder, topdown=False):
                os.rmdir(here)
        except OSError:
            return False
        return True

    def _delegate_memory(self) -> None:
        """With version 1 of control groups nspawn leaves the container only those without a
        controller. systemd looks for others when it starts."""
        memory = str(CGROUPS / "memory")
        if self.run("mount", "-o", "remount,rw,bind", memory, check=False).returncode == 0:
            self.run("systemctl", "daemon-reexec")

    def limits_memory(self) -> bool:
        """Whether the container's systemd can enforce MemoryMax=."""
        files = ("memory/memory.limit_in_bytes", "system.slice/memory.max")
        return any(self.run("test", "-w", CGROUPS / file, check=False).returncode == 0
                   for file in files)

    # --- at work in it ----------------------------------------------------------------------------

    def argv(self, *words, user: str = "") -> list[str]:
        command = ["nsenter", f"--target={self.leader}", "--all", "--", "env", "-i",
                   "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                   "DEBIAN_FRONTEND=noninteractive"]
        if user:
            command += ["runuser", "-u", user, "--"]
        return command + [str(word) for word in words]

    def run(self, *words, user: str = "", **options) -> subprocess.CompletedProcess:
        return run(*self.argv(*words, user=user), **options)

    def text(self, *words, **options) -> str:
        return self.run(*words, **options).stdout.decode().strip()

    def shell(self, script: str, **options) -> str:
        return self.text("sh", "-ec", script, **options)

    def start(self, *words, user: str = "", **options) -> subprocess.Popen:
        return subprocess.Popen(self.argv(*words, user=user), **options)

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, path: str) -> str:
        return (self.root / path.lstrip("/")).read_text()

"""The Debian packages, in a container with a real systemd: installed, at work, upgraded, purged.

The tests run in this order, in one container: each begins where the one before has ended."""
import hashlib
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import container
import harness
import pages
from harness import BUILD, ROOT, run, wait_for

SERVICE = "tcpengined.service"
TAP, HOST, ENGINE = "tcpengine0", "10.77.0.1", "10.77.0.2"
CONFIG = "/etc/tcpengine/tcpengined.conf"
PACKAGES = ("tcpengine", "libtcpclient0")
PERMISSION = 4  # tcpctl's exit status
# What dpkg, apt and the journal keep for themselves.
OTHERS_FILES = re.compile(
    r"^/(var/(log|cache|tmp|lib/(dpkg|apt|systemd))|root)(/|$)|"
    r"^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|"
    r"^/etc/(ld.so.cache|.pwd.lock|mtab)$")


def make_packages(folder: Path) -> dict[str, Path]:
    run(ROOT / "package", "--build", BUILD / "package", "--output", folder, timeout=1200)
    return {path.name.split("_")[0]: path for path in folder.glob("*.deb")}


def dependencies(packages: dict[str, Path]) -> list[str]:
    """What the packages depend on, themselves excepted."""
    fields = ", ".join(run("dpkg-deb", "--field", packages[name], "Depends").stdout.decode().strip()
                       for name in PACKAGES)
    return [name for name in re.findall(r"(?:^|, )([\w.+-]+)", fields) if name not in packages]


class Systemd(unittest.TestCase):
    maxDiff = None
    failed = False

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path("/run/packages")
        cls.packages = make_packages(cls.folder)
        cls.box = container.Container(dependencies(cls.packages))
        cls.addClassCleanup(cls.box.end)
        cls.box.boot()
        cls.before = cls.state_of_files()

    def run(self, result=None):
        if type(self).failed:
            result.addSkip(self, "an earlier one has failed")
            return
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            type(self).failed = True
            print(self.box.text("journalctl", "--no-pager", "-n", "60", check=False))

    # --- what the tests use -----------------------------------------------------------------------

    @classmethod
    def state_of_files(cls) -> set[str]:
        """Every file of the container, and every user and group."""
        paths = {f"/{path.relative_to(cls.box.root)}" for path in cls.box.root.rglob("*")
                 if not path.is_mount() and not str(path).startswith(
                     tuple(f"{cls.box.root}/{name}/" for name in ("proc", "sys", "dev", "run")))}
        names = {f"{file}: {line.split(':')[0]}" for file in ("passwd", "group", "shadow", "gshadow")
                 for line in cls.box.read(f"/etc/{file}").splitlines()}
        return {path for path in paths if not OTHERS_FILES.search(path)} | names

    def type_block(self, page: str, number: int, first: int = 0, last: int | None = None) -> None:
        """The commands of a page's block, or some of them, as root in /root, where the checkout is.
        Whoever asks is answered with yes."""
        self.box.write("/etc/apt/apt.conf.d/90yes", 'APT::Get::Assume-Yes "true";\n')
        blocks = [block for block in pages.blocks_of(ROOT / "docs" / page) if block.language == "sh"]
        for command in blocks[number].commands()[first:last]:
            self.box.shell(f"cd /root\n{command.text}", timeout=120)
        (self.box.root / "etc/apt/apt.conf.d/90yes").unlink()

    def show(self, name: str, unit: str = SERVICE) -> str:
        return self.box.text("systemctl", "show", "--value", f"--property={name}", unit)

    def wait_active(self, unit: str = SERVICE) -> int:
        """Waits until the unit runs; returns its PID in the container."""
        wait_for(lambda: self.show("ActiveState", unit) == "active", 40, f"{unit} active", 0.2)
        return int(self.show("MainPID", unit))

    def journal(self, unit: str = SERVICE) -> str:
        return self.box.text("journalctl", "--no-pager", "--unit", unit, "--output=cat")

    def tcpctl(self, *words, status: int = 0, **options) -> str:
        done = self.box.run("tcpctl", *words, check=False, **options)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout.decode().strip()

    def configure_unit(self, *lines: str, unit: str = SERVICE) -> None:
        """A drop-in with these lines of [Service]; without any it is removed."""
        path = f"/run/systemd/system/{unit}.d/test.conf"
        script = f"mkdir -p {path.rpartition('/')[0]}; printf '%s\\n' \"$@\" >{path}"
        if lines:
            self.box.run("sh", "-ec", script, "sh", "[Service]", *lines)
        else:
            self.box.run("rm", "-f", path)
        self.box.run("systemctl", "daemon-reload")

    def check_transfer(self, host: str, engine: str, control: str = "") -> None:
        """A million bytes to a program that uses the kernel's TCP, and back."""
        via = f"--control {control}" if control else ""
        self.box.shell("head -c 1000000 /dev/urandom >/var/tmp/sent; rm -f /var/tmp/got")
        digest = hashlib.sha256((self.box.root / "var/tmp/sent").read_bytes()).hexdigest()
        for receiver, sender in (
                (f"timeout 30 nc -l {host} 7", f"tcpctl {via} connect {host} 7 -N"),
                (f"tcpctl {via} serve 8080 </dev/null", f"nc -N {engine} 8080")):
            listener = self.box.start("sh", "-ec", f"{receiver} >/var/tmp/got")
            self.addCleanup(listener.kill)
            self.box.shell(f"for i in $(seq 50); do {sender} </var/tmp/sent && exit; sleep 0.2; done; "
                           "exit 1", timeout=60)
            self.assertEqual(listener.wait(30), 0)
            got = (self.box.root / "var/tmp/got").read_bytes()
            self.assertEqual(hashlib.sha256(got).hexdigest(), digest)

    # --- the tests, in order ------------------------------------------------------------------------

    def test_01_packages_are_without_errors(self) -> None:
        done = run("lintian", "--fail-on", "error", "--allow-root", *self.packages.values(),
                   check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def test_02_install(self) -> None:
        for name in PACKAGES:
            shutil.copy(self.packages[name], self.box.root / "root")
        self.box.shell("cd /root && apt-get install -y ./tcpengine_*.deb ./libtcpclient0_*.deb",
                       timeout=120)
        self.wait_active()
        self.assertEqual(self.box.text("systemctl", "is-enabled", SERVICE), "enabled")
        self.assertIn(HOST, self.box.text("ip", "-4", "address", "show", "dev", TAP))
        owner = self.box.text("cat", f"/sys/class/net/{TAP}/owner")
        self.assertEqual(owner, self.box.text("id", "-u", "tcpengine"))
        self.assertIn(ENGINE, self.tcpctl("status"))
        self.assertEqual(self.box.text("systemctl", "--failed", "--quiet", "--plain"), "")
        self.box.run("tcpengined", "--check-config", "--config", CONFIG)

    def test_03_it_has_no_privileges(self) -> None:
        status = self.box.text("cat", f"/proc/{self.wait_active()}/status")
        values = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(values[name], 16), 0, name)
        self.assertEqual((values["NoNewPrivs"], values["Seccomp"]), ("1", "2"))
        # Its own filter, beside the unit's.
        self.assertIn("system calls limited", self.journal())
        self.assertEqual(set(values["Uid"].split()), {self.box.text("id", "-u", "tcpengine")})

    def test_04_transfer(self) -> None:
        self.check_transfer(HOST, ENGINE)

    def test_05_who_may_use_it(self) -> None:
        for name, groups in (("alice", "tcpengine"), ("bob", ""), ("dave", "tcpengine-admin"),
                             ("carol", "tcpengine,tcpengine-admin")):
            self.box.run("useradd", *(["-G", groups] if groups else []), name)
            self.addCleanup(self.box.run, "userdel", name)
        for user in ("nobody", "bob", "dave"):
            self.tcpctl("status", user=user, status=PERMISSION)
        listener = self.tcpctl("listen", "7000", user="alice")
        roots = self.tcpctl("listen", "7001")
        self.tcpctl("close", roots, user="alice", status=PERMISSION)
        self.tcpctl("close", listener, user="carol")
        self.tcpctl("close", roots, user="carol")

    def test_06_restart_and_reload(self) -> None:
        first = self.wait_active()
        self.box.run("systemctl", "restart", SERVICE)
        self.assertNotEqual(self.wait_active(), first)
        self.tcpctl("status")
        shipped = self.box.read(CONFIG)
        self.box.write(CONFIG, shipped.replace("#log_level = info", "log_level = debug"))
        self.box.run("systemctl", "reload", SERVICE)
        wait_for(lambda: "log level is now debug" in self.journal(), 10, "the new log level")
        # An editor that writes a new file and renames it.
        self.box.write(f"{CONFIG}.new", shipped.replace("#log_level = info", "log_level = notice"))
        self.box.run("mv", f"{CONFIG}.new", CONFIG)
        self.box.run("systemctl", "reload", SERVICE)
        wait_for(lambda: "log level is now notice" in self.journal(), 10, "the new log level")
        self.box.write(CONFIG, shipped)
        self.box.run("systemctl", "restart", SERVICE)
        self.wait_active()

    def test_07_watchdog(self) -> None:
        """A daemon that hangs is killed and started anew."""
        self.configure_unit("WatchdogSec=2", "TimeoutStopSec=2")
        self.box.run("systemctl", "restart", SERVICE)
        first = self.wait_active()
        self.box.run("kill", "-STOP", first)
        wait_for(lambda: self.show("MainPID") not in ("0", str(first)), 30, "another daemon", 0.2)
        self.wait_active()
        self.assertIn("Watchdog timeout", self.box.text("journalctl", "--no-pager", "--unit", SERVICE))
        self.tcpctl("status")
        self.configure_unit()

    def test_08_memory_max(self) -> None:
        """A daemon that takes more than MemoryMax is killed and started anew."""
        if not self.box.limits_memory():
            self.skipTest("control groups do not limit memory in a container here")
        self.configure_unit("MemoryMax=6M")
        shipped = self.box.read(CONFIG)
        self.box.write(CONFIG, f"{shipped}\nchannels_max = 0\n")
        self.box.run("systemctl", "restart", SERVICE)
        first = self.wait_active()
        # Peers that do not read, and programs that send all the same: by requests, as the memory of
        # a channel is its program's.
        self.box.shell(f"""
            for port in $(seq 9001 9014); do
                nc -l {HOST} $port </dev/null 2>&1 | sleep 60 >/dev/null 2>&1 &
            done
            sleep 1
            for port in $(seq 9001 9014); do
                tcpctl send $(tcpctl open {HOST} $port --wait) /dev/zero >/dev/null 2>&1 &
            done""")
        self.addCleanup(self.box.run, "pkill", "-x", "nc|sleep|tcpctl", check=False)
        wait_for(lambda: self.show("MainPID") not in ("0", str(first)), 60, "another daemon", 0.2)
        self.assertIn("status=9/KILL", self.box.text("journalctl", "--no-pager", "--unit", SERVICE))
        self.box.write(CONFIG, shipped)
        self.configure_unit()
        self.box.run("systemctl", "restart", SERVICE)
        self.wait_active()

    def test_09_instances(self) -> None:
        """Two more daemons, each on a TAP of its own."""
        for number, name in ((1, "red"), (2, "blue")):
            netdev = self.box.read(f"/usr/lib/systemd/network/50-{TAP}.netdev")
            network = self.box.read(f"/usr/lib/systemd/network/50-{TAP}.network")
            self.box.write(f"/etc/systemd/network/50-{name}.netdev", netdev.replace(TAP, name))
            self.box.write(f"/etc/systemd/network/50-{name}.network", network.replace(
                TAP, name).replace("10.77.0.", f"10.78.{number}."))
            self.box.write(f"/etc/tcpengine/{name}.conf", f"""
                [daemon]
                http = 127.0.0.1:{9500 + number}
                [link]
                tap = {name}
                address = 10.78.{number}.2/24
                """.replace("    ", ""))
        self.box.run("networkctl", "reload")
        self.box.run("systemctl", "start", "--no-block", "tcpengined@red", "tcpengined@blue")
        for number, name in ((1, "red"), (2, "blue")):
            self.wait_active(f"tcpengined@{name}.service")
            self.check_transfer(f"10.78.{number}.1", f"10.78.{number}.2",
                                f"ipc:///run/tcpengine-{name}/control.sock")
        self.wait_active()

    def test_10_broken_configuration(self) -> None:
        """It is not started again and again, and systemctl says what is wrong, and where."""
        shipped = self.box.read(CONFIG)
        self.box.write(CONFIG, shipped.replace("tap = tcpengine0", "tapp = tcpengine0"))
        done = self.box.run("systemctl", "restart", SERVICE, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual((self.show("ActiveState"), self.show("ExecMainStatus")), ("failed", "2"))
        text = self.box.text("systemctl", "status", "--no-pager", "--lines=20", SERVICE, check=False)
        self.assertRegex(text, rf"{CONFIG}:\d+: tapp: unknown key; .*\btap\b")
        self.box.write(CONFIG, shipped)
        self.box.run("systemctl", "restart", SERVICE)
        self.wait_active()

    def test_11_upgrade(self) -> None:
        """A newer version is started; the administrator's configuration stays."""
        self.box.write(CONFIG, self.box.read(CONFIG) + "# mine\n")
        first = self.wait_active()
        red = self.wait_active("tcpengined@red.service")
        tree = self.folder / "newer"
        run("dpkg-deb", "--raw-extract", self.packages["tcpengine"], tree)
        for file in (tree / "DEBIAN/control", tree / CONFIG.lstrip("/")):
            file.write_text(re.sub(r"^(Version: .*)$", r"\1+newer", file.read_text(), flags=re.M))
        with (tree / CONFIG.lstrip("/")).open("a") as file:
            file.write("# newer\n")
        run("dpkg-deb", "--root-owner-group", "--build", tree, self.box.root / "root/newer.deb")
        self.box.shell("apt-get install -y -o Dpkg::Options::=--force-confold /root/newer.deb",
                       timeout=120)
        self.assertNotEqual(self.wait_active(), first)
        self.assertNotEqual(self.wait_active("tcpengined@red.service"), red)
        self.assertIn("+newer", self.box.text("dpkg-query", "--show", "tcpengine"))
        self.assertTrue(self.box.read(CONFIG).endswith("# mine\n"))
        self.tcpctl("status")

    def test_12_remove(self) -> None:
        """The service ends, and its TAP with it; the configuration stays."""
        self.type_block("uninstall.md", 0, last=1)
        self.assertNotEqual(self.box.run("pgrep", "-x", "tcpengined", check=False).returncode, 0)
        self.assertNotIn(TAP, self.box.text("ip", "link"))
        self.assertTrue(self.box.read(CONFIG).endswith("# mine\n"))
        self.assertEqual(self.box.text("systemctl", "--failed", "--quiet", "--plain"), "")

    def test_13_purge(self) -> None:
        """Nothing is left that was not there before."""
        for name in ("red", "blue"):  # the administrator's
            self.box.run("rm", f"/etc/tcpengine/{name}.conf", f"/etc/systemd/network/50-{name}.netdev",
                         f"/etc/systemd/network/50-{name}.network")
        self.type_block("uninstall.md", 0, first=1)
        self.assertEqual(sorted(self.state_of_files() - self.before), [])
        self.assertEqual(sorted(self.before - self.state_of_files()), [])
        self.assertNotIn("tcpengine", self.box.text("systemctl", "list-unit-files", "--no-pager"))

    def test_14_from_source(self) -> None:
        """Installed in /usr/local, started, and removed again as the pages say."""
        run("cmake", "--install", BUILD, env=dict(os.environ, DESTDIR=str(self.box.root)), timeout=300)
        manifest = self.box.root / "root/build/install_manifest.txt"
        manifest.parent.mkdir()
        shutil.copy(BUILD / manifest.name, manifest)
        self.type_block("installation.md", 2)
        self.wait_active()
        self.assertIn(ENGINE, self.box.text("/usr/local/bin/tcpctl", "status"))
        self.type_block("uninstall.md", 1)
        self.assertNotEqual(self.box.run("pgrep", "-x", "tcpengined", check=False).returncode, 0)
        self.assertNotIn("tcpengine", self.box.text("systemctl", "list-unit-files", "--no-pager"))
        left = {path for path in self.state_of_files() - self.before
                if not (self.box.root / path.lstrip("/")).is_dir()}
        self.assertEqual(sorted(left), [])


if __name__ == "__main__":
    os.environ["TCPENGINE_ISOLATED"] = "1"
    container.isolate()
    harness.main()

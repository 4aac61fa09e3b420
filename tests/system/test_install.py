"""What `cmake --install` installs, and that it works from there."""
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

import harness
from harness import BUILD, run

PROGRAM = """
#include <stdio.h>
#include <tcpengine/tcpengine.h>
#include <tcpclient/tcpclient.h>
int main(void)
{
    struct te_config config;
    te_config_init(&config);
    printf("%s %s\\n", te_state_name(TE_TIME_WAIT), tcpc_version());
    return 0;
}
"""

CLIENT_PROGRAM = """
#include <stdio.h>
#include <tcpclient/tcpclient.h>
int main(void)
{
    struct tcpc_status status = {.snd_una = 1, .srtt_us = 2, .congestion_control = "reno"};
    printf("%d %s %s\\n", (int)(status.snd_una + status.srtt_us), status.congestion_control,
           tcpc_code_name(TCPC_REFUSED));
    return 0;
}
"""


def install(build: Path, root: Path, *arguments: str, check: bool = True, **environment: str):
    """cmake --install into a folder that stands for /."""
    return run("cmake", "--install", build, *arguments, check=check, timeout=300,
               env=dict(os.environ, DESTDIR=str(root), **environment))


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="tcpengine-", dir="/run")
        cls.addClassCleanup(temporary.cleanup)
        cls.root = Path(temporary.name)
        install(BUILD, cls.root)
        cls.files = [path for path in cls.root.rglob("*") if path.is_file() or path.is_symlink()]

    def named(self, pattern: str) -> list[Path]:
        return [path for path in self.files if re.search(pattern, str(path))]

    def one(self, pattern: str) -> Path:
        found = self.named(pattern)
        self.assertTrue(found, f"{pattern} was not installed")
        return found[0]

    def test_everything_is_there(self) -> None:
        for pattern in (r"bin/tcpengined$", r"bin/tcpctl$",
                        r"bin/tcpengine-run$", r"tcpengine/libtcpengine-preload\.so$",
                        r"libtcpengine\.a$",
                        r"libtcpclient\.a$", r"libtcpclient\.so$",
                        r"include/tcpengine/tcpengine\.h$", r"include/tcpclient/tcpclient\.h$",
                        r"pkgconfig/tcpengine\.pc$", r"pkgconfig/tcpclient\.pc$",
                        r"tcpengine\.proto$", r"man1/tcpctl\.1", r"man8/tcpengined\.8",
                        r"man1/tcpengine-run\.1", r"man7/tcpctl-stats\.7",
                        r"bash-completion/completions/tcpctl$",
                        r"systemd/system/tcpengined\.service$"):
            with self.subTest(pattern):
                self.one(pattern)

    def test_manifest_is_what_was_copied(self) -> None:
        """All but the configuration, which uninstalling leaves to the administrator."""
        listed = set((BUILD / "install_manifest.txt").read_text().split())
        there = {f"/{path.relative_to(self.root)}" for path in self.files}
        self.assertEqual(there - listed, {"/etc/tcpengine/tcpengined.conf"})
        self.assertEqual(listed - there, set())

    def test_existing_configuration_stays(self) -> None:
        config = self.one(r"/etc/tcpengine/tcpengined\.conf$")
        shipped = config.read_text()
        config.write_text("# mine\n")
        self.addCleanup(config.write_text, shipped)
        install(BUILD, self.root)
        self.assertEqual(config.read_text(), "# mine\n")

    def test_no_build_path_is_left(self) -> None:
        for path in self.named(r"\.(pc|service|socket|conf|network|netdev)$"):
            text = path.read_text()
            for folder in (str(BUILD), str(harness.ROOT), str(self.root)):
                self.assertNotIn(folder, text, path)

    def output_of(self, program: str, *packages: str) -> str:
        """Compiles the program with pkg-config's flags for the packages; returns what it prints."""
        source = self.root / "program.c"
        source.write_text(program)
        folder = self.one(r"pkgconfig/tcpengine\.pc$").parent
        environment = dict(os.environ, PKG_CONFIG_PATH=str(folder),
                           PKG_CONFIG_SYSROOT_DIR=str(self.root))
        flags = run("pkg-config", "--cflags", "--libs", *packages,
                    env=environment).stdout.decode().split()
        run("cc", "-o", self.root / "program", source, *flags)
        return run(self.root / "program", env=dict(
            os.environ, LD_LIBRARY_PATH=str(self.one(r"libtcpclient\.so$").parent))
        ).stdout.decode()

    def test_program_by_pkg_config(self) -> None:
        """A third-party program compiles, links and runs with what was installed."""
        self.assertRegex(self.output_of(PROGRAM, "tcpengine", "tcpclient"),
                         r"^TIME_WAIT \d+\.\d+\.\d+\n$")

    def test_program_of_the_client_alone(self) -> None:
        """The client's header finds the list of status fields, and needs no engine to link."""
        self.assertEqual(self.output_of(CLIENT_PROGRAM, "tcpclient"), "3 reno REFUSED\n")

    def test_installed_programs_start(self) -> None:
        for pattern in (r"bin/tcpengined$", r"bin/tcpctl$"):
            environment = dict(os.environ, LD_LIBRARY_PATH=str(
                self.one(r"libtcpclient\.so$").parent))
            run(self.one(pattern), "--version", env=environment)

    def test_man_pages_are_clean(self) -> None:
        for page in self.named(r"man/man\d/"):
            with self.subTest(page.name):
                if shutil.which("man") is None:
                    self.skipTest("no man")
                done = run("man", "--warnings", "-l", page, env=dict(
                    os.environ, MANPAGER="cat", MANWIDTH="90", LC_ALL="C.UTF-8"))
                self.assertEqual(done.stderr.decode(), "")

    def test_unit_is_locked_up(self) -> None:
        """systemd's own exposure score of the service: at most 1.5 of 10."""
        unit = self.one(r"systemd/system/tcpengined\.service$")
        done = run("systemd-analyze", "security", "--offline=yes", "--no-pager", unit,
                   check=False)
        match = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout.decode())
        self.assertTrue(match, done.stdout.decode()[-500:] + done.stderr.decode())
        self.assertLessEqual(float(match.group(1)), 1.5)


class Prefix(unittest.TestCase):
    """Whenever and wherever the prefix is chosen, what is installed finds what is installed."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="tcpengine-", dir="/run")
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)

    def below_root(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def check_units(self, prefix: str, config: str) -> None:
        for unit, name in (("tcpengined.service", "tcpengined"), ("tcpengined@.service", "%i")):
            text = self.below_root(f"{prefix}/lib/systemd/system/{unit}").read_text()
            words = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE).group(1).split()
            self.assertEqual(words[:3], [f"{prefix}/sbin/tcpengined", "--config",
                                         f"{config}/tcpengine/{name}.conf"])
        self.assertTrue(os.access(self.below_root(f"{prefix}/sbin/tcpengined"), os.X_OK))
        self.assertTrue(self.below_root(f"{config}/tcpengine/tcpengined.conf").is_file())
        page = next(self.below_root(prefix).glob("share/man/man8/tcpengined.8")).read_text()
        self.assertIn(f"{config}/tcpengine/tcpengined.conf", page.replace("\\", ""))

    def check_packages(self, prefix: str) -> None:
        """What pkg-config says is where the files are."""
        folder = next(self.below_root(prefix).glob("lib/**/pkgconfig"))
        for package, header in (("tcpengine", "tcpengine/tcpengine.h"),
                                ("tcpclient", "tcpclient/tcpclient.h")):
            said = {variable: run("pkg-config", f"--variable={variable}", package, env=dict(
                os.environ, PKG_CONFIG_PATH=str(folder))).stdout.decode().strip()
                for variable in ("prefix", "libdir", "includedir")}
            self.assertEqual(said["prefix"], prefix)
            self.assertTrue(self.below_root(f"{said['includedir']}/{header}").is_file(), said)
            self.assertTrue(self.below_root(f"{said['libdir']}/lib{package}.a").is_file(), said)

    def test_when_installing(self) -> None:
        for prefix, config in (("/usr", "/etc"), ("/usr/local", "/etc"),
                               ("/opt/tcp", "/etc/opt/tcp"), ("/home/a/te", "/home/a/te/etc")):
            with self.subTest(prefix):
                install(BUILD, self.root, "--prefix", prefix)
                self.check_units(prefix, config)
                self.check_packages(prefix)

    def configure(self, *arguments: str) -> Path:
        build = self.root / "build"
        run("cmake", "-S", harness.ROOT, "-B", build, "-DTCPENGINE_TESTS=OFF",
            "-DCMAKE_BUILD_TYPE=Debug", *arguments)
        return build

    def test_when_configuring(self) -> None:
        """In a tree where nothing was built: installing builds what it installs."""
        build = self.configure("-DCMAKE_INSTALL_PREFIX=/usr",
                               "-DCMAKE_INSTALL_LIBDIR=lib/some-where")
        install(build, self.root)
        self.check_units("/usr", "/etc")
        self.check_packages("/usr")
        self.assertTrue(self.below_root("/usr/lib/some-where/pkgconfig/tcpclient.pc").is_file())

    def check_refused(self, complaint: str, build: Path, *arguments: str) -> None:
        target = self.root / "target"
        done = install(build, target, *arguments, check=False)
        self.assertNotEqual(done.returncode, 0)
        text = " ".join(done.stderr.decode().split())
        self.assertIn("nothing was installed", text)
        self.assertIn(complaint, text)
        self.assertFalse(target.exists())

    def test_all_or_nothing(self) -> None:
        self.check_refused("building failed",
                           self.configure("-DCMAKE_C_COMPILER_LAUNCHER=/bin/false"))
        self.check_refused("without blanks", BUILD, "--prefix", "/a b")
        self.check_refused("without blanks", BUILD, "--prefix", "/a%b")
        self.check_refused("absolute path", BUILD, "--prefix", "a/b")


if __name__ == "__main__":
    harness.main()

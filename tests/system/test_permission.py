"""Who may use the socket, and whose connections a user may see and change."""
import json
import os
import shutil
import stat
import unittest

import harness
from harness import HOST4, TCPCTL, Process, run, wait_for
from ipc import Client

NOBODY, OTHER, PRIVILEGED = 65534, 54321, 54322
GROUP, ADMINS = 54300, 54301


class Permission(harness.SystemTest):
    daemon_arguments = ("--set", f"control_group={GROUP}", "--set", f"admin_group={ADMINS}",
                        "--set", f"privileged_ports=33,{PRIVILEGED}")

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.program = cls.folder / "tcpctl"
        shutil.copy(TCPCTL, cls.program)
        cls.program.chmod(0o755)
        libraries = cls.folder / "lib"
        libraries.mkdir()
        for library in harness.BUILD.glob("lib/client/libtcpclient.so*"):
            shutil.copy(library, libraries)

    def as_user(self, uid: int, gid: int, *arguments, status: int = 0, groups: int | None = None):
        environment = dict(os.environ, LD_LIBRARY_PATH=str(self.folder / "lib"))
        done = run("setpriv", f"--reuid={uid}", f"--regid={gid}",
                   f"--groups={groups}" if groups else "--clear-groups", "--",
                   self.program, "--control", self.daemon.url, *arguments, check=False,
                   env=environment)
        self.assertEqual(done.returncode, status, done.stderr.decode() + done.stdout.decode())
        return done

    def test_the_socket_itself(self) -> None:
        mode = self.daemon.control.stat()
        self.assertEqual(stat.S_IMODE(mode.st_mode), 0o660)
        self.assertEqual((mode.st_uid, mode.st_gid), (0, GROUP))

    def test_stranger_is_kept_out(self) -> None:
        for verb in (["ls"], ["status"], ["open", HOST4, "80"]):
            with self.subTest(verb=verb):
                error = self.as_user(NOBODY, NOBODY, *verb, status=4).stderr.decode()
                self.assertRegex(error, r"^tcpctl: .*EACCES.*\n$")

    def test_users_see_their_own(self) -> None:
        server = self.kernel_server()
        port = server.getsockname()[1]
        self.as_user(NOBODY, GROUP, "open", HOST4, port, "--wait")
        row = self.find(f"dport = :{port}")
        self.assertEqual(row["uid"], NOBODY)
        seen = self.as_user(OTHER, GROUP, "--json", "ls", "dport", "=", f":{port}").stdout
        self.assertEqual(seen.strip(), b"[]")
        for user, ids in ((NOBODY, [row["id"]]), (OTHER, [])):
            seen = self.as_user(user, GROUP, "--json", "top", "-n", 1, "-d", 0.1).stdout
            self.assertEqual([found["id"] for found in json.loads(seen)["connections"]], ids)
        for verb in (["close", row["id"]], ["abort", row["id"]], ["send", row["id"], "-"],
                     ["show", row["id"]], ["history", row["id"]]):
            with self.subTest(verb=verb[0]):
                self.as_user(OTHER, GROUP, *verb, status=4)
        self.as_user(NOBODY, GROUP, "history", row["id"], "--drops")
        self.as_user(OTHER, GROUP, "history", row["id"], "--drops", status=4)
        self.as_user(NOBODY, GROUP, "history", "--drops", status=4)  # all drops: root only
        self.ctl("history", "--drops")
        self.as_user(NOBODY, GROUP, "abort", row["id"])
        wait_for(lambda: self.state_of(row["id"]) == "CLOSED", what="CLOSED")

    def test_low_ports(self) -> None:
        """Below 1024 only root, the admin group and privileged_ports, for either kind of open."""
        for verb in (["listen", "22"], ["listen", "1023"], ["serve", "25"],
                     ["open", HOST4, "80", "-p", "1"], ["connect", HOST4, "80", "-p", "1023"]):
            with self.subTest(verb=verb):
                error = self.as_user(NOBODY, GROUP, *verb, status=4).stderr.decode()
                self.assertRegex(error, r"^tcpctl: .*privileged_ports.*EACCES.*\n$")
        self.as_user(NOBODY, GROUP, "listen", "1024")
        self.as_user(PRIVILEGED, GROUP, "listen", "22")
        self.as_user(OTHER, ADMINS, "listen", "23", groups=GROUP)
        self.tcpctl("listen", "24")
        for port in (1024, 22, 23, 24):
            self.tcpctl("abort", self.find(f"sport = :{port}")["id"])

    def test_time_wait_is_private_too(self) -> None:
        server = self.kernel_server()
        port = server.getsockname()[1]
        self.as_user(NOBODY, GROUP, "open", HOST4, port, "--wait")
        conn_id = self.find(f"dport = :{port}")["id"]
        accepted, _ = server.accept()
        self.as_user(NOBODY, GROUP, "close", conn_id)
        accepted.close()
        wait_for(lambda: self.time_wait_row(conn_id), what="TIME_WAIT")
        self.assertEqual(self.time_wait_row(conn_id)["uid"], NOBODY)
        seen = self.as_user(OTHER, GROUP, "--json", "tw", "dport", "=", f":{port}").stdout
        self.assertEqual(seen.strip(), b"[]")

    def test_one_user_cannot_take_all_links(self) -> None:
        """Links of one uid are limited; another uid still gets in."""
        holder = Process(
            ["setpriv", f"--reuid={OTHER}", f"--regid={GROUP}", "--clear-groups", "--",
             "/usr/bin/python3", "-c", HOLDER, str(self.daemon.control)], self.folder, "holder",
            stdin=-1)
        self.addCleanup(holder.stop)
        wait_for(lambda: b"held" in holder.output, what="the links")
        self.as_user(NOBODY, GROUP, "status")
        with Client(str(self.daemon.control)) as client:
            self.assertLess(client.call("daemon_status").links, 100)
        holder.child.stdin.close()


HOLDER = """
import socket, sys
links = []
for _ in range(200):
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(2)
    try:
        link.connect(sys.argv[1])
        link.sendall(b"\\0SP\\0\\0\\x30\\0\\0")
    except OSError:
        pass
    links.append(link)
print("held", flush=True)
sys.stdin.read()
"""


if __name__ == "__main__":
    harness.main()

"""More unmodified programs under tcpengine-run: TLS, ssh, PostgreSQL. They need keys, users or a
cluster of their own."""
import glob
import os
import pwd
import shutil
import unittest

import harness
from harness import ENGINE4, HOST4, Process, run, sha256_of, wait_for
from sshd import Sshd
from test_run import RUN, RunTest, needs

POSTGRES = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
PG_PORT, SSH_PORT = 5433, 2222


class Tls(RunTest):
    """HTTP/1.1 and HTTP/2 over TLS: an nginx on the engine and one on the kernel."""

    def serve(self, name: str, address: str, *prefix) -> None:
        folder = self.folder / name
        folder.mkdir()
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", "/CN=test", "-days", "2", "-addext", f"subjectAltName=IP:{address}",
            "-keyout", folder / "key", "-out", folder / "certificate")
        config = harness.nginx_config(folder, f"""
            listen {address}:8443 ssl http2; root {self.nginx.root};
            ssl_certificate {folder}/certificate; ssl_certificate_key {folder}/key;""")
        server = Process([*prefix, "nginx", "-c", config, "-p", folder],
                         self.folder, name, env=self.environment())
        self.addCleanup(server.stop)
        wait_for(lambda: self.is_open(server, address, 8443), what="nginx")

    def get(self, name: str, address: str, *prefix) -> None:
        path = self.folder / f"{name}-got"
        for version in ("1.1", "2"):
            done = run(*prefix, "curl", "-sS", "--fail", f"--http{version}", "--cacert",
                       self.folder / name / "certificate", "-o", path, "-w", "%{http_version}",
                       f"https://{address}:8443/big", env=self.environment())
            self.assertEqual(done.stdout.decode(), version)
            self.assertEqual(sha256_of(path), self.big_sha256)

    @needs("openssl")
    def test_server(self):
        self.serve("engine", ENGINE4, RUN, "--verbose")
        self.get("engine", ENGINE4)
        self.assert_on_engine(2)

    @needs("openssl")
    def test_client(self):
        self.serve("kernel", HOST4)
        self.get("kernel", HOST4, RUN, "--verbose")
        self.assert_on_engine(2)


class Ssh(RunTest):
    """sshd executes itself anew for each connection."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.sshd = Sshd(cls.folder)

    def serve(self, address: str, *prefix) -> None:
        words = self.sshd.words(address, SSH_PORT)
        server = Process([*prefix, *words], self.folder, "sshd", env=self.environment())
        self.addCleanup(server.stop)
        wait_for(lambda: self.is_open(server, address, SSH_PORT), what="sshd")

    def copy(self, address: str, *prefix) -> None:
        path = self.folder / "copied"
        with path.open("wb") as out:
            done = run(*prefix, "ssh", "-F", "none", "-i", self.sshd.keys / "user", "-p", SSH_PORT,
                       "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self.sshd.keys}/known",
                       f"root@{address}", f"cat {self.big}", env=self.environment())
            out.write(done.stdout)
        self.assertEqual(sha256_of(path), self.big_sha256)
        self.assert_on_engine()

    @needs("ssh", "sshd")
    def test_server(self):
        self.serve(ENGINE4, RUN)
        self.copy(ENGINE4)

    @needs("ssh", "sshd")
    def test_client(self):
        self.serve(HOST4)
        self.copy(HOST4, RUN)


@unittest.skipUnless(POSTGRES and shutil.which("pgbench"), "PostgreSQL is not installed")
class Postgres(RunTest):
    """A server of another user, with a process per connection; pgbench on either side."""

    daemon_arguments = ("--set", "control_group=postgres")

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        user = pwd.getpwnam("postgres")
        cls.data = cls.folder / "cluster"
        cls.data.mkdir(mode=0o700)
        os.chown(cls.data, user.pw_uid, user.pw_gid)
        cls.user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [],
                    "cwd": str(cls.data)}
        run(f"{POSTGRES[-1]}/initdb", "-D", cls.data / "db", "-A", "trust", "--no-sync",
            timeout=120, **cls.user)
        with (cls.data / "db" / "pg_hba.conf").open("a") as access:
            access.write("host all all 10.9.0.0/24 trust\n")

    def serve(self, address: str, *prefix) -> None:
        words = (*prefix, f"{POSTGRES[-1]}/postgres", "-D", self.data / "db", "-h", address,
                 "-p", str(PG_PORT), "-k", self.data, "-F")
        server = Process(words, self.folder, f"postgres-{address}", env=self.environment(),
                         **self.user)
        self.addCleanup(server.stop)
        wait_for(lambda: self.is_open(server, address, PG_PORT), 60, "postgres")

    def benchmark(self, address: str, *prefix) -> None:
        options = ("-h", address, "-p", str(PG_PORT), "-U", "postgres")
        environment = self.environment()
        wait_for(lambda: run("pg_isready", *options, check=False).returncode == 0, 60)
        run(*prefix, "pgbench", "-i", "-q", *options, "postgres", env=environment)
        done = run(*prefix, "pgbench", "-c", "4", "-t", "50", *options, "postgres", env=environment)
        self.assertIn(b"number of transactions actually processed: 200/200", done.stdout)
        rows = run(*prefix, "psql", *options, "-Atc", "select count(*) from pgbench_history",
                   "postgres", env=environment).stdout
        self.assertEqual(rows.strip(), b"200")
        self.assert_on_engine(6)

    def test_server(self):
        self.serve(ENGINE4, RUN, "--verbose")
        self.benchmark(ENGINE4)

    def test_client(self):
        self.serve(HOST4)
        self.benchmark(HOST4, RUN, "--verbose")


if __name__ == "__main__":
    harness.main()

"""The rows of tests/bench/compare that are unmodified programs: iperf3 as a client of the kernel's, and
nginx and redis-server with clients on the kernel's TCP. The contenders that can run a program say how."""
import contextlib
import csv
import json
import shutil
import signal
import socket
import subprocess

import harness

# The first ports of servers on the contenders' side; each server has its own, as TIME_WAITs stay.
NGINX_PORT, REDIS_PORT, IPERF3_PORT = 8080, 6379, 5201
PORTS = (NGINX_PORT, REDIS_PORT)
NEEDED = {"iperf3": ("iperf3",), "nginx": ("nginx", "wrk"),
          "redis": ("redis-server", "redis-benchmark")}
SHORT_S = 0.2  # a run to see that it works; iperf3 knows whole seconds only
PAGE = b"<!DOCTYPE html>" + 597 * b"."  # as long as nginx's own first page


class Wrong(Exception):
    """A program did not do what it should."""


def missing(name: str) -> str | None:
    """Why a row cannot be measured."""
    lacking = [program for program in NEEDED[name] if shutil.which(program) is None]
    return f"{', '.join(lacking)} is not installed" if lacking else None


def is_answering(address: str, port: int, request: bytes) -> bool:
    """Whether a server does: some contenders accept before it listens."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), 1) as connection:
        connection.sendall(request)
        return connection.recv(1) != b""
    return False


def run(*words, seconds: float) -> str:
    try:
        done = harness.run(*words, check=False, timeout=seconds + 20)
    except subprocess.TimeoutExpired:
        raise Wrong(f"{words[0]} did not come to an end") from None
    if done.returncode != 0:
        raise Wrong(f"{words[0]}: exit {done.returncode}: "
                    f"{(done.stderr or done.stdout).decode(errors='replace')[-300:]}")
    return done.stdout.decode()


@contextlib.contextmanager
def server(ground, one, port: int, request: bytes, *words):
    """On the contender's side, until the request is answered once."""
    process = harness.Process(one.program(*words), ground.folder, f"{one.name}-{words[0]}-{port}")
    try:
        harness.wait_for(lambda: not process.is_running() or
                         is_answering(one.served_at, port + one.served_offset, request),
                         what=f"{words[0]} of {one.name}")
        if not process.is_running():
            raise Wrong(f"{words[0]} has ended: {process.log[-300:]}")
        yield
    finally:
        process.stop(signal.SIGTERM)


# --- iperf3 ---------------------------------------------------------------------------------------

def iperf3(ground, one, seconds: float, *options) -> dict:
    """The program of the contender connects."""
    amount = ["-n", "4M"] if seconds < SHORT_S else ["-t", str(max(1, round(seconds)))]
    listener = harness.Process(["iperf3", "-s", "-1", "-B", one.address, "-p", IPERF3_PORT],
                               ground.folder, f"{one.name}-iperf3")
    try:
        harness.wait_for(lambda: b"LISTEN" in harness.run(
            "ss", "-Htln", f"sport = :{IPERF3_PORT}").stdout, what="iperf3")
        report = json.loads(run(*one.program("iperf3", "-c", one.address, "-p", IPERF3_PORT, "-J",
                                             "-C", "cubic", *amount, *options), seconds=seconds))
    finally:
        listener.stop(signal.SIGKILL)
    return {"bytes_per_second": report["end"]["sum_received"]["bits_per_second"] / 8}


def iperf3_receive(ground, one, seconds: float) -> dict:
    return iperf3(ground, one, seconds, "-R")


# --- nginx ----------------------------------------------------------------------------------------

def nginx_words(ground) -> list:
    folder = ground.folder / "nginx"
    folder.mkdir(exist_ok=True)
    (folder / "page").write_bytes(PAGE)
    (folder / "conf").write_text(f"""
        daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr crit;
        events {{ worker_connections 1024; }}
        http {{ access_log off; sendfile on; keepalive_requests 1000000000;
                client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
                fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
                scgi_temp_path {folder}/scgi;
                server {{ listen {NGINX_PORT}; root {folder}; }} }}""")
    return ["nginx", "-c", folder / "conf", "-p", folder]


def wrk(ground, one, seconds: float, *options) -> dict:
    with server(ground, one, NGINX_PORT, b"HEAD /page HTTP/1.0\r\n\r\n", *nginx_words(ground)):
        text = run("wrk", "-t", "1", "-c", "32", "-d", f"{max(1, round(seconds))}s", *options,
                   f"http://{one.served_at}:{NGINX_PORT + one.served_offset}/page", seconds=seconds)
    # pasta and slirp4netns reset some connections; wrk counts a request once its answer is whole.
    if "Non-2xx" in text or ("Socket errors" in text and one.is_ours):
        raise Wrong(text)
    rate = next(line.split()[1] for line in text.splitlines() if line.startswith("Requests/sec:"))
    return {"per_second": float(rate)}


def nginx_close(ground, one, seconds: float) -> dict:
    return wrk(ground, one, seconds, "-H", "Connection: close")


# --- redis ----------------------------------------------------------------------------------------

def redis(ground, one, seconds: float) -> dict:
    count = max(500, round(40_000 * seconds))
    words = ["redis-server", "--port", REDIS_PORT, "--bind", "0.0.0.0", "--protected-mode", "no",
             "--save", "", "--dir", ground.folder]
    with server(ground, one, REDIS_PORT, b"PING\r\n", *words):
        text = run("redis-benchmark", "-h", one.served_at, "-p",
                   REDIS_PORT + one.served_offset, "--csv", "-n", count,
                   "-c", "50", "-t", "set,get", seconds=seconds * 20)
    rates = {row[0]: float(row[1]) for row in csv.reader(text.splitlines())
             if row[0] in ("SET", "GET")}
    return {"set": rates["SET"], "get": rates["GET"]}

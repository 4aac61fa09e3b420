"""What the kernel keeps per idle connection and per TIME_WAIT, from its slab caches."""
import contextlib
import ctypes
import gc
import os
import resource
import socket
import time

CLONE_NEWNET = 0x40000000


def slab_bytes(prefix: str = "") -> int:
    """Bytes of live objects in caches whose name starts with prefix."""
    total = 0
    with open("/proc/slabinfo", encoding="ascii") as file:
        for line in file.readlines()[2:]:
            name, active, _, size = line.split()[:4]
            total += int(active) * int(size) if name.startswith(prefix) else 0
    return total


def settle() -> None:
    gc.collect()
    time.sleep(1.5)


@contextlib.contextmanager
def inside(pid: int):
    """Sockets created inside belong to the network namespace of that process."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(here, CLONE_NEWNET)
        os.close(here)
        os.close(there)


def connect_pairs(count: int, address: str, pid: int) -> tuple[list, list]:
    server = socket.create_server((address, 0), backlog=1024)
    ours, theirs = [], []
    with inside(pid):
        for _ in range(count):
            ours.append(socket.create_connection(server.getsockname()))
            theirs.append(server.accept()[0])
    server.close()
    return ours, theirs


def measure(count: int, address: str, pid: int) -> dict:
    """Bytes for one end of one connection from the namespace of pid to address, which is ours, and
    for one TIME_WAIT."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(count, (hard - 256) // 2)
    settle()
    before = slab_bytes()
    ours, theirs = connect_pairs(count, address, pid)
    settle()
    established = (slab_bytes() - before) / (2 * count)
    waiting_before = slab_bytes("tw_sock_TCP")
    for connection in ours + theirs:
        connection.close()
    settle()
    time_wait = (slab_bytes("tw_sock_TCP") - waiting_before) / count
    return {"connections": count, "established_bytes": round(established, 1),
            "time_wait_bytes": round(time_wait, 1)}

"""An sshd of a test's own, and the keys to log in with as root."""
import shutil
from pathlib import Path

from harness import run


class Sshd:
    def __init__(self, folder: Path):
        self.keys = folder / "ssh"
        self.keys.mkdir(mode=0o700)
        for name in ("host", "user"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.keys / name)
        shutil.copy(self.keys / "user.pub", self.keys / "authorized")
        Path("/run/sshd").mkdir(exist_ok=True)

    def words(self, address: str, port: int) -> list:
        """What starts it; it stays in the foreground, and its log is stderr."""
        return [shutil.which("sshd"), "-D", "-e", "-f", "/dev/null", "-p", str(port),
                "-h", self.keys / "host", "-o", f"ListenAddress={address}", "-o", "StrictModes=no",
                "-o", f"AuthorizedKeysFile={self.keys}/authorized", "-o", "PidFile=none",
                "-o", "PermitRootLogin=yes", "-o", "UsePAM=no"]

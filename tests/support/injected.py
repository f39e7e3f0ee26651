"""Runs the program where a system call fails at its N-th time (strace), or where a limit is low (prlimit)."""

import functools
import subprocess
import tempfile
from pathlib import Path
from typing import List


@functools.lru_cache(maxsize=1)
def may_trace() -> bool:
    """Not so in a container without SYS_PTRACE."""
    try:
        return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


class Injection:
    """`calls`, as strace names them, fail with `error` at the `nth` time that each thread makes one, in whichever process."""

    def __init__(self, calls: str, error: str, nth: str):
        self.log = Path(tempfile.mkstemp(prefix="strace-")[1])
        self.within: List[str] = ["strace", "-f", "-qq", "-y", "-o", str(self.log), "-e", f"trace={calls}",
                                  "-e", f"inject={calls}:error={error}:when={nth}"]

    def __enter__(self) -> "Injection":
        return self

    def __exit__(self, *_: object) -> None:
        self.log.unlink()

    @property
    def injected(self) -> List[str]:
        """The calls that failed so, with the paths of what they were asked of."""
        return [line.split(None, 1)[1] for line in self.log.read_text().splitlines() if line.endswith("(INJECTED)")]

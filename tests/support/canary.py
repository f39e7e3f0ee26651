"""A secret value that tests put into env files: found anywhere outside of them, the test fails."""

import os
import threading
from pathlib import Path
from typing import Dict, List

CANARY = "c4n4ry-Th4t-must-not-5ing"


def assert_silent(text: str, where: str) -> None:
    assert CANARY not in text, f"a secret in {where}: ...{text[max(0, text.index(CANARY) - 200):][:260]}"


def assert_folder_silent(folder: Path) -> None:
    """Every byte of every file below, names included; what `docker run` mounted there aside."""
    sings = CANARY.encode()
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            assert CANARY not in name, path
            if path.is_file() and not path.is_symlink():
                assert sings not in path.read_bytes(), f"a secret in the file {path}"


# Of each process, one after the other: it is there before it begins the program whose arguments those are. Later, each
# so manyth, as it may begin another one.
LOOKS, LATER = 5, 25


class Watch:
    """Looks at the arguments of every process of the machine, again and again. What a container runs is aside: a command
    of the compose file has the values that it names."""

    def __init__(self, word: str = CANARY) -> None:
        self._word = word
        self.seen: List[str] = []
        self.looks = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        sings = self._word.encode()
        own = os.readlink("/proc/self/ns/pid")
        looked: Dict[str, int] = {}
        while not self._end.wait(0.02):
            self.looks += 1
            looked = {pid: looked.get(pid, 0) + 1 for pid in os.listdir("/proc") if pid.isdigit()}
            for pid in [pid for pid, times in looked.items() if times <= LOOKS or times % LATER == 0]:
                try:
                    if os.readlink(f"/proc/{pid}/ns/pid") != own:
                        continue
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        arguments = file.read(1 << 16)
                except OSError:
                    continue
                if sings in arguments:
                    self.seen.append(arguments.replace(b"\0", b" ").decode(errors="replace"))

"""A private Docker Engine: `with Engine() as engine:`. deploy/engine does the work; this keeps it from outliving us."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple

from . import ROOT
from .cache import cache_folder

SCRIPT = str(ROOT / "deploy" / "engine")
# Seconds after which a program is taken to hang. No outcome depends on them but that one: a machine may be slow.
HANGS = 300
# Debian's own client: another one on the PATH may speak to other plugins and builders.
DOCKER = "/usr/bin/docker" if os.path.exists("/usr/bin/docker") else "docker"

# Debian 12's own comes first. The others are of later releases, and run on 12 as they are. After a `+` stand features of
# daemon.json: 29 has the containerd store on a fresh host, 28 when told to; ids of images are those of manifests there.
SUITES = {"20.10.24": "", "26.1.5": "trixie", "28.5.2": "forky"}
VERSIONS = (*SUITES, "28.5.2+containerd-snapshotter")
# What the tests run on that ask for no version.
VERSION = os.environ.get("RECONCILER_TEST_ENGINE") or VERSIONS[0]


def binaries(version: str) -> str:
    """The folder with dockerd and what it runs; fetched once. Nothing for the host's own."""
    suite = SUITES[version]
    if not suite:
        return ""
    folder = str(cache_folder() / f"engine-{suite}")
    done = subprocess.run([str(ROOT / "deploy" / "engine-binaries"), suite, folder], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return folder


class Missing(RuntimeError):
    """The Engine knows nothing of that name."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float):
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def request(path: str, method: str, target: str, body: Any = None, timeout: float = HANGS) -> Tuple[int, Any]:
    """One call over a Unix socket: the status, and the answer read as JSON where it is JSON."""
    connection = UnixConnection(path, timeout)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, target, text, {"Content-Type": "application/json"} if text else {})
        response = connection.getresponse()
        data = response.read()
        if response.getheader("Content-Type", "").startswith("application/json") and data:
            return response.status, json.loads(data)
        return response.status, data.decode(errors="replace")
    finally:
        connection.close()


class Engine:
    """Started on entry, gone without a trace on exit, and also when this process dies in any way."""

    def __init__(self, folder: Optional[Path] = None, *, version: str = VERSION):
        self.version, *self.features = version.split("+")
        # Short: the sockets of containerd lie deep under it.
        self.folder = Path(folder or tempfile.mkdtemp(prefix="rcn-", dir="/var/tmp"))
        self.socket = str(self.folder / "docker.sock")
        self.url = f"unix://{self.socket}"
        self._guard: Optional[subprocess.Popen] = None

    def __enter__(self) -> "Engine":
        # Removes the Engine when its standard input ends: when we close it, or when the kernel does because we died.
        self._guard = subprocess.Popen(
            ["sh", "-c", 'read -r _; exec "$0" remove "$1"', SCRIPT, str(self.folder)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
        )
        try:
            self._start(binaries(self.version), *self.features)
            self._assert_version()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Starts it again after stop() or kill(), with what it had."""
        self._start()

    def _start(self, *chosen: str) -> None:
        # Thousands of processes begin in containers: to compile the Engine's own profile for each is a tenth of what a run
        # of the tests computes. A deep run has it.
        if os.environ.get("RECONCILER_DEEP") != "1":
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "seccomp.json").write_text('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}')
        # dockerd begins itself anew two or three times for each container. A third of that is collecting the garbage of its
        # first 130,000 allocations; with more room it does not.
        done = subprocess.run([SCRIPT, "start", str(self.folder), *chosen], capture_output=True, text=True,
                              env={**os.environ, "GOGC": "400"})
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def _assert_version(self) -> None:
        """A suite that is not released yet goes on to the next version some day: then VERSIONS is what is wrong."""
        found = self.api("GET", "/version")["Version"]
        if SUITES[self.version] and found.split("+")[0] != self.version:
            raise RuntimeError(f"{SUITES[self.version]} has Engine {found}, not {self.version}")

    def stop(self) -> None:
        subprocess.run([SCRIPT, "stop", str(self.folder)], check=True)

    def close(self) -> None:
        if self._guard:
            guard, self._guard = self._guard, None
            guard.stdin.close()
            if guard.wait() != 0:
                raise RuntimeError(f"the Engine in {self.folder} could not be removed")

    def in_volume(self, volume: str, file: str) -> Path:
        """A file in a volume, which may not be there (yet): to read it costs no container, and no time in which it changes."""
        return self.folder / "data" / "volumes" / volume / "_data" / file

    def lines_in_volume(self, volume: str, file: str) -> List[str]:
        """None of them while it is not there."""
        path = self.in_volume(volume, file)
        return path.read_text().splitlines() if path.exists() else []

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    @property
    def containerd_pid(self) -> int:
        return int((self.folder / "exec/containerd/containerd.pid").read_text())

    @property
    def shim_pids(self) -> List[int]:
        """The parents of the containers' first processes."""
        mark = f"-address {self.folder}/exec/".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                arguments = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:
                continue
            if mark in arguments and b"containerd-shim" in arguments.split(b" ", 1)[0]:
                found.append(int(entry.name))
        return found

    def kill(self, *, containerd: bool = False, shims: bool = False) -> None:
        """kill -9 of dockerd, and of what stands behind it if asked; containers without a shim's death live on."""
        pids = [self.pid]
        if containerd:
            pids.append(self.containerd_pid)
        if shims:
            pids += self.shim_pids
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # a containerd dies with its dockerd, if that was first
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(_alive(pid) for pid in pids), "the Engine to be dead")

    def api(self, method: str, target: str, body: Any = None, timeout: float = HANGS) -> Any:
        """The answer of a call that must succeed."""
        status, answer = request(self.socket, method, target, body, timeout)
        if status >= 400:
            raise (Missing if status == 404 else RuntimeError)(f"{method} {target}: {status} {answer}")
        return answer

    def containers(self, **filters: Any) -> List[dict]:
        from urllib.parse import quote

        wanted = {key: value if isinstance(value, list) else [value] for key, value in filters.items()}
        return self.api("GET", f"/containers/json?all=1&filters={quote(json.dumps(wanted))}")

    def inspect(self, container: str) -> dict:
        return self.api("GET", f"/containers/{container}/json")

    def environment(self) -> dict:
        return {**os.environ, "DOCKER_HOST": self.url, "DOCKER_BUILDKIT": "0"}

    def docker(self, *arguments: str, input: Optional[bytes] = None, check: bool = True) -> str:
        done = subprocess.run([DOCKER, *arguments], input=input, capture_output=True, env=self.environment())
        if check and done.returncode != 0:
            raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace")


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def wait_for(condition: Callable[[], Any], what: str, timeout: float = HANGS, every: float = 0.02) -> Any:
    """What the condition says once it says something true; names what it waited for when that never comes.

    What is not there is not yet as it is waited for: in a switch a container has no name for a moment. A condition that
    runs a program is asked less often: whoever waits leaves the processors to what is waited for.
    """
    deadline = time.monotonic() + timeout
    while True:
        result, missing, begun = None, None, time.monotonic()
        try:
            result = condition()
        except Missing as error:
            missing = error
        if result:
            return result
        now = time.monotonic()
        if now > deadline:
            raise TimeoutError(f"waited {timeout:g} s for {what}") from missing
        took = now - begun
        time.sleep(every if took < 0.05 else max(every, min(2 * took, 1)))

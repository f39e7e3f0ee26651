"""A machine of one's own: Debian 12 with its own systemd and dpkg, in a container of the Engine that it also manages."""

import subprocess
from pathlib import Path
from typing import Mapping, Optional

from .compose import VERSIONS, plugin
from .engine import DOCKER, Engine, wait_for

# systemd makes its own groups; rlimits cannot be raised everywhere.
_RIGHTS = ["--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--security-opt", "seccomp=unconfined",
           "--security-opt", "systempaths=unconfined", "--security-opt", "apparmor=unconfined",
           "-v", "/sys/fs/cgroup:/sys/fs/cgroup", "--tmpfs", "/run", "--tmpfs", "/run/lock"]


def image(engine: Engine, folder: Path, deb: str) -> str:
    """debian:bookworm-slim with systemd and what the package depends on, so that nothing is fetched afterwards."""
    depends = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], check=True, capture_output=True, text=True).stdout
    names = [one.split()[0] for one in depends.split(",")]
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y --no-install-recommends systemd systemd-sysv "
        f"{' '.join(names)}\nCMD [\"/sbin/init\"]\n")
    engine.docker("build", "-q", "-t", "machine:test", str(folder))
    return "machine:test"


class Machine:
    def __init__(self, engine: Engine, image: str, folders: Mapping[Path, str]):
        """`folders` of ours, and where they are there: not under /tmp, of which a service has its own."""
        self.engine, self.image, self.folders = engine, image, folders
        self.name = "machine"

    def __enter__(self) -> "Machine":
        compose = plugin(VERSIONS[-1])
        binds = [f"{self.engine.socket}:/run/docker.sock", f"{compose}:/usr/local/lib/docker/cli-plugins/docker-compose:ro",
                 *(f"{ours}:{there}" for ours, there in self.folders.items())]
        options = [word for one in binds for word in ("-v", one)]
        self.engine.docker("run", "-d", "--name", self.name, *_RIGHTS, "-e", "container=docker", *options, self.image)
        wait_for(lambda: self.sh("systemctl is-system-running", check=False).out.strip() == "running", "systemd to be up")
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.docker("rm", "-f", self.name)

    def start(self, script: str) -> subprocess.Popen:
        return subprocess.Popen([DOCKER, "exec", self.name, "sh", "-c", script], stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.STDOUT, env=self.engine.environment())

    def sh(self, script: str, check: bool = True, timeout: Optional[float] = 180):
        process = self.start(script)
        out, _ = process.communicate(timeout=timeout)
        assert not check or process.returncode == 0, f"{script}: exit {process.returncode}\n{out}"
        return Done(process.returncode, out)


class Done:
    def __init__(self, code: int, out: str):
        self.code, self.out = code, out

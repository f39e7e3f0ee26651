"""Compose v2 in the versions that tests know, each in a HOME of its own, where `docker` and the reconciler find it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Mapping, Optional

from . import ROOT
from .cache import cache_folder
from .engine import HANGS

SUITES = {"2.26.1": "trixie", "2.40.3": "forky"}
VERSIONS = tuple(SUITES)


def plugin(version: str) -> Path:
    """The docker-compose of that version, with docker-buildx beside it; fetched once."""
    suite = SUITES[version]
    folder = cache_folder() / f"compose-{suite}"
    done = subprocess.run([str(ROOT / "deploy" / "compose-plugin"), suite, str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return folder / "docker-compose"


class Compose:
    """`with Compose("2.26.1") as compose:` has the plugins in compose.home/.docker/cli-plugins."""

    def __init__(self, version: str, docker_host: str = ""):
        self.version = version
        self.docker_host = docker_host
        self.plugin = plugin(version)
        self.folder = self.plugin.parent
        self.home = Path(tempfile.mkdtemp(prefix="rcn-home-", dir="/var/tmp"))
        plugins = self.home / ".docker" / "cli-plugins"
        plugins.mkdir(parents=True)
        for name in ("docker-compose", "docker-buildx"):
            (plugins / name).symlink_to(self.folder / name)

    def __enter__(self) -> "Compose":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.home, ignore_errors=True)

    def environment(self, more: Optional[Mapping[str, str]] = None) -> dict:
        """What a person's shell would have, less what could redirect Compose."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("COMPOSE_", "DOCKER_"))}
        kept["HOME"] = str(self.home)
        if self.docker_host:
            kept["DOCKER_HOST"] = self.docker_host
        return {**kept, **(more or {})}

    def run(self, *arguments: str, cwd: Optional[Path] = None, env: Optional[Mapping[str, str]] = None,
            input: Optional[str] = None, check: bool = True, timeout: float = HANGS) -> subprocess.CompletedProcess:
        done = subprocess.run([str(self.plugin), *arguments], cwd=cwd, env=self.environment(env), input=input or "",
                              capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"docker compose {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

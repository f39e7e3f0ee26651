"""Runs the program that is tested: RECONCILER_BIN, else the development build."""

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Mapping, Optional, Sequence

from . import ROOT
from .canary import assert_silent
from .engine import HANGS


@contextlib.contextmanager
def paused(program: subprocess.Popen) -> Iterator[None]:
    """It goes on afterwards: where a delay holds it up, what is done meanwhile has all the time that it takes."""
    program.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        program.send_signal(signal.SIGCONT)


def binary() -> Path:
    return Path(os.environ.get("RECONCILER_BIN") or ROOT / "build" / "dev" / "bin" / "reconciler")


@dataclass
class Result:
    code: int
    out: str
    err: str

    def ok(self) -> "Result":
        assert self.code == 0, f"exit {self.code}\n{self.out}{self.err}"
        return self


class Reconciler:
    """One installation: a state folder, a host file, an Engine and a HOME that has Compose."""

    def __init__(self, state: Path, *, host_file: Optional[Path] = None, repo: Optional[Path] = None,
                 docker_host: str = "", home: Optional[Path] = None, cwd: Optional[Path] = None,
                 within: Sequence[str] = ()):
        self.cwd, self.within = cwd, within  # `within` runs what comes after it, somewhere else
        self.options: List[str] = ["--state-dir", str(state)]
        if host_file:
            self.options += ["--host-file", str(host_file)]
        if repo:
            self.options += ["--repo", str(repo)]
        # Little, so that nothing of the tester's own environment decides anything.
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home or state), "LANG": "C.UTF-8"}
        if docker_host:
            self.env["DOCKER_HOST"] = docker_host
        # Sanitizers and coverage are set up through the environment.
        for key, value in os.environ.items():
            if key.endswith("SAN_OPTIONS") or key.startswith("LLVM_PROFILE"):
                self.env[key] = value

    def arguments(self, *arguments: str) -> List[str]:
        return [*self.within, str(binary()), *self.options, *arguments]

    def run(self, *arguments: str, env: Optional[Mapping[str, str]] = None, input: str = "",
            timeout: float = HANGS) -> Result:
        done = subprocess.run(self.arguments(*arguments), env={**self.env, **(env or {})}, input=input, cwd=self.cwd,
                              capture_output=True, text=True, timeout=timeout)
        assert_silent(done.stdout, f"the output of {arguments}")
        assert_silent(done.stderr, f"the errors of {arguments}")
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, env: Optional[Mapping[str, str]] = None, **options) -> subprocess.Popen:
        """The running program, for tests that kill it or look at it meanwhile."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
                   "cwd": self.cwd, **options}
        return subprocess.Popen(self.arguments(*arguments), env={**self.env, **(env or {})}, **options)

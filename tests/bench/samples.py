"""Whole processes, timed in turn: A B C A B C ..., so that what else the machine does meets all of them."""

import dataclasses
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional


@dataclasses.dataclass
class Program:
    argv: List[str]
    env: Mapping[str, str]
    cwd: str = "/"
    expects: int = 0


@dataclasses.dataclass
class Sample:
    wall: float  # seconds
    cpu: float   # seconds of user and system time, of all that it started and waited for


class Samples:
    def __init__(self) -> None:
        self._all: List[Sample] = []

    def add(self, one: Sample) -> None:
        self._all.append(one)

    @property
    def wall(self) -> float:
        return statistics.median(one.wall for one in self._all)

    @property
    def cpu(self) -> float:
        return statistics.median(one.cpu for one in self._all)


def once(program: Program) -> Sample:
    """One whole process, from before it is started until it has ended."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(program.argv, env=program.env, cwd=program.cwd, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != program.expects:
            output.seek(0)
            sys.exit(f"{program.argv}: {process.returncode}\n{output.read().decode(errors='replace')}")
    return Sample(took, usage.ru_utime + usage.ru_stime)


def in_turn(rounds: int, work: Mapping[str, Callable[[], Sample]]) -> Dict[str, Samples]:
    """Each once a round, after a first round that warms the caches and does not count."""
    samples = {name: Samples() for name in work}
    for round_ in range(rounds + 1):
        for name, one in work.items():
            sample = one()
            if round_:
                samples[name].add(sample)
    return samples


def peak(programs: Path, program: Program) -> float:
    """Peak MiB of one whole process."""
    done = subprocess.run([str(programs / "bench-peak"), *program.argv], env=program.env, cwd=program.cwd,
                          capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1]) / 1024


def ms(seconds: Optional[float]) -> str:
    return "" if seconds is None else f"{seconds * 1000:.1f} ms"

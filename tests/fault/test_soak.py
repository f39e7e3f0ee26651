"""One `run` through many reconciles with faults that a seed chooses: it ends well each time, and neither memory nor descriptors grow."""

import contextlib
import os
import random
import re
import statistics
from pathlib import Path

import pytest

from support.compose import VERSIONS, Compose
from support.engine import Engine, wait_for
from support.images import busybox
from support.proxy import Proxy
from support.running import Running
from support.small_disk import SmallDisk
from support.stack import SLEEPS, Stack, manifest, services

DEEP = os.environ.get("RECONCILER_DEEP") == "1"
# A round is one fault, or none, and what `run` makes of it: several reconciles, the last of which finds nothing to do.
ROUNDS = int(os.environ.get("RECONCILER_SOAK_ROUNDS") or (500 if DEEP else 12))
SEEDS = [int(seed) for seed in os.environ.get("RECONCILER_SOAK_SEEDS", "7,8,9,10" if DEEP else "7").split(",")]
# From the second quarter of the rounds to the last one.
MOST_MEMORY = 1.1, 1024  # times as much, and KiB more
MOST_DESCRIPTORS = 4  # the connections that a look keeps, or a fetch's pipes


class Soak:
    def __init__(self, stack, disk, run, seed):
        self.stack, self.disk, self.run = stack, disk, run
        self.random = random.Random(seed)
        self.unchanged = 0
        self.version, self.told, self.memory, self.descriptors = 0, {}, [], []

    # What a seed chooses from, and how often: those that take long are seldom.

    def faults(self):
        return {self.nothing: 6, self.killed: 6, self.stopped: 4, self.removed: 4, self.dropped: 6, self.cut: 4,
                self.git_gone: 4, self.disk_full: 3, self.engine_killed: 1}

    def nothing(self):
        return contextlib.nullcontext()

    def killed(self):
        return self._by_hand("kill")

    def stopped(self):
        return self._by_hand("stop", "-t", "0")

    def removed(self):
        return self._by_hand("rm", "-f")

    def _by_hand(self, *words):
        self.stack.engine.docker(*words, "web-web-1", check=False)  # in the middle of a switch there may be none
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def dropped(self):
        """Some connections of each kind are closed instead of answered."""
        chance = random.Random(self.random.random())
        self.stack.proxy.before = lambda one: "drop" if chance.random() < 0.2 else None
        self.stack.proxy.cut_all()
        yield
        self.waits_for("docker.unreachable")
        self.stack.proxy.before = None

    def cut(self):
        self.stack.proxy.cut_all()
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def git_gone(self):
        path = self.stack.config.path
        path.rename(path.with_name("away"))
        yield
        self.waits_for("git.unreachable")
        path.with_name("away").rename(path)

    @contextlib.contextmanager
    def disk_full(self):
        self.disk.fill()
        self.stack.engine.docker("kill", "web-web-1", check=False)
        yield
        self.waits_for("ledger.full|file.unwritable|No space left")
        self.disk.empty()

    @contextlib.contextmanager
    def engine_killed(self):
        self.stack.engine.kill(containerd=True)
        yield
        self.waits_for("docker.unreachable")
        self.stack.engine.start()

    def waits_for(self, words):
        log, since = self.run.log, self.since
        wait_for(lambda: re.search(words, log.read_text()[since:]), f"{words} in the log of run")

    def commit(self):
        self.version, self.unchanged = self.version + 1, 0
        self.stack.commit({"reconciler.yaml": manifest(f"v1.{self.version}.0", "verify: { stable: 50ms }")})

    def round(self):
        self.since = len(self.run.log.read_text())
        faults = self.faults()
        fault = self.random.choices(list(faults), list(faults.values()))[0]
        self.told[fault.__name__] = self.told.get(fault.__name__, 0) + 1
        # What is put right three times and nothing new is asked for is left alone, as it should be.
        self.unchanged += 1
        if fault == self.nothing or self.unchanged > 2 or self.random.random() < 0.5:
            self.commit()
        with fault():
            pass
        wait_for(self.is_well, f"round after {fault.__name__} to end well: {self.run.log.read_text()[self.since:]}", every=0.1)
        self.sample()

    def is_well(self):
        stack = self.stack
        assert self.run.process.poll() is None, self.run.log.read_text()[self.since:]
        return stack.state_file("current_tag") == f"v1.{self.version}.0" and \
            stack.run("plan", stack.environment, "--no-fetch", "--detailed-exitcode").code == 0 and stack.condition() == "Ready/Succeeded"

    def sample(self):
        of = Path(f"/proc/{self.run.process.pid}")
        self.memory.append(int(re.search(r"VmRSS:\s+(\d+) kB", (of / "status").read_text())[1]))
        self.descriptors.append(len(list((of / "fd").iterdir())))

    def idle(self):
        """Three looks by the clock, at what is as it should be: nothing is changed."""
        self.stack.proxy.clear()
        wait_for(lambda: sum(one.path == "/containers/json" for one in self.stack.proxy.requests) >= 3, "three looks")
        assert not self.stack.proxy.changes(), [str(one) for one in self.stack.proxy.changes()]


def quarters(samples, of):
    """The second and the last."""
    quarter = len(samples) // 4
    return of(samples[quarter:2 * quarter]), of(samples[-quarter:])


@pytest.mark.parametrize("seed", SEEDS)
def test_soak(folder, seed, record_property):
    with Engine() as engine, Compose(VERSIONS[-1], engine.url) as compose, SmallDisk(folder / "room", "24m") as disk, \
            Proxy(engine.socket, engine.folder / "proxy.sock") as proxy:
        busybox(engine)
        with Stack(folder, engine, compose, proxy, state=folder / "room" / "state") as stack:
            stack.commit({"compose.yaml": services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}")})
            stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "300ms"}}, "look": "1s"})
            with Running(stack) as run:
                soak = Soak(stack, disk, run, seed)
                soak.commit()
                wait_for(soak.is_well, "the first deploy")
                for number in range(ROUNDS):
                    soak.round()
                    proxy.clear()
                    if number % 6 == 5:
                        soak.idle()
                assert run.end() == 143
            assert stack.names() == ["web-web-1"]
        # Of descriptors the fewest: at some samples it is at work.
        memory, descriptors = quarters(soak.memory, statistics.median), quarters(soak.descriptors, min)
        record_property("told", f"soak: {ROUNDS} rounds of seed {seed}, {soak.version} versions, {soak.told}; memory "
                                f"{memory[0] / 1024:.1f} -> {memory[1] / 1024:.1f} MiB, descriptors {descriptors[0]:g} -> {descriptors[1]:g}")
        assert memory[1] <= max(memory[0] * MOST_MEMORY[0], memory[0] + MOST_MEMORY[1]), soak.memory
        assert descriptors[1] <= descriptors[0] + MOST_DESCRIPTORS, soak.descriptors

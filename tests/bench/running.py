"""`run`: what it takes while nothing happens, and how soon it acts."""

import contextlib
import json
import os
import re
import statistics
import tempfile
import time
from pathlib import Path

from rows import Row
from stacks import MANIFEST, compose_file
from support.engine import wait_for
from support.images import BUSYBOX
from support.reconciler import Reconciler
from support.repository import Repository
from support.stack import clean

SERVICES = 3


class Service:
    """An installation with that many environments, `run` at work in it."""

    def __init__(self, folder, setup, count, manifest, poll):
        self.setup, self.count = setup, count
        self.names = [f"few{n:04}" for n in range(count)]
        self.config = Repository(folder / "config")
        files = {}
        for name in self.names:
            files[f"{name}/compose.yaml"] = compose_file(SERVICES)
            files[f"{name}/reconciler.yaml"] = manifest
        self.config.commit("bench", files)
        host = folder / "host.yaml"
        host.write_text(json.dumps({"repositories": {"config": {"url": str(self.config.path), "poll": poll}}}))
        host.chmod(0o600)
        self.program = Reconciler(folder / "state", host_file=host, docker_host=setup.engine.url, home=setup.compose.home)
        self.log = folder / "run.log"
        self.process = None

    def start(self):
        with open(self.log, "w") as log:
            self.process = self.program.start("run", stdout=log, stderr=log)

    def end(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=120)
            self.process = None

    def said(self, words, times=1, timeout=60.0, every=0.001):
        """Waits until the log has that, so often."""
        wait_for(lambda: self.process.poll() is not None or self.log.read_text().count(words) >= times,
                 f"\"{words}\" in the log of run", timeout, every)
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text())

    def runs(self, name, tag="v1.0.0", timeout=120.0):
        self.said(f"{name}/production: runs {tag}", timeout=timeout)

    def resident(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def over(self, seconds):
        """Median and highest resident MiB, and CPU seconds a minute, over that time."""
        began, cpu, seen = time.monotonic(), self.cpu(), []
        while time.monotonic() < began + seconds:
            seen.append(self.resident())
            time.sleep(0.2)
        return statistics.median(seen), max(seen), (self.cpu() - cpu) / (time.monotonic() - began) * 60


@contextlib.contextmanager
def service(setup, count, manifest=MANIFEST, poll="60s"):
    with tempfile.TemporaryDirectory(prefix="rcn-bench-run-", dir="/var/tmp") as folder:
        service = Service(Path(folder), setup, count, manifest, poll)
        try:
            service.start()
            yield service
        finally:
            service.end()
            for name in service.names:
                if any(True for _ in setup.engine.containers(label=f"com.docker.compose.project={name}")):
                    clean(setup.engine, name)


def memory_row(what, service, seconds, aim):
    median, highest, cpu = service.over(seconds)
    return Row(what, f"{median:.1f} MiB, at most {highest:.1f}", f"{cpu:.2f} s of CPU a minute", None, aim)


def idle(setup, rows):
    """Deployed, then `run` started anew, as after a boot; over a minute, in which each is looked at by the clock."""
    for count in (3, 50):
        with service(setup, count) as one:
            for name in one.names:
                one.runs(name, timeout=1200)
            one.end()
            one.start()
            one.said(f"serving {count} environments")
            rows.append(memory_row(f"run idle, {count} environments of {SERVICES} services", one, 75,
                                   "< 15 MiB" if count == 3 else ""))


def many(setup, rows, count=1000):
    """Each is compiled, looked at and planned like any other, and waits for approval: nothing is deployed."""
    with service(setup, count, MANIFEST.replace("tag: v1.0.0", "tag: v1.0.0, approval: required")) as one:
        for name in one.names:
            one.said(f"{name}/production: Blocked", timeout=3600, every=0.5)
        rows.append(memory_row(f"run, {count} environments that wait for approval", one, 75, "< 50 MiB"))


def events_of(setup, container, since):
    """When it died and when it was started again, by the Engine's own clock."""
    listed = setup.engine.docker("events", "--since", str(since), "--until", str(time.time()), "--filter",
                                 f"container={container}", "--format", "{{json .}}")
    seen = {}
    for line in listed.splitlines():
        event = json.loads(line)
        seen.setdefault(event["Action"], event["timeNano"] / 1e9)
    return seen


def to_a_death(setup, one):
    """Each container is killed once: what comes back too often is left to a person."""
    begins, started = [], []
    for service in range(SERVICES):
        for name in one.names:
            time.sleep(2.5)   # a pass of its own follows what was done last
            said, since, container = service + 2, time.time(), f"{name}-s{service:03}-1"
            setup.engine.api("POST", f"/containers/{container}/kill")
            one.said(f"{name}/production: plan", said)
            began = time.time()
            one.said(f"{name}/production: runs", said)
            seen = events_of(setup, container, since)
            begins.append(began - seen["die"])
            started.append(seen["start"] - seen["die"])
    return begins, started


def by_hand(setup, rounds=9):
    """What the Engine alone takes, for somebody who knows which container it is and starts it at once."""
    container, started = "started-by-hand", []
    setup.engine.docker("run", "-d", "--name", container, BUSYBOX, "/bin/busybox", "sleep", "100000")
    for _ in range(rounds):
        since = time.time()
        setup.engine.api("POST", f"/containers/{container}/kill")
        setup.engine.docker("wait", container)
        setup.engine.api("POST", f"/containers/{container}/start")
        seen = events_of(setup, container, since)
        started.append(seen["start"] - seen["die"])
    setup.engine.docker("rm", "-f", container)
    return started


def to_a_commit(one, rounds=9):
    begins = []
    for n in range(rounds):
        tag, name = f"v1.1.{n}", one.names[0]
        one.config.commit(tag, {f"{name}/reconciler.yaml": MANIFEST.replace("v1.0.0", tag)})
        committed = time.time()
        one.said(f"-> {tag}")
        begins.append(time.time() - committed)
        one.runs(name, tag)
    return begins


def seconds(all_of_them):
    return f"{statistics.median(all_of_them):.2f} s, at most {max(all_of_them):.2f}"


def reaction(setup, rows):
    with service(setup, 3, poll="1s") as one:
        for name in one.names:
            one.runs(name)
        begins, started = to_a_death(setup, one)
        rows.append(Row("a container is killed: until the work begins", seconds(begins), "", None, "< 0.5 s"))
        hand = by_hand(setup)
        rows.append(Row("a container is killed: until it is started again", seconds(started), f"by hand {seconds(hand)}",
                        statistics.median(started) / statistics.median(hand)))
        rows.append(Row("a commit: until the work begins", seconds(to_a_commit(one)), "poll: 1s; there is no webhook yet",
                        None, "< 0.5 s by webhook"))

"""The stacks that are looked at: n services that do nothing, under the reconciler and under Compose alone."""

import contextlib
import tempfile
from pathlib import Path

from support.images import BUSYBOX
from support.reconciler import Reconciler
from support.repository import Repository
from support.stack import clean

MANIFEST = "environments: { production: { tag: v1.0.0 } }\nverify: { stable: 0s }\n"


def compose_file(n: int) -> str:
    services = "".join(f"  s{i:03}:\n    image: {BUSYBOX}\n    command: [/bin/busybox, sleep, '100000']\n"
                       f"    environment: {{A: '1', B: '2'}}\n    stop_grace_period: 0s\n" for i in range(n))
    return f"services:\n{services}"


class Pair:
    """Two stacks of that many services: `bench<n>` is ours, `theirs<n>` was deployed by Compose."""

    def __init__(self, folder, engine, compose, n):
        self.engine, self.compose, self.n = engine, compose, n
        self.project = f"bench{n}"
        self.repository = Repository(folder / "config")
        self.repository.commit("bench", {f"{self.project}/compose.yaml": compose_file(n),
                                         f"{self.project}/reconciler.yaml": MANIFEST})
        self.state = folder / "state"
        self.ours = Reconciler(self.state, repo=self.repository.path, docker_host=engine.url, home=compose.home)
        self.theirs = folder / f"theirs{n}"
        self.theirs.mkdir()
        (self.theirs / "compose.yaml").write_text(compose_file(n))

    def deploy(self):
        self.ours.run("apply", "--yes", timeout=1200).ok()
        self.ours.run("plan", "--no-fetch", "--detailed-exitcode").ok()
        self.compose.run("up", "-d", cwd=self.theirs, timeout=1200)

    def clean(self):
        clean(self.engine, self.project)
        clean(self.engine, self.theirs.name)


@contextlib.contextmanager
def pair(engine, compose, n):
    with tempfile.TemporaryDirectory(prefix=f"rcn-bench{n}-", dir="/var/tmp") as folder:
        pair = Pair(Path(folder), engine, compose, n)
        try:
            pair.deploy()
            yield pair
        finally:
            pair.clean()

"""A whole deploy beside the seed's three scripts, and taking a stack over from them."""

import os
import shutil
import tempfile
from pathlib import Path

from rows import Row
from samples import Program, Sample, in_turn, ms, once
from support.reconciler import Reconciler
from support.repository import Repository
from support.scripted import ScriptedHost
from support.stack import clean

ROUNDS = 7
# What a build of people's takes: one step that has to wait for something, in both images.
SLOW = "FROM busybox:test\nCOPY version /version\nRUN sleep 2\n"


class Scripted(ScriptedHost):
    """Deployed by the scripts at each turn."""

    def __init__(self, folder, setup, project):
        super().__init__(folder, setup.engine, setup.compose, project)
        self.setup, self.turn = setup, 0

    def dockerfiles(self, text):
        self.checkout.write({f"{name}/Dockerfile": text for name in ("backend", "frontend")})

    def next_tag(self):
        self.turn += 1
        self.tag(f"v1.0.{self.turn}")
        return f"v1.0.{self.turn}"

    def program(self, argv, tag):
        env = self.compose.environment({**self.variables, "TAG": tag, "DOCKER_BUILDKIT": "0"})
        return Program(argv, env, str(self.checkout.path))

    def by_scripts(self):
        tag = self.next_tag()
        return once(self.program(["bash", "-c", "./build.sh && ./deploy.sh"], tag))

    def gone(self):
        clean(self.engine, self.project)
        for one in self.engine.api("GET", "/images/json"):
            for name in one["RepoTags"] or []:
                if name.startswith(f"{self.project}-"):
                    self.engine.docker("image", "rm", "-f", name, check=False)


class TakenOver(Scripted):
    """The same stack, deployed by the scripts once, and by us from then on."""

    def __init__(self, folder, setup, project):
        super().__init__(folder, setup, project)
        self.config = Repository(folder / "srv" / "deploy")
        self.host_file, self.state = folder / "host.yaml", folder / "state"
        self.reconciler = Reconciler(self.state, host_file=self.host_file, docker_host=self.engine.url,
                                     home=self.compose.home)

    def ours(self, cwd, *arguments):
        return Program(self.reconciler.arguments(*arguments), self.reconciler.env, str(cwd))

    def take_over(self):
        """`init` and the first plan, which compiles, compares and takes over; then a plan that finds nothing."""
        init = once(self.ours(self.checkout.path, "init", "--into", str(self.config.path / self.project)))
        self.config.commit("as it runs today")
        return init, once(self.ours("/", "plan"))

    def forget(self):
        """As before it was taken over."""
        shutil.rmtree(self.config.path)
        shutil.rmtree(self.state)
        self.host_file.unlink()
        self.config = Repository(self.config.path)

    def checked_as_by_the_scripts(self):
        """The scripts ask two addresses and are done; so do we then, instead of watching for ten seconds more."""
        path = self.config.path / self.project / "reconciler.yaml"
        lines = path.read_text().splitlines()
        at = next(n for n, line in enumerate(lines) if line.startswith("verify:"))
        lines[at:at + 3] = ["verify:", "  stable: 0s", "  checks:", *(f"  {line}" for line in lines[at + 1:at + 3])]
        path.write_text("\n".join([*lines, ""]))
        self.config.commit("checked as by the scripts")

    def by_us(self):
        tag = self.next_tag()
        self.config.commit(tag, {f"{self.project}/environments/production.yaml": f"tag: {tag}\n"})
        return once(self.ours("/", "apply", "--yes"))


def deploys(scripts, ours, rows, what, dockerfile):
    for one in (scripts, ours):
        one.dockerfiles(dockerfile)
    done = in_turn(ROUNDS, {"scripts": scripts.by_scripts, "ours": ours.by_us})
    rows.append(Row(f"a whole deploy, {what}", f"{done['ours'].wall:.2f} s", f"scripts {done['scripts'].wall:.2f} s",
                    done["ours"].wall / done["scripts"].wall, "< 1x"))


def measure(setup, rows):
    with tempfile.TemporaryDirectory(prefix="rcn-bench-deploy-", dir="/var/tmp") as folder:
        # Containers that do not run as root read the mounts.
        os.chmod(folder, 0o755)
        scripts = Scripted(Path(folder) / "one", setup, "portfolio")
        ours = TakenOver(Path(folder) / "two", setup, "taken")
        try:
            measure_both(scripts, ours, rows)
        finally:
            scripts.gone()
            ours.gone()


def measure_both(scripts, ours, rows):
    for one in (scripts, ours):
        one.by_scripts()
    taken = []

    def again():
        if taken:
            ours.forget()
        taken.append(ours.take_over())
        init, plan = taken[-1]
        return Sample(init.wall + plan.wall, init.cpu + plan.cpu)

    done = in_turn(ROUNDS, {"both": again})
    rows.append(Row("taking over 5 services: init and the first plan", f"{done['both'].wall:.2f} s",
                    f"init alone {ms(taken[-1][0].wall)}"))
    ours.reconciler.run("plan", "--detailed-exitcode").ok()
    ours.checked_as_by_the_scripts()
    fast = "FROM busybox:test\nCOPY version /version\n"
    deploys(scripts, ours, rows, "builds of one COPY", fast)
    deploys(scripts, ours, rows, "builds with a step of 2 s", SLOW)

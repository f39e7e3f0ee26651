"""A stack that the reconciler and Compose make in turn: what the one makes is what the other makes, and finds running."""

import json
import re
import shutil
import subprocess
from typing import Mapping

from . import ROOT
from .comparable import differences, things
from .stack import Stack


class Pair:
    """`in_tree`: services that mount something of the tree; `addressed`: the network whose addresses are asked for."""

    def __init__(self, stack: Stack, compose_file: str, variables: Mapping[str, str], *, in_tree=frozenset(), addressed=""):
        self.stack, self.compose_file, self.variables = stack, compose_file, variables
        self.in_tree, self.addressed = in_tree, addressed
        self.trees = {}

    def made_by_us(self, tag):
        plan = self.stack.plan_json()
        self.stack.apply()
        tree = self.stack.state / "trees" / self.stack.application / "production" / plan["commit"]
        self.trees[tag] = tree
        shutil.copytree(tree, self.stack.folder / tag, symlinks=True)
        return self.things()

    def compose(self, tag, *arguments, file="", given=None):
        """In the exported tree: it says the same project.working_dir there. What was tidied away is put back."""
        tree = self.trees[tag]
        if not tree.exists():
            shutil.copytree(self.stack.folder / tag, tree, symlinks=True)
        return self.stack.compose.run("-p", self.stack.project, "-f", file or self.compose_file, *arguments,
                                      cwd=tree, env={**self.variables, "TAG": tag}, input=given).stderr

    def up(self, tag, *names):
        """From the raw file, as a person's script would."""
        return self.compose(tag, "up", "-d", "--no-build", *names)

    def up_from_our_model(self, tag):
        done = subprocess.run([str(ROOT / "build" / "dev" / "bin" / "resolved-model"), str(self.stack.state),
                               self.stack.environment], capture_output=True, text=True, check=True)
        model = json.loads(done.stdout)
        return self.compose(tag, "--project-directory", str(self.trees[tag]), "up", "-d", "--no-build", file="-",
                            given=json.dumps(model))

    def down(self):
        self.stack.compose.run("-p", self.stack.project, "down", "-v", "-t", "0")

    def things(self):
        return things(self.stack, self.in_tree, self.addressed)

    def borrowers(self):
        """Services that have a namespace of one that mounts the tree: Compose would make them anew with it."""
        lenders = {one["Id"] for one in self.stack.containers()
                   if one["Labels"]["com.docker.compose.service"] in self.in_tree}
        modes = ("NetworkMode", "PidMode", "IpcMode")
        return {one["Labels"]["com.docker.compose.service"] for one in self.stack.containers()
                if {self.stack.engine.inspect(one["Id"])["HostConfig"][mode].partition(":")[2] for mode in modes} & lenders}

    def found_running(self, tag):
        """By Compose: all of them from our model; all but what mounts the tree from the raw file."""
        running = {one["Names"][0].lstrip("/"): one["Labels"]["com.docker.compose.service"]
                   for one in self.stack.containers() if one["State"] == "running"}
        outside = sorted({*self.stack.ids()} - {*self.in_tree} - self.borrowers())
        for said, services in ((self.up_from_our_model(tag), {*running.values()}),
                               (self.up(tag, "--no-deps", *outside), {*outside})):
            for name, service in running.items():
                if service in services:
                    assert re.search(rf"Container {name} +(Running|Healthy)", said), said
            # One that has ended is started again by Compose at each `up`; ours stays as it is.
            for name in running:
                assert not re.search(rf"Container {name} +(Recreat|Creat|Start)", said), said
        self.stack.assert_second_plan_empty()

    def hold_together(self, ask_for, before_the_switch=lambda: None, after_it=lambda: None):
        ask_for("v1.0.0")
        ours = self.made_by_us("v1.0.0")
        ids = self.ids()
        self.found_running("v1.0.0")
        before_the_switch()
        ask_for("v1.1.0")
        ours_later = self.made_by_us("v1.1.0")
        stayed = {key for key, container in self.ids().items() if ids.get(key) == container}
        self.found_running("v1.1.0")
        after_it()
        # And what a switch leaves is no different from what Compose's own leaves.
        self.down()
        self.up("v1.0.0")
        self.assert_equal(ours, self.things())
        self.up("v1.1.0")
        # An older Compose makes dependents anew that a later one, and we, stop and start: ours has the tree of before.
        self.assert_equal(ours_later, self.things(), made_before=stayed)
        return ours

    def ids(self):
        return {one["Names"][0].lstrip("/"): one["Id"] for one in self.stack.containers()}

    @staticmethod
    def assert_equal(ours, theirs, made_before=frozenset()):
        for things in (ours, theirs):
            for one in things.values():
                if one.get("Name", "").lstrip("/") in made_before:
                    one["Config"]["Labels"].pop("com.docker.compose.project.working_dir", None)
        found = differences(ours, theirs)
        assert not found, "\n".join(found)

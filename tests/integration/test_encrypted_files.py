"""Secrets that lie encrypted in git: files of the tree, opened by the commands that the host file names. age is the real one;
a program named sops stands in for it, and answers `sops --decrypt FILE` as that does."""

import re
import subprocess

import pytest

from support.canary import CANARY
from support.stack import SLEEPS, manifest, services

WEB = services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}', PASSWORD: '${{PASSWORD}}', API_URL: '${{API_URL}}', FROM_CI: '${{FROM_CI}}' }} }}")
VARIABLES = """
variables:
  env_file:
    - plain.env
    - { path: secrets.env.age, provider: age }
    - { path: urls.enc.env, provider: sops }
    - { provider: process }
"""
# Encrypted: each line turned round, under a head that sops would not go without.
SOPS = """#!/bin/sh
[ "$1" = --decrypt ] && grep -q '^sops_version=' "$2" || { echo 'sops metadata not found' >&2; exit 1; }
grep -v '^sops_version=' "$2" | rev
"""


class Age:
    def __init__(self, folder):
        folder.mkdir()
        self.identity = folder / "key.txt"
        subprocess.run(["age-keygen", "-o", self.identity], check=True, capture_output=True)
        self.identity.chmod(0o600)
        self.recipient = re.search(r"public key: (age1\w+)", self.identity.read_text())[1]

    def encrypt(self, text):
        return subprocess.run(["age", "-r", self.recipient], input=text.encode(), check=True, capture_output=True).stdout


@pytest.fixture
def age(stack, folder):
    age, sops = Age(folder / "age"), folder / "sops"
    sops.write_text(SOPS)
    sops.chmod(0o755)
    stack.use_host({"providers": {
        "age": {"command": ["age", "--decrypt", "--identity", str(age.identity), "${FILE}"]},
        "sops": {"command": [str(sops), "--decrypt", "${FILE}"]},
        "process": {"from_environment": ["FROM_CI"]}}})
    stack.program.env["FROM_CI"] = "build 7"
    return age


def commit(stack, age, tag, password):
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest(tag, VARIABLES), "plain.env": "UNUSED=1\n",
                  "secrets.env.age": age.encrypt(f"PASSWORD={password}\n"),
                  "urls.enc.env": f"sops_version=3.9.0\n{'API_URL=https://api.example.com/'[::-1]}\n"})


def variables_of(stack):
    return dict(one.split("=", 1) for one in stack.inspect()["Config"]["Env"])


def test_each_is_opened_by_its_provider_and_variables_says_which_gave_what(stack, age):
    commit(stack, age, "v1.0.0", CANARY)
    stack.apply()
    has = variables_of(stack)
    assert (has["PASSWORD"], has["API_URL"], has["FROM_CI"]) == (CANARY, "https://api.example.com/", "build 7")
    shown = stack.run("variables", stack.environment).ok().out
    for name, source in (("PASSWORD", "age"), ("API_URL", "sops"), ("FROM_CI", "process"), ("UNUSED", "plain.env")):
        assert re.search(rf"^\s*{name}\b.*\b{re.escape(source)}", shown, re.M), f"{name} of {source} in:\n{shown}"
    assert CANARY not in shown
    # The file in git changed: that is a change of the variable, and no value is said.
    commit(stack, age, "v1.0.0", f"{CANARY}-rotated")
    plan = stack.run("plan", stack.environment).ok().out
    assert "PASSWORD" in plan and CANARY not in plan, plan
    stack.apply()
    assert variables_of(stack)["PASSWORD"] == f"{CANARY}-rotated"


def test_one_that_cannot_be_opened_stops_new_targets_and_nothing_else(stack, age, folder):
    commit(stack, age, "v1.0.0", CANARY)
    stack.apply()
    before = stack.ids()
    # Encrypted for somebody else.
    commit(stack, Age(folder / "other"), "v1.1.0", CANARY)
    refused = stack.run("apply", stack.environment, "--yes")
    assert refused.code == 1 and stack.error(refused) == "variables.provider" and stack.ids() == before, refused
    assert "age ended with exit code 1" in refused.err and CANARY not in refused.out + refused.err
    # Going back needs none of them.
    commit(stack, age, "v1.1.0", CANARY)
    stack.apply()
    age.identity.unlink()
    stack.run("rollback", stack.environment, "v1.0.0", "--yes", "--no-fetch").ok()
    assert variables_of(stack)["TAG"] == "v1.0.0"

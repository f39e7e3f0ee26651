"""A provider of the host file: variables come from a program named doppler, that answers as its CLI does, or does not."""

import json
import shutil

import pytest

from support.canary import CANARY, assert_folder_silent
from support.engine import wait_for
from support.portfolio import EXAMPLE
from support.running import Running
from support.stack import SLEEPS, manifest, services

WEB = services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}', PASSWORD: '${{PASSWORD}}' }} }}")
VARIABLES = "variables: { env_file: { provider: doppler } }"

# Before the example's stand-in for the CLI: writes down what it is asked, is away while a file of that name lies beside it,
# and says the token, which nobody may repeat.
DOPPLER = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/asked"
echo "asked with $DOPPLER_TOKEN" >&2
[ ! -e "$here/away" ] || { echo 'Doppler Error: Unable to reach Doppler' >&2; exit 1; }
exec "$here/cli/doppler" "$@"
"""


class Doppler:
    def __init__(self, folder):
        self.folder = folder / "doppler"
        shutil.copytree(EXAMPLE / "doppler", self.folder / "cli")
        self.program = self.folder / "doppler"
        self.program.write_text(DOPPLER)
        self.program.chmod(0o755)
        (self.folder / "token").write_text("dp.st.prd.token\n")
        (self.folder / "cli" / "tokens").write_text("dp.st.prd.token web prd\n")
        (self.folder / "cli" / "web").mkdir()
        self.has(f"PASSWORD={CANARY}")

    def has(self, text):
        (self.folder / "cli" / "web" / "prd").write_text(text + "\n")

    def goes(self):
        (self.folder / "away").touch()

    def comes_back(self):
        (self.folder / "away").unlink()

    def asked(self):
        return (self.folder / "asked").read_text().splitlines()

    def provider(self, **more):
        return {"command": [str(self.program), "secrets", "download", "--no-file", "--format", "env", "--project",
                            "${APPLICATION}", "--config", "prd"],
                "environment": {"DOPPLER_TOKEN": {"file": str(self.folder / "token")}}, **more}


@pytest.fixture
def doppler(stack, folder):
    doppler = Doppler(folder)
    stack.use_host({"providers": {"doppler": doppler.provider()}})
    yield doppler
    assert_folder_silent(stack.state)


def commit(stack, tag, *more):
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest(tag, VARIABLES, *more)})


def password(stack):
    return next(one for one in stack.inspect()["Config"]["Env"] if one.startswith("PASSWORD="))


def test_it_is_asked_for_each_apply_and_its_rotation_is_a_change(stack, doppler):
    commit(stack, "v1.0.0")
    stack.apply()
    assert password(stack) == f"PASSWORD={CANARY}"
    assert set(doppler.asked()) == {"secrets download --no-file --format env --project web --config prd"}
    assert stack.plan_json()["actions"] == []
    doppler.has(f"PASSWORD={CANARY}-$5-rotated")
    assert "environment PASSWORD changed" in stack.run("plan", stack.environment, "--explain").ok().out
    stack.apply()
    assert password(stack) == f"PASSWORD={CANARY}-$5-rotated"


def test_while_it_is_away_no_new_target_and_all_else_goes_on(stack, doppler):
    commit(stack, "v1.0.0")
    stack.apply()
    made = stack.id()
    doppler.goes()

    # Nothing new is asked for: what runs is looked after with what was recorded.
    plan = stack.run("plan", stack.environment).ok().out
    assert "No changes" in plan and "doppler ended with exit code 1" in plan, plan
    stack.engine.docker("kill", "web-web-1")
    stack.apply()
    assert stack.inspect()["State"]["Status"] == "running" and stack.id() == made

    commit(stack, "v1.1.0")
    asked = stack.run("apply", stack.environment, "--yes")
    assert asked.code == 1 and stack.id() == made
    assert "error variables.provider: doppler ended with exit code 1\n" in asked.err, asked.err
    assert f"reconciler plan {stack.environment}" in asked.err
    assert "VariablesUnavailable" in json.dumps(json.loads(stack.run("status", "--json").out))

    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s",
                    "providers": {"doppler": doppler.provider()}})
    stack.engine.docker("kill", "web-web-1")
    with Running(stack) as running:
        running.wait("web/production: start web done")
        assert stack.id() == made
        wait_for(lambda: stack.runs()[-1][1] == "Ready", "that to have ended")
        stack.engine.docker("kill", "web-web-1")
        wait_for(lambda: stack.inspect()["State"]["Status"] == "running", "web to be started once more")
        doppler.comes_back()
        running.wait("web/production: runs v1.1.0")
        assert running.end() == 143


def test_the_way_back_needs_no_provider(stack, doppler):
    stack.use_host({"providers": {"doppler": doppler.provider(keep_last="24h")}})
    commit(stack, "v1.0.0")
    stack.apply()
    commit(stack, "v1.1.0")
    stack.apply()
    doppler.goes()
    back = stack.run("rollback", stack.environment, "--yes").ok()
    assert "kept sealed; doppler ended with exit code 1" in back.out, back.out
    assert "TAG=v1.0.0" in stack.inspect()["Config"]["Env"] and password(stack) == f"PASSWORD={CANARY}"

    # Nor a new target, for as long as keep_last says.
    commit(stack, "v1.2.0")
    stack.apply()
    assert "TAG=v1.2.0" in stack.inspect()["Config"]["Env"]


def test_a_token_that_is_wrong_is_said_without_it(stack, doppler):
    (doppler.folder / "token").write_text("dp.st.prd.revoked\n")
    commit(stack, "v1.0.0")
    asked = stack.run("plan", stack.environment)
    assert asked.code == 1
    assert "doppler ended with exit code 1\n" in asked.err, asked.err
    assert "revoked" not in asked.err

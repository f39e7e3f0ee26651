"""What others do to what runs, while a version is switched to and verified."""

import re
import subprocess

import pytest

from support.engine import HANGS, wait_for
from support.proxy import Proxy
from support.stack import SLEEPS, Stack, manifest, services

# While Compose makes it anew it is stopped for a moment: with a restart policy that is no end.
WEB = f"web: {{ {SLEEPS}, restart: unless-stopped, environment: {{ TAG: '${{TAG}}' }} }}"


@pytest.fixture
def stack(tmp_path, engine, newest):
    with Proxy(engine.socket, engine.folder / "others.sock") as proxy, Stack(tmp_path, engine, newest, proxy) as stack:
        commit(stack, "v1.0.0")
        stack.apply()
        yield stack


def commit(stack, tag, *more):
    stack.commit({"compose.yaml": services(WEB), "reconciler.yaml": manifest(tag, *more)})


def environment(stack):
    return stack.inspect()["Config"]["Env"]


def test_compose_up_while_it_is_verified(stack):
    """How another one's containers do says nothing of the version: it is neither recorded nor rejected for that."""
    commit(stack, "v1.1.0", "verify: { stable: 60s, timeout: 120s }")
    program = stack.program.start("apply", stack.environment, "--yes", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: "TAG=v1.1.0" in environment(stack) and stack.inspect()["State"]["Running"], "the switch")
    folder = stack.state / "trees" / "web" / "production" / stack.config.head
    stack.compose.run("-p", "web", "-f", "compose.yaml", "up", "-d", cwd=folder, env={"TAG": "v9.9.9"})
    _, said = program.communicate(timeout=HANGS)
    assert program.returncode == 1, said
    assert "plan.stale" in said and "web was changed by somebody else meanwhile" in said, said
    assert stack.state_file("current_tag") == "v1.0.0"
    stack.run("apply", stack.environment, "--yes").ok()
    stack.assert_second_plan_empty()
    assert "TAG=v1.1.0" in environment(stack)
    assert stack.names() == ["web-web-1"]


def test_paused_with_another_restart_policy(stack):
    stack.engine.docker("update", "--restart", "on-failure", "web-web-1")
    stack.engine.docker("pause", "web-web-1")
    stack.apply()
    assert stack.inspect()["State"]["Status"] == "running"
    assert stack.condition() == "Ready/Succeeded"


@pytest.mark.parametrize("keep", ["web-web-1", "by_hand"])
def test_one_that_was_run_of_what_ours_was_committed_to_is_not_started_beside(stack, keep):
    """`docker commit` hands the labels on: it calls itself the same service, and ours is down. What is printed leads out."""
    stack.engine.docker("commit", "web-web-1", "repaired")
    stack.engine.docker("stop", "-t", "0", "web-web-1")
    stack.engine.docker("run", "-d", "--name", "by_hand", "--network", "web_default", "repaired")
    try:
        commit(stack, "v1.1.0")
        stack.proxy.clear()
        for verb in ("plan", "apply --yes"):
            done = stack.run(*verb.split(), stack.environment)
            assert done.code == 1 and stack.error(done) == "docker.another_runs", done.out + done.err
            assert "container by_hand runs as service web, and web-web-1 is to be started: two at a time" in done.err, done.err
        assert not stack.proxy.changes() and stack.condition() == "Reconciling/CannotLook"
        advice = re.fullmatch("to have web-web-1 serve: (.*); to keep by_hand: (.*)", stack.status()["next"])
        for command in advice[1 if keep == "web-web-1" else 2].split(" && "):
            stack.engine.docker(*command.split()[1:])
        stack.apply()
        assert stack.inspect()["State"]["Running"] and "TAG=v1.1.0" in environment(stack)
        assert stack.names() == (["by_hand", "web-web-1"] if keep == "web-web-1" else ["web-web-1"])
        assert stack.condition() == "Ready/Succeeded"
        stack.assert_second_plan_empty()
    finally:
        stack.engine.docker("rm", "-f", "by_hand", check=False)
        stack.engine.docker("rmi", "-f", "repaired", check=False)

"""What others do to what runs, while a version is switched to and verified."""

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

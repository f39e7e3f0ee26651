"""`run` while something lasts, and between two looks: others go on, a newer commit is next, the Engine is heard."""

import re

import pytest

from support.engine import wait_for
from support.images import BUSYBOX
from support.registry import Registry
from support.running import Running
from support.stack import SLEEPS, Stack, manifest, services

WEB = services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}")
NEVER_WELL = "verify: {{ timeout: {}, stable: 1s, checks: [{{ exec: web, command: 'test -e /well' }}] }}"


def hosted(stack, **more):
    """By the clock it is looked at once an hour: what happens sooner was heard."""
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1h", **more})


@pytest.fixture
def running(stack):
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.0.0")})
    hosted(stack)
    with Running(stack) as running:
        running.wait("web/production: runs v1.0.0")
        yield running
        if running.process.poll() is None:
            assert running.end() == 143


def test_a_pull_that_hangs_holds_up_no_other_and_ends_with_the_next_commit(stack, running, engine, newest, proxy):
    with Registry() as registry, Stack(stack.folder, engine, newest, proxy, application="other", config=stack.config,
                                       state=stack.state) as other:
        registry.answers.clear()
        hangs = SLEEPS.replace(BUSYBOX, f"'{registry.host}/app:1'")
        stack.commit({"compose.yaml": services(f"web: {{ {hangs} }}"), "reconciler.yaml": manifest("v1.1.0")})
        wait_for(lambda: registry.waiting, "the pull to be under way")
        other.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.0.0")})
        running.wait("other/production: runs v1.0.0")

        stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.2.0")})
        running.wait("web/production: runs v1.2.0")
        assert running.said("web/production: apply.superseded: v1.1.0 is not asked for as it was any more: ended during supply")
        assert [(plan["to"], condition) for plan, condition in stack.runs()] == [
            ("v1.0.0", "Ready"), ("v1.1.0", "Reconciling"), ("v1.2.0", "Ready")]
        assert stack.state_file("prev_tag") == "v1.0.0"


def test_verify_gives_way_and_the_last_good_one_is_still_there(stack, running):
    first = stack.id()
    stack.commit({"reconciler.yaml": manifest("v1.1.0", NEVER_WELL.format("300s"))})
    running.wait("web/production: switch web done")
    assert stack.names() == ["web-web-1", "web-web-1.prev"]

    # Someone starts the old one beside the new one: it is stopped, though nothing else is due for an hour.
    stack.engine.docker("start", "web-web-1.prev")
    running.wait("web/production: stop web-web-1.prev done")
    assert stack.engine.inspect("web-web-1.prev")["State"]["Status"] == "exited"

    stack.commit({"reconciler.yaml": manifest("v1.2.0", NEVER_WELL.format("2s"))})
    running.wait("web/production: RolledBack: verify.failed: ")
    assert running.said("web/production: apply.superseded: v1.1.0 ")
    assert [(plan["to"], condition) for plan, condition in stack.runs()] == [
        ("v1.0.0", "Ready"), ("v1.1.0", "Reconciling"), ("v1.1.0", "Reconciling"), ("v1.2.0", "RolledBack"),
        ("v1.0.0", "Ready")]
    assert stack.id() == first and stack.names() == ["web-web-1"]
    assert stack.state_file("current_tag") == "v1.0.0" and stack.state_file("prev_tag") is None
    assert stack.condition() == "RolledBack/VerifyFailed"


def test_a_held_one_is_not_left_beside_the_other(stack, running):
    stack.commit({"reconciler.yaml": manifest("v1.1.0", NEVER_WELL.format("2s"), "on_failure: hold")})
    running.wait("web/production: Stalled: verify.failed: ")
    stack.engine.docker("start", "web-web-1.prev")
    running.wait("web/production: stop web-web-1.prev done")
    assert stack.engine.inspect("web-web-1.prev")["State"]["Status"] == "exited"
    assert stack.inspect()["State"]["Status"] == "running" and stack.condition() == "Stalled/VerifyFailed"


def test_what_is_known_is_not_asked_for_again_until_the_engine_tells_of_it(stack, proxy):
    """A container's inspect is kept while the stream of events is whole. By the clock it is looked at each second."""
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.0.0")})
    hosted(stack, look="1s")
    inspected = re.compile(r"/containers/[^/]+/json")

    def looks():
        """Of each look since the last inspect: one list of the project's containers."""
        asked = [request.path for request in list(proxy.requests)]
        last = max((n for n, path in enumerate(asked) if inspected.fullmatch(path)), default=-1)
        return asked[last + 1:].count("/containers/json")

    def shares():
        return stack.inspect()["HostConfig"]["CpuShares"]

    with Running(stack) as running:
        running.wait("web/production: runs v1.0.0")
        wait_for(lambda: looks() >= 3, "three looks in a row that inspect nothing")

        # Its configuration changes behind the list, which shows nothing of it.
        stack.engine.docker("update", "--cpu-shares", "512", "web-web-1")
        wait_for(lambda: shares() == 0, "the update to be told of and healed")
        wait_for(lambda: looks() >= 3, "three more")
        stack.engine.docker("network", "disconnect", "web_default", "web-web-1")
        wait_for(lambda: "web_default" in stack.inspect()["NetworkSettings"]["Networks"], "the network to be healed")
        wait_for(lambda: looks() >= 3, "three more")

        # Nobody tells: nothing is kept, so that a look sees what happened meanwhile.
        proxy.before = lambda request: "drop" if request.path == "/events" else None
        proxy.cut("/events")
        running.wait("looks on by the clock until it is heard again")
        stack.engine.docker("update", "--cpu-shares", "256", "web-web-1")
        wait_for(lambda: shares() == 0, "a look to see the update by itself")

        proxy.before = None
        running.wait("heard again")
        wait_for(lambda: looks() >= 3, "three looks that inspect nothing, again")
        assert running.end() == 143


def test_what_was_killed_is_started_though_compose_made_it(stack):
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.0.0")})
    stack.compose.run("-p", "web", "up", "-d", cwd=stack.config.path / "web", env={"TAG": "v1.0.0"})
    made = stack.inspect()
    hosted(stack)
    with Running(stack) as running:
        running.wait("web/production: taken over: ")
        assert stack.inspect()["State"]["StartedAt"] == made["State"]["StartedAt"]
        stack.engine.docker("kill", "web-web-1")
        running.wait("web/production: start web done")
        assert stack.inspect()["State"]["Status"] == "running" and stack.id() == made["Id"]
        assert running.end() == 143

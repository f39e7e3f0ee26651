"""The odd cases of replacing: forward, unwell, cut between any two calls, and as plain Compose made them before."""

import os
import re

import pytest

from support.images import busybox
from support.odd_stacks import HOLDS, STACKS, of_engine
from support.stack import Stack, called, manifest

DEEP = os.environ.get("RECONCILER_DEEP") == "1"
# The failpoint at each call that a plan declares.
POINTS = {"POST /containers/create": "create", "POST /networks/connect": "connect", "PUT /containers/archive": "archive",
          "POST /containers/stop": "stop", "POST /containers/rename": "rename", "POST /containers/update": "update",
          "POST /containers/start": "start", "POST /containers/unpause": "unpause", "DELETE /containers": "remove",
          "DELETE /networks": "network", "POST /networks/create": "network", "POST /volumes/create": "volume",
          "POST /containers/exec": "exec"}


def number(name):
    return list(STACKS).index(name)


@pytest.fixture
def odd(request, folder, engine, newest, proxy):
    name = request.param
    busybox(engine, HOLDS, "VOLUME /held")
    with Stack(folder, engine, newest, proxy, application=f"odd{number(name)}") as stack:
        stack.odd = STACKS[name]
        yield stack


def ask_for(stack, tag):
    odd = stack.odd
    patience = "3s" if tag.startswith("bad") else "60s"
    stack.commit({"compose.yaml": of_engine(odd.compose, stack), **odd.files,
                  "reconciler.yaml": manifest(tag, odd.manifest, f"verify: {{ stable: 500ms, timeout: {patience} }}")})


# What another stack has too, in a way that is replaced by the same calls.
ALIKE = {"plain", "pid-namespace", "ipc-namespace", "volumes-from", "long-grace", "links", "static-mac", "own-name", "named-volume"}
CUT = {"network-namespace", "changed-network", "copied-files", "replicas"}


def in_every_run(few):
    """The others with --deep."""
    return pytest.mark.parametrize("odd", [
        pytest.param(name, marks=[] if DEEP or name in few else [
            pytest.mark.skip(reason=f"{name} is tried only with RECONCILER_DEEP=1 (tests/run --deep)")]) for name in STACKS], indirect=True)


def nothing_beside(stack):
    assert not [name for name in stack.names() if name.endswith((".prev", ".next", ".failed"))], stack.names()


@in_every_run(set(STACKS) - ALIKE)
def test_of_compose_then_forward_then_unwell(odd):
    """Made by plain Compose: not one container is touched. Then another tag, one that is never well, and a good one."""
    ask_for(odd, "v1.0.0")
    odd.compose.run("-p", odd.project, "-f", "compose.yaml", "up", "-d", cwd=odd.config.path / odd.application,
                    env={"TAG": "v1.0.0", "KEY": "of-the-door"})
    before = {one["Id"]: odd.engine.inspect(one["Id"])["State"]["StartedAt"] for one in odd.containers()}
    plan = odd.plan_json()
    assert not [call for action in plan["actions"] for call in action["calls"]], called(plan)
    odd.apply()
    assert {one["Id"]: odd.engine.inspect(one["Id"])["State"]["StartedAt"] for one in odd.containers()} == before
    odd.odd.check(odd)

    before = odd.ids()
    ask_for(odd, "v1.1.0")
    odd.apply()
    odd.odd.check(odd)
    after = odd.ids()
    replaced = {service for service in after if before[service] != after[service]}
    assert replaced == set(odd.odd.replaced if odd.odd.replaced is not None else before)
    assert odd.condition() == "Ready/Succeeded"
    nothing_beside(odd)

    if "bad*" in odd.odd.compose and odd.odd.tells_bad:
        kept = odd.ids()
        ask_for(odd, "bad1")
        done = odd.try_apply()
        assert done.code == 1 and odd.error(done) in ("verify.failed", "service.dependency_unwell"), done.out + done.err
        assert odd.state_file("current_tag") == "v1.1.0"
        assert odd.condition().startswith("RolledBack/"), done.out + done.err
        nothing_beside(odd)
        odd.odd.check(odd)
        assert odd.ids() == kept, "the containers that ran before"
        odd.assert_second_plan_empty()
    ask_for(odd, "v1.2.0")
    odd.apply()
    odd.odd.check(odd)
    nothing_beside(odd)


@in_every_run(CUT)
def test_cut_between_calls(odd):
    """Killed before each call of the switch in turn: the next apply goes on from a look alone."""
    ask_for(odd, "v1.0.0")
    odd.apply()
    odd.odd.check(odd)
    at, version = 0, 1
    while True:
        ask_for(odd, f"v1.{version}.0")
        calls = [call for action in odd.plan_json()["actions"] if action["phase"] == "switch" for call in action["calls"]
                 if not call.startswith("POST /exec/start")]
        if at >= len(calls):
            break
        points = [POINTS[re.match(r"\S+ \S+", call)[0]] for call in calls]
        point, nth = points[at], points[:at + 1].count(points[at])
        done = odd.run("apply", odd.environment, "--yes",
                       env={"RECONCILER_FAILPOINTS": f"engine.{point}.before:kill@{nth}"})
        assert done.code == -9, f"{calls[at]}: {done.code}\n{done.out}{done.err}"
        odd.try_apply(complete=True).ok()
        odd.assert_second_plan_empty()
        odd.odd.check(odd)
        nothing_beside(odd)
        version += 1
        at += 1 if DEEP else 4

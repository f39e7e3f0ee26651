"""`run`: a commit is applied without a person, a failure waits for the next wish, and nothing is done twice."""

import contextlib
import signal

import pytest

from support.engine import HANGS, wait_for
from support.images import BUSYBOX
from support.running import Running
from support.stack import SLEEPS, clean, manifest, services

WEB = services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}")


@pytest.fixture
def polled(stack):
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.0.0")})
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}})
    with Running(stack) as running:
        yield stack, running


def test_commits_are_applied_and_a_failure_waits_for_the_next(polled):
    stack, running = polled
    running.wait("web/production: runs v1.0.0")
    stack.commit({"reconciler.yaml": manifest("v1.1.0")})
    running.wait("web/production: runs v1.1.0")
    before = stack.id()

    stack.commit({"reconciler.yaml": manifest("v1.2.0", "release: [{ run: web, command: 'false' }]")})
    running.wait("web/production: RolledBack: release.failed: ")
    assert stack.id() == before and stack.one_offs() == [] and stack.releases() == 1
    assert stack.condition() == "RolledBack/ReleaseFailed"

    # A mistake in the manifest is said, and what runs runs on.
    stack.commit({"reconciler.yaml": "verfy: 1\n"})
    running.wait("manifest.unknown_key")
    assert stack.id() == before

    stack.commit({"reconciler.yaml": manifest("v1.3.0", "release: [{ run: web, command: 'true' }]")})
    running.wait("web/production: runs v1.3.0")
    assert stack.state_file("current_tag") == "v1.3.0" and stack.state_file("prev_tag") == "v1.1.0"
    stack.assert_second_plan_empty()
    assert running.end() == 143
    assert stack.one_offs() == []


def test_what_somebody_deploys_between_two_polls_is_not_undone(stack):
    """Woken by what a person's apply does, and at work from an older fetch: it asks git again, and goes back to nothing."""
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.0.0")})
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1h"}}, "look": "1s"})
    with Running(stack) as running:
        running.wait("web/production: runs v1.0.0")
        for tag in ("v1.1.0", "v1.2.0"):
            stack.commit({"reconciler.yaml": manifest(tag)})
            stack.run("apply", stack.environment, "--yes").ok()
            running.wait("git is asked again first")
            looks = len(stack.proxy.requests)
            wait_for(lambda: len(stack.proxy.requests) > looks + 20, "several looks of run")
        # Somebody stops it: that is put right as git asks for now.
        stack.engine.docker("stop", "-t", "0", "web-web-1")
        wait_for(lambda: stack.inspect()["State"]["Running"], "the service to be put right")
        assert running.end() == 143
    assert [plan["to"] for plan, _ in stack.runs()[:3]] == ["v1.0.0", "v1.1.0", "v1.2.0"]
    assert {plan["to"] for plan, _ in stack.runs()[3:]} == {"v1.2.0"}
    assert stack.state_file("current_tag") == "v1.2.0" and stack.state_file("prev_tag") == "v1.1.0"


def test_an_answer_lets_a_running_service_go_on(polled):
    stack, running = polled
    running.wait("web/production: runs v1.0.0")
    release = "release: [{ run: web, command: 'test -e /gate/open' }]"
    compose = services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }}, volumes: ['gate:/gate'] }}", "volumes: { gate: {} }")
    stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest("v1.1.0", release)})
    running.wait("web/production: RolledBack: release.failed: ")
    stack.engine.docker("run", "--rm", "-v", "web_gate:/gate", BUSYBOX, "touch", "/gate/open")
    # Whoever failed may still hold the environment for a moment.
    wait_for(lambda: stack.run("settle", stack.environment, "web", "not-run").code == 0, "the answer to be taken")
    assert stack.condition() == "Reconciling/Due"
    # The look of a minute comes by itself; one that begins now is the same.
    assert running.end() == 143
    again = Running(stack)
    try:
        again.wait("web/production: runs v1.1.0")
    finally:
        again.end()


def test_an_environment_that_vanishes_is_left_as_it_is(polled):
    stack, running = polled
    running.wait("web/production: runs v1.0.0")
    before = stack.id()
    stack.config.commit("gone", {"web/reconciler.yaml": None, "other/reconciler.yaml": "environments: {}\n"})
    running.wait("web/production: not asked for any more")
    assert stack.id() == before and stack.inspect()["State"]["Status"] == "running"
    assert running.end(signal.SIGINT) == 130


def test_killed_and_started_again(polled):
    stack, running = polled
    running.wait("web/production: runs v1.0.0")
    running.process.kill()
    running.process.wait()
    stack.commit({"reconciler.yaml": manifest("v1.1.0")})
    again = Running(stack)
    try:
        again.wait("web/production: runs v1.1.0")
    finally:
        assert again.end() == 143


def test_a_ledger_that_refuses_everything_ends_it_though_a_release_is_under_way(stack):
    """Nothing is looked after with it, and whoever starts it again opens the ledger anew."""
    release = "release: [{ run: web, command: [sh, -c, 'test $TAG = v1.0.0 || sleep 120'] }]"
    def both(tag):
        return {"compose.yaml": WEB, "reconciler.yaml": f"verify: {{ stable: 1s }}\n{release}\nenvironments:\n"
                                                        f"  production: {{ tag: {tag} }}\n  stage: {{ tag: v1.0.0, compose: {{ project: web-stage }} }}\n"}

    stack.commit(both("v1.0.0"))
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s"})
    with contextlib.ExitStack() as after, Running(stack) as running:
        after.callback(clean, stack.engine, "web-stage")
        running.wait("web/production: runs v1.0.0")
        running.wait("web/stage: runs v1.0.0")
        stack.commit(both("v1.1.0"))
        wait_for(lambda: stack.one_offs(running=True), "the release")
        (stack.state / "ledger.db").rename(stack.folder / "elsewhere.db")
        assert running.process.wait(timeout=HANGS) == 1, running.log.read_text()
        assert running.said("ledger.gone"), running.log.read_text()
        assert stack.one_offs(running=True), "what was begun goes on"

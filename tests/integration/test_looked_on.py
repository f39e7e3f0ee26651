"""What `run` does by the clock once a version is recorded: it goes on looking at it, and it makes backups."""

import pytest

from support.engine import wait_for
from support.running import Running
from support.stack import SLEEPS, manifest, services

WATCH = "verify: { stable: 1s, watch: 1h, checks: [{ exec: web, command: [sh, -c, 'test $TAG = v1.0.0 -o -e /data/well'] }] }"


def files(tag, *more):
    return {"compose.yaml": services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }}, volumes: ['data:/data'] }}", "volumes: { data: {} }"),
            "reconciler.yaml": manifest(tag, *more)}


@pytest.fixture
def deployed(stack):
    """Two versions, both of which were well."""
    stack.commit(files("v1.0.0"))
    stack.apply()
    stack.sh("touch /data/well")
    stack.commit(files("v1.1.0", WATCH))
    stack.apply()
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s"})
    return stack


def test_a_version_that_does_not_stay_well_is_gone_back_from(deployed):
    stack = deployed
    with Running(stack) as running:
        running.wait("serving 1 environment")
        stack.sh("rm /data/well")
        running.wait("v1.1.0 is not well after it was recorded: exec web: exit code 1")
        running.wait("web/production: RolledBack: verify.failed: v1.1.0 is not well after it was recorded")
        assert stack.condition() == "RolledBack/VerifyFailed"
        assert stack.state_file("current_tag").strip() == "v1.0.0"
        # What was gone back to is not asked by the checks of the version that failed, and nothing is tried again.
        stack.assert_second_plan_empty()
        assert running.end() == 143
    assert stack.releases() == 0


def test_one_bad_look_is_none(deployed):
    stack = deployed
    with Running(stack) as running:
        running.wait("serving 1 environment")
        stack.sh("rm /data/well; sleep 1.5; touch /data/well")
        # It looks on: what is broken for good after that is found.
        stack.sh("sleep 3")
        assert stack.condition() == "Ready/Succeeded" and not running.said("is not well after it was recorded")
        assert running.end() == 143


def test_with_on_failure_hold_it_stays_and_a_person_has_to_answer(deployed):
    stack = deployed
    stack.commit(files("v1.1.0", WATCH, "on_failure: hold"))
    stack.apply()
    with Running(stack) as running:
        running.wait("serving 1 environment")
        stack.sh("rm /data/well")
        running.wait("web/production: Stalled: verify.failed: v1.1.0 is not well after it was recorded")
        assert stack.condition() == "Stalled/WatchFailed"
        assert stack.state_file("current_tag").strip() == "v1.1.0" and stack.run("status", stack.environment).code == 1
        stack.sh("touch /data/well")
        stack.run("retry", stack.environment).ok()
        assert stack.condition() == "Ready/Succeeded"
        assert running.end() == 143


def test_backups_are_made_by_their_schedule(stack):
    scheduled = "backup: { exec: web, command: [cat, /data/rows], keep: 2, every: 1s }"
    stack.commit(files("v1.0.0", scheduled))
    stack.apply()
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s"})
    folder = stack.state / "backups/web/production"
    with Running(stack) as running:
        # Nothing to write yet: said, tried again later, and nothing that runs is the worse for it.
        running.wait("web/production: backup.failed: backup web of v1.0.0 failed: exit code 1")
        assert not list(folder.glob("*.backup")) and stack.condition() == "Ready/Succeeded"
        stack.sh("echo one >/data/rows")
        first = wait_for(lambda: sorted(folder.glob("*.backup")), "a backup", 90)[0]
        wait_for(lambda: not first.exists(), "it to be let go, for two newer ones")
        assert len(list(folder.glob("*.backup"))) <= 2 and stack.releases() == 0
        stack.assert_second_plan_empty()
        assert running.end() == 143
    assert "newest of web/production: " in stack.run("doctor").out

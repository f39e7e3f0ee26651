"""What `run` does by the clock once a version is recorded: it goes on looking at it, and it makes backups."""

import contextlib
import re

import pytest

from support.engine import wait_for
from support.images import BUSYBOX
from support.repository import Repository
from support.running import Running
from support.stack import SLEEPS, Stack, manifest, services

WATCH = "verify: { stable: 1s, watch: 1h, checks: [{ exec: web, command: [sh, -c, 'echo >>/data/asked; test $TAG = v1.0.0 -o -e /data/well'] }] }"


def files(tag, *more):
    return {"compose.yaml": services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }}, volumes: ['data:/data'] }}", "volumes: { data: {} }"),
            "reconciler.yaml": manifest(tag, *more)}


def looks_each_second(stack):
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s"})


@pytest.fixture
def deployed(stack):
    """Two versions, both of which were well."""
    stack.commit(files("v1.0.0"))
    stack.apply()
    stack.sh("touch /data/well")
    stack.commit(files("v1.1.0", WATCH))
    stack.apply()
    looks_each_second(stack)
    return stack


def asked(stack):
    """How often the check was."""
    return len(stack.engine.lines_in_volume("web_data", "asked"))


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


def test_what_is_put_right_long_after_begins_no_new_time(stack):
    """A host that rebooted, months later: what does not answer then is no reason to go back to the version before."""
    looks_each_second(stack)
    checks = WATCH.replace("watch: 1h", "watch: 3s")
    stack.commit(files("v1.0.0"))
    stack.apply()
    stack.sh("touch /data/well")
    stack.commit(files("v1.1.0", checks))
    stack.apply()
    with Running(stack) as running:
        running.wait("serving 1 environment")
        stack.await_looks(10)  # longer than it is watched
        was = stack.id()
        stack.engine.docker("rm", "-f", stack.container())
        wait_for(lambda: stack.inspect()["State"]["Running"] and stack.id() != was, "it to be put back")
        running.wait("web/production: runs v1.1.0 after")
        looked = asked(stack)
        stack.sh("rm /data/well")
        stack.await_looks(10)
        assert asked(stack) == looked and stack.condition() == "Ready/Succeeded", running.log.read_text()
        assert stack.state_file("current_tag") == "v1.1.0" and running.end() == 143


def test_of_what_was_changed_under_the_same_tag_nothing_goes_back_to_an_older_one(deployed):
    stack = deployed
    changed = files("v1.1.0", WATCH)
    stack.commit({**changed, "compose.yaml": changed["compose.yaml"].replace("TAG: '${TAG}'", "TAG: '${TAG}', MORE: '1'")})
    stack.apply()
    with Running(stack) as running:
        running.wait("serving 1 environment")
        stack.sh("rm /data/well")
        running.wait("web/production: Stalled: verify.failed: v1.1.0 is not well after it was recorded")
        assert stack.condition() == "Stalled/WatchFailed" and stack.state_file("current_tag") == "v1.1.0"
        # What is down is put right all the same.
        stack.sh("touch /data/well")
        was = stack.id()
        stack.engine.docker("rm", "-f", stack.container())
        wait_for(lambda: stack.inspect()["State"]["Running"] and stack.id() != was, "it to be put back")
        assert stack.condition() == "Stalled/WatchFailed", "somebody has to answer"
        wait_for(lambda: stack.run("retry", stack.environment).code == 0, "whoever put it back to have asked the checks")
        assert stack.condition() == "Ready/Succeeded" and running.end() == 143


def test_a_check_that_was_left_out_takes_nothing_down(deployed):
    stack = deployed
    nobody = "http://127.0.0.1:9/"
    stack.commit(files("v1.2.0", WATCH.replace("checks: [", f"checks: [{{ http: '{nobody}' }}, ")))
    stack.run("apply", stack.environment, "--skip", nobody, "--yes").ok()
    looked = asked(stack)
    with Running(stack) as running:
        wait_for(lambda: asked(stack) >= looked + 5, "the other one to be asked five times")
        assert "is not well" not in running.log.read_text() and stack.state_file("current_tag") == "v1.2.0"
        assert running.end() == 143


def of_its_own(tag, *more):
    """Each version writes down that it has started, unless that is forbidden to it."""
    work = "test -e /data/never-$$TAG || touch /data/$$TAG; exec sleep 100000"
    return {"compose.yaml": services(f"web: {{ image: {BUSYBOX}, init: true, command: [sh, -c, '{work}'], "
                                     "environment: { TAG: '${TAG}' }, volumes: ['data:/data'] }", "volumes: { data: {} }"),
            "reconciler.yaml": manifest(tag, *more)}


OF_ITS_OWN = "checks: [{ exec: web, command: [sh, -c, 'test -e /data/$TAG'] }]"


def test_a_check_that_the_version_before_was_recorded_without_only_warns(stack):
    """Nobody ever asked that of it: neither the way back by itself nor a person's is refused for it."""
    stack.commit(of_its_own("v1.0.0", "verify: { stable: 1s }"))
    stack.apply()
    stack.sh("touch /data/never-v1.0.0; rm /data/v1.0.0")
    stack.commit(of_its_own("v1.1.0", f"verify: {{ stable: 1s, timeout: 4s, watch: 1h, {OF_ITS_OWN} }}"))
    stack.apply()
    asked = stack.run("rollback", stack.environment, "v1.0.0", "--yes").ok()
    assert "warning: exec web: exit code 1; v1.0.0 was recorded without that check" in asked.out, asked.out
    assert stack.condition() == "RolledBack/Requested" and stack.state_file("current_tag") == "v1.0.0"
    stack.run("retry", stack.environment).ok()
    stack.apply()
    looks_each_second(stack)
    with Running(stack) as running:
        running.wait("serving 1 environment")
        stack.sh("rm /data/v1.1.0")
        running.wait("web/production: RolledBack: verify.failed: v1.1.0 is not well after it was recorded")
        assert stack.condition() == "RolledBack/VerifyFailed" and stack.state_file("current_tag") == "v1.0.0"
        assert running.end() == 143


def test_between_two_that_are_not_well_nobody_goes_to_and_fro(stack):
    checks = f"verify: {{ stable: 1s, timeout: 4s, watch: 1h, {OF_ITS_OWN} }}"
    for tag in ("v1.0.0", "v1.1.0"):
        stack.commit(of_its_own(tag, checks))
        stack.apply()
    looks_each_second(stack)
    with Running(stack) as running:
        running.wait("serving 1 environment")
        stack.sh("touch /data/never-v1.0.0; rm /data/v1.0.0 /data/v1.1.0")
        running.wait("RolledBack: verify.failed: v1.0.0 is not well: exec web: exit code 1; web/production is back at v1.1.0, and well")
        wait_for(lambda: stack.condition() == "Stalled/WatchFailed", "both to be given up")
        assert stack.state_file("current_tag") == "v1.1.0"
        why = stack.status()["why"]
        assert why.startswith("v1.1.0 is not well after it was recorded: exec web: exit code 1; and v1.0.0 is not well: "), why
        switches = running.log.read_text().count("switch web done")
        stack.sh("rm /data/v1.1.0")
        stack.await_looks()
        assert running.log.read_text().count("switch web done") == switches == 2, running.log.read_text()
        assert stack.condition() == "Stalled/WatchFailed" and running.end() == 143


def test_one_bad_look_is_none(deployed):
    stack = deployed
    with Running(stack) as running:
        running.wait("serving 1 environment")
        looked = asked(stack)
        well = stack.engine.in_volume("web_data", "well")
        well.unlink()
        wait_for(lambda: asked(stack) > looked, "a bad look")
        well.touch()
        looked = asked(stack)
        wait_for(lambda: asked(stack) > looked + 3, "looks after it")
        assert stack.condition() == "Ready/Succeeded" and not running.said("is not well after it was recorded")
        # It looks on: what is broken for good after that is found.
        stack.sh("rm /data/well")
        running.wait("web/production: RolledBack: verify.failed: v1.1.0 is not well after it was recorded")
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
    # Where nothing was replaced there is nothing that could be kept.
    stack.commit(files("v1.1.0", "verify: { stable: 1s, timeout: 2s, checks: [{ exec: web, command: 'false' }] }", "on_failure: hold"))
    unwell = stack.run("apply", stack.environment, "--yes")
    assert unwell.code == 1 and re.search("kept +all, as it is: nothing is gone back to", unwell.err), unwell.err


def texts(folder):
    """Of the backups, one of which may be let go meanwhile."""
    for one in folder.glob("*.backup"):
        with contextlib.suppress(FileNotFoundError):
            yield one.read_text()


def test_backups_are_made_by_their_schedule(stack):
    scheduled = "backup: { exec: web, command: [cat, /data/rows], keep: 2, every: 1s }"
    stack.commit(files("v1.0.0", scheduled))
    stack.apply()
    looks_each_second(stack)
    folder = stack.state / "backups/web/production"
    with Running(stack) as running:
        # Nothing to write yet: said, tried again later, and nothing that runs is the worse for it.
        running.wait("web/production: backup.failed: backup web failed: exit code 1")
        wait_for(lambda: stack.condition() == "Ready/BackupFailed", "nobody to be at it")
        assert not list(folder.glob("*.backup"))
        stack.sh("echo one >/data/rows")
        first = wait_for(lambda: sorted(folder.glob("*.backup")), "a backup")[0]
        wait_for(lambda: not first.exists(), "it to be let go, for two newer ones")
        assert len(list(folder.glob("*.backup"))) <= 2 and stack.releases() == 0 and stack.condition() == "Ready/Succeeded"
        stack.run("plan", stack.environment, "--detailed-exitcode").ok()
        # What git asks for waits for a person; what runs takes writes meanwhile.
        waits = files("v1.1.0", scheduled)
        stack.commit({**waits, "reconciler.yaml": waits["reconciler.yaml"].replace("tag: v1.1.0", "tag: v1.1.0, approval: required")})
        running.wait("web/production: Blocked/GateClosed")
        stack.sh("echo two >/data/rows")
        wait_for(lambda: any("two" in one for one in texts(folder)), "a backup of what was written since")
        stack.commit({"compose.yaml": "services: ["})
        running.wait("web/production: Stalled: compose.invalid")
        stack.sh("echo three >/data/rows")
        wait_for(lambda: any("three" in one for one in texts(folder)), "one though nothing can be compiled")
        assert running.end() == 143
    told = stack.run("doctor").out
    assert re.search(r"newest of web/production: \d+ (ms|s) old, ", told), told


@pytest.fixture
def of_a_source(folder, engine, newest, proxy):
    """A manifest may change while its version does not: the application lies in a repository of its own."""
    source = Repository(folder / "source")
    source.commit("The shop", {"compose.yaml": files("v1.0.0")["compose.yaml"]})
    with Stack(folder, engine, newest, proxy, host_file={"sources": {str(source.path): {}}}) as stack:
        for tag in ("v1.0.0", "v1.1.0"):
            source.tag(tag)
            stack.commit({"reconciler.yaml": f"source: {source.path}\n" + manifest(tag, "verify: { stable: 1s, watch: 1h }")})
            stack.apply()
        stack.use_host({"sources": {str(source.path): {}}, "look": "1s",
                        "repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}})
        stack.source = source
        yield stack


def test_a_check_that_came_after_it_was_recorded_takes_nothing_down(of_a_source):
    stack = of_a_source
    check = "verify: { stable: 1s, watch: 1h, checks: [{ exec: web, command: [sh, -c, 'echo >>/data/asked; exit 1'] }] }"
    stack.commit({"reconciler.yaml": f"source: {stack.source.path}\n" + manifest("v1.1.0", check)})
    stack.sh("touch /data/asked")
    with Running(stack) as running:
        wait_for(lambda: asked(stack) >= 5, "it to be asked five times")
        assert "is not well" not in running.log.read_text() and stack.state_file("current_tag") == "v1.1.0"
        assert stack.condition() == "Ready/Succeeded" and running.end() == 143

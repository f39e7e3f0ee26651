"""Whose data there is once a backup was brought back: of which version it is, which release is in it, and what is asked of that."""

import pytest

from support.engine import wait_for
from support.running import Running
from support.stack import called
from test_restored import RELEASE, a_backup, deploy, files, looks_each_second, restore


def test_a_backup_is_of_the_version_whose_data_it_is(stack):
    """After an older version's data was brought back, until the release was run on it."""
    deploy(stack, "v1.0.0", RELEASE)
    stack.sh("echo one >/data/rows", "db")
    first = a_backup(stack)
    deploy(stack, "v1.1.0", RELEASE)
    assert a_backup(stack).endswith("-v1.1.0.backup")
    restore(stack, first).ok()
    of_the_old = a_backup(stack)
    assert of_the_old.endswith("-v1.0.0.backup"), of_the_old
    lost = restore(stack, of_the_old).ok()
    assert "it is the data of v1.0.0, and v1.1.0 runs" in lost.out, lost.out
    stack.run("task", stack.environment, "task", "--yes").ok()
    assert a_backup(stack).endswith("-v1.1.0.backup")


def test_what_data_from_before_it_undid_is_asked_about(stack):
    """v1.1.0 was released, was not well, and v1.0.0's data was brought back: neither is its release left out in silence, nor done twice."""
    well = "{ exec: db, command: [grep, -q, well, /data/rows] }"
    deploy(stack, "v1.0.0", RELEASE)
    stack.sh("echo one >/data/rows", "db")
    stack.commit(files("v1.1.0", RELEASE, checks=well))
    assert stack.run("apply", stack.environment, "--yes").code == 1 and stack.condition() == "RolledBack/VerifyFailed"
    before = sorted(one.name for one in (stack.state / "backups/web/production").glob("*.backup"))[-1]
    restore(stack, before).ok()
    # Another release is newer, and it is not that which is asked about.
    deploy(stack, "v1.2.0", RELEASE)
    stack.sh("echo well >/data/rows", "db")
    stack.commit(files("v1.1.0", RELEASE, checks=well))
    stack.run("plan", stack.environment)  # which fetches it
    status = stack.status()
    assert (status["condition"], status["reason"]) == ("Stalled", "ReleaseOutcomeUnknown"), status
    assert status["why"].endswith("task has run for v1.1.0, and then data from before that was brought back"), status
    assert "reconciler settle web/production task not-run, which lets it run once more; else succeeded" in status["next"], status
    # What runs is looked after meanwhile.
    looks_each_second(stack)
    with Running(stack) as running:
        running.wait("serving 1 environment")
        stack.engine.docker("rm", "-f", stack.container("db"))
        wait_for(lambda: stack.inspect("db")["State"]["Running"], "it to be put back")
        assert stack.condition() == "Stalled/ReleaseOutcomeUnknown" and running.end() == 143
    done = stack.run("settle", stack.environment, "task", "not-run").ok()
    assert "the next apply runs it" in done.out, done.out
    assert "release release task" in called(stack.plan_json()), stack.plan_text()
    stack.apply()
    assert stack.condition() == "Ready/Succeeded" and stack.state_file("current_tag") == "v1.1.0"
    known = stack.run("settle", stack.environment, "task", "not-run")
    assert stack.error(known) == "settle.known", known


@pytest.mark.parametrize("first", [True, False], ids=["the first version", "one that nothing goes back from"])
def test_what_was_not_well_and_is_not_gone_back_from_has_its_data_brought_back(stack, first):
    stack.commit(files("v1.0.0"))
    if first:  # data that others left
        for words in (("up", "-d", "db"), ("exec", "-T", "db", "sh", "-c", "echo one >/data/rows"), ("down", "-t", "0")):
            stack.compose.run("-p", "web", *words, cwd=stack.config.path / "web", env={"TAG": "v1.0.0"})
    else:
        stack.apply()
        stack.sh("echo one >/data/rows", "db")
    stack.commit(files("v1.1.0", RELEASE, "on_failure: hold", checks="{ exec: db, command: [grep, -q, two, /data/rows] }"))
    assert stack.run("apply", stack.environment, "--yes").code == 1 and stack.condition() == "Stalled/VerifyFailed"
    (before,) = (stack.state / "backups/web/production").glob("*.backup")
    stack.sh("echo spoilt >/data/rows", "db")
    assert a_backup(stack) != before.name
    # Git has gone on meanwhile: what is to be kept is described where it asks for that version.
    hold = ("on_failure: hold",)
    check = "{ exec: db, command: [grep, -q, two, /data/rows] }"
    stack.commit(files("v1.2.0", RELEASE, *hold, checks=check))
    stack.run("plan", stack.environment)  # which fetches it
    refused = restore(stack, before.name)
    assert refused.code == 1 and stack.error(refused) == "errand.half_runs", refused.err
    assert refused.err == ("error errand.half_runs: half of v1.1.0 runs at web/production, nothing goes back from it, and git asks for v1.2.0 by now\n"
                           "  next  make git ask for v1.1.0 again; then, which fetches that: reconciler plan web/production; then: "
                           f"reconciler restore web/production {before.name}\n"), refused.err
    stack.commit(files("v1.1.0", RELEASE, *hold, "drift: heal", checks=check))
    stack.run("plan", stack.environment)
    done = restore(stack, before.name)
    assert done.code == 1 and stack.error(done) == "verify.failed", "the data is there, and the version is as unwell as before"
    assert stack.sh("cat /data/rows", "db") == "one\n"

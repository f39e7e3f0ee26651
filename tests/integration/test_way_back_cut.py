"""Cut anywhere between a failure and the end of the way back: the next pass ends where this one would have."""

import pytest

from support.images import BUSYBOX
from support.versions import UNWELL, begin, is_back, is_well, killed, version


@pytest.fixture
def stack(stack):
    return begin(stack)


def bad(**more) -> dict:
    return version("v1.1.0", UNWELL, release=True, timeout="1s", **more)


# Each effect on the way back, in its order: what failed is put aside (rename, the third of the run), what was kept gets
# its name (the fourth), loses nobody's restart policy (updates), is started, verified and recorded; what failed goes.
@pytest.mark.parametrize("point", [
    "ledger.reject.before", "ledger.reject.within", "ledger.reject.after",
    "engine.rename.after@3", "engine.rename.after@4", "engine.update.after@3", "engine.start.after@3",
    "ledger.record.before", "ledger.record.within", "ledger.record.after", "engine.remove.after@1"])
def test_killed_on_the_way_back(stack, point):
    before = stack.ids()
    killed(stack, bad(), point)
    assert stack.run("apply", stack.environment, "--yes").code == 1
    is_back(stack, before)
    assert stack.releases() == 1, "the release of v1.1.0 ran once"


def test_one_that_stops_cleanly_is_started_all_the_same(stack):
    """It ended with 0 when it was stopped: so does one that is through with its work."""
    stack.commit(version("v1.0.1", "init: true, command: [sh, -c, 'trap \"exit 0\" TERM; sleep 100000 & wait']"))
    stack.apply()
    before = stack.ids()
    killed(stack, bad(), "engine.rename.after@4")
    assert stack.inspect()["State"]["ExitCode"] == 0 and not stack.inspect()["State"]["Running"]
    assert stack.run("apply", stack.environment, "--yes").code == 1
    is_back(stack, before, tag="v1.0.1")


def test_system_prune_in_the_middle_of_the_way_back(stack):
    """What was kept has no name of its own at that moment, and does not run."""
    image = stack.inspect()["Image"]
    killed(stack, bad(), "engine.rename.after@3")
    stack.engine.docker("system", "prune", "-f")
    assert stack.names() == ["web-db-1"]
    stack.apply(held=True)
    is_well(stack, ["db", "web"])
    assert stack.inspect()["Image"] == image and "VERSION=v1.0.0" in stack.inspect()["Config"]["Env"]


@pytest.mark.parametrize("point", ["ledger.reject.before", "task.waited.before"])
def test_killed_while_the_release_fails(stack, point):
    """Between its end and the one write that follows, or before anybody heard of its end."""
    before = stack.ids()
    killed(stack, version("v1.1.0", release=True, code=3), point)
    done = stack.run("apply", stack.environment, "--yes")
    assert done.code == 1, done.out + done.err
    is_back(stack, before, "ReleaseFailed")
    assert stack.status()["why"] == "v1.1.0: release of v1.1.0 failed with exit code 3"
    assert stack.releases() == 1
    # Said again by a person, it is tried again.
    stack.run("retry", stack.environment).ok()
    assert stack.plan_json()["to"] == "v1.1.0"


@pytest.mark.parametrize(("web", "reason"), [
    ("web: { image: '127.0.0.1:9/nowhere:1'", "SupplyFailed"),
    (f"web: {{ image: {BUSYBOX}, privileged: true", "CannotPlan")])
def test_a_cut_switch_and_then_a_version_that_cannot_be_had(stack, web, reason):
    """It was stopped in the middle: whatever fails next, people are served again."""
    before = stack.ids()
    killed(stack, version("v1.1.0"), "engine.stop.after")
    assert stack.inspect()["State"]["Running"] is False
    assert stack.condition() == "Reconciling/Interrupted"
    none = version("v1.2.0")
    none["compose.yaml"] = none["compose.yaml"].replace(f"web: {{ image: {BUSYBOX}", web)
    stack.commit(none)
    done = stack.run("apply", stack.environment, "--yes")
    assert done.code == 1, done.out + done.err
    is_back(stack, before, reason)

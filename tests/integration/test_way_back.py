"""A version that is not well leaves people where they were: the way back, what is rejected, and until when."""

import shutil

import pytest

from support.engine import wait_for
from support.images import BUSYBOX
from support.stack import SLEEPS, Stack, called, manifest, services

WELL = "init: true, command: [sleep, '100000']"
UNWELL = "init: true, command: [sh, -c, 'exit 7']"
WEB = "web: {{ image: " + BUSYBOX + ", {how}, environment: {{ VERSION: {version} }}, volumes: ['/data'] }}"
VERIFY = "verify: { stable: 1s, timeout: 3s }"
RELEASE = "release: { image: " + BUSYBOX + ", profiles: [tasks], command: [sh, -c, 'echo done'] }"


def version(tag: str, how: str = WELL, *more: str, release: bool = False, sections: str = "") -> dict:
    """The application's files as of one version."""
    lines = [WEB.format(how=how, version=tag), f"db: {{ {SLEEPS} }}", *more]
    steps = ["release: [{ run: release }]"] if release else []
    return {"compose.yaml": services("\n".join([*lines, *([RELEASE] if release else [])])),
            "reconciler.yaml": manifest(tag, VERIFY, *steps, *([sections] if sections else []))}


@pytest.fixture
def stack(stack):
    stack.commit(version("v1.0.0"))
    stack.apply()
    stack.sh("echo rows >/data/rows")
    return stack


def is_back(stack: Stack, before: dict, reason: str = "VerifyFailed") -> None:
    """The very containers that ran before, nothing beside them, and the state files untouched."""
    assert stack.ids() == before
    assert stack.names() == [f"web-{service}-1" for service in sorted(before)]
    assert stack.condition() == f"RolledBack/{reason}"
    assert stack.state_file("current_tag") == "v1.0.0"
    assert stack.inspect()["HostConfig"]["RestartPolicy"]["Name"] in ("", "no")
    assert stack.sh("cat /data/rows") == "rows\n"
    stack.assert_second_plan_empty()


def fails(stack: Stack, files: dict, code: str = "verify.failed"):
    """That version does not become well, whatever is tried to save it."""
    stack.commit(files)
    done = stack.run("apply", stack.environment, "--yes")
    assert done.code == 1, done.out + done.err
    assert stack.error(done) == code, done.err
    return done


def test_an_unwell_version_is_gone_back_from(stack):
    before, started = stack.ids(), stack.inspect("db")["State"]["StartedAt"]
    assert "If it is not well: back to v1.0.0." in (stack.commit(version("v1.1.0", UNWELL, release=True)) and stack.plan_text())
    assert stack.plan_json()["fallback"] == "v1.0.0"
    done = fails(stack, version("v1.1.0", UNWELL, release=True))
    assert "web/production is back at v1.0.0, and well\n" in done.err, done.err
    assert "  not undone  release of v1.1.0: what it changed stays\n" in done.err, done.err
    assert "  unchanged   current_tag v1.0.0\n" in done.err, done.err
    assert "  held        v1.1.0 is not tried again by itself\n" in done.err, done.err
    assert "reconciler retry web/production\n" in done.err, done.err
    is_back(stack, before)
    assert stack.inspect("db")["State"]["StartedAt"] == started
    assert stack.run("status", stack.environment).code == 1


def test_what_is_rejected_is_not_tried_again_until_git_or_a_person_says_so(stack):
    before = stack.ids()
    fails(stack, version("v1.1.0", UNWELL))
    plan = stack.plan_json()
    assert plan["actions"] == [] and plan["to"] == "v1.0.0" and plan["rejected"]["tag"] == "v1.1.0"
    assert "held  git asks for v1.1.0, which was rejected (VerifyFailed): " in stack.plan_text()
    # Any commit, but for the environment's own.
    stack.config.commit("of another", {"other/reconciler.yaml": manifest("v3"), "README.md": "words\n",
                                       "other/compose.yaml": services(f"other: {{ {SLEEPS} }}")})
    stack.commit({"environments/stage.yaml": "tag: v7\ncompose: { project: of-stage }\n"})
    assert stack.run("apply", stack.environment, "--yes").code == 1, "not what git asks for"
    is_back(stack, before)
    # Asked for again by a person, it fails again, and is gone back from again.
    told = stack.run("retry", stack.environment).ok()
    assert told.out == "v1.1.0 of web/production is tried again.\nnext  reconciler apply web/production\n"
    assert stack.plan_json()["to"] == "v1.1.0"
    done = stack.run("apply", stack.environment, "--yes")
    assert (done.code, stack.error(done)) == (1, "verify.failed")
    is_back(stack, before)
    # The next tag goes out at once.
    stack.commit(version("v1.2.0"))
    stack.apply()
    assert stack.condition() == "Ready/Succeeded"
    assert (stack.state_file("current_tag"), stack.state_file("prev_tag")) == ("v1.2.0", "v1.0.0")
    assert stack.sh("cat /data/rows") == "rows\n"


def test_git_may_agree_with_what_runs(stack):
    before = stack.ids()
    fails(stack, version("v1.1.0", UNWELL))
    stack.commit(version("v1.0.0"))
    assert called(stack.plan_json()) == ["verify verify 2 services", "record record v1.0.0"]
    stack.apply()
    assert stack.condition() == "Ready/Succeeded" and stack.ids() == before
    stack.commit(version("v1.1.0", UNWELL))
    assert stack.plan_json()["to"] == "v1.1.0", "the rejection ended when git asked for something else"


def test_drift_is_healed_towards_the_last_good_version(stack):
    fails(stack, version("v1.1.0", UNWELL))
    stack.engine.docker("rm", "-f", stack.container("db"))
    assert called(stack.plan_json())[0].startswith("switch start db")
    stack.apply(held=True)
    assert stack.condition() == "RolledBack/VerifyFailed"


def test_nothing_but_the_engine_is_asked_on_the_way_back(stack):
    """Repository, mirror, tree and Compose's work are all gone by then."""
    before = stack.ids()
    fails(stack, version("v1.1.0", UNWELL))
    stack.engine.docker("stop", "-t", "0", stack.container("db"))
    shutil.rmtree(stack.config.path)
    shutil.rmtree(stack.state / "trees")
    shutil.rmtree(stack.state / "compiled")
    done = stack.run("apply", stack.environment, "--yes", "--no-fetch")
    assert done.code == 1 and not done.err and "runs v1.0.0" in done.out, done.out + done.err
    assert done.out.endswith("next  commit another tag; or v1.1.0 again: reconciler retry web/production\n")
    assert stack.ids() == before and stack.condition() == "RolledBack/VerifyFailed"


def test_a_kept_container_that_is_gone_is_made_again(stack):
    """A person's `system prune` in the middle of a deploy."""
    image = stack.inspect()["Image"]
    stack.commit(version("v1.1.0", UNWELL))
    done = stack.run("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": "ledger.reject.after:kill"})
    assert done.code != 0
    stack.engine.docker("container", "prune", "-f")
    assert "web-web-1.prev" not in stack.names()
    stack.apply(held=True)
    assert stack.names() == ["web-db-1", "web-web-1"]
    assert stack.inspect()["Image"] == image and "VERSION=v1.0.0" in stack.inspect()["Config"]["Env"]
    assert stack.sh("cat /data/rows") == "rows\n"
    assert stack.condition() == "RolledBack/VerifyFailed"
    stack.assert_second_plan_empty()


@pytest.mark.parametrize("point", ["ledger.reject.before", "ledger.reject.within", "ledger.reject.after",
                                   "ledger.record.before", "ledger.record.within", "ledger.record.after"])
def test_killed_on_the_way_back(stack, point):
    before = stack.ids()
    stack.commit(version("v1.1.0", UNWELL))
    stack.run("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": f"{point}:kill"})
    stack.run("apply", stack.environment, "--yes")
    is_back(stack, before)


def test_the_first_deploy_has_no_way_back(folder, engine, newest, proxy):
    with Stack(folder, engine, newest, proxy) as stack:
        stack.commit(version("v1.0.0", UNWELL))
        assert "If it is not well: it stays as it is, and says why." in stack.plan_text()
        fails(stack, version("v1.0.0", UNWELL))
        assert stack.condition() == "Stalled/VerifyFailed"


def test_no_way_back_past_what_is_irreversible(stack):
    files = version("v1.1.0", UNWELL, sections="irreversible: [v1.1.0]")
    stack.commit(files)
    assert "If it is not well: it stops there; v1.0.0's containers are kept (v1.1.0 is irreversible).\n" in stack.plan_text()
    fails(stack, files)
    assert stack.condition() == "Stalled/VerifyFailed" and "web-web-1.prev" in stack.names()


def test_hold_stops_where_it_failed(stack):
    fails(stack, version("v1.1.0", UNWELL, sections="on_failure: hold"))
    assert stack.condition() == "Stalled/VerifyFailed" and "web-web-1.prev" in stack.names()
    # What git asks for next is what was kept: it serves again, and no other is made.
    kept = stack.engine.inspect("web-web-1.prev")["Id"]
    stack.commit(version("v1.0.0", sections="on_failure: hold"))
    stack.apply()
    assert stack.id() == kept


def test_a_way_back_that_fails_stops_with_both_reasons(stack):
    stack.commit(version("v1.0.1", "init: true, command: [sh, -c, 'test ! -e /data/broken && exec sleep 100000']"))
    stack.apply()
    stack.commit(version("v1.1.0", "init: true, command: [sh, -c, 'touch /data/broken; exit 7']"))
    done = stack.run("apply", stack.environment, "--yes")
    assert (done.code, stack.error(done)) == (1, "rollback.failed")
    assert "v1.1.0 is not well: " in done.err and "; and the way back to v1.0.1 failed: v1.0.1 is not well: " in done.err, done.err
    assert stack.condition() == "Stalled/RollbackFailed"
    why = stack.status()["why"]
    assert "v1.1.0" in why and "the way back to v1.0.1" in why
    # The way out: another tag.
    stack.commit(version("v1.2.0"))
    stack.apply()
    assert stack.condition() == "Ready/Succeeded" and stack.names() == ["web-db-1", "web-web-1"]


SIDE = f"side: {{ {SLEEPS}, network_mode: 'service:web' }}"
HANGS = f"hangs: {{ {SLEEPS}, depends_on: {{ web: {{ condition: service_started, restart: true }} }} }}"
LABELLED = "networks: { default: { labels: { of: v1.1.0 } } }"


def test_with_a_changed_network_a_side_car_and_who_hangs_on_it(stack):
    """The network is made again as it was, and who was on it is connected again."""
    stack.commit(version("v1.0.1", WELL, SIDE, HANGS))
    stack.apply()
    before, addresses = stack.ids(), stack.inspect()["NetworkSettings"]["Networks"]["web_default"]["Aliases"]
    files = version("v1.1.0", UNWELL, SIDE, HANGS)
    files["compose.yaml"] += LABELLED + "\n"
    fails(stack, files, "service.dependency_unwell")
    assert stack.condition() == "RolledBack/SwitchFailed"
    assert stack.names() == ["web-db-1", "web-hangs-1", "web-side-1", "web-web-1"]
    assert "of" not in (stack.engine.api("GET", "/networks/web_default")["Labels"] or {})
    assert set(stack.ids()) == set(before)
    assert stack.inspect("side")["HostConfig"]["NetworkMode"] == f"container:{stack.id()}"
    aliases = stack.inspect()["NetworkSettings"]["Networks"]["web_default"]["Aliases"]
    assert {one for one in aliases if one in ("web", "web-web-1")} == {one for one in addresses if one in ("web", "web-web-1")}
    assert stack.sh("cat /data/rows") == "rows\n"
    assert "lo" in stack.sh("ip -o link", "side") and "eth0" in stack.sh("ip -o link", "side")
    stack.assert_second_plan_empty()


def test_with_a_side_car_the_very_containers_serve_again(stack):
    stack.commit(version("v1.0.1", WELL, SIDE, HANGS))
    stack.apply()
    before = stack.ids()
    fails(stack, version("v1.1.0", UNWELL, SIDE, HANGS), "service.dependency_unwell")
    assert stack.ids() == before and stack.names() == ["web-db-1", "web-hangs-1", "web-side-1", "web-web-1"]
    assert "eth0" in stack.sh("ip -o link", "side")
    assert stack.inspect("hangs")["State"]["StartedAt"] > stack.inspect()["State"]["StartedAt"]
    stack.assert_second_plan_empty()


@pytest.mark.parametrize("what", ["moved", "deleted"])
def test_the_old_tag_by_hand(stack, what):
    """Whatever the name stands for by then, the recorded image runs."""
    stack.engine.docker("tag", BUSYBOX, "hand:v1")
    try:
        hand = WEB.replace(BUSYBOX, "hand:v1")
        files = version("v1.0.1")
        files["compose.yaml"] = services(hand.format(how=WELL, version="v1.0.1"))
        stack.commit(files)
        stack.apply()
        image = stack.inspect()["Image"]
        stack.commit(version("v1.1.0", UNWELL))
        stack.run("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": "ledger.reject.after:kill"})
        if what == "moved":
            other = stack.engine.docker("commit", "web-db-1").strip()
            stack.engine.docker("tag", other, "hand:v1")
        else:
            stack.engine.docker("rmi", "hand:v1")
        stack.engine.docker("rm", "-f", "web-web-1.prev")
        stack.apply(held=True)
        assert stack.inspect()["Image"] == image and stack.condition() == "RolledBack/VerifyFailed"
        stack.assert_second_plan_empty()
    finally:
        stack.engine.docker("rmi", "-f", "hand:v1", check=False)

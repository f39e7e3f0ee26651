"""A version that is not well leaves people where they were: the way back, what is rejected, and until when."""

import shutil

import pytest

from support.engine import HANGS, wait_for
from support.images import BUSYBOX
from support.stack import SLEEPS, Stack, called, manifest, services
from support.versions import UNWELL, WEB, WELL, begin, fails, is_back, is_well, killed, version

@pytest.fixture
def stack(stack):
    return begin(stack)


def test_an_unwell_version_is_gone_back_from(stack):
    before, started = stack.ids(), stack.inspect("db")["State"]["StartedAt"]
    assert "If it is not well: back to v1.0.0." in (stack.commit(version("v1.1.0", UNWELL, release=True)) and stack.plan_text())
    assert stack.plan_json()["fallback"] == "v1.0.0"
    done = fails(stack, version("v1.1.0", UNWELL, release=True))
    assert "web/production is back at v1.0.0, and well\n" in done.err, done.err
    assert "  not undone  release of v1.1.0: what it changed stays\n" in done.err, done.err
    assert "  unchanged   current_tag v1.0.0; db never stopped\n" in done.err, done.err
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
    """As soon as the new one runs, the repository, the mirror's tree, the env file and Compose are taken away."""
    secret, home = stack.folder / "secret.env", stack.folder / "home"
    secret.write_text("GREETING=hello\n")
    secret.chmod(0o600)
    shutil.copytree(stack.compose.home, home, symlinks=True)
    stack.use_host({"environments": {stack.environment: {"files": {".env.production": str(secret)}}}})
    stack.program.env["HOME"] = str(home)

    def greeting(tag, how):
        files = version(tag, how, sections="variables: { env_file: .env.production }")
        return {**files, "compose.yaml": files["compose.yaml"].replace("VERSION:", "GREETING: '${GREETING}', VERSION:")}

    stack.commit(greeting("v1.0.1", WELL))
    stack.apply()
    before = stack.ids()
    stack.commit(greeting("v1.1.0", UNWELL))
    passed = stack.folder / "passed"
    running = stack.program.start("apply", stack.environment, "--yes", env={
        "RECONCILER_FAILPOINTS": "ledger.reject.before:delay=5000", "RECONCILER_FAILPOINTS_PASSED": str(passed)})
    wait_for(lambda: passed.exists() and "ledger.reject.before" in passed.read_text(), "the new one to run, and to end")
    assert {"web-web-1", "web-web-1.prev"} <= set(stack.names()) and stack.inspect()["State"]["Status"] == "exited"
    secret.unlink()
    for folder in (stack.config.path, stack.state / "trees", stack.state / "compiled", home):
        shutil.rmtree(folder)
    out, err = running.communicate(timeout=HANGS)
    assert running.returncode == 1 and "web/production is back at v1.0.1, and well\n" in err, out + err
    assert stack.ids() == before and stack.names() == ["web-db-1", "web-web-1"]
    # What drifts is healed towards it, still.
    stack.engine.docker("stop", "-t", "0", stack.container("db"))
    done = stack.run("apply", stack.environment, "--yes", "--no-fetch")
    assert done.code == 1 and not done.err and "runs v1.0.1" in done.out, done.out + done.err
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


def test_the_first_deploy_has_no_way_back(folder, engine, newest, proxy):
    with Stack(folder, engine, newest, proxy) as stack:
        stack.commit(version("v1.0.0", UNWELL))
        assert "If it is not well: it stays as it is, and says why." in stack.plan_text()
        fails(stack, version("v1.0.0", UNWELL))
        assert stack.condition() == "Stalled/VerifyFailed"


def test_what_was_not_well_and_is_mended_is_tried_again_as_status_says(folder, engine, newest, proxy):
    with Stack(folder, engine, newest, proxy) as stack:
        files = version("v1.0.0")
        checks = "verify: { stable: 1s, timeout: 3s, checks: [{ exec: web, command: [test, -e, /data/mended] }] }"
        fails(stack, {**files, "reconciler.yaml": manifest("v1.0.0", checks)})
        assert stack.status()["next"].endswith(" --log; once that is mended: reconciler apply web/production"), stack.status()
        stack.sh("touch /data/mended")
        stack.apply()
        assert stack.condition() == "Ready/Succeeded"


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
    # The ways out, as they are named: what is mended goes on with the way back; another tag.
    assert stack.status()["next"].endswith(" --log; once that is mended: reconciler apply web/production"), stack.status()
    stack.engine.docker("run", "--rm", "--volumes-from", "web-web-1", BUSYBOX, "rm", "/data/broken")
    stack.apply(held=True)
    assert stack.condition() == "RolledBack/VerifyFailed" and "VERSION=v1.0.1" in stack.inspect()["Config"]["Env"]
    stack.commit(version("v1.2.0"))
    stack.apply()
    assert stack.condition() == "Ready/Succeeded" and stack.names() == ["web-db-1", "web-web-1"]


SIDE = f"side: {{ {SLEEPS}, network_mode: 'service:web' }}"
HANGING = f"hangs: {{ {SLEEPS}, depends_on: {{ web: {{ condition: service_started, restart: true }} }} }}"
LABELLED = "networks: { default: { labels: { of: v1.1.0 } } }"


def test_with_a_changed_network_a_side_car_and_who_hangs_on_it(stack):
    """The network is made again as it was, and who was on it is connected again."""
    stack.commit(version("v1.0.1", WELL, SIDE, HANGING))
    stack.apply()
    before, addresses = stack.ids(), stack.inspect()["NetworkSettings"]["Networks"]["web_default"]["Aliases"]
    files = version("v1.1.0", UNWELL, SIDE, HANGING)
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
    stack.commit(version("v1.0.1", WELL, SIDE, HANGING))
    stack.apply()
    before = stack.ids()
    fails(stack, version("v1.1.0", UNWELL, SIDE, HANGING), "service.dependency_unwell")
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


EXTRA = f"extra: {{ {SLEEPS}, networks: [default, new] }}"
CHANGED_AND_NEW = "networks: { default: { labels: { of: v1.1.0 } }, new: { } }"


def test_what_only_the_failed_version_has_goes_with_it(stack):
    """A service of its own, on a network of its own and on one that changes back."""
    files = version("v1.1.0", UNWELL, EXTRA)
    files["compose.yaml"] += CHANGED_AND_NEW + "\n"
    stack.commit(files)
    stack.try_apply()
    is_well(stack, ["db", "web"])
    networks = [one["Name"] for one in stack.engine.api("GET", "/networks") if one["Name"].startswith("web_")]
    assert networks == ["web_default"]


def test_what_was_unwell_before_is_no_reason_to_go_back(stack):
    """It is left as it is, forward and back, and named before anything begins."""
    sick = ("sick: { image: " + BUSYBOX + ", init: true, command: [sleep, '100000'], "
            "healthcheck: { test: [CMD, test, '!', -e, /sick], interval: 500ms, retries: 1 } }")
    stack.commit(version("v1.0.1", WELL, sick, timeout="60s"))
    stack.apply()
    stack.sh("touch /sick", "sick")
    wait_for(lambda: stack.inspect("sick")["State"]["Health"]["Status"] == "unhealthy", "its health check to fail")
    before = stack.ids()
    stack.commit(version("v1.1.0", UNWELL, sick))
    assert "  unwell before: sick (unhealthy); it is left as it is and is no reason to go back\n" in stack.plan_text()
    done = fails(stack, version("v1.1.0", UNWELL, sick))
    assert "web/production is back at v1.0.1, and well\n" in done.err, done.err
    is_back(stack, before, tag="v1.0.1")
    stack.commit(version("v1.2.0", WELL, sick))
    stack.apply()
    assert stack.condition() == "Ready/Succeeded" and stack.id("sick") == before["sick"]


def test_a_mounted_file_that_was_edited_and_a_network_of_a_persons(stack):
    """The one is made anew from its tree; the other is joined while it is there, and missed when it is not."""
    mounted = version("v1.0.1")
    mounted["compose.yaml"] = mounted["compose.yaml"].replace("['/data']", "['/data', './web.conf:/etc/web.conf']")
    mounted["web.conf"] = "as committed\n"
    stack.engine.docker("network", "create", "monitoring")
    try:
        stack.engine.docker("network", "connect", "monitoring", "web-web-1")
        stack.commit(mounted)
        stack.apply()
        before = stack.ids()
        fails(stack, version("v1.1.0", UNWELL))
        is_back(stack, before, tag="v1.0.1")
        killed(stack, version("v1.1.1", UNWELL), "ledger.reject.after")
        stack.engine.docker("network", "rm", "monitoring")
        edited, = (one for one in (stack.state / "objects").iterdir() if one.read_text() == "as committed\n")
        edited.write_text("as edited\n")
        stack.apply(held=True)
        is_well(stack, ["db", "web"], tag="v1.0.1")
        assert stack.sh("cat /etc/web.conf") == "as committed\n"
    finally:
        stack.engine.docker("network", "rm", "monitoring", check=False)

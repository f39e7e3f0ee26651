"""What a person does by hand beside whole applies: a part of a plan, and Compose with everything given."""

import json
import subprocess

from support.engine import HANGS, wait_for
from support.images import BUSYBOX
from support.stack import SLEEPS, Deed, assert_declared, called, manifest, services

RELEASE = "release: [{ run: release }]"


def stack_files(tag, colour="blue"):
    return {"compose.yaml": services(f"""
        web: {{ {SLEEPS}, environment: {{ COLOUR: {colour}, PASSWORD: "${{PASSWORD}}" }} }}
        release: {{ image: {BUSYBOX}, profiles: [release], command: ['true'] }}
        """), "reconciler.yaml": manifest(tag, RELEASE, "variables: { set: { PASSWORD: letmein } }")}


def part(stack, *cut):
    """A part of the plan: what is shown is what is done, and nobody else goes on with the rest."""
    plan, deed = stack.plan_json(*cut), Deed(stack.engine)
    stack.proxy.clear()
    done = stack.run("apply", stack.environment, "--yes", *cut).ok()
    assert_declared(plan, deed.told(stack.proxy.changes()))
    assert stack.runs()[-1][0]["id"] == plan["id"] and stack.condition() == "Stalled/CutShort"
    assert stack.run("status", stack.environment).code == 1
    return done


def test_an_apply_ends_where_it_is_told_to_and_the_next_goes_on(stack):
    stack.commit(stack_files("v1.0.0"))
    stack.apply()
    stack.commit(stack_files("v1.1.0", "red"))
    whole = stack.plan_json()
    assert stack.plan_json("--until", "switch")["id"] != whole["id"] == stack.plan_json("--until", "prune")["id"]
    done = part(stack, "--until", "switch", "--skip", "release")
    assert stack.releases() == 1 and "! release" not in done.out, done.out
    assert "\nweb/production: v1.1.0 runs, neither verified nor recorded; release is left out, and stays due " \
        "(--until switch --skip release), after " in done.out, done.out
    assert done.out.endswith("\nnext  reconciler apply web/production, which goes on from there\n")
    assert "v1.1.0 runs, neither verified nor recorded; " in stack.run("status", stack.environment).out
    assert "Stalled/CutShort\n" in stack.run("history", stack.environment).out
    assert [one for one in called(stack.plan_json()) if one.startswith("release")] == ["release release release"]
    refused = stack.run("apply", stack.environment, "--yes", "--skip", "relase")
    assert refused.code == 1 and stack.error(refused) == "cut.step_unknown"
    part(stack, "--until", "verify")
    assert stack.releases() == 2
    stack.apply()
    assert stack.releases() == 2 and stack.condition() == "Ready/Succeeded"


def test_an_apply_tells_programs_what_it_does(stack):
    stack.commit(stack_files("v1.0.0"))
    stack.run("apply", stack.environment, "--json").err.index("there is no terminal to ask on")
    done = stack.run("apply", stack.environment, "--json", "--yes").ok()
    events = [json.loads(line) for line in done.out.splitlines()]
    assert {one["environment"] for one in events} == {stack.environment} and "letmein" not in done.out
    assert [one["event"] for one in (events[0], events[-1])] == ["plan", "ended"]
    ended = {one["key"]: one for one in events if one["event"] == "finished"}
    planned = [one["key"] for one in events[0]["plan"]["actions"] if one["phase"] != "verify"]
    assert set(planned) <= set(ended) and all(ended[key]["took_ms"] >= 0 for key in planned)
    assert (events[-1]["exit"], events[-1]["changed"], events[-1]["tag"]) == (0, True, "v1.0.0")
    again = stack.run("apply", stack.environment, "--json", "--yes").ok()
    [nothing] = [json.loads(line) for line in again.out.splitlines()]
    assert (nothing["event"], nothing["changed"], nothing["plan"]["actions"]) == ("ended", False, [])
    for errand, kind in (("restart", "web"), ("task", "release")):
        asks = stack.run(errand, stack.environment, kind, "--json")
        assert (asks.code, asks.out) == (64, "") and "there is no terminal to ask on" in asks.err, asks
        done = stack.run(errand, stack.environment, kind, "--json", "--yes").ok()
        events = [json.loads(line) for line in done.out.splitlines()]
        assert [one["event"] for one in (events[0], events[-1])] == ["plan", "ended"], events
        assert (events[-1]["exit"], events[-1]["changed"], events[-1]["tag"]) == (0, True, "v1.0.0")


def test_compose_is_given_everything_and_goes_round_no_plan(stack):
    stack.commit(stack_files("v1.0.0"))
    stack.apply()
    before = stack.names()
    stack.proxy.clear()
    assert "web-web-1" in stack.run("compose", stack.environment, "ps").ok().out
    assert stack.run("compose", "production", "exec", "-T", "web", "sh", "-c", "echo $COLOUR; exit 7").code == 7
    assert stack.run("compose", stack.environment, "config", "--services").ok().out == "web\n"
    assert stack.run("compose", stack.environment, "logs", "--no-color", "web").ok().out == ""
    refused = stack.run("compose", stack.environment, "down", "-v")
    assert refused.code == 64 and "remove web/production, which keeps volumes\n" in refused.err, refused.err
    piped = stack.run("compose", stack.environment, "config")
    assert piped.code == 64 and "letmein" not in piped.out + piped.err
    assert stack.names() == before and not stack.proxy.changes()
    stack.assert_second_plan_empty()


def test_what_is_built_is_built_anew_where_a_person_asks(stack):
    dockerfile = f"FROM {BUSYBOX}\nRUN head -c 8 /dev/urandom | md5sum > /drawn\n"
    stack.commit({"compose.yaml": services(f"""
        web: {{ build: image, image: "web:${{TAG}}", init: true, command: [sleep, '100000'] }}
        db: {{ {SLEEPS} }}
        release: {{ image: {BUSYBOX}, profiles: [release], command: ['true'] }}
        """), "image/Dockerfile": dockerfile, "reconciler.yaml": manifest("v1.0.0", RELEASE)})
    stack.apply()
    drawn, db = stack.sh("cat /drawn"), stack.inspect("db")["State"]["StartedAt"]
    seen = {drawn}
    # More often than what differs by itself is put right.
    for _ in range(4):
        plan, deed = stack.plan_json("--rebuild"), Deed(stack.engine)
        assert called(plan) == ["supply build web:v1.0.0", "switch switch web", "verify verify 2 services", "record record v1.0.0",
                                "prune prune web-web-1.prev"], called(plan)
        assert plan["actions"][0]["reason"] == "asked to be built anew"
        stack.proxy.clear()
        stack.run("apply", stack.environment, "--rebuild", "--yes").ok()
        assert_declared(plan, deed.told(stack.proxy.changes()))
        stack.assert_second_plan_empty()
        seen.add(stack.sh("cat /drawn"))
    assert len(seen) == 5 and stack.releases() == 1 and stack.inspect("db")["State"]["StartedAt"] == db
    assert stack.condition() == "Ready/Succeeded"


def test_the_manifest_has_all_that_is_built_built_without_the_cache(stack):
    """The first lines of the Dockerfile are the same: only a build without the cache draws anew."""
    def ask_for(tag, *more):
        stack.commit({"compose.yaml": services("""
            web: { build: image, image: "web:${TAG}", init: true, command: [sleep, '100000'] }
            """), "image/Dockerfile": f"FROM {BUSYBOX}\nRUN head -c 8 /dev/urandom | md5sum > /drawn\nCOPY of /of\n",
            "image/of": tag, "reconciler.yaml": manifest(tag, *more)})
        stack.apply()
        return stack.sh("cat /drawn")

    assert ask_for("v1.0.0") == ask_for("v1.1.0"), "the test's own builds are cached"
    clean = "images: { build: { no_cache: true } }"
    drawn = ask_for("v1.2.0", clean)
    assert drawn != ask_for("v1.3.0", clean) and stack.plan_json()["actions"] == []


def test_a_tag_that_git_does_not_ask_for_is_deployed_and_holds(stack):
    def files(tag):
        return {"compose.yaml": services(f"""
            web: {{ {SLEEPS}, environment: {{ VERSION: "${{TAG}}" }} }}
            release: {{ image: {BUSYBOX}, profiles: [release], command: ['true'] }}
            """), "reconciler.yaml": manifest(tag, RELEASE, "verify: { stable: 0s, timeout: 2s, checks: [{ exec: web, command: "
                                               "[sh, -c, '! echo $VERSION | grep bad'] }] }")}
    def runs():
        return stack.sh("echo $VERSION").strip()
    stack.commit(files("v1.0.0"))
    stack.apply()
    plan, deed = stack.plan_json("--tag", "v1.5.0"), Deed(stack.engine)
    assert (plan["from"], plan["to"], plan["fallback"]) == ("v1.0.0", "v1.5.0", "v1.0.0")
    assert called(plan)[:2] == ["release release release", "switch switch web"], called(plan)
    # Killed before it is recorded: what goes on is that, and not what git asks for.
    stack.proxy.clear()
    killed = stack.run("apply", stack.environment, "--tag", "v1.5.0", "--yes", env={"RECONCILER_FAILPOINTS": "ledger.record.before:kill"})
    assert killed.code == -9 and stack.releases() == 2
    again = stack.run("apply", stack.environment, "--yes").ok()
    assert "web/production runs v1.5.0 after " in again.out, again.out
    assert runs() == "v1.5.0" and stack.releases() == 2
    assert stack.condition() == "Ready/Deployed"
    said = stack.plan_text()
    assert "git asks for v1.0.0, which is not what is wanted now (Deployed): root asked for v1.5.0\n" in said, said
    stack.assert_second_plan_empty()
    stack.engine.docker("stop", "-t", "0", "web-web-1")
    stack.apply()
    assert runs() == "v1.5.0", "it is what is looked after"

    done = stack.run("apply", stack.environment, "--tag", "v1.6.0", "--yes").ok()
    assert done.out.endswith("  held        git still asks for v1.0.0; nothing brings it back until git or you say so\n"
                             "  next        make git agree: reconciler set web/production v1.6.0; or v1.0.0 again: "
                             "reconciler retry web/production\n"), done.out
    assert (stack.state_file("current_tag"), stack.state_file("prev_tag")) == ("v1.6.0", "v1.5.0")
    assert "v1.5.0 -> v1.6.0 (--tag)" in stack.run("history", stack.environment).out

    failed = stack.run("apply", stack.environment, "--tag", "bad", "--yes")
    assert failed.code == 1 and "bad is not well: exec web: exit code 1: bad; web/production is back at v1.6.0, and well" in failed.err, failed.err
    assert runs() == "v1.6.0"
    same = stack.run("apply", stack.environment, "--tag", "v1.6.0", "--yes")
    assert same.code == 1 and stack.error(same) == "apply.tag_current", same.err

    held = stack.run("apply", stack.environment, "--tag", "v1.0.0", "--yes")
    assert held.code == 1 and held.err == (
        "error apply.held_off: git's v1.0.0 is held off from web/production: v1.6.0 is wanted\n"
        "  next  what git asks for again: reconciler retry web/production; then: reconciler apply web/production\n"), held.err
    refused = stack.run("task", stack.environment, "release", "--yes")
    assert "error task.not_deployed: web/production runs v1.6.0, and git asks for v1.0.0: " in refused.err, refused.err

    # A commit, of whatever else, ends it.
    stack.commit(files("v2.0.0"))
    stack.apply()
    assert runs() == "v2.0.0" and stack.condition() == "Ready/Succeeded"
    failed = stack.run("apply", stack.environment, "--tag", "bad", "--yes")
    assert "  nothing: v2.0.0 is what git asks for\n" in failed.err, failed.err
    assert stack.condition() == "Ready/RequestFailed" and runs() == "v2.0.0"


def aside(stack, *verb):
    """What a person has done beside what is wanted: what is shown is done, and nothing of it counts for a plan."""
    before, deed = stack.status(), Deed(stack.engine)
    stack.proxy.clear()
    done = stack.run(*verb[:1], stack.environment, *verb[1:], "--yes").ok()
    plan, condition = stack.runs()[-1]
    assert_declared(plan, deed.told(stack.proxy.changes()))
    assert (condition, plan["fallback"]) == ("Ready", None), (condition, plan)
    after = stack.status()
    assert {key: after[key] for key in ("condition", "reason", "tag")} == {key: before[key] for key in ("condition", "reason", "tag")}
    return done


def test_a_task_runs_once_more_and_a_service_is_restarted_as_it_is(stack):
    files = {"compose.yaml": services(f"""
        web: {{ {SLEEPS}, network_mode: "service:lender" }}
        lender: {{ {SLEEPS} }}
        other: {{ {SLEEPS} }}
        job: {{ image: {BUSYBOX}, command: ['true'] }}
        release: {{ image: {BUSYBOX}, profiles: [release], command: [echo, released] }}
        """), "reconciler.yaml": manifest("v1.0.0", RELEASE, "compose: { jobs: [job] }")}
    stack.commit(files)
    stack.apply()
    ids, started = stack.ids(), stack.started()
    done = aside(stack, "task", "release")
    assert "\n  ! release  release   asked for; it has run for v1.0.0 before\n" in done.out and "released" in done.out, done.out
    assert done.out.rpartition("\n\n")[2].startswith("web/production runs v1.0.0, as before; done after "), done.out
    assert stack.releases() == 2 and stack.ids() == ids and stack.started() == started
    stack.assert_second_plan_empty()

    done = aside(stack, "restart", "lender")
    assert "\n  ~ restart  lender, web" in done.out and "\n  ✓ verify" in done.out, done.out
    again = stack.started()
    assert stack.ids() == ids and again["other"] == started["other"]
    assert again["lender"] != started["lender"] and again["web"] != started["web"]
    stack.assert_second_plan_empty()
    assert "Ready/Restarted" in stack.run("history", stack.environment).out

    for arguments, code, said in [
            (("task",), "task.unknown", "error task.unknown: which task of web/production?\n  tasks  release\n"
             "  next   reconciler task web/production release\n"),
            (("task", "relase"), "task.unknown", 'error task.unknown: web/production has no task "relase"\n  tasks  release\n'
             "  next   reconciler task web/production release\n"),
            (("restart", "othr"), "service.unknown", 'error service.unknown: web/production has no service "othr"\n'
             "  services  job, lender, other, web\n  next      reconciler restart web/production other\n"),
            (("restart", "job"), "service.no_restart", "error service.no_restart: service job of web/production is not "
             "restarted: it is a job, which runs to its end\n  next  reconciler plan web/production\n")]:
        stack.proxy.clear()
        refused = stack.run(arguments[0], stack.environment, *arguments[1:], "--yes")
        assert refused.code == 1 and refused.err == said, refused.err
        assert not stack.proxy.changes()
    assert stack.run("restart", stack.environment, "web").code == 64

    # What is yet to run has no tasks here, and what runs is restarted as it was recorded.
    stack.commit({**files, "reconciler.yaml": manifest("v1.1.0", RELEASE, "compose: { jobs: [job] }")})
    refused = stack.run("task", stack.environment, "release", "--yes")
    assert "error task.not_deployed: web/production runs v1.0.0, and git asks for v1.1.0: " in refused.err, refused.err
    stack.plan_json()  # from here on it is known
    aside(stack, "restart", "other")
    assert stack.ids() == ids and stack.started()["other"] != started["other"]
    stack.run("suspend", stack.environment).ok()
    suspended = stack.run("restart", stack.environment, "other", "--yes")
    assert suspended.code == 1 and "Suspended" in suspended.out + suspended.err, suspended


def test_what_is_under_way_is_cancelled_at_its_next_safe_point(stack):
    def files(tag):
        return {"compose.yaml": services(f"""
            web: {{ {SLEEPS}, environment: {{ VERSION: "${{TAG}}" }} }}
            db: {{ {SLEEPS}, environment: {{ VERSION: "${{TAG}}" }} }}
            release: {{ image: {BUSYBOX}, profiles: [release], command: ['true'] }}
            """), "reconciler.yaml": manifest(tag, RELEASE)}
    stack.commit(files("v1.0.0"))
    nothing = stack.run("cancel", stack.environment)
    assert nothing.code == 1, nothing
    stack.apply()
    nothing = stack.run("cancel", stack.environment)
    assert nothing.code == 1 and nothing.err == ("error cancel.nothing: nothing is under way at web/production\n"
                                                 "  next  reconciler status web/production\n"), nothing.err
    stack.commit(files("v1.1.0"))
    applying = stack.program.start("apply", stack.environment, "--yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={"RECONCILER_FAILPOINTS": "engine.stop.before:delay=3000"})
    wait_for(lambda: [name for name in stack.names() if name.endswith(".next")], "the first switch has begun")
    cancelled = stack.run("cancel", stack.environment).ok()
    assert cancelled.out.startswith("run 2 of web/production, to v1.1.0, ends at its next safe point; waiting for it ...\nended\n"), cancelled.out
    _, err = applying.communicate(timeout=HANGS)
    assert applying.returncode == 1 and "error apply.cancelled: root cancelled it: stopped before switch " in err, err
    assert err.endswith("  next        to go on: reconciler apply web/production; to go back: reconciler rollback web/production\n"), err
    assert stack.condition() == "Stalled/Cancelled"
    # Nobody goes on by itself; a person does, and what was begun is brought to its end.
    stack.apply()
    assert stack.releases() == 2 and stack.condition() == "Ready/Succeeded"


def test_the_wait_for_a_task_by_hand_that_was_cut_off_is_cancelled_too(stack):
    stack.commit({"compose.yaml": services(f"""
        web: {{ {SLEEPS}, volumes: ['data:/data'] }}
        release:
          {{ image: {BUSYBOX}, init: true, profiles: [release], volumes: ['data:/data'],
             command: [sh, -c, 'test ! -e /data/slow || sleep 300'] }}
        """, "volumes: { data: {} }"), "reconciler.yaml": manifest("v1.0.0", RELEASE)})
    stack.apply()
    stack.sh("touch /data/slow")
    by_hand = stack.program.start("task", stack.environment, "release", "--yes", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: stack.one_offs(running=True), "the task by hand")
    by_hand.kill()
    by_hand.wait()
    stack.engine.docker("stop", "-t", "0", "web-web-1")
    applying = stack.program.start("apply", stack.environment, "--yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def cancelled():
        """Not before it holds the environment."""
        cancelling = stack.program.start("cancel", stack.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return cancelling.wait(timeout=HANGS) == 0
        finally:
            cancelling.kill()

    wait_for(cancelled, "the end of what waits")
    _, err = applying.communicate(timeout=HANGS)
    assert applying.returncode == 1 and "apply.stopped: release still runs" in err, err
    assert stack.one_offs(running=True), "what was begun goes on"


def test_a_tag_of_which_nothing_came_holds_nothing_off_and_one_that_waits_can_be_approved(stack):
    stack.commit({"compose.yaml": services("web: { build: { context: ., args: { T: '${TAG}' } }, image: 'web:${TAG}', "
                                           "init: true, command: [sleep, '100000'] }"),
                  "Dockerfile": f"FROM {BUSYBOX}\nARG T\nRUN [ $T != bad ]\n",
                  "reconciler.yaml": "verify: { stable: 1s }\nenvironments: { production: { tag: v1.0.0, approval: required } }\n"})
    stack.run("approve", stack.environment, "--yes").ok()
    stack.apply()
    plan = stack.plan_json("--tag", "v2.0.0")
    assert plan["gates"][0]["opens_when"] == f"reconciler approve web/production --plan {plan['id'][:6]} --tag v2.0.0"
    blocked = stack.run("apply", stack.environment, "--tag", "v2.0.0", "--yes")
    assert blocked.code == 3, blocked
    assert stack.run("approve", stack.environment, "--plan", plan["id"][:6], "--tag", "v2.0.0").ok().out.endswith(
        "next  reconciler apply web/production --tag v2.0.0\n")
    stack.run("apply", stack.environment, "--tag", "v2.0.0", "--yes").ok()
    assert stack.condition() == "Ready/Deployed" and stack.run("apply", stack.environment, "--yes").code == 0
    stack.run("approve", stack.environment, "--tag", "bad", "--yes").ok()
    failed = stack.run("apply", stack.environment, "--tag", "bad", "--yes")
    assert failed.code == 1 and stack.error(failed) == "image.build_failed" and "current_tag v2.0.0" not in failed.err.split("log")[1], failed.err

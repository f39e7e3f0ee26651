"""What a person stops or has to let through: nothing is done before, and what was to be done is done after."""

import signal

from support.engine import wait_for
from support.images import BUSYBOX
from support.stack import SLEEPS, called, manifest, services
from test_run import Running


def compose_file(image=BUSYBOX):
    return services(f"""
        web: {{ {SLEEPS} }}
        db: {{ {SLEEPS.replace(BUSYBOX, image)} }}
        release: {{ image: {BUSYBOX}, profiles: [release], command: ['true'] }}
        """)


def deployed(stack, *more):
    stack.commit({"compose.yaml": compose_file(), "reconciler.yaml": manifest("v1.0.0", *more)})
    stack.apply()


def untouched(stack, *arguments):
    """An apply that does nothing at all."""
    before, runs = stack.names(), stack.runs()
    stack.proxy.clear()
    done = stack.run("apply", stack.environment, "--yes", *arguments)
    assert not stack.proxy.changes() and stack.names() == before and stack.runs() == runs, done.out
    return done


def test_suspended_nothing_is_done_until_it_is_resumed(stack):
    deployed(stack)
    stack.engine.docker("stop", "-t", "0", "web-web-1")
    stack.run("suspend", "production", "--reason", "moving the disks").ok()
    done = untouched(stack)
    assert done.code == 1 and "  + start    web   state exited" in done.out, done.out
    assert ": moving the disks\n             ends with: reconciler resume web/production\n" in done.out
    assert done.out.endswith("Suspended. Nothing was changed; v1.0.0 runs on.\n")
    assert stack.run("plan", stack.environment, "--detailed-exitcode").code == 2
    assert called(stack.plan_json())[0] == "switch start web"
    status = stack.status()
    assert (status["condition"], status["next"]) == ("Suspended", "reconciler resume web/production")
    assert stack.run("status").code == 1
    stack.run("resume", "production").ok()
    stack.apply()
    again = stack.run("resume", "production")
    assert again.code == 1 and stack.error(again) == "resume.nothing"


def test_what_was_cut_off_is_not_even_settled_while_suspended(stack):
    deployed(stack)
    stack.commit({"reconciler.yaml": manifest("v1.1.0", "release: [{ run: release }]")})
    killed = stack.run("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": "ledger.result.before:kill@2"})
    assert killed.code != 0 and stack.one_offs()
    attempts = "SELECT id, fate, code FROM attempts WHERE environment = ?"
    before = stack.ledger(attempts)
    stack.run("suspend", stack.environment).ok()
    untouched(stack)
    assert stack.ledger(attempts) == before
    stack.run("resume", stack.environment).ok()
    stack.run("apply", stack.environment, "--yes").ok()
    stack.assert_second_plan_empty()
    assert stack.releases() == 1 and stack.one_offs() == []


def test_run_waits_says_so_once_and_goes_on_when_it_ends(stack):
    stack.commit({"compose.yaml": compose_file(), "reconciler.yaml": manifest("v1.0.0")})
    stack.run("plan").ok()
    stack.run("suspend", stack.environment, "--until", "30s").ok()
    running = Running(stack)
    try:
        running.wait("web/production: Suspended/Requested: by root since ")
        assert stack.names() == []
        running.wait("web/production: runs v1.0.0")
        assert running.log.read_text().count("Suspended/Requested") == 1
    finally:
        assert running.end(signal.SIGTERM) == 143


def test_what_cannot_be_suspended_is_refused(stack):
    stack.commit({"compose.yaml": compose_file(), "reconciler.yaml": manifest("v1.0.0")})
    for arguments, code, error in ((["web/prodution"], 64, "env.unknown"), ([stack.environment, "--until", "soon"], 64, "usage"),
                                   ([stack.environment, "--until", "2020-01-01T00:00Z"], 64, "usage")):
        done = stack.run("suspend", *arguments)
        assert done.code == code and stack.error(done) == error, done.err
    assert "usage: --until 2020-01-01T00:00Z is 2020-01-01T00:00:00Z, which is over: it is 20" in done.err, done.err
    assert stack.condition() == "Reconciling/Due"


def test_a_protected_database_whose_image_changed_waits_for_an_approval(stack, engine):
    deployed(stack, "switch: { protect: [db] }")
    engine.docker("build", "-q", "-t", "database:2", "-", input=b"FROM busybox:test\nLABEL major=2\n")
    stack.commit({"compose.yaml": compose_file("database:2"),
                  "reconciler.yaml": manifest("v1.1.0", "switch: { protect: [db] }")})
    before = stack.id("db")
    done = untouched(stack)
    plan = stack.plan_json()
    approve = f"reconciler approve web/production --plan {plan['id'][:6]}"
    assert done.code == 3 and f"  closed  protect    replaces db; opens with: {approve}\n" in done.out, done.out
    assert done.out.endswith("\nBlocked by 1 gate. Nothing was changed; v1.0.0 runs on.\n")
    assert stack.run("plan", stack.environment, "--detailed-exitcode").code == 3
    status = stack.status()
    assert (status["condition"], status["why"], status["next"]) == ("Blocked", "protect: replaces db", approve)

    other = stack.run("approve", stack.environment, "--plan", "000000")
    assert other.code == 1 and stack.error(other) == "plan.stale" and stack.condition() == "Blocked/GateClosed"
    stack.run(*approve.split()[1:]).ok()
    stack.apply()
    assert stack.id("db") != before and stack.condition() == "Ready/Succeeded"
    nothing = stack.run("approve", stack.environment, "--yes")
    assert nothing.code == 1 and stack.error(nothing) == "approve.nothing"

    # A failure does not stop half way for want of one, and its approval is not for the next time.
    stack.commit({"reconciler.yaml": manifest("v1.2.0", "switch: { protect: [bd] }")})
    refused = stack.run("plan", stack.environment)
    assert refused.code == 1 and "web/reconciler.yaml:1:21: error compose.service_unknown: no service \"bd\" at v1.2.0" in refused.err
    stack.commit({"compose.yaml": compose_file(), "reconciler.yaml": manifest(
        "v1.2.0", "switch: { protect: [db] }", "verify: { stable: 1s, checks: [{ exec: web, command: 'false' }], timeout: 2s }")})
    kept = stack.id("db")
    stack.run("approve", stack.environment, "--yes").ok()
    back = stack.try_apply(complete=True)
    assert back.code == 1 and stack.id("db") == kept and stack.condition() == "RolledBack/VerifyFailed"


def test_another_version_waits_for_who_may_approve_it_and_what_runs_is_looked_after(stack):
    required = "environments: { production: { tag: %s, approval: required } }\nverify: { stable: 1s }\n"
    host = {"environments": {stack.environment: {"approvers": ["nobody-else"]}},
            "repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s"}
    stack.commit({"compose.yaml": compose_file(), "reconciler.yaml": required % "v1.0.0"})
    assert untouched(stack).code == 3
    stack.run("approve", stack.environment, "--yes").ok()
    stack.apply()

    stack.use_host(host)
    stack.commit({"reconciler.yaml": required % "v1.1.0"})
    web = stack.id()
    with Running(stack) as running:
        running.wait("web/production: Blocked/GateClosed: approval: 0 of 1; next: reconciler approve web/production --plan ")
        stack.engine.docker("kill", "web-web-1")
        running.wait("web/production: start web done")
        assert stack.id() == web and "v1.0.0" in stack.state_file("current_tag")

        refused = stack.run("approve", stack.environment, "--yes")
        assert refused.code == 1 and "error approve.not_allowed: root may not approve for web/production; nothing was approved\n" \
            "  next  ask nobody-else to, or have them added to approvers in " in refused.err, refused.err
        assert running.end() == 143
    stack.use_host({**host, "environments": {stack.environment: {"approvers": ["nobody-else", "root"]}}})
    with Running(stack) as running:
        running.wait("web/production: Blocked/GateClosed: approval: 0 of 1")
        stack.run("approve", stack.environment, "--plan", stack.plan_json()["id"][:6]).ok()
        running.wait("web/production: runs v1.1.0")
        assert running.end() == 143


def test_while_something_new_waits_nothing_is_left_half_done_or_down(stack):
    """An approval is due, or a commit cannot be carried out: the recorded version is looked after, and gone back to."""
    required = "environments: { production: { tag: %s, approval: required } }\nverify: { stable: 1s }\n"
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s"})
    deployed(stack)
    first = stack.id()
    stack.commit({"compose.yaml": services(f"web: {{ {SLEEPS}, environment: {{ NEW: 'yes' }} }}\ndb: {{ {SLEEPS} }}"),
                  "reconciler.yaml": manifest("v1.1.0")})
    killed = stack.run("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": "engine.start.before:kill"})
    assert killed.code != 0 and stack.id() != first

    stack.commit({"reconciler.yaml": required % "v1.2.0"})
    with Running(stack) as running:
        running.wait("web/production: Blocked/GateClosed: approval: 0 of 1")
        wait_for(lambda: stack.names() == ["web-db-1", "web-web-1"] and stack.inspect()["State"]["Status"] == "running",
                 "v1.0.0 to be back")
        assert stack.id() == first and stack.state_file("current_tag") == "v1.0.0"

        stack.commit({"compose.yaml": services("web: { image: 'nowhere.invalid/none:1' }")})
        stack.engine.docker("kill", "web-db-1")
        wait_for(lambda: stack.inspect("db")["State"]["Status"] == "running", "db to be started again")
        stack.commit({"reconciler.yaml": manifest("v1.3.0"), "compose.yaml": services("web: { image: '${NOT_SET}' }")})
        running.wait("compose.variable_unset")
        stack.engine.docker("kill", "web-db-1")
        wait_for(lambda: stack.inspect("db")["State"]["Status"] == "running", "db to be started once more")
        assert stack.id() == first
        assert running.end() == 143

"""Once means once: the release writes what it does into a table of its own and guards against nothing; we die, it must not show."""

import signal
import subprocess

import pytest

from support.engine import HANGS, wait_for
from support.proxy import Proxy
from support.stack import HELD, Stack, let_unguarded_end, manifest, said_unguarded, unguarded, wait_for_unguarded


def ask_for(stack, tag, pause=1):
    stack.commit({"compose.yaml": unguarded(pause), "reconciler.yaml": manifest(tag, "release: [{ run: release }]")})


def complete(stack):
    """The next run converges without a person, and the release ran once."""
    stack.run("apply", stack.environment, "--yes").ok()
    stack.assert_second_plan_empty()
    assert said_unguarded(stack) == ["start", "done"]
    assert stack.condition() == "Ready/Succeeded"
    assert set(stack.names()) - set(stack.one_offs()) == {"web-web-1"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory, engine, newest):
    with Proxy(engine.socket, engine.folder / "once.sock") as proxy, \
            Stack(tmp_path_factory.mktemp("once"), engine, newest, proxy) as stack:
        yield stack


@pytest.fixture
def running(kept):
    """v1.0.0 runs and is well, v1.1.0 was not asked for yet and has no rows."""
    ask_for(kept, "v1.0.0")
    kept.run("apply", kept.environment, "--yes").ok()
    return kept


def kill_in_the_release(stack, tag):
    program = stack.program.start("apply", stack.environment, "--yes")
    wait_for_unguarded(stack, tag)
    program.send_signal(signal.SIGKILL)
    program.communicate()


def apply_that_waits(stack, tag):
    """For the release that was cut off, which ends only then."""
    program = stack.program.start("apply", stack.environment, "--yes", stderr=subprocess.STDOUT)
    said = []
    for line in program.stdout:
        said.append(line)
        if "waits for container web-release-run-" in line:
            let_unguarded_end(stack, tag)
    assert program.wait(timeout=HANGS) == 0 and any("waits for container" in line for line in said), "".join(said)


def test_killed_while_it_runs(running):
    tag = "v1.1.0"
    ask_for(running, tag, pause=HELD)
    kill_in_the_release(running, tag)
    assert running.state_file("current_tag") == "v1.0.0"
    apply_that_waits(running, tag)
    complete(running)


def ask_for_each_switch(stack, tag, pause, more=""):
    stack.commit({"compose.yaml": unguarded(pause), "reconciler.yaml": manifest(tag, f"release: [{{ run: release, once: switch{more} }}]")})


def test_killed_while_what_runs_at_each_switch_runs(running):
    """It may run again, and not beside itself: the one that was cut off is waited for."""
    tag = "v1.4.0"
    ask_for_each_switch(running, tag, pause=HELD)
    kill_in_the_release(running, tag)
    apply_that_waits(running, tag)
    running.assert_second_plan_empty()
    assert said_unguarded(running, tag) == ["start", "done"] * 2
    assert running.names() == ["web-web-1"] and running.condition() == "Ready/Succeeded"


def test_what_runs_at_each_switch_and_outlasts_its_time_is_not_run_beside_itself(running):
    tag = "v1.4.1"
    ask_for_each_switch(running, tag, HELD, more=", timeout: 1s")
    done = running.run("apply", running.environment, "--yes")
    assert done.code == 1 and running.error(done) == "release.timeout", done.out + done.err
    late, = running.one_offs(running=True)
    done = running.run("apply", running.environment, "--yes")
    assert done.code == 1 and running.error(done) == "release.running" and late in done.err, done.out + done.err
    assert running.condition() == "Reconciling/Retrying" and said_unguarded(running, tag) == ["start"]
    let_unguarded_end(running, tag)
    running.engine.docker("wait", late)
    ask_for_each_switch(running, tag, HELD)
    running.run("apply", running.environment, "--yes").ok()
    running.assert_second_plan_empty()
    assert said_unguarded(running, tag) == ["start", "done"] * 2 and running.names() == ["web-web-1"]


# Each death between the release's intent and the durable result, by the seam at which it happens.
DEATHS = ["ledger.intent.before", "ledger.intent.after", "engine.create.before", "engine.create.after",
          "engine.start.before", "engine.start.after", "task.waited.before", "task.waited.after",
          "ledger.result.before", "ledger.result.after"]


@pytest.mark.parametrize("number, point", list(enumerate(DEATHS)), ids=DEATHS)
def test_killed_at(running, number, point):
    tag = f"v1.2.{number}"
    ask_for(running, tag)
    actions = running.plan_json()["actions"]
    release = next(n for n, action in enumerate(actions) if action["kind"] == "release")
    passes = release + 1 if point.startswith("ledger.") else 1
    done = running.run("apply", running.environment, "--yes", env={"RECONCILER_FAILPOINTS": f"{point}:kill@{passes}"})
    assert done.code == -signal.SIGKILL, f"{done.code}\n{done.out}{done.err}"
    running.run("apply", running.environment, "--yes").ok()
    running.assert_second_plan_empty()
    assert said_unguarded(running, tag) == ["start", "done"]
    assert running.state_file("current_tag") == tag
    assert running.names() == ["web-web-1"]


def by_hand(stack, tag, *command):
    """`docker compose run` of the release by a person, in what is committed."""
    return stack.compose.run("-p", "web", "run", "-d", "--name", "by-hand", "release", *command, cwd=stack.config.path / "web", env={"TAG": tag})


def test_one_that_somebody_else_runs_is_not_run_beside_it(running):
    tag = "v1.7.0"
    ask_for(running, tag, pause="0; until test -e /table/go; do sleep 0.1; done")
    by_hand(running, tag)
    wait_for_unguarded(running, tag)
    done = running.run("apply", running.environment, "--yes")
    assert done.code == 1 and running.error(done) == "release.running", done.out + done.err
    assert "container by-hand" in done.err and "docker kill by-hand" in done.err, done.err
    assert said_unguarded(running, tag) == ["start"] and running.state_file("current_tag") != tag
    assert running.condition() == "Reconciling/Retrying"
    running.engine.docker("exec", "by-hand", "touch", "/table/go")
    running.engine.docker("wait", "by-hand")
    running.engine.docker("rm", "by-hand")
    running.run("apply", running.environment, "--yes").ok()
    running.assert_second_plan_empty()
    assert said_unguarded(running, tag) == ["start", "done"] * 2


def test_another_program_in_its_service_is_no_matter(running):
    tag = "v1.7.2"
    ask_for(running, tag)
    by_hand(running, tag, "sleep", "100000")
    running.run("apply", running.environment, "--yes").ok()
    assert said_unguarded(running, tag) == ["start", "done"]
    running.engine.docker("rm", "-f", "by-hand")
    running.assert_second_plan_empty()


def test_one_that_is_removed_while_it_runs_is_known_to_nobody(running):
    tag = "v1.7.1"
    ask_for(running, tag, pause=100)
    program = running.program.start("apply", running.environment, "--yes", stderr=subprocess.PIPE)
    wait_for_unguarded(running, tag)
    running.engine.docker("rm", "-f", *running.one_offs())
    _, said = program.communicate()
    assert program.returncode == 1, said
    assert running.condition() == "Stalled/ReleaseOutcomeUnknown"
    running.run("settle", running.environment, "release", "succeeded").ok()
    running.run("apply", running.environment, "--yes").ok()
    running.assert_second_plan_empty()
    assert said_unguarded(running, tag) == ["start"]


def test_an_answer_is_for_a_step_that_is_asked_about(running):
    """What was never begun is run: nobody can have it counted as done by naming it."""
    tag = "v1.7.3"
    both = "release: [{ run: release }, { run: release, name: seed }]"
    running.commit({"compose.yaml": unguarded(100), "reconciler.yaml": manifest(tag, both)})
    program = running.program.start("apply", running.environment, "--yes", stderr=subprocess.PIPE)
    wait_for_unguarded(running, tag)
    running.engine.docker("rm", "-f", *running.one_offs())
    program.communicate()
    assert running.condition() == "Stalled/ReleaseOutcomeUnknown"
    early = running.run("settle", running.environment, "seed", "succeeded")
    assert early.code == 1 and running.error(early) == "settle.nothing", early.out + early.err
    running.run("settle", running.environment, "release", "succeeded").ok()
    running.commit({"compose.yaml": unguarded(0)})
    running.run("apply", running.environment, "--yes").ok()
    running.assert_second_plan_empty()
    assert said_unguarded(running, tag) == ["start", "start", "done"]


def test_an_answer_is_for_the_tag_that_a_person_wants_deployed(running):
    """Not for the one that git asks for, though that has a release of the same name."""
    ask_for(running, "v1.8.0")
    running.apply()
    ask_for(running, "v1.8.0", pause=100)
    program = running.program.start("apply", running.environment, "--tag", "v1.9.0", "--yes", stderr=subprocess.PIPE)
    wait_for_unguarded(running, "v1.9.0")
    running.engine.docker("rm", "-f", *running.one_offs())
    _, said = program.communicate()
    assert program.returncode == 1 and running.condition() == "Stalled/ReleaseOutcomeUnknown", said
    done = running.run("settle", running.environment, "release", "succeeded").ok()
    assert done.out.startswith("release of web/production, for v1.9.0, counts as succeeded; it is not run again for this tag.\n"), done.out
    running.apply()
    assert running.condition() == "Ready/Deployed" and running.state_file("current_tag") == "v1.9.0"
    assert said_unguarded(running, "v1.9.0") == ["start"]


def test_nothing_is_left_of_a_release_that_was_cut_off(running):
    ask_for(running, "v1.3.0")
    done = running.run("apply", running.environment, "--yes", env={"RECONCILER_FAILPOINTS": "task.waited.after:kill"})
    assert done.code == -signal.SIGKILL
    running.run("apply", running.environment, "--yes").ok()
    assert said_unguarded(running, "v1.3.0") == ["start", "done"]
    assert running.one_offs() == []


# dockerd killed under it: an Engine that may die.


@pytest.fixture
def dying(mortal, folder):
    engine, compose = mortal
    with Proxy(engine.socket, engine.folder / "proxy.sock") as proxy, Stack(folder, engine, compose, proxy) as stack:
        ask_for(stack, "v1.0.0", pause=0)
        stack.apply()
        yield stack


def kill_engine(stack, pause, **what):
    """Kills the Engine while the release of v1.1.0 runs; how the apply ended."""
    ask_for(stack, "v1.1.0", pause=pause)
    program = stack.program.start("apply", stack.environment, "--yes")
    wait_for_unguarded(stack)
    stack.engine.kill(**what)
    out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 1, f"{program.returncode}\n{out}{err}"
    assert "error docker.unreachable" in err, err


def asks(stack, left=("start",)):
    """Nobody can know: it asks, and does nothing until it is answered."""
    for _ in range(2):
        done = stack.run("apply", stack.environment, "--yes")
        assert done.code == 1
        said = done.out + done.err
        assert "ReleaseOutcomeUnknown" in said, said
        assert "reconciler settle web/production release succeeded" in said and "not-run" in said, said
    assert stack.condition() == "Stalled/ReleaseOutcomeUnknown"
    assert stack.run("plan", stack.environment).code == 1
    assert said_unguarded(stack) == [*left]
    assert stack.state_file("current_tag") == "v1.0.0"


def test_engine_dead_while_the_release_ends(dying):
    """Its own exit code is kept by its shim: this can be known, and nobody is asked. Not so with containerd 1.7.24 and 2.1.9:
    one that starts ends shims whose task has ended, and the Engine says 255 for whatever code it was."""
    kill_engine(dying, HELD, containerd=True)
    let_unguarded_end(dying)
    wait_for(ended, "the release to end")
    dying.engine.start()
    if dying.engine.version == "20.10.24":
        complete(dying)
        return
    asks(dying, left=("start", "done"))
    dying.run("settle", dying.environment, "release", "succeeded").ok()
    complete(dying)


def ended():
    """All that it was, its shim aside."""
    args = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return "v1.1.0-may-end" not in args


def test_engine_dead_and_back_before_it_ends_settled_as_not_run(dying):
    kill_engine(dying, 300)
    dying.engine.start()
    asks(dying)
    dying.run("settle", dying.environment, "release", "not-run").ok()
    ask_again = dying.plan_json()
    assert any(action["kind"] == "release" for action in ask_again["actions"])
    # Shorter now; the compose file is what it was but for the pause.
    ask_for(dying, "v1.1.0", pause=0)
    dying.apply()
    assert said_unguarded(dying) == ["start", "start", "done"]
    assert dying.names() == ["web-web-1"]


def test_engine_dead_with_its_shims_settled_as_succeeded(dying):
    kill_engine(dying, 300, containerd=True, shims=True)
    dying.engine.start()
    asks(dying)
    dying.run("settle", dying.environment, "release", "succeeded").ok()
    dying.apply()
    assert said_unguarded(dying) == ["start"]
    assert dying.state_file("current_tag") == "v1.1.0"


def test_engine_dead_before_it_wrote_that_the_release_had_begun(dying):
    """It writes that down once it has started it: a death in between leaves what reads as never started."""
    ask_for(dying, "v1.1.0", pause=30)
    done = dying.run("apply", dying.environment, "--yes", env={"RECONCILER_FAILPOINTS": "engine.start.before:kill"})
    assert done.code == -signal.SIGKILL
    release = dying.engine.inspect(dying.one_offs()[0])
    written = dying.engine.folder / "data" / "containers" / release["Id"] / "config.v2.json"
    before = written.read_bytes()
    dying.engine.docker("start", release["Id"])
    wait_for_unguarded(dying)
    dying.engine.kill(containerd=True, shims=True)
    written.write_bytes(before)
    dying.engine.start()
    assert dying.engine.inspect(release["Id"])["State"]["Status"] == "created"
    asks(dying)
    assert dying.one_offs() == [release["Name"].lstrip("/")], "it stays to be looked at"
    dying.run("settle", dying.environment, "release", "succeeded").ok()
    dying.apply()
    assert said_unguarded(dying) == ["start"] and dying.one_offs() == []


def test_engine_dead_before_the_release_was_begun(dying):
    """That it was not is in our own ledger, and nobody is asked."""
    ask_for(dying, "v1.1.0")
    done = dying.run("apply", dying.environment, "--yes", env={"RECONCILER_FAILPOINTS": "engine.create.after:kill"})
    assert done.code == -signal.SIGKILL and len(dying.one_offs()) == 1
    dying.engine.kill(containerd=True, shims=True)
    dying.engine.start()
    complete(dying)
    assert dying.one_offs() == []


def test_settle_without_anything_to_settle(running):
    done = running.run("settle", running.environment, "nothing", "not-run")
    assert (done.code, running.error(done)) == (1, "settle.nothing")
    assert running.run("settle", running.environment, "release", "perhaps").code == 64

"""Images that are taken away: by a prune after the plan, and the one to go back to."""

from support.engine import HANGS, wait_for
from support.images import BUSYBOX
from support.reconciler import paused
from support.stack import manifest, services

BUILT = services("web: { build: ., image: 'mine:${TAG}', init: true, command: [sh, -c, 'test ! -e /unwell && exec sleep 100000'] }")


def version(tag, unwell=False):
    times = "stable: 10s, timeout: 12s" if unwell else "stable: 500ms, timeout: 3s"
    return {"compose.yaml": BUILT, "reconciler.yaml": manifest(tag, f"verify: {{ {times} }}"),
            "Dockerfile": f"FROM {BUSYBOX}\nRUN echo {tag} >/version{'; touch /unwell' if unwell else ''}\n"}


def images(stack):
    return {name for one in stack.engine.api("GET", "/images/json") for name in one["RepoTags"] or [] if name.startswith("mine:")}


def test_taken_away_between_the_plan_and_the_switch(stack, engine):
    """It was there when the plan was made: said as missing, and the next plan builds it again."""
    stack.commit(version("v1.0.0"))
    stack.apply()
    before = stack.inspect()
    stack.commit(version("v1.1.0"))
    stack.run("apply", stack.environment, "--yes", "--until", "supply").ok()
    assert "mine:v1.1.0" in images(stack)
    program = stack.program.start("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": "engine.create.before:delay=1500"})
    wait_for(lambda: stack.ledger("SELECT 1 FROM attempts WHERE environment = ? AND phase = 'switch' AND fate IS NULL AND title = 'web'"),
             "the switch to begin")
    with paused(program):
        engine.docker("rmi", "-f", "mine:v1.1.0")
    out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 1 and "mine:v1.1.0" in err and "error image.missing" in err, out + err
    now = stack.inspect()
    assert (now["Id"], now["State"]["StartedAt"], now["State"]["Running"]) == (before["Id"], before["State"]["StartedAt"], True)
    assert stack.state_file("current_tag") == "v1.0.0"
    stack.run("apply", stack.environment, "--yes").ok()
    stack.assert_second_plan_empty()
    assert stack.sh("cat /version") == "v1.1.0\n"


def test_the_one_to_go_back_to_is_gone(stack, engine):
    """With its container: nothing is built and nothing pulled to get it back; it stops, and says what is gone."""
    stack.commit(version("v1.0.0"))
    stack.apply()
    image = stack.inspect()["Image"]
    stack.commit(version("v1.1.0", unwell=True))
    killed = stack.run("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": "ledger.reject.after:kill"})
    assert killed.code == -9
    engine.docker("rm", "-f", "web-web-1.prev")
    engine.docker("rmi", "-f", image)
    stack.proxy.clear()
    for _ in range(2):
        done = stack.run("apply", stack.environment, "--yes")
        assert done.code == 1 and "mine:v1.0.0" in done.err, done.out + done.err
    print(done.err)
    asked = [str(one) for one in stack.proxy.requests if one.path in ("/grpc", "/build", "/images/create")]
    assert asked == [], "it never builds and never pulls on the way back"
    assert stack.condition().startswith("Stalled/")
    assert stack.run("apply", stack.environment, "--yes").code == 1
    stack.commit(version("v1.2.0"))
    stack.apply()
    assert stack.condition() == "Ready/Succeeded"

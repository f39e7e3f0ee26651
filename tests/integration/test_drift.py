"""One observed thing is changed: the plan names that thing and that field and nothing else; apply mends it."""

import pytest

from support.engine import wait_for
from support.images import BUSYBOX
from support.proxy import Proxy
from support.stack import SLEEPS, Stack, called, manifest, named, services

COMPOSE = services(f"""
web: {{ {SLEEPS}, environment: {{ COLOUR: red }}, volumes: ['./page:/page:ro', 'data:/data'] }}
other: {{ {SLEEPS} }}
""", "volumes: { data: {} }")


@pytest.fixture(scope="module")
def kept(tmp_path_factory, engine, newest):
    """One stack for all: each change that is mended leaves it as it was."""
    folder = tmp_path_factory.mktemp("drift")
    with Proxy(engine.socket, engine.folder / "drift.sock") as proxy, Stack(folder, engine, newest, proxy) as stack:
        yield stack


@pytest.fixture
def running(kept):
    kept.commit({"compose.yaml": COMPOSE, "page": "one\n", "reconciler.yaml": manifest()})
    if called(kept.plan_json()):
        kept.apply()
    return kept


def mended(stack, expected, replaced=()):
    """The plan says exactly that; applied, nothing else was touched."""
    before = stack.ids()
    plan = stack.plan_json()
    assert named(plan) == expected, plan
    stack.apply()
    after = stack.ids()
    assert {service for service in after if before.get(service) != after[service]} == set(replaced)
    assert stack.condition() == "Ready/Succeeded"


def elsewhere(stack, folder, text):
    """What a person does with compose and a file of their own, the same project."""
    path = folder / "elsewhere.yaml"
    path.write_text(text)
    (folder / "page").write_text("one\n")
    stack.compose.run("-p", stack.project, "-f", str(path), "up", "-d", "--no-deps", "web", cwd=folder)


def test_nothing_changed(running):
    assert named(running.plan_json()) == {}
    assert called(running.plan_json()) == []


def test_stopped(running):
    running.engine.docker("stop", "-t", "0", "web-web-1")
    mended(running, {"web": ["state"]})


def test_killed_from_inside(running):
    running.engine.docker("kill", "web-other-1")
    mended(running, {"other": ["state"]})


def test_removed(running):
    running.engine.docker("rm", "-f", "web-web-1")
    plan = running.plan_json()
    assert [one for one in called(plan) if "verify" not in one and "record" not in one] == ["switch start web"]
    running.apply()


def test_paused(running):
    running.engine.docker("pause", "web-web-1")
    mended(running, {"web": ["state"]})
    assert running.inspect()["State"]["Status"] == "running"


def test_renamed(running):
    began = running.inspect()["State"]["StartedAt"]
    running.engine.docker("rename", "web-web-1", "mine")
    mended(running, {"web": ["name"]})
    assert running.inspect()["State"]["StartedAt"] == began, "a name alone is no reason to stop it"


def test_environment_value_changed_elsewhere(running, folder):
    elsewhere(running, folder, COMPOSE.replace("red", "blue"))
    plan = running.plan_json()
    assert "environment COLOUR" in named(plan)["web"]
    running.apply()
    assert "COLOUR=red" in running.inspect()["Config"]["Env"]


def test_environment_value_committed(running):
    running.commit({"compose.yaml": COMPOSE.replace("red", "blue")})
    mended(running, {"web": ["environment COLOUR"]}, replaced=["web"])


def test_command(running):
    running.commit({"compose.yaml": COMPOSE.replace("'100000'", "'100001'", 1)})
    mended(running, {"web": ["command"]}, replaced=["web"])


def test_port(running):
    running.commit({"compose.yaml": COMPOSE.replace("COLOUR: red }", "COLOUR: red }, ports: ['127.0.0.1::80']")})
    mended(running, {"web": ["exposed port 80/tcp", "port 80"]}, replaced=["web"])


def test_mounted_file(running):
    running.commit({"page": "two\n"})
    mended(running, {"web": ["mount /page"]}, replaced=["web"])
    assert running.sh("cat /page") == "two\n"


def test_limit_changed_with_docker_update(running):
    running.engine.docker("update", "--memory", "64m", "--memory-swap", "64m", "web-web-1")
    plan = running.plan_json()
    assert set(named(plan)) == {"web"} and all("memory" in one for one in named(plan)["web"]), plan
    running.apply()
    assert running.inspect()["HostConfig"]["Memory"] == 0


def test_image_retagged(running, engine):
    good = engine.api("GET", "/images/busybox:test/json")["Id"]
    engine.docker("build", "-q", "-t", "busybox:test", "-", input=b"FROM busybox:test\nLABEL other=1\n")
    try:
        plan = running.plan_json()
        assert set(named(plan)) <= {"web", "other", "busybox:test"}, plan
        assert any("image" in field for fields in named(plan).values() for field in fields), plan
        running.apply()
    finally:
        engine.docker("tag", good, "busybox:test")


def test_image_gone_while_it_runs_is_put_back(running, engine):
    """Its tag vanished, its container runs on: the tag comes back, nothing is replaced."""
    good = running.inspect()["Image"]
    engine.docker("tag", good, "kept:elsewhere")
    engine.docker("rmi", "-f", "busybox:test")
    try:
        mended(running, {"busybox:test": ["image"]})
        assert engine.api("GET", "/images/busybox:test/json")["Id"] == good
    finally:
        engine.docker("tag", good, "busybox:test")
        engine.docker("rmi", "kept:elsewhere")


def test_state_file_edited(running):
    path = running.state / "state-files/web/production/current_tag"
    path.write_text("v0.9.0\n")
    mended(running, {"current_tag v1.0.0": ["current_tag"]})
    assert running.state_file("current_tag") == "v1.0.0"


def test_state_file_removed(running):
    (running.state / "state-files/web/production/current_tag").unlink()
    mended(running, {"current_tag v1.0.0": ["current_tag"]})
    assert running.state_file("current_tag") == "v1.0.0"


def test_network_gone_names_it_and_those_on_it(running, engine):
    """A network with running containers cannot go; they are disconnected first, as a person would."""
    for name in ("web-web-1", "web-other-1"):
        engine.docker("network", "disconnect", "-f", "web_default", name)
    engine.docker("network", "rm", "web_default")
    plan = running.plan_json()
    assert set(named(plan)) == {"web_default", "web", "other"}, plan
    assert all("network" in one for one in named(plan)["web"] + named(plan)["other"])
    running.apply()
    assert set(running.inspect()["NetworkSettings"]["Networks"]) == {"web_default"}


def test_disconnected_from_its_network(running, engine):
    engine.docker("network", "disconnect", "web_default", "web-web-1")
    plan = running.plan_json()
    assert set(named(plan)) == {"web"} and all("network" in one for one in named(plan)["web"]), plan
    running.apply()


def test_reported_and_left_alone(running, engine):
    """`drift: report` names what differs, field by field; what is ours to write is written all the same."""
    running.commit({"reconciler.yaml": manifest("v1.0.0", "drift: report")})
    running.apply()
    engine.docker("update", "--memory", "64m", "--memory-swap", "64m", "web-web-1")
    engine.docker("stop", "-t", "0", "web-other-1")
    (running.state / "state-files/web/production/current_tag").write_text("v0.9.0\n")
    before = running.ids()
    running.apply()
    assert running.state_file("current_tag") == "v1.0.0" and running.ids() == before
    plan = running.plan_json("--detailed-exitcode")
    assert called(plan) == [] and {one["title"] for one in plan["reported"]} == {"other", "web"}, plan
    assert "\n  drift    other   state is exited " in running.plan_text()
    assert "\n  drift    web     memory is " in running.plan_text()
    done = running.run("apply", running.environment, "--yes")
    assert (done.code, done.out) == (1, running.plan_text()), "what is down needs someone"
    assert running.inspect("other")["State"]["Status"] == "exited"
    assert running.condition() == "Stalled/Drifted" and "web: memory" in running.status()["why"]
    engine.docker("start", "web-other-1")
    engine.docker("update", "--restart", "always", "web-other-1")
    assert running.condition() == "Ready/Drifted" and running.run("status").code == 0, "a setting of what runs takes none down"
    engine.docker("rm", "-f", "web-other-1")
    assert running.condition() == "Stalled/Drifted" and running.run("status").code == 1
    running.commit({"reconciler.yaml": manifest()})
    mended(running, {"web": named({"actions": plan["reported"]})["web"]}, replaced=["other", "web"])


def test_changed_back_each_time_it_is_healed_three_times_and_then_named(running, folder):
    running.run("retry", running.environment).ok()
    for _ in range(3):
        elsewhere(running, folder, COMPOSE.replace("red", "blue"))
        running.apply()
        assert "COLOUR=red" in running.inspect()["Config"]["Env"]
    elsewhere(running, folder, COMPOSE.replace("red", "blue"))
    running.engine.docker("stop", "-t", "0", "web-other-1")
    before, runs = running.names(), len(running.runs())
    for done in (running.run("plan", running.environment), running.run("apply", running.environment, "--yes")):
        assert done.code == 1, done.out
        assert "  Stalled/Flapping: " in done.out and "web (environment COLOUR)" in done.out
        assert "put right 3 times, and nothing is touched any more" in done.out
        assert "  next  find out who changes it, then: reconciler retry web/production" in done.out
    assert running.names() == before and len(running.runs()) == runs
    assert running.inspect("other")["State"]["Status"] == "exited"
    assert running.condition() == "Stalled/Flapping"
    running.run("retry", running.environment).ok()
    running.apply()
    assert running.condition() == "Ready/Succeeded"


def test_what_is_changed_back_while_another_version_is_held_off(running, folder):
    running.run("retry", running.environment).ok()
    wrong = COMPOSE.replace(f"web: {{ {SLEEPS}", f"web: {{ image: {BUSYBOX}, command: [sh, -c, 'exit 3']")
    running.commit({"compose.yaml": wrong, "reconciler.yaml": manifest("v1.9.0")})
    assert running.run("apply", running.environment, "--yes").code == 1
    held = running.condition()
    assert held.startswith("RolledBack/"), held
    for _ in range(3):
        elsewhere(running, folder, COMPOSE.replace("red", "blue"))
        running.run("apply", running.environment, "--yes")
        assert "COLOUR=red" in running.inspect()["Config"]["Env"]
    elsewhere(running, folder, COMPOSE.replace("red", "blue"))
    assert running.condition() == "Stalled/Flapping"
    done = running.run("retry", running.environment).ok()
    assert "v1.9.0 stays held off" in done.out, done.out
    running.run("apply", running.environment, "--yes")
    assert "COLOUR=red" in running.inspect()["Config"]["Env"] and running.condition() == held
    # And what it says asks for the version again.
    assert "v1.9.0 of web/production is tried again" in running.run("retry", running.environment).ok().out


def test_volume_gone_names_it_and_the_container_on_it(running, engine):
    engine.docker("rm", "-f", "web-web-1")
    engine.docker("volume", "rm", "web_data")
    plan = running.plan_json()
    assert "web_data" in named(plan), plan
    assert {"web_data", "web"} >= set(named(plan)), plan
    running.apply()
    assert wait_for(lambda: running.sh("ls -d /data"), "the volume") == "/data\n"


def test_a_server_never_ends_as_a_job_does(folder, engine, newest, proxy):
    with Stack(folder, engine, newest, proxy, application="server") as stack:
        ends = f"image: {BUSYBOX}, command: [sh, -c, \"trap 'exit 0' TERM; while :; do sleep 0.1; done\"]"
        checked = "healthcheck: { test: [CMD, 'true'], interval: 1s }"
        stack.commit({"compose.yaml": services(f"web: {{ {ends}, {checked} }}\nhelper: {{ {ends} }}"),
                      "reconciler.yaml": manifest("v1.0.0")})
        stack.apply()
        stack.engine.docker("stop", stack.container("web"), stack.container("helper"))
        assert stack.inspect()["State"]["ExitCode"] == stack.inspect("helper")["State"]["ExitCode"] == 0
        assert called(stack.plan_json())[0] == "switch start web"
        assert "server-helper-1 has ended with exit code 0, and its restart policy lets it: it stays so\n" in stack.plan_text()
        stack.apply()
        assert stack.inspect()["State"]["Running"] and not stack.inspect("helper")["State"]["Running"]

        # What ended, and is not started again by the Engine, is not waited for.
        dies = f"image: {BUSYBOX}, command: [sh, -c, 'exit 3'], {checked}"
        stack.commit({"compose.yaml": services(f"web: {{ {dies} }}\nhelper: {{ {ends} }}"),
                      "reconciler.yaml": manifest("v2.0.0", "verify: { stable: 1s, timeout: 10m }")})
        failed = stack.try_apply(complete=True)
        assert failed.code == 1 and "v2.0.0 is not well: 2 services: web: exited 3; server/production is back at v1.0.0, and well" \
            in failed.err, failed.err

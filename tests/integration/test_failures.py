"""What fails says so with a code, keeps what runs where it has not begun to switch, and loses nothing."""

import re
import signal
import socket
import subprocess
import time

import pytest

from support.compose import VERSIONS, Compose
from support.engine import HANGS, Engine, wait_for
from support.images import BUSYBOX, busybox
from support.proxy import Proxy
from support.stack import SLEEPS, Stack, manifest, services

WEB = f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}"


def deploy(stack, tag, compose=services(WEB), *more):
    stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest(tag, *more)})


@pytest.fixture(scope="module")
def kept(tmp_path_factory, engine, newest):
    with Proxy(engine.socket, engine.folder / "failures.sock") as proxy, \
            Stack(tmp_path_factory.mktemp("failures"), engine, newest, proxy) as stack:
        yield stack


@pytest.fixture
def running(kept):
    """v1.0.0 runs and is well, whatever the test before left."""
    deploy(kept, "v1.0.0")
    kept.run("apply", kept.environment, "--yes").ok()
    kept.assert_second_plan_empty()
    yield kept
    kept.proxy.before = None


def untouched(stack, before):
    """Nothing of what runs was stopped, replaced or forgotten."""
    now = stack.inspect()
    assert (now["Id"], now["State"]["StartedAt"], now["State"]["Status"]) == before
    assert stack.state_file("current_tag") == "v1.0.0"
    assert set(stack.names()) - set(stack.one_offs()) == {stack.container("web")}


def as_it_is(stack):
    now = stack.inspect()
    return now["Id"], now["State"]["StartedAt"], now["State"]["Status"]


def fails(stack, code, *, plan=True):
    done = stack.try_apply() if plan else stack.run("apply", stack.environment, "--yes")
    assert done.code == 1, f"{done.code}\n{done.out}{done.err}"
    assert stack.error(done) == code, done.err
    assert "next" in done.err, done.err
    return done


def good_again(stack, *content, tag="v1.2.0"):
    """The next good tag goes through, and nothing of the failure stays."""
    deploy(stack, tag, *content)
    stack.apply()
    assert stack.condition() == "Ready/Succeeded"
    assert f"TAG={tag}" in stack.inspect()["Config"]["Env"]
    assert stack.names() == ["web-web-1"]


def test_image_missing_and_not_to_be_pulled(running):
    before = as_it_is(running)
    deploy(running, "v1.1.0", services(WEB.replace(BUSYBOX, "127.0.0.1:9/nowhere:1")))
    fails(running, "image.pull_failed")
    untouched(running, before)
    good_again(running)


def test_build_failing(running):
    before = as_it_is(running)
    compose = services(WEB.replace(f"image: {BUSYBOX}", "build: ., image: 'built:${TAG}'"))
    running.commit({"compose.yaml": compose, "reconciler.yaml": manifest("v1.1.0"),
                    "Dockerfile": f"FROM {BUSYBOX}\nRUN echo what went wrong; false\n"})
    done = fails(running, "image.build_failed")
    assert "what went wrong" in done.out + done.err
    untouched(running, before)
    good_again(running)


RELEASE = f"release: {{ image: {BUSYBOX}, profiles: [release], command: [sh, -c, 'echo the last line; exit %d'] }}"


def test_release_failing(running):
    before = as_it_is(running)
    deploy(running, "v1.1.0", services(f"{WEB}\n{RELEASE % 3}"), "release: [{ run: release }]")
    done = fails(running, "release.failed")
    assert "the last line" in done.out + done.err and "3" in done.err
    untouched(running, before)
    assert running.condition() == "RolledBack/ReleaseFailed"
    again = running.run("plan", running.environment).ok()
    assert "held  git asks for v1.1.0, which was rejected (ReleaseFailed): " in again.out and "No changes." in again.out
    assert running.run("apply", running.environment, "--yes").code == 1
    assert running.releases() == 1 and running.one_offs() == [], "a failed release is final"
    untouched(running, before)
    for answer in (["settle", running.environment, "release", "not-run"], ["retry", running.environment]):
        tried = running.releases()
        running.run(*answer).ok()
        fails(running, "release.failed")
        assert running.releases() == tried + 1, "a person says that it may run again"
    good_again(running, services(f"{WEB}\n{RELEASE % 0}"), "release: [{ run: release }]")


UNWELL_WEB = WEB.replace("init: true", "init: true, healthcheck: { test: [CMD, 'false'], interval: 1s, retries: 1 }")
UNWELL = services(UNWELL_WEB)


def test_service_unwell_the_old_one_is_kept_until_a_good_one(running):
    before = as_it_is(running)
    deploy(running, "v1.1.0", UNWELL, "verify: { stable: 1s, timeout: 4s }", "on_failure: hold")
    fails(running, "verify.failed")
    assert running.names() == ["web-web-1", "web-web-1.prev"]
    assert running.engine.inspect("web-web-1.prev")["Id"] == before[0]
    assert running.engine.inspect("web-web-1.prev")["State"]["Status"] == "exited"
    assert running.state_file("current_tag") == "v1.0.0"
    assert running.condition().startswith("Stalled/Verify"), running.condition()
    # Another bad one does not take the place of the last good one.
    deploy(running, "v1.1.1", UNWELL, "verify: { stable: 1s, timeout: 4s }", "on_failure: hold")
    fails(running, "verify.failed")
    assert running.engine.inspect("web-web-1.prev")["Id"] == before[0]
    good_again(running)
    assert running.state_file("prev_tag") == "v1.0.0"


def test_what_the_release_did_is_said_to_stay(running):
    deploy(running, "v1.1.1", services(f"{UNWELL_WEB}\n{RELEASE % 0}"), "release: [{ run: release }]",
           "verify: { stable: 1s, timeout: 3s }")
    done = fails(running, "verify.failed")
    assert "  not undone  release of v1.1.1: what it changed stays\n" in done.err, done.err
    assert "  unchanged   current_tag v1.0.0, prev_tag v1.2.0" in done.err, done.err
    good_again(running, services(f"{WEB}\n{RELEASE % 0}"), "release: [{ run: release }]")


def test_names_that_belong_to_another_project(running, engine):
    for kind in ("network", "volume"):
        label = "com.docker.compose.project=other"
        engine.docker(kind, "create", "--label", label, "shared")
        try:
            compose = services(WEB, f"{kind}s: {{ default: {{ name: shared }} }}" if kind == "network" else
                               "volumes: { data: { name: shared } }").replace(
                                   "init: true", "init: true" + (", volumes: ['data:/data']" if kind == "volume" else ""))
            deploy(running, "v1.1.0", compose)
            before = as_it_is(running)
            fails(running, f"{kind}.foreign", plan=False)
            untouched(running, before)
        finally:
            engine.docker(kind, "rm", "shared")
    good_again(running)


def test_name_of_the_kept_container_is_held_by_another(running, engine):
    before = as_it_is(running)
    engine.docker("run", "-d", "--name", "web-web-1.prev", BUSYBOX, "sleep", "100000")
    try:
        deploy(running, "v1.1.0")
        fails(running, "container.name_taken", plan=False)
        assert as_it_is(running) == before, "it was not stopped for nothing"
    finally:
        engine.docker("rm", "-f", "web-web-1.prev")
    running.run("apply", running.environment, "--yes").ok()
    good_again(running)


@pytest.mark.parametrize("then", ["v1.1.0", "v1.1.1"], ids=["the same", "yet another"])
def test_compose_up_in_the_middle_of_a_switch(running, then):
    """Compose takes the new container for the service's own, starts it and takes the old one away."""
    deploy(running, "v1.1.0")
    running.run("apply", running.environment, "--yes", env={"RECONCILER_FAILPOINTS": "engine.create.after:kill"})
    assert "web-web-1.next" in running.names()
    trees = running.state / "trees" / "web" / "production"
    folder = next(one for one in trees.iterdir() if one.is_dir() and one.name == running.config.head)
    running.compose.run("-p", "web", "-f", "compose.yaml", "up", "-d", cwd=folder, env={"TAG": "v1.1.0"})
    before = running.engine.inspect("web-web-1.next")["State"]["StartedAt"]
    deploy(running, then)
    running.run("apply", running.environment, "--yes").ok()
    running.assert_second_plan_empty()
    assert running.names() == ["web-web-1"]
    if then == "v1.1.0":
        assert running.inspect()["State"]["StartedAt"] == before, "a name alone is no reason to stop it"
    assert f"TAG={then}" in running.inspect()["Config"]["Env"]
    good_again(running)


def test_service_that_ends_at_once(running):
    deploy(running, "v1.1.0", services(WEB.replace("[sleep, '100000']", "[sh, -c, 'echo good bye; exit 7']")),
           "verify: { stable: 20s, timeout: 20s }")
    done = fails(running, "verify.failed")
    assert "good bye" in done.out + done.err
    good_again(running)


def test_service_that_cannot_start(running):
    deploy(running, "v1.1.0", services(WEB.replace("init: true", "entrypoint: [/nothing-there]")))
    done = fails(running, "service.start_failed")
    assert "/nothing-there" in done.err, done.err
    good_again(running)


def test_job_that_others_wait_for_fails(running):
    before = as_it_is(running)
    deploy(running, "v1.1.0", services(f"""
        job: {{ image: {BUSYBOX}, command: [sh, -c, 'exit 5'], environment: {{ TAG: "${{TAG}}" }} }}
        {WEB.replace('init: true', 'init: true, depends_on: { job: { condition: service_completed_successfully } }')}
    """))
    done = fails(running, "service.dependency_unwell")
    assert "service job is exited 5, wanted exited 0" in done.err, done.err
    assert as_it_is(running) == before, "it was not stopped for nothing"
    running.engine.docker("rm", "-f", "web-job-1")
    good_again(running)


def test_release_that_does_not_end_in_time(running):
    before = as_it_is(running)
    compose = services(f"{WEB}\n{RELEASE.replace('echo', 'until test -e /ends; do sleep 0.1; done; echo') % 0}")
    deploy(running, "v1.4.0", compose, "release: [{ run: release, timeout: 1s }]")
    done = fails(running, "release.timeout")
    assert "it goes on by itself" in done.err, done.err
    [name] = running.one_offs(running=True)
    assert done.err.endswith(f"  next        look at it: docker logs -f {name}; or end it, which counts as failed: docker kill "
                             f"{name}; when it has ended: reconciler apply web/production\n"), done.err
    assert as_it_is(running) == before and len(running.one_offs(running=True)) == 1
    running.engine.docker("exec", name, "touch", "/ends")
    wait_for(lambda: not running.one_offs(running=True), "it to end")
    running.run("apply", running.environment, "--yes").ok()
    running.assert_second_plan_empty()
    assert running.names() == ["web-web-1"]

    # What ends it as the message says has failed, however politely it would have ended.
    polite = RELEASE.replace("echo", 'trap "exit 0" TERM; sleep 60 & wait; echo') % 0
    deploy(running, "v1.5.0", services(f"{WEB}\n{polite}"), "release: [{ run: release, timeout: 1s }]")
    done = fails(running, "release.timeout")
    [kill] = re.findall(r"counts as failed: (docker kill \S+);", done.err)
    running.engine.docker(*kill.split()[1:])
    ended = running.run("apply", running.environment, "--yes")
    assert ended.code == 1 and "✗ release  release" in ended.out, ended
    assert running.condition() == "Stalled/ReleaseFailed"
    good_again(running, tag="v1.6.0")


def test_no_compose(running, folder):
    done = running.run("plan", running.environment, env={"HOME": str(folder)})
    if done.code == 0:
        pytest.skip("this host has a Compose of its own")
    assert running.error(done) == "compose.missing" and "docker-compose-plugin" in done.err, done.err


def test_port_taken(running):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        deploy(running, "v1.1.0", services(WEB.replace("init: true", f"init: true, ports: ['127.0.0.1:{port}:80']")))
        done = fails(running, "service.port_taken")
        assert str(port) in done.err
    assert running.state_file("current_tag") == "v1.0.0" and running.condition() == "RolledBack/SwitchFailed"
    # The port is free now: the same is asked for again and goes through.
    running.run("retry", running.environment).ok()
    running.apply()
    assert running.names() == ["web-web-1"]


def test_engine_that_is_not_there(running, folder):
    before = as_it_is(running)
    deploy(running, "v1.1.0")
    for verb in (["plan"], ["apply", "--yes"]):
        done = running.run(*verb, running.environment, env={"DOCKER_HOST": f"unix://{folder}/nothing.sock"})
        assert (done.code, running.error(done)) == (1, "docker.unreachable"), done.err
    untouched(running, before)
    good_again(running)


@pytest.mark.parametrize("verb", ["create", "stop", "rename", "update", "start", "DELETE"])
def test_connection_lost_at_each_call_of_a_switch(running, verb):
    """Before the request arrives; the next apply continues from what is there."""
    deploy(running, f"v1.1.{len(verb)}")
    running.proxy.before = lambda one: "drop" if one.changes and verb in (one.method, one.path.rsplit("/")[-1]) else None
    done = running.run("apply", running.environment, "--yes")
    running.proxy.before = None
    assert done.code == (0 if verb == "DELETE" and "runs" in done.out and not done.err else 1), done.out + done.err
    running.run("apply", running.environment, "--yes").ok()
    running.assert_second_plan_empty()
    assert running.names() == ["web-web-1"]
    assert running.state_file("current_tag") == f"v1.1.{len(verb)}"


def test_state_folder_full(folder, engine, newest, proxy):
    room = folder / "room"
    room.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0755", "none", str(room)], check=True)
    try:
        with Stack(folder, engine, newest, proxy, application="full", state=room / "state") as stack:
            deploy(stack, "v1.0.0")
            stack.apply()
            before = as_it_is(stack)
            filler = room / "filler"
            for fetched, code in ((False, "file.unwritable"), (True, "ledger.full")):
                deploy(stack, "v1.1.0", services(WEB), *(["# another"] if fetched else []))
                if fetched:
                    stack.run("plan", stack.environment).ok()
                subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4k"], capture_output=True)
                done = stack.run("apply", stack.environment, "--yes", *(["--no-fetch"] if fetched else []))
                assert done.code == 1 and stack.error(done) == code, done.out + done.err
                assert "next" in done.err, done.err
                untouched(stack, before)
                filler.unlink()
            stack.apply()
            assert stack.state_file("current_tag") == "v1.1.0"
    finally:
        subprocess.run(["umount", "-l", str(room)], check=True)


def test_git_remote_silent(running):
    """It accepts the connection and never says a word: in time the look goes on from the last fetch, and says so."""
    before = as_it_is(running)
    options, at = running.program.options, running.program.options.index("--repo") + 1
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/deploy.git"
        began = time.monotonic()
        options[at] = url
        # It answered before, and what was fetched then is here.
        [mirror] = running.state.glob("repositories/*/refs.json")
        fetched = mirror.read_text()
        mirror.write_text(fetched.replace(str(running.config.path), url))
        assert mirror.read_text() != fetched
        try:
            done = running.run("plan", running.environment).ok()
        finally:
            options[at] = str(running.config.path)
            mirror.write_text(fetched)
    assert time.monotonic() - began < 130
    assert "works on from the fetch of" in done.err and f"{url} did not answer within" in done.err
    assert "No changes." in done.out
    untouched(running, before)


def test_terminated_at_a_safe_point(running):
    deploy(running, "v1.1.0")
    program = running.program.start("apply", running.environment, "--yes",
                                    env={"RECONCILER_FAILPOINTS": "engine.stop.before:delay=1500"})
    wait_for(lambda: "web-web-1.next" in running.names(), "the switch to have begun")
    program.send_signal(signal.SIGTERM)
    out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 143, f"{program.returncode}\n{out}{err}"
    assert "safe point" in err
    assert running.inspect()["State"]["Status"] == "running", "a switch is never cut in half"
    running.run("apply", running.environment, "--yes").ok()
    running.assert_second_plan_empty()
    assert running.state_file("current_tag") == "v1.1.0"
    assert running.names() == ["web-web-1"]


def test_two_at_once(running):
    deploy(running, "v1.1.0")
    program = running.program.start("apply", running.environment, "--yes",
                                    env={"RECONCILER_FAILPOINTS": "engine.stop.before:delay=2500"})
    wait_for(lambda: "web-web-1.next" in running.names(), "the first to be at it")
    done = running.run("apply", running.environment, "--yes")
    assert (done.code, running.error(done)) == (75, "lock.held"), done.err
    out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 0, out + err
    running.assert_second_plan_empty()


def test_engine_gone_half_way(folder):
    with Engine() as engine, Compose(VERSIONS[-1], engine.url) as compose, \
            Proxy(engine.socket, engine.folder / "proxy.sock") as proxy:
        busybox(engine)
        with Stack(folder, engine, compose, proxy) as stack:
            deploy(stack, "v1.0.0")
            stack.apply()
            deploy(stack, "v1.1.0")
            program = stack.program.start("apply", stack.environment, "--yes",
                                          env={"RECONCILER_FAILPOINTS": "engine.rename.before:delay=1500@1"})
            wait_for(lambda: stack.inspect()["State"]["Status"] == "exited", "the old one to be stopped")
            engine.kill(containerd=True)
            out, err = program.communicate(timeout=HANGS)
            assert program.returncode == 1 and "error docker.unreachable" in err, out + err
            engine.start()
            stack.run("apply", stack.environment, "--yes").ok()
            stack.assert_second_plan_empty()
            assert stack.state_file("current_tag") == "v1.1.0"
            assert stack.names() == ["web-web-1"]

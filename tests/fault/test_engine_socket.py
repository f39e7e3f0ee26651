"""An Engine that answers with half of something, with something else, with a lie, or of another version: nothing is done on it."""

import re

import pytest

from support.engine import wait_for
from support.falsified import answer, half_of_its_bytes, half_of_its_json, messages, switching, true_answer
from support.images import BUSYBOX
from support.proxy import Instead, Proxy
from support.registry import Registry
from support.running import Running
from support.stack import SLEEPS, Stack, manifest, services

WEB = f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}"


@pytest.fixture(scope="module")
def kept(tmp_path_factory, engine, newest):
    with Proxy(engine.socket, engine.folder / "lying.sock") as proxy, \
            Stack(tmp_path_factory.mktemp("lying"), engine, newest, proxy) as stack:
        stack.commit({"compose.yaml": services(WEB), "reconciler.yaml": manifest("v1.0.0")})
        stack.apply()
        yield stack


@pytest.fixture
def running(kept):
    """v1.0.0 runs, and v1.1.0 is asked for: there is something to do."""
    kept.commit({"compose.yaml": services(WEB), "reconciler.yaml": manifest("v1.1.0")})
    kept.run("plan", kept.environment).ok()
    kept.web = kept.inspect()
    yield kept
    kept.proxy.before = None


def untouched(stack):
    now = stack.inspect()
    assert (now["Id"], now["State"]["StartedAt"], now["State"]["Status"]) == \
        (stack.web["Id"], stack.web["State"]["StartedAt"], "running")
    assert stack.names() == ["web-web-1"] and stack.state_file("current_tag") == "v1.0.0"


# What is wrong with an answer, and what it is called then.
FALSE = {
    "half a JSON": (half_of_its_json, "docker.protocol"),
    "nothing": (lambda engine, one: answer(b""), "docker.protocol"),
    "cut off": (half_of_its_bytes, "docker.unreachable"),
    "another shape": (lambda engine, one: answer("well"), "docker.protocol"),
    "null": (lambda engine, one: answer(None), "docker.protocol"),
    "no HTTP": (lambda engine, one: Instead(b"\x00\x01 good morning\r\n\r\n"), "docker.protocol"),
}


def kind(request):
    return re.sub(r"^/(containers|images|networks|volumes)/(?!json$)[^/]+", r"/\1/*", request.path)


@pytest.mark.parametrize("false", FALSE)
def test_an_answer_that_cannot_be_read_is_no_answer(running, engine, false):
    """To each question of a look in turn: typed, and not one call that changes something."""
    falsify, code = FALSE[false]
    running.plan_text("--no-fetch")
    asked = {kind(one) for one in running.proxy.requests if one.method == "GET" and one.path not in ("/_ping", "/version")}
    assert asked >= {"/containers/json", "/containers/*/json", "/images/json", "/images/*/json", "/networks", "/volumes"}, asked
    running.proxy.clear()
    for path in sorted(asked):
        running.proxy.before = lambda one, path=path: falsify(engine, one) if kind(one) == path else None
        done = running.run("apply", running.environment, "--yes", "--no-fetch")
        assert done.code == 1 and f"error {code}: " in done.err, f"{path}\n{done.out}{done.err}"
    assert not running.proxy.changes(), [str(one) for one in running.proxy.changes()]
    running.proxy.before = None
    untouched(running)
    assert running.condition() != "Ready/Succeeded", "it is not what git asks for"


ERROR = {"errorDetail": {"message": "the layer broke off"}, "error": "the layer broke off"}


def test_a_failure_inside_of_a_200_is_a_failure(running, engine):
    with Registry() as registry:
        web = WEB.replace(f"image: {BUSYBOX}", f"image: '{registry.publish(engine, BUSYBOX, 'app:1')}'")
        running.commit({"compose.yaml": services(web)})
        running.proxy.before = lambda one: messages({"status": "half way"}, ERROR) if one.path == "/images/create" else None
        done = fails(running, "image.pull_failed")
    assert "the layer broke off" in done.err, done.err
    assert {one.path for one in running.proxy.changes()} == {"/images/create"}
    untouched(running)


def test_a_build_that_is_cut_off_is_a_failure(running):
    """BuildKit speaks over one connection, which the Engine answers with 101 before anything is built."""
    running.commit({"compose.yaml": services(WEB.replace(f"image: {BUSYBOX}", "build: ., image: 'built:${TAG}'")),
                    "Dockerfile": f"FROM {BUSYBOX}\nRUN sleep 30\n"})
    running.proxy.before = lambda one: switching() if one.path == "/grpc" else None
    fails(running, "image.build_failed")
    assert not running.proxy.changes()
    untouched(running)


def fails(stack, code):
    stack.proxy.clear()
    done = stack.run("apply", stack.environment, "--yes")
    assert (done.code, stack.error(done)) == (1, code), done.out + done.err
    return done


@pytest.fixture
def watched(kept):
    """`run`, which looks by itself once an hour: what it does sooner, it was told, or looked for on its own account."""
    kept.commit({"compose.yaml": services(WEB), "reconciler.yaml": manifest("v1.0.0")})
    kept.run("apply", kept.environment, "--yes").ok()
    before = kept.program
    kept.use_host({"repositories": {"config": {"url": str(kept.config.path), "poll": "1h"}}, "look": "1h"})
    kept.proxy.clear()
    with Running(kept) as run:
        wait_for(lambda: any(one.path == "/events" and one.status == 200 for one in kept.proxy.requests), "the stream of events")
        yield kept, run
    kept.proxy.before = None
    kept.program = before


def starts_again(stack, run, since):
    wait_for(lambda: stack.inspect()["State"]["StartedAt"] != since and stack.inspect()["State"]["Running"],
             "it to be started again: " + run.log.read_text())
    wait_for(lambda: stack.run("plan", stack.environment, "--detailed-exitcode").code == 0, "it to be verified")
    stack.assert_second_plan_empty()


def test_what_happens_while_no_event_is_heard_is_found(watched):
    stack, run = watched
    since = stack.inspect()["State"]["StartedAt"]
    stack.proxy.before = lambda one: "drop" if one.path == "/events" else None
    stack.proxy.cut("/events")
    run.wait("looks on by the clock until it is heard again")
    stack.engine.docker("kill", "web-web-1")
    stack.proxy.before = None
    run.wait("compose: heard again")
    starts_again(stack, run, since)


def test_an_engine_that_comes_back_newer(watched):
    """What it spoke is not understood any more, and what it speaks now is asked for."""
    stack, run = watched
    since = stack.inspect()["State"]["StartedAt"]

    def newer(one):
        if one.path == "/_ping":
            return answer(b"OK", headers={"Api-Version": "1.44"})
        if not one.target.startswith("/v1.44/"):
            return answer({"message": "client version 1.41 is too old. Minimum supported API version is 1.44"}, 400)
        return Instead(true_answer(stack.engine, one, one.target.replace("/v1.44/", "/v1.41/"))) if one.path != "/events" else \
            answer(b"")

    stack.proxy.before = newer
    stack.engine.docker("kill", "web-web-1")
    stack.proxy.cut_all()
    starts_again(stack, run, since)


def test_an_engine_that_speaks_nothing_we_know(running):
    running.proxy.before = lambda one: answer(b"OK", headers={"Api-Version": "1.99"}) if one.path == "/_ping" else answer(
        {"message": "client version 1.51 is too old. Minimum supported API version is 1.60"}, 400)
    done = running.run("apply", running.environment, "--yes", "--no-fetch")
    assert done.code == 1 and "client version 1.51 is too old. Minimum supported API version is 1.60" in done.err, done.err
    untouched(running)

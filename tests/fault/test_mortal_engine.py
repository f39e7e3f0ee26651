"""A dockerd that is killed, or frozen, or takes forever to say a thing: waits have an end, and what was begun is gone on with."""

import contextlib
import fcntl
import http.server
import os
import signal
import socket
import threading
import time

import pytest

from support.engine import HANGS, wait_for
from support.falsified import answer, true_answer
from support.proxy import Instead, Proxy
from support.reconciler import paused
from support.running import Running
from support.stack import SLEEPS, Stack, manifest, services, said_unguarded, unguarded, wait_for_unguarded

WEB = services(f"web: {{ {SLEEPS}, stop_grace_period: 1s, environment: {{ TAG: '${{TAG}}' }} }}")


def ask_for(stack, tag):
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest(tag)})


@pytest.fixture
def stack(mortal, folder):
    engine, compose = mortal
    with Proxy(engine.socket, engine.folder / "proxy.sock") as proxy, Stack(folder, engine, compose, proxy) as stack:
        ask_for(stack, "v1.0.0")
        stack.apply()
        yield stack


def test_killed_in_the_middle_of_a_switch_and_back_ten_seconds_later(stack):
    """Under `run`: nobody is needed."""
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}})
    passed = stack.folder / "passed"
    held = {"RECONCILER_FAILPOINTS": "engine.rename.before:delay=5000@1", "RECONCILER_FAILPOINTS_PASSED": str(passed)}
    with Running(stack, **held) as run:
        ask_for(stack, "v1.1.0")
        wait_for(lambda: passed.exists() and "engine.rename.before" in passed.read_text().split(), "the switch to be in its middle")
        assert stack.inspect()["State"]["Status"] == "exited"
        stack.engine.kill(containerd=True)
        killed = time.monotonic()
        run.wait("docker.unreachable")
        recorded = stack.state_file("current_tag"), stack.ledger("SELECT current_tag FROM environments WHERE name = ?")
        assert recorded == ("v1.0.0", [("v1.0.0",)])
        wait_for(lambda: time.monotonic() - killed > 10, "ten seconds to be over")
        assert run.process.poll() is None, "it tries again later"
        stack.engine.start()
        run.wait("web/production: runs v1.1.0")
        assert run.end() == 143
    assert stack.names() == ["web-web-1"] and stack.state_file("current_tag") == "v1.1.0"
    assert stack.condition() == "Ready/Succeeded"
    stack.assert_second_plan_empty()


def runs(stack, tag):
    now = stack.inspect()
    return f"TAG={tag}" in now["Config"]["Env"] and now["State"]["Running"]


def test_stopped_in_peace_while_a_good_version_is_verified(stack):
    """What an Engine does to containers as it stops says nothing of the version: nobody goes back, and nothing stays down."""
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}})
    with Running(stack) as run:
        stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.1.0", "verify: { stable: 10s, timeout: 60s }")})
        wait_for(lambda: runs(stack, "v1.1.0"), "v1.1.0 to be verified")
        began = stack.inspect()["State"]["StartedAt"]
        stack.engine.stop()
        run.wait("docker.unreachable")
        stack.engine.start()
        assert stack.inspect()["State"]["FinishedAt"] > began, "its restart policy is none"
        run.wait("web/production: runs v1.1.0")
        assert run.end() == 143
    assert stack.names() == ["web-web-1"] and stack.state_file("current_tag") == "v1.1.0"
    assert stack.condition() == "Ready/Succeeded"
    assert "Failed" not in stack.run("history", stack.environment).ok().out
    stack.assert_second_plan_empty()


def test_stopped_in_peace_while_a_release_runs(stack):
    """It ended with the Engine, and nobody knows how far it came: a person is asked, and it is not run again on a guess."""
    stack.commit({"compose.yaml": unguarded(100), "reconciler.yaml": manifest("v1.1.0", "release: [{ run: release }]")})
    program = stack.program.start("apply", stack.environment, "--yes")
    wait_for_unguarded(stack)
    stack.engine.stop()
    program.communicate(timeout=HANGS)
    assert program.returncode == 1
    stack.engine.start()
    done = stack.run("apply", stack.environment, "--yes")
    assert done.code == 1 and stack.condition() == "Stalled/ReleaseOutcomeUnknown", done.out + done.err
    assert stack.state_file("current_tag") == "v1.0.0"
    assert said_unguarded(stack) == ["start"]


@contextlib.contextmanager
def serving(port):
    """Something that answers each GET there, if only with a list of a folder."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@pytest.mark.parametrize("asked", ["verify: {{ stable: 1s, timeout: 4s, checks: [{{ http: '{}' }}] }}",
                                   "release: [{{ http: '{}', when: after, timeout: 4s }}]\nverify: {{ stable: 1s }}"],
                         ids=["a check", "a step after the switch"])
def test_stopped_until_the_time_of_what_asks_an_address_is_over(stack, asked):
    """What an address answers while its Engine is down says nothing of the version either."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the question, and says nothing to it
        port = silent.getsockname()[1]
        stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.1.0", asked.format(f"http://127.0.0.1:{port}/"))})
        program = stack.program.start("apply", stack.environment, "--yes")
        wait_for(lambda: runs(stack, "v1.1.0"), "v1.1.0 to be asked")
        with paused(program):
            stack.engine.stop()
        out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 1 and "error docker.unreachable" in err, out + err
    stack.engine.start()
    assert stack.condition().startswith("Reconciling/") and "Failed" not in stack.run("history", stack.environment).ok().out
    with serving(port):
        stack.run("apply", stack.environment, "--yes").ok()
    assert stack.state_file("current_tag") == "v1.1.0" and stack.condition() == "Ready/Succeeded"


class Frozen:
    """The dockerd alone: what it has started goes on."""

    def __init__(self, engine):
        self.pid = engine.pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGCONT)


def lock_is_free(stack):
    with open(stack.state / "locks" / "web.production.lock", "rb+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


deep = pytest.mark.skipif(os.environ.get("RECONCILER_DEEP") != "1",
                          reason="what lasts a minute is waited out only with RECONCILER_DEEP=1 (tests/run --deep)")


def test_frozen(stack, folder):
    """Whoever waits for it gives up at a deadline and lets go of its lock; what needs no Engine works meanwhile."""
    before = stack.inspect()
    ask_for(stack, "v1.1.0")
    stack.run("plan", stack.environment).ok()
    with Proxy(stack.engine.socket, folder / "slow.sock") as slow, Frozen(stack.engine):
        slow.before = lambda one: answer(b"OK", headers={"Api-Version": "1.41"}, pace=1)  # a byte a second
        waiting = [stack.program.start(*verb, stack.environment, "--no-fetch", env=env)
                   for verb, env in ((["plan"], {}), (["apply", "--yes"], {}), (["plan"], {"DOCKER_HOST": slow.url}))]
        stack.run("history", stack.environment).ok()
        for one in waiting:
            out, err = one.communicate(timeout=HANGS)
            assert one.returncode == 1 and "error docker.timeout: no answer to GET /_ping within 30 s\n" in err, out + err
        assert lock_is_free(stack)
    now = stack.inspect()
    assert (now["Id"], now["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])
    stack.run("apply", stack.environment, "--yes").ok()
    stack.assert_second_plan_empty()


@deep
def test_frozen_in_the_middle_of_a_switch(stack):
    ask_for(stack, "v1.1.0")
    program = stack.program.start("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": "engine.stop.before:delay=1500"})
    wait_for(lambda: "web-web-1.next" in stack.names(), "the switch to have begun")
    with Frozen(stack.engine):
        held = stack.run("apply", stack.environment, "--yes", "--no-fetch")
        assert (held.code, stack.error(held)) == (75, "lock.held"), held.err
        out, err = program.communicate(timeout=HANGS)
        assert program.returncode == 1 and "error docker.timeout: no answer to " in err, out + err
        assert lock_is_free(stack)
    stack.run("apply", stack.environment, "--yes").ok()
    stack.assert_second_plan_empty()
    assert stack.names() == ["web-web-1"] and stack.state_file("current_tag") == "v1.1.0"


@deep
def test_a_byte_a_second(stack):
    """An answer that never ends is no answer, though each wait for more of it is short."""
    before = stack.inspect()
    ask_for(stack, "v1.1.0")
    stack.proxy.before = lambda one: Instead(true_answer(stack.engine, one), pace=1) if one.path == "/containers/json" else None
    stack.proxy.clear()
    began = time.monotonic()
    done = stack.run("apply", stack.environment, "--yes", timeout=HANGS)
    assert (done.code, stack.error(done)) == (1, "docker.timeout") and time.monotonic() - began < 200, done.err
    assert not stack.proxy.changes() and stack.inspect()["State"]["StartedAt"] == before["State"]["StartedAt"]
    stack.proxy.before = None
    stack.run("apply", stack.environment, "--yes").ok()
    stack.assert_second_plan_empty()

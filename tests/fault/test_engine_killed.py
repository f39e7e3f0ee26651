"""dockerd is killed at each turn of a switch and comes back ten seconds later: `run` brings it to its end without a person. One
such death is in every run: test_mortal_engine.py.
"""

import os
import time

import pytest

from support.engine import wait_for
from support.proxy import Proxy
from support.running import Running
from support.stack import SLEEPS, Stack, manifest, services

DEEP = os.environ.get("RECONCILER_DEEP") == "1"
AWAY = 10  # seconds
pytestmark = pytest.mark.skipif(not DEEP, reason="dockerd killed at each turn of a switch only with RECONCILER_DEEP=1 (tests/run --deep)")
COMPOSE = services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}\ndb: {{ {SLEEPS} }}")


# Where the switch is then: the new one made and nothing stopped; the old one stopped; the names half swapped.
@pytest.mark.parametrize("point", ["engine.stop.before", "engine.stop.after", "engine.rename.after"])
@pytest.mark.parametrize("containerd", [False, True], ids=["dockerd", "dockerd and containerd"])
def test_killed_in_the_midst_of_a_switch(mortal, folder, point, containerd):
    engine, compose = mortal
    with Proxy(engine.socket, engine.folder / "proxy.sock") as proxy, Stack(folder, engine, compose, proxy) as stack:
        stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}})
        stack.commit({"compose.yaml": COMPOSE, "reconciler.yaml": manifest("v1.0.0")})
        stack.apply()
        db = stack.id("db")
        stack.commit({"reconciler.yaml": manifest("v1.1.0")})
        passed = stack.folder / "passed"
        with Running(stack, RECONCILER_FAILPOINTS=f"{point}:delay=5000@1", RECONCILER_FAILPOINTS_PASSED=str(passed)) as running:
            wait_for(lambda: point in passed.read_text().split() if passed.exists() else False, f"the switch to be at {point}")
            assert "web-web-1.next" in stack.names()
            engine.kill(containerd=containerd)
            back = time.monotonic() + AWAY
            running.wait("docker.unreachable")
            wait_for(lambda: time.monotonic() >= back, "the time to come")
            assert running.process.poll() is None, running.log.read_text()
            engine.start()
            running.wait("web/production: runs v1.1.0")
            assert running.end() == 143
        assert stack.names() == ["web-db-1", "web-web-1"] and stack.id("db") == db
        assert "TAG=v1.1.0" in stack.inspect()["Config"]["Env"] and stack.inspect()["State"]["Status"] == "running"
        assert stack.inspect("db")["State"]["Status"] == "running"
        assert (stack.state_file("current_tag"), stack.state_file("prev_tag")) == ("v1.1.0", "v1.0.0")
        assert stack.condition() == "Ready/Succeeded"
        stack.assert_second_plan_empty()

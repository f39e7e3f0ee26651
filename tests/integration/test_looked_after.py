"""What a person did beside us: it is seen, said, carried over or mended, and nobody is stopped without need."""

import pytest

from support.images import BUSYBOX
from support.odd_stacks import same_namespace
from support.stack import SLEEPS, called, manifest, named, services

COMPOSE = services(f"web: {{ {SLEEPS}, environment: {{ TAG: \"${{TAG}}\" }}, volumes: [/anonymous] }}")


@pytest.fixture
def running(stack):
    stack.commit({"compose.yaml": COMPOSE, "reconciler.yaml": manifest()})
    stack.apply()
    return stack


def deploy(stack, tag, compose=COMPOSE):
    stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest(tag)})


def test_connected_to_another_network(running, engine):
    engine.docker("network", "create", "of-a-person")
    try:
        engine.docker("network", "connect", "--alias", "seen-as", "of-a-person", "web-web-1")
        plan = running.plan_json()
        assert called(plan) == []
        assert any("web-web-1 is on network of-a-person too" in one for one in plan["notices"]), plan["notices"]
        deploy(running, "v1.1.0")
        running.apply()
        networks = running.inspect()["NetworkSettings"]["Networks"]
        assert set(networks) == {"web_default", "of-a-person"}
        assert "seen-as" in networks["of-a-person"]["Aliases"]
    finally:
        engine.docker("network", "disconnect", "-f", "of-a-person", "web-web-1")
        engine.docker("network", "rm", "of-a-person")


def test_second_container_of_a_service(running, engine):
    labels = running.inspect()["Config"]["Labels"]
    engine.docker("run", "-d", "--name", "by-hand", *(part for key, value in labels.items() if not key.startswith("reconciler")
                                                      for part in ("--label", f"{key}={value}")), BUSYBOX, "sleep", "1000")
    plan = running.plan_json()
    assert called(plan) == []
    assert any("by-hand" in one and "not the one that serves" in one for one in plan["notices"]), plan["notices"]
    deploy(running, "v1.1.0")
    running.run("apply", running.environment, "--yes").ok()
    assert engine.inspect("by-hand")["State"]["Running"]


def test_more_replicas_by_compose(running):
    """`up --scale` elsewhere: one more than the compose file asks for goes."""
    folder = running.config.path / "web"
    running.compose.run("-p", "web", "-f", "compose.yaml", "up", "-d", "--no-recreate", "--scale", "web=3", cwd=folder,
                        env={"TAG": "v1.0.0"})
    plan = running.plan_json()
    assert called(plan) == ["prune prune web-web-2", "prune prune web-web-3"], called(plan)
    before = running.inspect()["State"]["StartedAt"]
    running.apply()
    assert running.names() == ["web-web-1"] and running.inspect()["State"]["StartedAt"] == before


def test_edited_anonymous_volume(running):
    running.sh("echo mine >/anonymous/file")
    assert called(running.plan_json()) == []
    deploy(running, "v1.1.0")
    running.apply()
    assert running.sh("cat /anonymous/file") == "mine\n"


def test_lender_restarted_by_hand(running, engine):
    compose = services(f"web: {{ {SLEEPS}, environment: {{ TAG: \"${{TAG}}\" }} }}\n"
                       f"side: {{ {SLEEPS}, network_mode: 'service:web' }}")
    deploy(running, "v1.1.0", compose)
    running.apply()
    engine.docker("restart", "-t", "0", "web-web-1")
    plan = running.plan_json()
    assert named(plan) == {"side": ["namespace of web"]} and called(plan)[0] == "switch restart side", called(plan)
    ids = running.ids()
    running.apply()
    assert running.ids() == ids
    same_namespace(running, "side", "web", "net")


def test_paused_and_then_another_version(running, engine):
    engine.docker("pause", "web-web-1")
    deploy(running, "v1.1.0")
    running.apply()
    assert running.inspect()["State"]["Status"] == "running" and "TAG=v1.1.0" in running.inspect()["Config"]["Env"]


def test_a_stranger_on_a_network_that_changes(running, engine):
    engine.docker("run", "-d", "--name", "stranger", "--network", "web_default", BUSYBOX, "sleep", "1000")
    try:
        deploy(running, "v1.1.0", COMPOSE + "networks: { default: { labels: { now: other } } }\n")
        before = running.inspect()["State"]["StartedAt"]
        done = running.run("plan", running.environment)
        assert running.error(done) == "network.in_use" and "stranger" in done.err, done.err
        assert running.inspect()["State"]["StartedAt"] == before
    finally:
        engine.docker("rm", "-f", "stranger")
    plan = running.plan_json()
    assert called(plan)[0] == "switch switch web_default, web", called(plan)
    running.apply()
    assert running.names() == ["web-web-1"]


def test_free_ports_are_said_to_change(running):
    compose = COMPOSE.replace("volumes:", "ports: ['127.0.0.1::80'], volumes:")
    deploy(running, "v1.1.0", compose)
    running.apply()
    deploy(running, "v1.2.0", compose)
    assert any("free ports of the host (80/tcp)" in one for one in running.plan_json()["notices"])

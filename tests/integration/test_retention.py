"""What is kept, what is removed, and what two environments of one host share."""

import threading

import pytest

from support.images import BUSYBOX
from support.stack import SLEEPS, Stack, called, clean, manifest, services

BUILT = ("build: { context: image, args: { VERSION: '${TAG}' } }, init: true, command: [sleep, '100000'], "
         "stop_grace_period: 1s")
DOCKERFILE = f"FROM {BUSYBOX}\nARG VERSION\nENV VERSION=$VERSION\n"


@pytest.fixture
def host(folder, engine, newest, proxy):
    """Two environments of one application, `shop`, in one state folder."""
    with Stack(folder, engine, newest, proxy, application="shop") as production:
        stage = Stack(folder, engine, newest, proxy, application="shop", project="shop-stage",
                      config=production.config, state=production.state)
        stage.environment = "shop/stage"
        production.use_host({"build_cache": "1GB"})
        stage.program = production.program
        yield production, stage
        for project in ("shop-stage", "stranger"):
            clean(engine, project)
        for name in engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split():
            if name.startswith("shop"):
                engine.docker("rmi", "-f", name)


def ask(shop, production, stage, *, keep="1", keep_on_stage="1", image="shop:${TAG}", built=BUILT,
        dockerfile=DOCKERFILE):
    shop.commit({"compose.yaml": services(f"web: {{ {built}, image: '{image}' }}"), "image/Dockerfile": dockerfile,
                 "reconciler.yaml": f"""\
keep: {keep}
verify: {{ stable: 0s }}
environments:
  production: {{ tag: {production} }}
  stage: {{ tag: {stage}, keep: {keep_on_stage}, compose: {{ project: shop-stage }} }}
"""})


def tags(engine):
    return set(engine.docker("images", "shop", "--format", "{{.Tag}}").split())


def pruned(stack):
    return {one["title"]: one["reason"] for one in stack.plan_json()["actions"]
            if one["phase"] == "prune" and one["title"].startswith("shop:")}


def deploy(stack):
    """What went is what the plan said, and nothing else."""
    before, rows = tags(stack.engine), pruned(stack)
    stack.apply()
    assert {f"shop:{tag}" for tag in before - tags(stack.engine)} == set(rows)
    return rows


def test_six_tags(host, engine):
    production, stage = host
    ask(production, "v1", "v1")
    last = production.plan_json()["actions"][-1]
    assert (last["kind"], last["title"], last["reason"]) == ("trim", "build cache", "what is more than 1 GB")
    production.apply()
    shared = called(stage.plan_json())
    assert not [one for one in shared if "build" in one], "it is there, from the same inputs"
    stage.apply()
    # A stranger's: under a name of ours, and under none.
    engine.docker("tag", BUSYBOX, "shop:v0")
    dangling = engine.docker("build", "-q", "-", input=f"FROM {BUSYBOX}\nLABEL whose=another\n".encode()).strip()

    ask(production, "v2", "v1")
    assert deploy(production) == {}
    ask(production, "v3", "v1")
    assert deploy(production) == {}
    ask(production, "v4", "v1")
    assert deploy(production) == {}, "v1 is more than keep lets stay, and stage runs it"
    assert tags(engine) == {"v0", "v1", "v2", "v3", "v4"}
    ask(production, "v5", "v1")
    assert deploy(production) == {"shop:v2": "keep is 1"}
    # Somebody else's container, that does not even run.
    engine.docker("create", "--name", "stranger", "--label", "com.docker.compose.project=stranger", "shop:v3", "sleep")
    ask(production, "v6", "v1")
    assert deploy(production) == {}
    assert tags(engine) == {"v0", "v1", "v3", "v4", "v5", "v6"}
    engine.docker("rm", "stranger")
    assert called(production.plan_json()) == ["prune prune shop:v3"]
    assert "  - prune    shop:v3   keep is 1\n" in production.plan_text()
    assert deploy(production) == {"shop:v3": "keep is 1"}

    # A tag that vanished under a running container is put back, and the container stays.
    before = production.id()
    engine.docker("rmi", "-f", "shop:v6")
    assert called(production.plan_json()) == ["supply tag shop:v6"]
    production.apply()
    assert production.id() == before

    # Who counts on it last lets it go.
    ask(production, "v6", "v6", keep_on_stage="0")
    assert deploy(stage) == {}
    ask(production, "v6", "v5", keep_on_stage="0")
    assert deploy(stage) == {"shop:v1": "keep is 0"}
    assert tags(engine) == {"v0", "v4", "v5", "v6"}
    assert dangling in engine.docker("images", "-q", "--no-trunc", "--filter", "dangling=true").split()
    engine.docker("rmi", dangling)


def test_one_name_made_from_other_inputs(host, engine):
    production, stage = host
    baked = BUILT.replace("args: {", "args: { API: '${ENVIRONMENT}',")
    ask(production, "v1", "v1", built=baked)
    production.apply()
    production.proxy.clear()
    done = stage.run("apply", "shop/stage", "--yes")
    assert done.code == 1 and not production.proxy.changes()
    assert done.out.split("\n\n", 1)[1] == (
        "  Stalled/ImageShared: shop/stage wants shop:v1 built from other inputs than shop/production, which counts on "
        "it, and on one host a name stands for one image\n"
        "  next  name them apart in the compose file, `image: shop-${ENVIRONMENT}:${TAG}`, or give one of the two "
        "another tag; or, where shop/production is not to be any more: reconciler remove shop/production\n\n"
        "Nothing was changed.\n")
    production.assert_second_plan_empty()
    ask(production, "v1", "v1", built=baked, image="shop-${ENVIRONMENT}:${TAG}")
    production.apply()
    stage.apply()
    assert tags(engine) == {"v1"}, "what was there under the old name is no version's of its own"


def test_two_at_once(host, engine):
    """One image, wanted by both: it is built once, and neither fails. One that is another's holds nobody up."""
    production, stage = host
    ask(production, "v1", "v1", dockerfile=DOCKERFILE + "RUN sleep 3\n")
    done = {}

    def apply(stack):
        done[stack.environment] = stack.run("apply", stack.environment, "--yes")

    both = [threading.Thread(target=apply, args=(one,)) for one in host]
    for one in both:
        one.start()
    for one in both:
        one.join()
    for one in done.values():
        one.ok()
    built = "SELECT DISTINCT run FROM log JOIN runs ON run = serial WHERE environment = ? AND line LIKE '%RUN sleep 3%'"
    assert len(production.ledger(built) + stage.ledger(built)) == 1
    for one in host:
        one.assert_second_plan_empty()
    assert not list((production.state / "locks").glob(".*.lock"))


ONE = services(f"web: {{ {SLEEPS} }}\nold: {{ {SLEEPS}, stop_grace_period: 1s }}")


@pytest.mark.parametrize("after", ["well", "not-well"])
def test_orphans(stack, engine, newest, folder, after):
    """A service that went out of the compose file, and one of another compose file of the same folder."""
    stack.commit({"compose.yaml": ONE, "reconciler.yaml": manifest("v1")})
    stack.apply()
    (folder / "other.yaml").write_text(services(f"tool: {{ {SLEEPS}, stop_grace_period: 1s }}"))
    newest.run("-p", "web", "-f", str(folder / "other.yaml"), "up", "-d", "--pull", "never")
    before = stack.ids()
    compose = services(f"web: {{ {SLEEPS}, environment: {{ A: '1' }} }}")
    said = ("orphan web-{0}-1 (service {0}, running): nothing in the compose files owns it; it stays")
    assert said.format("tool") in stack.plan_text()

    stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest("v2")})
    for name in ("old", "tool"):
        assert said.format(name) in stack.plan_text()
    assert not [one for one in called(stack.plan_json()) if "tool" in one or "old" in one]

    checks = "verify: { stable: 0s, timeout: 2s, checks: [{ exec: web, command: ['false'] }] }"
    stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest(
        "v2", "switch: { remove_orphans: true }", *([checks] if after == "not-well" else []))})
    plan = stack.plan_json()
    assert called(plan)[:3] == ["switch stop web-old-1", "switch stop web-tool-1", "switch switch web"]
    assert [one for one in called(plan) if one.startswith("prune")] == [
        "prune prune web-old-1", "prune prune web-tool-1", "prune prune web-web-1.prev"]
    if after == "well":
        stack.apply()
        assert stack.names() == ["web-web-1"]
        return
    done = stack.try_apply(complete=True)
    assert stack.error(done) == "verify.failed", done.err
    assert stack.condition() == "RolledBack/VerifyFailed"
    assert stack.ids() == before, "the very containers that ran before"
    assert {one["State"] for one in stack.containers()} == {"running"}
    stack.assert_second_plan_empty()

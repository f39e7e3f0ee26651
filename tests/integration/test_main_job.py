"""The main job: portfolio's v1.1.0 is committed, the plan says what will happen, apply does it, nothing is left."""

import json
import re

import pytest

from support.images import portfolio_images
from support.portfolio import Portfolio
from support.stack import Stack, called

ENVIRONMENT = "portfolio/production"


@pytest.fixture(scope="module")
def images(engine):
    portfolio_images(engine)


@pytest.fixture
def portfolio(folder, engine, compose, proxy, images):
    yield from installed(folder, engine, compose, proxy)


@pytest.fixture
def of_the_newest(folder, engine, newest, proxy, images):
    yield from installed(folder, engine, newest, proxy)


def installed(folder, engine, compose, proxy):
    example = Portfolio(folder / "portfolio")
    path = example.config.path / "portfolio" / "reconciler.yaml"
    path.write_text(path.read_text().replace("verify:\n", "verify:\n  stable: 2s\n  checks:\n"))
    example.config.commit("well for two seconds is enough here")
    with Stack(folder, engine, compose, proxy, application="portfolio", config=example.config,
               host_file=example.host_file, within=example.within, approves=True) as stack:
        yield stack, example
    for tag in ("v1.0.0", "v1.1.0", "v1.2.0"):
        for name in ("backend", "frontend"):
            engine.docker("rmi", "-f", f"portfolio-{name}:{tag}", check=False)


def release_log(stack):
    """The release's own table: it guards against nothing, so two rows would mean that it ran twice."""
    query = "select tag, what from release_log order by id"
    text = stack.sh(f'PGPASSWORD=$POSTGRES_PASSWORD psql -h 127.0.0.1 -U portfolio -d portfolio -Atc "{query}"', "db")
    return text.split()


def test_from_one_tag_to_the_next(portfolio):
    stack, example = portfolio
    stack.apply()
    assert release_log(stack) == ["v1.0.0|start", "v1.0.0|done"]
    assert "v1.0.0" in example.get("/") and "v1.0.0" in example.get("/healthz")
    assert example.state_file("current_tag").strip() == "v1.0.0" and not (example.state_file("prev_tag") or "").strip()
    before = stack.ids()
    assert set(before) == {"db", "redis", "backend", "frontend", "nginx"}

    example.ask_for("v1.1.0")
    text = stack.plan_text()
    assert f"{ENVIRONMENT}  v1.0.0 -> v1.1.0" in text.splitlines()[0]
    opens = f"reconciler approve {ENVIRONMENT} --plan {stack.plan_json()['id'][:6]}"
    assert f"\n  closed  approval   0 of 1; opens with: {opens}\n" in text, text
    assert text.endswith("\nBlocked by 1 gate. Nothing was changed; v1.0.0 runs on.\n"), text
    assert stack.run("apply", ENVIRONMENT, "--yes").code == 3 and stack.ids() == before
    for line in ("+ build    portfolio-backend:v1.1.0, portfolio-frontend:v1.1.0", "! release  release", "! release  static",
                 "~ switch   backend, frontend", "? verify   5 services, https://${SITE_DOMAIN}/, https://${API_DOMAIN}/healthz",
                 "= record   current_tag v1.1.0, prev_tag v1.0.0"):
        assert line in text, text
    assert "(db, nginx, redis stay)" in text, text
    plan = stack.plan_json()
    assert plan["stays"] == ["db", "nginx", "redis"]
    assert (plan["from"], plan["to"]) == ("v1.0.0", "v1.1.0")
    assert [one for one in called(plan) if one.startswith("switch")] == ["switch switch backend", "switch switch frontend"]

    done = stack.apply()
    assert f"{ENVIRONMENT} runs v1.1.0" in done.out
    assert release_log(stack) == ["v1.0.0|start", "v1.0.0|done", "v1.1.0|start", "v1.1.0|done"]
    after = stack.ids()
    assert {service for service in after if after[service] == before[service]} == {"db", "redis", "nginx"}
    assert "v1.1.0" in example.get("/") and "v1.1.0" in example.get("/healthz")
    example.get("/projects/")
    assert example.state_file("current_tag").strip() == "v1.1.0"
    assert example.state_file("prev_tag").strip() == "v1.0.0"
    assert stack.condition() == "Ready/Succeeded"
    status = stack.run("status", ENVIRONMENT).ok().out
    assert "v1.1.0" in status and "Ready" in status
    assert stack.names() == sorted(stack.container(service) for service in after), "no kept container, no one-off stays"
    history = json.loads(stack.run("history", ENVIRONMENT, "--json").ok().out)
    assert history["format_version"] == "1.0"


def break_after_its_migration(example):
    """v1.2.0: another stylesheet, and a backend that answers 500 to whoever asks how it is."""
    views = example.source.path / "backend/projects/views.py"
    style = example.source.path / "backend/projects/static/projects/style.css"
    example.source.commit("Faster health", {
        "backend/projects/views.py": views.read_text().replace("    store.ping()\n", "    raise RuntimeError('slug')\n"),
        "backend/projects/static/projects/style.css": style.read_text() + "\nbody { color: teal; }\n"})
    example.source.tag("v1.2.0")


def stylesheet(example):
    """As the page names it: Django's manifest knows the file by the digest of its content."""
    return example.get(re.search(r'href="(/static/[^"]*site[^"]*\.css)"', example.get("/projects/"))[1])


def test_an_answer_of_500_after_the_migration(of_the_newest):
    stack, example = of_the_newest
    stack.apply()
    example.get("/projects/")
    before, style = stack.ids(), stylesheet(example)
    started = {one: stack.inspect(one)["State"]["StartedAt"] for one in ("db", "redis", "nginx")}
    break_after_its_migration(example)
    manifest = example.config.path / "portfolio" / "reconciler.yaml"
    example.config.commit("patience for tests", {"portfolio/reconciler.yaml": manifest.read_text().replace(
        "  stable: 2s\n", "  stable: 2s\n  timeout: 15s\n")})
    example.ask_for("v1.2.0")
    done = stack.try_apply()
    assert (done.code, stack.error(done)) == (1, "verify.failed"), done.out + done.err
    assert "portfolio/production is back at v1.0.0, and well" in done.err
    assert "  not undone  release of v1.2.0: what it changed stays\n" in done.err
    assert release_log(stack) == ["v1.0.0|start", "v1.0.0|done", "v1.2.0|start", "v1.2.0|done"]
    assert stack.ids() == before, "the very containers that ran before"
    assert {one: stack.inspect(one)["State"]["StartedAt"] for one in started} == started
    assert "v1.0.0" in example.get("/") and stylesheet(example) == style, "v1.0.0's static files again"
    assert example.state_file("current_tag").strip() == "v1.0.0" and not (example.state_file("prev_tag") or "").strip()
    assert stack.condition() == "RolledBack/VerifyFailed"
    stack.assert_second_plan_empty()
    assert stack.names() == sorted(stack.container(service) for service in before)

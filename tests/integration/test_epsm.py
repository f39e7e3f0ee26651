"""manifests/epsm: each test holds what its seed promises, on one stack that the seed's own script deployed, that was then
taken over, and that went from v0.2.2 to v0.2.3 and back."""

import contextlib
import json
import re
import socket

import pytest

from support.engine import wait_for
from support.epsm import Epsm
from support.images import epsm_images
from support.proxy import Proxy
from support.stack import Deed, Stack, assert_declared, called

SERVICES = {"database", "redis", "backend", "celery_worker", "celery_beat", "frontend", "nginx"}
SCRIPT = [f"v0.2.2|{step}|{what}" for step in ("migrate", "seed") for what in ("start", "done")]
SOCKET = "/var/run/docker.sock"


class Installed:
    def __init__(self, stack, example, images):
        self.stack, self.example = stack, example
        self.by_script = images  # what was built before
        self.before = stack.ids(), stack.started()

    def refused(self, *arguments):
        """A plan that is refused before anything is touched: what it says."""
        before = self.stack.ids()
        done = self.stack.run("plan", self.stack.environment, *arguments)
        assert done.code == 1 and self.stack.ids() == before, done.out + done.err
        return done.err


@pytest.fixture(scope="module")
def installed(tmp_path_factory, engine, newest):
    """Deployed by the script, and the config repository that says so."""
    epsm_images(engine)
    folder = tmp_path_factory.mktemp("epsm")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    with Proxy(engine.socket, engine.folder / "epsm.sock") as proxy:
        example = Epsm(folder / "host", proxy.url)
        # The memory that a building must be too large for.
        example.write_variables(WORKER_MEMORY="160m")
        example.rewrite(("timeout: 5m", "timeout: 5m\n  stable: 2s"))
        example.config.commit("well for two seconds is enough here")
        with Stack(folder, engine, newest, proxy, application="epsm", config=example.config, host_file=example.host_file,
                   within=example.within) as stack:
            example.deploy_by_script("v0.2.2", newest)
            yield Installed(stack, example, layers(engine, "epsm-backend:v0.2.2"))
        for name in ("epsm-backend:v0.2.2", "epsm-backend:v0.2.3", "epsm-frontend:latest"):
            engine.docker("rmi", "-f", name, check=False)
        engine.docker("image", "prune", "-f", check=False)


@pytest.fixture(scope="module")
def taken_over(installed):
    installed.plan = installed.stack.run("plan", installed.stack.environment).ok().out
    return installed


@pytest.fixture(scope="module")
def updated(taken_over):
    """v0.2.3, in two parts: its images, then the rest; while the identity provider's metadata is nowhere."""
    stack = taken_over.stack
    taken_over.example.write_variables(SAML_IDP_METADATA_URL="file:///nowhere")
    taken_over.example.ask_for("v0.2.3")
    taken_over.planned = stack.plan_json()
    taken_over.skipping = stack.plan_json("--skip", "migrate", "--skip", "seed")
    stack.run("apply", stack.environment, "--yes", "--until", "supply").ok()
    taken_over.built = stack.plan_json()
    taken_over.images = {name: stack.engine.api("GET", f"/images/{name}/json") for name in ("epsm-backend:v0.2.3", "epsm-frontend:latest")}
    taken_over.said = stack.apply("--json").out.splitlines()
    return taken_over


@pytest.fixture(scope="module")
def gone_back(updated):
    stack = updated.stack
    deed, runs = Deed(stack.engine), len(stack.runs())
    stack.proxy.clear()
    updated.back = stack.run("rollback", stack.environment, "--yes").ok().out
    # The one image without a tag of its own is said without it.
    assert_declared(stack.runs()[runs][0], [call.removesuffix(":latest") for call in deed.told(stack.proxy.changes())])
    stack.assert_second_plan_empty()
    return updated


def layers(engine, image):
    return engine.api("GET", f"/images/{image}/json")["RootFS"]["Layers"]


def rows(stack, query):
    return stack.engine.docker("exec", stack.container("database"), "psql", "-U", "epsm_user", "-d", "epsm_db", "-Atc", query).split()


def release_log(stack):
    """It guards against nothing: more rows would mean that it ran more often."""
    return rows(stack, "select tag, step, what from release_log order by id")


def mounts(stack, service):
    return {one["Destination"]: one for one in stack.inspect(service)["Mounts"]}


# What the script left


def test_what_the_script_left_is_taken_over_without_a_restart(taken_over):
    stack = taken_over.stack
    assert "  taken over: 7 containers, " in taken_over.plan and taken_over.plan.endswith(
        "No changes. No container needs a restart.\n"), taken_over.plan
    assert (stack.ids(), stack.started()) == taken_over.before


# From source, always


def test_the_same_source_and_tag_is_built_once(updated):
    builds = ["supply build epsm-backend:v0.2.3", "supply build epsm-frontend"]
    assert [one for one in called(updated.planned) if one.startswith("supply build")] == builds
    assert [one for one in called(updated.built) if one.startswith("supply build")] == []
    for name, image in updated.images.items():
        assert updated.stack.engine.api("GET", f"/images/{name}/json")["Id"] == image["Id"], "not built again by the second part"


def test_images_say_which_commit_they_are_of(updated):
    commit = updated.example.source.git("rev-parse", "v0.2.3^{commit}")
    for image in updated.images.values():
        assert commit in image["Config"]["Labels"].values(), image["Config"]["Labels"]
    health = updated.example.health()
    assert (health["version"], health["commit"]) == ("v0.2.3", commit)


def test_nothing_comes_from_a_build_cache(updated):
    engine = updated.stack.engine
    base = layers(engine, "debian-django:3.2")
    new = updated.images["epsm-backend:v0.2.3"]["RootFS"]["Layers"]
    assert new[:len(base)] == updated.by_script[:len(base)] == base
    # The first step after the base image is the same text in each version: it says when it was carried out.
    assert new[len(base) + 1] != updated.by_script[len(base) + 1], "that layer is one that was there already"


def test_the_frontend_has_its_addresses_baked_in(updated):
    script = updated.example.get("/assets/main.js")
    assert '"https://epsm.chalmers.se"' in script and '"wss://epsm.chalmers.se/ws"' in script and "import.meta" not in script
    assert "Now by building." in updated.example.get("/")


# Seven services


def test_seven_services_are_up_and_well(updated):
    stack = updated.stack
    said = stack.run("status", stack.environment).ok().out
    up = dict(re.findall(r"^  (\w+) +\S+ +[0-9a-f]{8}  (\w+)  up ", said, re.M))
    assert up == {service: "healthy" for service in SERVICES}, said
    assert stack.run("compose", stack.environment, "ps").ok().out.count("(healthy)") == 7


def test_the_database_is_published_on_its_address_alone_and_redis_nowhere(updated):
    stack, address = updated.stack, updated.example.address
    published = {service: sorted({(one["HostIp"], int(one["HostPort"])) for ports in
                                  stack.inspect(service)["NetworkSettings"]["Ports"].values() for one in ports or []})
                 for service in SERVICES}
    assert {service for service, ports in published.items() if ports} == {"database", "nginx"}
    assert published["database"] == [(address, 5432)] and published["nginx"] == [(address, 80), (address, 443)]
    with contextlib.closing(socket.create_connection((address, 5432), timeout=5)):
        pass


def test_celery_processes_what_comes_through_redis_and_starts_energyplus_itself(updated):
    example = updated.example
    there = updated.stack.engine.containers()
    done = example.done(example.start("Castle", 30))
    assert done["said"] == "EnergyPlus stand-in, 30 zones: 36000.5 kWh\n" and done["kwh"] == 36000.5
    assert "Castle: 36000.5 kWh" in example.get("/api/results/")
    gone = {one["Id"] for one in there}
    assert {one["Id"] for one in updated.stack.engine.containers()} == gone, "its container is gone again"
    updated.stack.assert_second_plan_empty()


def test_beat_sends_a_tick_every_few_seconds(updated):
    count = "select count(*) from simulations_tick"
    before = int(rows(updated.stack, count)[0])
    wait_for(lambda: int(rows(updated.stack, count)[0]) >= before + 2, "two more ticks", every=0.5)


def test_each_check_of_the_checklist_can_be_asked_at_any_time(updated):
    stack = updated.stack
    said = stack.run("verify", stack.environment).ok().out
    for check in ("7 services", "exec database", "exec redis", "exec backend", "exec celery_worker", "https://epsm.chalmers.se/health/"):
        assert re.search(rf"^  ✓ {re.escape(check)} ", said, re.M), said
    assert re.search(r"exec celery_worker .* 1 node online", said) and "PONG" in said, said
    assert stack.run("compose", stack.environment, "exec", "-T", "celery_worker", "celery", "-A", "config", "inspect",
                     "ping").ok().out.count("pong") == 1


def test_the_worker_alone_has_the_docker_socket(updated):
    stack, example = updated.stack, updated.example
    assert {service for service in SERVICES if SOCKET in mounts(stack, service)} == {"celery_worker"}
    compose = example.source.git("show", "v0.2.3:docker-compose.production.yml")
    example.source.commit("Everybody has it", {"docker-compose.production.yml": compose.replace(
        "      - staticfiles:/app/staticfiles\n", "      - staticfiles:/app/staticfiles\n      - ${DOCKER_SOCKET}:/s\n", 1)})
    example.source.tag("v0.3.0")
    said = updated.refused("--tag", "v0.3.0")
    assert "docker_socket" in said and "epsm/production/backend" in said and "celery_worker" not in said, said


def test_an_error_in_a_log_is_a_warning_in_the_result(updated):
    events = [json.loads(line) for line in updated.said]
    [warning] = {one["text"] for one in events if one["event"] == "line" and one["text"].startswith("warning: ")}
    assert re.match(r"warning: logs \*: forbidden: backend \| ERROR: no metadata from", warning), warning
    assert events[-1]["event"] == "ended" and events[-1]["exit"] == 0 and updated.example.health()["idp"] is None


def test_energyplus_is_wanted_on_the_host_though_no_service_names_it(updated):
    stack = updated.stack
    stack.engine.docker("tag", "energyplus:stand-in", "energyplus:aside")
    stack.engine.docker("rmi", "energyplus:stand-in")
    try:
        assert called(stack.plan_json()) == ["supply pull energyplus:stand-in"]
    finally:
        stack.engine.docker("tag", "energyplus:aside", "energyplus:stand-in")
        stack.engine.docker("rmi", "energyplus:aside")
    stack.assert_second_plan_empty()


# Once


def test_migrations_and_seed_ran_once_a_tag(updated):
    assert release_log(updated.stack) == [*SCRIPT, *(one.replace("v0.2.2", "v0.2.3") for one in SCRIPT)]
    assert [one for one in called(updated.planned) if "release" in one] == [
        f"after release {step}" for step in ("migrate", "seed", "collectstatic", "reload")]
    assert [one for one in called(updated.skipping) if "release" in one] == ["after release collectstatic", "after release reload"]


def test_a_backup_is_made_before_a_migration_and_when_asked_for_and_comes_back(updated):
    stack, example = updated.stack, updated.example
    assert called(updated.planned).count("backup backup database") == 1
    of = [line.split()[-1] for line in stack.run("restore", stack.environment).ok().out.splitlines() if ".backup " in line]
    assert of == ["v0.2.2"], "what there was before v0.2.3's migration"
    number = example.start("Library", 2)
    assert example.done(number)["kwh"] == 2400.5
    made = re.search(r"✓ backup +database .* (\S+\.backup),", stack.run("backup", stack.environment).ok().out)[1]
    log = release_log(stack)
    rows(stack, "truncate simulations_simulation, release_log")
    assert "Library" not in example.get("/api/results/")
    stack.run("restore", stack.environment, made, "--yes").ok()
    assert "Library: 2400.5 kWh" in example.get("/api/results/") and release_log(stack) == log
    stack.assert_second_plan_empty()


def test_going_back_collects_and_reloads_again_and_migrates_nothing(gone_back):
    done = re.findall(r"^  ✓ release +(\w+) ", gone_back.back, re.M)
    assert done == ["collectstatic", "reload"], gone_back.back
    assert len(release_log(gone_back.stack)) == 8
    assert gone_back.example.health()["version"] == "v0.2.2"
    page = gone_back.example.get("/api/results/")
    style = gone_back.example.get(re.search(r'href="(/static/[^"]*)"', page)[1])
    assert style == gone_back.example.source.git("show", "v0.2.2:backend/simulations/static/simulations/results.css") + "\n"


# One env file


def test_two_env_files_that_disagree_are_refused_with_both_places(updated):
    example = updated.example
    other = example.checkout / ".env.old"
    other.write_text("# from before\nDB_NAME=epsm\n")
    host = example.host_file.read_text()
    example.host_file.write_text(host.replace("    files:\n", f"    files:\n      .env.old: {other}\n"))
    path = example.rewrite(("env_file: .env.production", "env_file: [.env.production, .env.old]"))
    try:
        said = updated.refused("--worktree")
        assert "DB_NAME" in said and ".env.old:2" in said, said
        line = next(n for n, text in enumerate(example.env_file.read_text().splitlines(), 1) if text.startswith("DB_NAME="))
        assert f".env.production:{line}" in said, said
    finally:
        example.config.git("checkout", "-q", str(path))
        example.host_file.write_text(host)


def test_a_stray_env_file_that_compose_would_have_read_is_pointed_out(updated):
    source = updated.example.source
    source.git("checkout", "-q", "v0.2.3")
    compose = source.git("show", "v0.2.3:docker-compose.production.yml")
    source.write({".env": "THEME=blue\n", "docker-compose.production.yml":
                  compose.replace("    COMMIT: ${COMMIT:-}\n", "    COMMIT: ${COMMIT:-}\n    THEME: ${THEME}\n", 1)})
    source.git("add", "-f", ".env")
    source.commit("A theme")
    source.tag("v0.3.1")
    said = updated.refused("--tag", "v0.3.1")
    assert "THEME" in said and ".env is not read by itself: write variables: { env_file: .env }" in said, said


# What people look at


def test_a_worker_that_was_killed_for_memory_is_seen_with_its_restarts(gone_back):
    stack, example = gone_back.stack, gone_back.example
    number = example.start("Airport", 30000)
    # A later Engine forgets why a container ended when it starts it again.
    killed = "  OOM killed" if stack.engine.version.startswith("20.") else ""
    wait_for(lambda: re.search(rf"^  celery_worker .*  restarts [1-9]\d*{killed}$", stack.run("status", stack.environment).out, re.M),
             "the worker to be killed", every=0.5)
    assert example.simulation(number)["kwh"] is None
    wait_for(lambda: stack.inspect("celery_worker")["State"].get("Health", {}).get("Status") == "healthy", "it to be up again")
    assert example.done(example.start("Hut", 1))["kwh"] == 1200.5, "the next one is processed"
    stack.assert_second_plan_empty()

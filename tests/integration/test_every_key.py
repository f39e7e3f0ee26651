"""Each key that a service, network or volume may have: changed alone, the plan names that thing and that key, and no other."""

import contextlib
import json
import os
import re

import pytest

from support import ROOT
from support.images import busybox
from support.key_refusals import CREATED, REFUSED
from support.key_rows import FIRST, SECOND, THINGS
from support.key_stack import FILES, KeyStack, policy
from support.makers import Pair
from support.proxy import Proxy
from support.stack import SLEEPS, Stack, called, named, services

DEEP = os.environ.get("RECONCILER_DEEP") == "1"
ALL = {"first": FIRST, "second": SECOND, "things": THINGS}
ROWS = {row.key: row for rows in ALL.values() for row in rows}
# In every run a stack has each third row: what a plan and an apply of it cost goes with their number.
BATCHES = {batch: rows[::1 if DEEP else 3] for batch, rows in ALL.items()}
# Where each table of allow_list.cpp stands in a compose file, as the rows write it.
TABLES = {
    "top_keys": ("top: ",), "written_top_keys": ("top: ",), "service_keys": ("",), "written_service_keys": ("",),
    "build_keys": ("build.",), "deploy_keys": ("deploy.",), "resources_keys": ("deploy.resources.",),
    "reservations_keys": ("deploy.resources.reservations.",), "limits_keys": ("deploy.resources.limits.",),
    "hook_keys": ("post_start.",), "healthcheck_keys": ("healthcheck.",), "logging_keys": ("logging.",),
    "endpoint_keys": ("networks.",), "mount_keys": ("volumes.",), "bind_keys": ("volumes.bind.",),
    "mount_volume_keys": ("volumes.volume.",), "tmpfs_keys": ("volumes.tmpfs.",), "port_keys": ("ports.",),
    "file_reference_keys": ("configs.",
                            "secrets."), "dependency_keys": ("depends_on.",), "network_keys": ("network: ",),
    "ipam_keys": ("network: ipam.",), "volume_keys": ("volume: ",), "file_keys": ("config: ", "secret: "),
}
SECTIONS = {"top: configs": "config: ", "top: secrets": "secret: ", "top: networks": "network: ",
            "top: volumes": "volume: ",
            "top: services": ""}


def a_helping(rows, name, each=6):
    """Some in every run, all of them with --deep."""
    for n, one in enumerate(rows):
        yield pytest.param(*one, id=name(one), marks=[] if DEEP or n % each == 0 else [
            pytest.mark.skip(reason="this key is tried only with RECONCILER_DEEP=1 (tests/run --deep)")])


def test_each_key_has_a_row():
    source = (ROOT / "plugins/docker/compose/allow_list.cpp").read_text()
    tables = {name: re.findall(r'"([^"]*)"', body)
              for name, body in re.findall(r"const Keys (\w+_keys) = \{(.*?)\};", source, re.S)}
    assert set(tables) == set(TABLES), "a table that is new, or gone"
    there = [*ROWS, *(one.key for one in CREATED), *(one.key for one in REFUSED)]

    def has_row(path):
        return any(re.match(rf"{re.escape(path)}($|[., ])", key) for key in there)
    lacking = [f"{prefixes[0]}{key}" for name, prefixes in TABLES.items() for key in tables[name]
               if not any(has_row(prefix + key) for prefix in prefixes) and f"{prefixes[0]}{key}" not in SECTIONS
               and not (key == "<<" and "<<" in there)]
    assert not lacking


@pytest.fixture(scope="module")
def host(tmp_path_factory, engine):
    """What lies on the host beside the stacks: a folder, a network, a volume, an image."""
    folder = tmp_path_factory.mktemp("host")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    busybox(engine, "busybox:other")
    engine.docker("network", "create", "elsewhere")
    engine.docker("volume", "create", "elsewhere")
    yield str(folder)
    engine.docker("network", "rm", "elsewhere", check=False)
    engine.docker("volume", "rm", "elsewhere", check=False)
    engine.docker("rmi", "-f", "busybox:other", check=False)


@pytest.fixture(scope="module")
def empty(tmp_path_factory, engine, newest, host):
    """Gives a stack of that name, with the rows, of which nothing is made yet."""
    with contextlib.ExitStack() as running:
        def make(name, rows):
            proxy = running.enter_context(Proxy(engine.socket, engine.folder / f"{name}.sock"))
            stack = running.enter_context(Stack(tmp_path_factory.mktemp(name), engine, newest, proxy, application=name))
            stack.use_host(policy(name, host))
            stack.keys = KeyStack(rows, name, host)
            stack.commit({**FILES, "compose.yaml": stack.keys.compose()})
            return stack
        yield make


@pytest.fixture(scope="module")
def stacks(empty):
    """The rows of each batch in their first form, applied once."""
    made = {}

    def stack(batch):
        if batch not in made:
            made[batch] = empty(f"keys-{batch}", BATCHES[batch])
            made[batch].apply()
        return made[batch]
    return stack


@pytest.fixture
def made(request, stacks):
    return stacks(request.param)


def on_its_engine(engine, since, until):
    if not since <= int(engine.version.split(".")[0]) < until:
        pytest.skip(f"for Engines {since} to {until}; this is {engine.version}")


def says(plan):
    return {title: sorted(fields) for title, fields in named(plan).items() if not title.startswith("current_tag ")}


@pytest.mark.parametrize("made, key", [one for batch, rows in ALL.items() for one in a_helping(
    [(batch, row.key) for row in rows], "-".join, each=3)], indirect=["made"])
def test_changed_alone(made, key):
    row = ROWS[key]
    on_its_engine(made.engine, row.since, row.until)
    made.commit({"compose.yaml": made.keys.compose({key})})
    if row.refused:
        done = made.run("plan", made.environment)
        assert (done.code, made.error(done)) == (1, row.refused), done.err
        return
    plan = made.plan_json()
    assert says(plan) == made.keys.says(row), called(plan)
    if not says(plan):
        assert row.why or row.more, "a row that says nothing says why"
        others = [one for one in called(plan) if not one.startswith(("verify ", "record "))]
        assert others == [made.keys.fill(one, row) for one in row.more]


@pytest.mark.parametrize("made", BATCHES, indirect=True)
def test_all_changed_at_once(made):
    """Applied, nothing is left to do, and Compose finds each running as our model says."""
    made.commit({"compose.yaml": made.keys.compose(made.keys.applied())})
    pair = Pair(made, "compose.yaml", {})
    pair.made_by_us("v1.0.0")
    said = pair.up_from_our_model("v1.0.0")
    for one in made.containers():
        assert re.search(rf"Container {one['Names'][0].lstrip('/')} +(Running|Healthy)", said), said
    assert not re.search("Recreat|Creat|Start", said), said
    made.assert_second_plan_empty()


@pytest.fixture(scope="module")
def created(empty):
    """Made by Compose itself, and never started: this machine cannot."""
    stack = empty("keys-created", CREATED)
    stack.compose.run("-p", stack.project, "-f", "compose.yaml", "up", "--no-start",
                      cwd=stack.config.path / stack.application)
    return stack


def test_created_as_asked_for(created):
    assert says(created.plan_json()) == {service: ["state"] for service in created.ids()}


@pytest.mark.parametrize("key", a_helping([(row.key,) for row in CREATED], lambda one: one[0]))
def test_changed_alone_where_it_cannot_start(created, key):
    row = next(one for one in CREATED if one.key == key)
    created.commit({"compose.yaml": created.keys.compose({key})})
    expected = {service: ["state"] for service in created.ids()}
    expected[created.keys.service_of[key]] = sorted([*row.says, "state"])
    assert says(created.plan_json()) == expected


@pytest.fixture(scope="module")
def nothing(tmp_path_factory, engine, newest, host):
    """A stack under a host file that allows nothing more."""
    with Proxy(engine.socket, engine.folder / "refused.sock") as proxy, \
            Stack(tmp_path_factory.mktemp("refused"), engine, newest, proxy, application="refused") as stack:
        stack.commit(FILES)
        yield stack


@pytest.mark.parametrize("one", a_helping([(one,) for one in REFUSED], lambda one: one[0].key))
def test_refused(nothing, one):
    on_its_engine(nothing.engine, 0, one.until)
    nothing.proxy.clear()
    nothing.commit({"compose.yaml": services(f"web: {{ {SLEEPS}, {one.text} }}", one.beside)})
    done = nothing.run("plan", nothing.environment, "--json")
    assert done.code == 1, done.out
    said = json.loads(done.err.splitlines()[0])
    every = [said, *said.get("others", [])]
    assert one.code in [error["code"] for error in every], done.err
    assert one.words in json.dumps(every), done.err
    assert not nothing.proxy.changes()

"""pytest fixtures; a conftest.py takes them with `pytest_plugins = ["support.fixtures"]`."""

import contextlib
from pathlib import Path

import pytest

from .canary import Watch
from .compose import VERSIONS, Compose
from .engine import VERSION, Engine
from .images import busybox
from .proxy import Proxy
from .stack import Stack


@pytest.fixture(scope="session")
def engines():
    """Gives the one Engine of a version, with busybox:test; all go at the end of the run."""
    with contextlib.ExitStack() as running:
        made = {}

        def engine(version):
            if version not in made:
                made[version] = running.enter_context(Engine(version=version))
                busybox(made[version])
            return made[version]

        yield engine


@pytest.fixture(scope="session")
def engine(request, engines):
    """One Engine for the whole run; of another version where a test asks for it (`over_pairs`). A test that kills
    Engines makes one of its own."""
    return engines(getattr(request, "param", VERSION))


@pytest.fixture(scope="session", autouse=True)
def no_secret_in_any_arguments():
    """During the whole run, whatever a test is about."""
    with Watch() as watch:
        yield
    assert watch.looks and not watch.seen, watch.seen[:3]


@pytest.fixture
def proxy(engine):
    """A recording proxy before that Engine."""
    with Proxy(engine.socket, engine.folder / "proxy.sock") as proxy:
        yield proxy


@pytest.fixture(scope="session", params=VERSIONS, ids="compose-{}".format)
def compose(request, engine):
    with Compose(request.param, engine.url) as compose:
        yield compose


@pytest.fixture
def folder(tmp_path) -> Path:
    """tmp_path, readable by containers that do not run as root."""
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o755)
    return tmp_path


@pytest.fixture(scope="session")
def newest(engine):
    """The newest Compose alone, for what has nothing to do with its version."""
    with Compose(VERSIONS[-1], engine.url) as compose:
        yield compose


@pytest.fixture(scope="module")
def mortal():
    """An Engine of a module's own, which may be killed and frozen, with the newest Compose."""
    with Engine() as engine, Compose(VERSIONS[-1], engine.url) as compose:
        busybox(engine)
        yield engine, compose


@pytest.fixture
def stack(folder, engine, newest, proxy):
    with Stack(folder, engine, newest, proxy) as stack:
        yield stack

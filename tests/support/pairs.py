"""What stands between Engine and Compose is tried on each pair of versions that we support, and what is the Engine's on each
Engine. Every run has those of the Engine that all other tests run on; the others are long, and named as skipped."""

import os

import pytest

from . import compose, engine

DEEP = os.environ.get("RECONCILER_DEEP") == "1"


def _param(on: str, *by: str):
    name = "-".join([f"engine-{on}", *(f"compose-{one}" for one in by)])
    skipped = pytest.mark.skip(reason=f"{name} only with RECONCILER_DEEP=1 (tests/run --deep)")
    return pytest.param(on, *by, id=name, marks=[] if DEEP or on == engine.VERSION else [skipped])


# Gives a test its fixtures `engine` and `compose`, and whatever stands on them.
over_pairs = pytest.mark.parametrize("engine, compose", [_param(on, by) for on in engine.VERSIONS for by in compose.VERSIONS],
                                     indirect=True)
# Gives a test a `version` to make an Engine of its own with.
over_engines = pytest.mark.parametrize("version", [_param(on) for on in engine.VERSIONS])

"""Fixtures of all tests that need a real Engine; and the folder that `support` is imported from."""
import hashlib
import os
import pathlib
import sys
import textwrap
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
pytest_plugins = ["support.fixtures"]

# Whole files go to one of several workers: the longest first, so that all end at about the same time.
LONGEST = ("test_soak", "test_crash", "test_odd_stacks", "test_epsm", "test_every_key", "test_as_compose_would", "test_failures",
           "test_once")
# Seconds since the epoch at which tests are begun no more, on a machine that is far too slow: each is named as skipped then.
# Which ones come last is another matter with each commit.
UNTIL = float(os.environ.get("RECONCILER_TESTS_UNTIL") or "inf")
ORDER = os.environ.get("RECONCILER_TESTS_ORDER", "")


def place(item):
    file = item.path.stem
    if item.path.parent.name == "walls":
        return -1, file
    return (LONGEST.index(file), "") if file in LONGEST else (len(LONGEST), hashlib.sha256((ORDER + file).encode()).hexdigest())


def pytest_collection_modifyitems(items):
    items.sort(key=place)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    if time.time() > UNTIL:
        pytest.skip("the time of this run was over (tests/run): this machine is too slow for all tests")


class AtOnce:
    """Names a test as it fails: who ends a run before its end knows what it was about."""

    def __init__(self, terminal):
        self.terminal = terminal

    def pytest_runtest_logreport(self, report):
        if report.failed:
            said = getattr(getattr(report.longrepr, "reprcrash", None), "message", "") or str(report.longrepr)
            self.terminal.write_line(f"\n{report.nodeid} ({report.when}): {(said.strip().splitlines() or [''])[0][:200]}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal and not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(terminal), "at-once")


def pytest_terminal_summary(terminalreporter):
    """What a test has counted (`record_property("told", ...)`; "more" is for whoever looks closer) stands at the end."""
    for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", []):
        for name, value in report.user_properties:
            if name in ("told", "more"):
                terminalreporter.write_line(textwrap.fill(value, 140, subsequent_indent="    ", break_on_hyphens=False))

"""Fixtures of all tests that need a real Engine; and the folder that `support` is imported from."""
import pathlib
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).parent))
pytest_plugins = ["support.fixtures"]

# Whole files go to one of several workers: the longest first, so that all end at about the same time.
LONGEST = ("test_soak", "test_crash", "test_odd_stacks", "test_epsm", "test_every_key", "test_as_compose_would", "test_failures",
           "test_once")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


def pytest_terminal_summary(terminalreporter):
    """What a test has counted (`record_property("told", ...)`; "more" is for whoever looks closer) stands at the end."""
    for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", []):
        for name, value in report.user_properties:
            if name in ("told", "more"):
                terminalreporter.write_line(textwrap.fill(value, 140, subsequent_indent="    ", break_on_hyphens=False))

"""Each row of the table of faults names tests, and they exist."""

import pathlib
import re

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
TABLE = TESTS / "fault" / "README.md"
LAST = 37


def faults(text, tests):
    """What is wrong with the table, in words."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if re.match(r"\| F\d+ ", line)]
    found = []
    if [row[0] for row in rows] != [f"F{n}" for n in range(1, LAST + 1)]:
        found.append(f"the rows are {', '.join(row[0] for row in rows)}")
    for row in rows:
        if len(row) != 4 or not all(row):
            found.append(f"{row[0]}: {len(row)} cells, or an empty one")
            continue
        named = re.findall(r"`([^`]+)`", row[3])
        if not named:
            found.append(f"{row[0]}: no test")
        found += [f"{row[0]}: {fault}" for fault in (missing(one, tests) for one in named) if fault]
    return found


def missing(name, tests):
    path, _, test = name.partition("::")
    file = tests / path
    if not test or not file.is_file():
        return f"there is no {name}"
    if file.suffix == ".py":
        there = re.search(rf"^def {re.escape(test)}\(", file.read_text(), re.M)
    else:
        suite, _, case = test.partition(".")
        there = re.search(rf"^TEST(_F|_P)?\({re.escape(suite)}, {re.escape(case)}\)", file.read_text(), re.M)
    return "" if there else f"there is no {name}"


def test_each_fault_is_held_by_tests_that_exist():
    assert faults(TABLE.read_text(), TESTS) == []


@pytest.mark.parametrize("old, new, said", [
    ("| F7 |", "| F77 |", "the rows are F1, F2, F3, F4, F5, F6, F77, F8"),
    ("test_once.py::test_killed_while_it_runs", "test_once.py::test_nothing", "F3: there is no integration/test_once.py::test_nothing"),
    ("MirrorTest.HoldsWhenTheBranchIsGone", "MirrorTest.Gone", "F22: there is no unit/git/mirror_test.cpp::MirrorTest.Gone"),
    ("integration/test_drift.py::test_stopped", "integration/test_drifts.py::test_stopped", "F33: there is no integration/test_drifts.py"),
    ("`fault/test_disk.py::test_the_engines_disk_is_full`", "a person", "F25: no test"),
])
def test_what_is_missing_is_seen(old, new, said):
    text = TABLE.read_text()
    assert old in text
    assert any(said in fault for fault in faults(text.replace(old, new, 1), TESTS)), faults(text.replace(old, new, 1), TESTS)

"""Every failpoint that the sources pass is listed, every listed one is passed, and no work of a driver is without."""
import pathlib
import re
import subprocess

import pytest

from support.reconciler import binary

ROOT = pathlib.Path(__file__).resolve().parents[2]


def driver_list(*more):
    done = subprocess.run([str(binary()), "driver", "list", *more], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def verbs():
    """Of each driver, as it describes itself."""
    return {line.split()[0]: re.split(r", ", line.split(None, 1)[1].strip()) for line in driver_list()}


def sources(root):
    return {str(path.relative_to(root)): path.read_text() for top in ("reconciler", "plugins") for path in sorted((root / top).rglob("*.cpp"))}


def composed(pattern, file, text, folder):
    """The names that a pattern stands for: its pieces are literals of the same file, or of those who name their transactions."""
    driver = re.fullmatch(r"(\w+)\.\{\}\.(before|after)", pattern)
    assert driver or pattern == "engine.{}.{}", f"{file}: who knows what {pattern} stands for?"
    if pattern == "engine.{}.{}":
        kinds = re.search(r"std::string_view failpoint_for\(.*?\n\}", text, re.S).group(0)
        pieces = set(re.findall(r'(?:return|\?|:)\s*"(\w+)"', kinds))
        return {f"engine.{piece}.{when}" for piece in pieces for when in re.findall(r'pass\(point, "(\w+)"\)', text)}
    subject, when = driver.groups()
    if subject == "ledger":
        return {f"ledger.{piece}.{when}" for piece in re.findall(r'Transaction::begin\([^,"]+, "(\w+)"[,)]', folder)}
    return {f"{subject}.{verb}.{when}" for verb in verbs()[subject]}


def passed(root):
    names = set()
    all_sources = sources(root)
    ledger = "".join(text for file, text in all_sources.items() if file.startswith("reconciler/ledger/"))
    for file, text in all_sources.items():
        if file == "reconciler/base/failpoint.cpp":
            continue
        for argument in re.findall(r"[^:\w]failpoint\(\s*([^;]*)", text):
            if literal := re.match(r'"([\w.]+)"', argument):
                names.add(literal.group(1))
            elif pattern := re.match(r'fmt::format\(\s*"([\w.{}]+)"', argument):
                names |= composed(pattern.group(1), file, text, ledger)
            else:
                raise AssertionError(f"{file}: what is the name in failpoint({argument.splitlines()[0]} ?")
    return names


def test_those_that_are_passed_are_those_that_are_listed():
    listed = driver_list("--failpoints")
    assert listed == sorted(set(listed))
    assert passed(ROOT) - set(listed) == set(), "passed, and not listed in failpoint.cpp"
    assert set(listed) - passed(ROOT) == set(), "listed in failpoint.cpp, and passed nowhere"


@pytest.mark.parametrize("driver", ["compose", "files", "probe"])
def test_each_work_of_a_driver_has_one_on_either_side(driver):
    listed = set(driver_list("--failpoints"))
    without = [f"{driver}.{verb}.{when}" for verb in verbs()[driver] for when in ("before", "after") if f"{driver}.{verb}.{when}" not in listed]
    assert without == []


def test_there_is_no_other_driver():
    assert set(verbs()) == {"compose", "files", "probe"}


def test_nothing_is_written_to_the_ledger_but_in_a_transaction_that_has_a_name():
    """Each function that runs a changing statement begins one, or is given the database by one that did."""
    loose = []
    for path in sorted((ROOT / "reconciler/ledger").glob("*.cpp")):
        for function in re.split(r"\n(?=\S[^\n]*\bLedger::\w+\()", path.read_text()):
            name = re.match(r"\S[^\n]*\b(Ledger::\w+)\(", function)
            body = function.split("\n}\n")[0]
            if name and re.search(r'"(INSERT|UPDATE|DELETE)\b', body) and "Transaction::begin(" not in body:
                loose.append(name.group(1))
    assert loose == []

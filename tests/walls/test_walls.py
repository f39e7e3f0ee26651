"""No wall is broken; and each wall, broken once on purpose in a copy, is seen."""
import pathlib
import shutil

import pytest

from names import names_taken
from walls import faults

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_no_wall_is_broken():
    assert faults(ROOT) == []


@pytest.fixture
def copy(tmp_path):
    for top in ("reconciler", "plugins"):
        shutil.copytree(ROOT / top, tmp_path / top)
    return tmp_path


BREAKS = [
    ("reconciler/plan/planner.cpp", '#include "../ledger/ledger.hpp"', "../ledger/ledger.hpp is not named from the root"),
    ("reconciler/plan/planner.cpp", '#include "reconciler/ledger/ledger.hpp"', "reconciler/plan may not include reconciler/ledger"),
    ("reconciler/plan/planner.cpp", '#include "reconciler/driver/driver.hpp"', "reconciler/plan may not include reconciler/driver"),
    ("reconciler/model/plan.cpp", '#include "reconciler/plan/planner.hpp"', "reconciler/model may not include reconciler/plan"),
    ("reconciler/apply/executor.cpp", '#include "plugins/docker/client/engine.hpp"', "reconciler/apply may not include plugins/docker/client"),
    ("reconciler/ledger/ledger.cpp", '#include "reconciler/apply/executor.hpp"', "reconciler/ledger may not include reconciler/apply"),
    ("reconciler/helper/main.cpp", '#include "reconciler/ledger/ledger.hpp"', "reconciler/helper may not include reconciler/ledger"),
    ("plugins/docker/client/engine.cpp", '#include "reconciler/ledger/ledger.hpp"', "plugins/docker/client may not include reconciler/ledger"),
    ("plugins/docker/client/engine.cpp", '#include "plugins/docker/tasks/tasks.hpp"', "plugins/docker/client may not include plugins/docker/tasks"),
    ("plugins/probe/probe.cpp", '#include "plugins/docker/client/engine.hpp"', "plugins/probe may not include plugins/docker/client"),
    ("reconciler/git/mirror.cpp", "#include <git2.h>", "git2.h belongs to reconciler/helper"),
    ("reconciler/plan/planner.cpp", "#include <sqlite3.h>", "sqlite3.h belongs to reconciler/ledger"),
    ("reconciler/model/plan.cpp", "#include <boost/json.hpp>", "boost/json.hpp belongs to reconciler/base"),
]


@pytest.mark.parametrize("file, line, said", BREAKS)
def test_a_broken_include_is_seen(copy, file, line, said):
    path = copy / file
    path.write_text(line + "\n" + (path.read_text() if path.exists() else ""))
    assert any(said in fault for fault in faults(copy)), faults(copy)


@pytest.mark.parametrize("file, old, new, said", [
    ("reconciler/plan/CMakeLists.txt", "LINKS base model", "LINKS base model ledger", "reconciler/plan: may not link ledger"),
    ("reconciler/model/CMakeLists.txt", "LINKS base", "LINKS base plan", "reconciler/model: may not link plan"),
    ("reconciler/helper/CMakeLists.txt", "PRIVATE base", "PRIVATE base ledger", "reconciler/helper: may not link ledger"),
    ("reconciler/plan/CMakeLists.txt", "LINKS base model", "LINKS base model sqlite", "sqlite belongs to reconciler/ledger"),
])
def test_a_broken_link_line_is_seen(copy, file, old, new, said):
    path = copy / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert any(said in fault for fault in faults(copy)), faults(copy)


def test_two_types_of_one_name_are_seen(copy):
    path = copy / "plugins/docker/services/records.hpp"
    path.write_text(path.read_text().replace("struct ContainerMark {", "struct RecordedContainer {"))
    assert any("reconciler::docker::RecordedContainer is the name of another type, too" in fault for fault in faults(copy))


def test_no_file_takes_the_name_of_another():
    assert names_taken(ROOT) == []


@pytest.mark.parametrize("line, said", [
    ("constexpr int deepest_value = 3;", "deepest_value stands in document.cpp, too"),
    ("std::string quoted(int number) {", "quoted stands in paths.cpp, too"),
    ("struct EnvironmentReader {", "EnvironmentReader stands in environment.cpp, too"),
    ("std::string file_and_line(const Variable& one) {", "file_and_line hides that of reconciler/base/error.hpp from missing.cpp"),
])
def test_a_name_that_is_taken_is_seen(copy, line, said):
    path = copy / "reconciler/manifest/variables.cpp"
    path.write_text(path.read_text().replace("namespace {\n", f"namespace {{\n\n{line}\n", 1))
    assert any(said in fault for fault in names_taken(copy)), names_taken(copy)

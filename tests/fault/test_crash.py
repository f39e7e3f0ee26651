"""The program killed, made to fail, held up and torn in the midst of a write at each of its failpoints, while it deploys a small
application for the first time, updates it, goes back by itself and when told to, takes over what plain Compose made, and does
what else people ask. After each: what must hold at every moment, and in the end, told from the Engine and the files.

One alone, from nothing: RECONCILER_CRASH='update: engine.create.after:kill@2' /usr/bin/python3 -m pytest tests/fault/test_crash.py
"""

import contextlib
import os
import queue
import subprocess
import textwrap
from collections import Counter

import pytest

from crash.case import (AFTER, BACK, BAD, CUT, FIRST, HEAL, REFUSED, REMOVE, RESTART, RESUME, RETRY, SCENARIOS, SET, SUSPEND, TAKE,
                        UPDATE, Case)
from crash.choice import choose, into_stories
from crash.lanes import Done, Lane, beside_each_other, seen
from support import ROOT
from support.engine import VERSION
from support.reconciler import binary

DEEP = os.environ.get("RECONCILER_DEEP") == "1"
AT_LEAST = 400 if DEEP else 100
ONE = os.environ.get("RECONCILER_CRASH", "")
# A lane each: Debian 12's own, and 13's, on which a container is started for two thirds of the cost.
ENGINES = (VERSION, VERSION if os.environ.get("RECONCILER_TEST_ENGINE") else "26.1.5")

# What none of these stories passes, and where that work is tested, and cut or made to fail, instead.
ELSEWHERE = {
    "compose.pull": "tests/integration/test_pulling.py", "image.pull": "tests/integration/test_pulling.py",
    "compose.remove": "tests/integration/test_odd_stacks.py", "compose.restore": "tests/integration/test_backups.py",
    "compose.trim": "tests/integration/test_retention.py", "engine.build_prune": "tests/integration/test_retention.py",
    "data.fill": "tests/integration/test_taking_over.py", "file.new": "tests/integration/test_taking_over.py",
    "ledger.approve": "tests/integration/test_stops.py",
    "ledger.aside": "tests/unit/ledger/identity_test.cpp", "ledger.loss": "tests/unit/ledger/identity_test.cpp",
    "ledger.migrate": "tests/unit/ledger/migration_test.cpp",
    "ledger.assume": "tests/integration/test_rollback.py", "ledger.clear": "tests/integration/test_rollback.py",
    "ledger.release": "tests/integration/test_retention.py",
    "ledger.settle": "tests/integration/test_once.py",
    "ledger.tag": "tests/integration/test_sources.py",
    "probe.preflight": "tests/integration/test_backups.py", "probe.release": "tests/integration/test_transcripts.py", "probe.verify": "tests/integration/test_transcripts.py",
}


def elsewhere(name):
    return name.rpartition(".")[0] in ELSEWHERE


def names():
    done = subprocess.run([str(binary()), "driver", "list", "--failpoints"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def one_case(text):
    scenario, _, rest = text.partition(": ")
    point, effect = rest.split(":")
    effect, _, nth = effect.partition("@")
    return Case(scenario, point, effect, int(nth or 1))


class Played:
    """All cases that were played, and what came of them."""

    def __init__(self, folder):
        self.names, self.done, self.passes = names(), Done(), {}
        with contextlib.ExitStack() as stack:
            self.lanes = [Lane(n, folder, version) for n, version in enumerate(ENGINES[:1] if ONE else ENGINES)]
            for lane in self.lanes:
                stack.enter_context(lane)
            cases = [one_case(ONE)] if ONE else self._choose()
            stories = queue.Queue()
            for story in into_stories(cases):
                stories.put(story)
            beside_each_other(self.lanes, lambda lane: self._play(lane, stories))
            self._go_where_nobody_came()

    def _choose(self):
        """What a scenario passes depends a little on what was before; each is looked at after as little as it can begin
        after, where a case is played again that was not passed later on."""
        stories = [(FIRST, UPDATE, BAD, AFTER, CUT, SUSPEND, RESUME, HEAL), (TAKE, UPDATE, BACK), (FIRST, REFUSED, RESTART),
                   (FIRST, SET, REMOVE), (FIRST, CUT, UPDATE, BACK), (FIRST, BAD, RETRY)]
        found = []
        beside_each_other(self.lanes, lambda lane: found.append(seen(lane, *stories[lane.number::len(self.lanes)])))
        for scenario in SCENARIOS:
            counts = [one for each in found for one in each.get(scenario, [])]
            self.passes[scenario] = Counter({name: min(one[name] for one in counts) for name in self.names})
        return choose(self.passes, self.names, AT_LEAST + 10)

    def _play(self, lane, stories):
        while True:
            try:
                story = stories.get_nowait()
            except queue.Empty:
                return
            lane.play(story, self.done)

    def _go_where_nobody_came(self):
        """How often a place is passed depends a little on time, so that a late pass may not come: then the first one, in an
        application of its own, with each scenario that passes the place until one did."""
        for point in dict.fromkeys(case.point for case in self.done.not_passed):
            often = sorted(self.passes, key=lambda scenario: -self.passes[scenario][point])
            for scenario in [one for one in often if self.passes[one][point]]:
                if self.hits()[point]:
                    break
                self.lanes[0].play([Case(scenario, point, "kill", 1)], self.done)

    def hits(self):
        return Counter(case.point for case in self.done.cases)

    def effects(self):
        return Counter(case.effect for case in self.done.cases)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash")
    for one in (folder, folder.parent, folder.parent.parent):
        one.chmod(0o755)
    return Played(folder)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_invariant_holds(played, scenario):
    failures = [one for one in played.done.failures if one.case.scenario == scenario]
    told = []
    for one in failures:
        told += [f"{one.case}, on Engine {one.engine}", "  after", *(f"    {line}" for line in one.before), textwrap.indent(one.how.strip(), "  "),
                 f"  alone: RECONCILER_TEST_ENGINE={one.engine} RECONCILER_CRASH='{one.case}' /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/fault/test_crash.py", ""]
    assert not failures, "\n".join(["", *told])
    assert ONE or any(one.scenario == scenario for one in played.done.cases)


@pytest.mark.skipif(bool(ONE), reason="one case alone: RECONCILER_CRASH")
def test_every_failpoint_is_visited(played, request):
    hits, effects = played.hits(), played.effects()
    never = [name for name in played.names if not hits[name] and not elsewhere(name)]
    assert not never, f"no case went there: {never}"
    passed = {name for counts in played.passes.values() for name in counts if counts[name]}
    stale = [one for one, where in ELSEWHERE.items() if not (ROOT / where).exists() or not any(
        name.startswith(f"{one}.") for name in played.names) or any(name.startswith(f"{one}.") for name in passed)]
    assert not stale, f"in the table of what is tested elsewhere, and passed here or gone: {stale}"
    assert len(played.done.not_passed) * 20 <= len(played.done.cases), [str(one) for one in played.done.not_passed]
    assert len(played.done.cases) >= AT_LEAST and min(effects[one] for one in ("kill", "error", "delay", "torn")) > 0, effects
    assert played.done.looked > 0, "nobody was ever answered while a program was held up"
    told = request.node.user_properties.append
    told(("held", f"{len(played.done.cases)} real crash cases"))
    visited = "each" if passed <= set(hits) else len(passed & set(hits))
    told(("told", f"{len(played.done.cases)} real crash cases: {effects['kill']} killed, {effects['error']} made to fail, "
          f"{effects['delay']} held up ({played.done.looked} looked at meanwhile), {effects['torn']} torn; {visited} of the {len(passed)} failpoints that can be passed was "
          "visited, and every invariant held" + (f" but in {len(played.done.failures)} cases" if played.done.failures else "")))
    told(("more", "visited: " + ", ".join(f"{name} {count}" for name, count in sorted(hits.items()))))

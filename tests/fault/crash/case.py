"""One case: something is asked for, the program dies, fails or waits at a named place, and then what must hold is held
against the Engine and the files."""

import json
import signal
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple

from support.canary import assert_silent
from support.engine import HANGS, wait_for
from .application import Application
from .looks import Looks, Neighbour, events

# What is asked for, in words.
FIRST, TAKE, UPDATE, BAD, BACK = "first deploy", "taking over", "update", "update that fails", "rollback"
# An update that also takes away what is left of one that failed; and what comes after a death while the release ran.
AFTER, CUT = "update after one that failed", "coming back from a death"
# Drift that is put right; a version that is asked for by `set`; and what people say.
HEAL, SET, SUSPEND, RESUME, RESTART, RETRY = "drift", "set", "suspend", "resume", "restart", "retry"
# Two faults: a call is refused, and then that. And the end of an application.
REFUSED, REMOVE = "update of which a call is refused", "remove"
SCENARIOS = (FIRST, TAKE, UPDATE, BAD, AFTER, BACK, CUT, REFUSED, HEAL, SET, SUSPEND, RESUME, RESTART, RETRY, REMOVE)
BEGINNINGS = (FIRST, TAKE)
REFUSES = "engine.archive.before:error"
DELAY = 1000  # ms: somebody who asks is answered before it is over

# A place that was made to fail is a failure of what was going on there, and may end so; a death and a delay never may. By
# what was asked for: the conditions that the next pass may end in, and stay in until somebody says `retry`.
STOPS: Dict[str, Set[str]] = {
    # A first deploy that failed stays as it is, for there is nothing to go back to.
    FIRST: {"Stalled/BackupFailed", "Stalled/SupplyFailed", "Stalled/ReleaseFailed", "Stalled/SwitchFailed", "Stalled/VerifyFailed", "Stalled/ApplyFailed"},
    **dict.fromkeys((UPDATE, AFTER, CUT, SET, REFUSED), {
        "RolledBack/SupplyFailed", "RolledBack/ReleaseFailed", "RolledBack/SwitchFailed", "RolledBack/VerifyFailed",
        "RolledBack/ApplyFailed"}),
    BAD: {"RolledBack/SupplyFailed", "RolledBack/ReleaseFailed", "RolledBack/SwitchFailed", "RolledBack/ApplyFailed"},
    # Back where it was, which is what git asks for.
    BACK: {"Ready/RequestFailed"},
    **dict.fromkeys((HEAL, RESTART, SUSPEND, RESUME, RETRY, REMOVE), set()),
    TAKE: set(),
}


@dataclass(frozen=True)
class Case:
    scenario: str
    point: str
    effect: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.scenario}: {self.point}:{self.effect}@{self.nth}"

    @property
    def failpoints(self) -> str:
        effect = f"delay={DELAY}" if self.effect == "delay" else self.effect
        return f"{self.point}:{effect}@{self.nth}"


class NotPassed(Exception):
    """It went by another way this time: no case of that scenario."""


class Story:
    """What happens to one application, case after case, each from where the last one ended."""

    def __init__(self, app: Application, neighbour: Neighbour):
        self.app, self.looks = app, Looks(app, neighbour)
        self.told: List[str] = []
        self.fresh = True  # no case before this one
        self.looked = 0  # how often somebody was answered while a program was held up
        self.over = False  # it was removed: the next one begins anew
        self.tag, self.previous, self._number = "", "", 0
        self.condition, self._last, self._asked = "", "", ""

    def _next(self, word: str = "v") -> str:
        self._number += 1
        return f"{word}{self._number}"

    # What is asked for

    def stand_for(self, scenario: str) -> None:
        """Whatever has to be so before: the beginning of that scenario, each time the same."""
        if scenario not in BEGINNINGS and not self.tag:
            self.passes(FIRST)
        ready = self.condition == "Ready/Succeeded"
        if (scenario == BACK and not (ready and self.previous)) or (scenario in (HEAL, RESTART, SUSPEND, RESUME) and not ready) \
                or (scenario == HEAL and self.tag == self.looks.taken_over):
            self.passes(UPDATE)
        if scenario in (AFTER, RETRY) and not (self.previous and (self._last, self.condition) == (BAD, "RolledBack/VerifyFailed")):
            if not self.previous:
                self.passes(UPDATE)
            self.passes(BAD)

    def passes(self, scenario: str) -> Counter:
        """The same without a fault: how often it comes to which place."""
        self.stand_for(scenario)
        return self._play(scenario, None)

    def play(self, case: Case) -> None:
        self.stand_for(case.scenario)
        self._play(case.scenario, case)

    def _play(self, scenario: str, case: Optional[Case]) -> Counter:
        self.told.append(str(case or scenario))
        wanted, verb = self._ask(scenario)
        before, good = self.app.containers(), self.tag
        passed = self._with_fault(case, verb, REFUSES if scenario == REFUSED else "")
        now = self.looks.look()
        if case:
            if scenario != REMOVE:
                self.looks.assert_honest(self._status(), self._asked)
            if good and scenario != REMOVE:
                self.looks.assert_last_good_is_kept(before, good, now)
        if scenario == REMOVE:
            self._is_removed(verb)
        else:
            self._converge(scenario, case, wanted, verb)
        return passed

    def _ask(self, scenario: str) -> Tuple[str, List[str]]:
        """The tag that is to run in the end, and how it is asked for."""
        apply = ["apply", self.app.environment, "--yes"]
        say = self.app.environment
        if scenario == BACK:
            return self.previous, ["rollback", say, "--yes"]
        if scenario == HEAL:
            self.app.damage(self.tag)
            return self.tag, apply
        if scenario == RESUME:
            self.app.program.run("suspend", say).ok()
        if scenario in (SUSPEND, RESUME):
            return self.tag, [scenario, say]
        if scenario == RESTART:
            return self.tag, ["restart", say, "web", "--yes"]
        if scenario == SET:
            self._asked = self._next()
            self.app.config.git("push", "-q", "origin", "main")
            return self._asked, ["set", say, self._asked, "--yes", "--push", "--apply"]
        if scenario == RETRY:
            return self.tag, ["retry", say]
        if scenario == REMOVE:
            self.app.ask_for_nothing()
            return "", ["remove", say, "--yes"]
        tag = self._next("bad" if scenario == BAD else "v")
        self.app.ask(tag, preflight=scenario in (*BEGINNINGS, BAD))
        self._asked = tag
        if scenario == CUT:
            cut = self.app.program.run(*apply, env={"RECONCILER_FAILPOINTS": "task.waited.before:kill"})
            assert cut.code == -signal.SIGKILL, f"{cut.out}{cut.err}"
        if scenario == TAKE:
            self.app.compose_up(tag)
            self.looks.taken_over = tag
            self.looks.put_rows()
        return self.tag if scenario == BAD else tag, apply

    # The fault

    def _with_fault(self, case: Optional[Case], verb: List[str], beside: str) -> Counter:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "passed"
            env = {"RECONCILER_FAILPOINTS_PASSED": str(file), "RECONCILER_FAILPOINTS": ";".join(filter(None, [beside, case.failpoints if case else ""]))}
            program = self.app.program.start(*verb, env=env)
            try:
                if case and case.effect == "delay":
                    self._look_meanwhile(case, program, file)
                out, err = program.communicate(timeout=HANGS)
            finally:
                if program.poll() is None:
                    program.kill()
                    program.wait()
            assert_silent(out, f"the output of {verb}")
            assert_silent(err, f"the errors of {verb}")
            passed = Counter(file.read_text().split()) if file.exists() else Counter()
        if case:
            if passed[case.point] < case.nth:
                raise NotPassed(f"exit {program.returncode}\n{out}{err}")
            if case.effect in ("kill", "torn"):
                assert program.returncode == -signal.SIGKILL, f"exit {program.returncode}\n{out}{err}"
            self.told.append(f"  exit {program.returncode} {err.strip().splitlines()[0] if err.strip() else ''}")
        return passed

    def _look_meanwhile(self, case: Case, program: subprocess.Popen, file: Path) -> None:
        """It waits there: who asks now is told nothing that is not so."""
        wait_for(lambda: program.poll() is not None or
                 (file.exists() and file.read_text().split().count(case.point) >= case.nth), f"it to come to {case.point}")
        if case.scenario == REMOVE:
            return
        status = self._status()
        if not self._waits_at(case, program, file):
            return
        self.looked += 1
        if status["condition"] == "Ready":
            try:
                self.looks.assert_honest(status, self._asked)
            except AssertionError:
                # If it went on meanwhile, what was so when it was asked is not any more.
                if self._waits_at(case, program, file):
                    raise

    @staticmethod
    def _waits_at(case: Case, program: subprocess.Popen, file: Path) -> bool:
        """It came to no other place since, and the time that it waits there is not over."""
        if program.poll() is not None or not file.exists():
            return False
        came_to = file.read_text().split()
        return came_to[-1] == case.point and came_to.count(case.point) == case.nth and \
            time.time() < file.stat().st_mtime + DELAY / 1000

    def _status(self) -> dict:
        done = self.app.program.run("status", self.app.environment, "--json")
        if not self.tag and "git.never_fetched" in done.err:  # nothing is known of it yet, and that is what it says
            return {"condition": "", "reason": "", "tag": ""}
        assert done.out, f"status: exit {done.code}\n{done.err}"
        return json.loads(done.out)["environments"][0]

    # What comes of it

    def _pass(self, *verb: str) -> str:
        done = self.app.program.run(*(verb or ("apply", self.app.environment, "--yes")))
        self.looks.look()
        status = self._status()
        self.looks.assert_honest(status, self._asked)
        self.told.append(f"  {verb[0] if verb else 'apply'}: exit {done.code}, {status['condition']}/{status['reason']} {status['tag']}")
        self._said = done.out + done.err
        return f"{status['condition']}/{status['reason']}"

    def _converge(self, scenario: str, case: Optional[Case], wanted: str, verb: List[str]) -> None:
        """One pass without faults comes to what is asked; or to a stop that has a name, and from there when told to."""
        error = scenario == REFUSED or (case is not None and case.effect == "error")
        if scenario in (SUSPEND, RESUME, RESTART, RETRY):
            self._again(scenario, verb)
        condition = self._pass()
        if scenario == SET and condition == "Ready/Succeeded" and self.app.differs(wanted):
            assert case and not self.app.differs(self.tag), self._said
            self._pass(*verb)
            condition = self._pass()
        if scenario == BACK and condition in {"Ready/Succeeded"} | (STOPS[BACK] if error else set()):
            # It died before it was written that somebody wants to go back, or failed and is where it was: asked again.
            assert case and not self.app.differs(self.tag), self._said
            self._pass(*verb)
            condition = self._pass()
        elif error and condition in STOPS[scenario] and scenario != BAD:
            assert not self.tag or not self.app.differs(self.tag), self.app.differs(self.tag)
            self._assert_nothing_more_is_done()
            self._pass("retry", self.app.environment)
            condition = self._pass()
        ends = {BACK: {"RolledBack/Requested"}, BAD: {"RolledBack/VerifyFailed"} | (STOPS[BAD] if error else set()),
                RETRY: {"RolledBack/VerifyFailed"}}.get(
            scenario, {"Ready/Succeeded"})
        assert condition in ends, f"{condition} in the end\n{self._said}"
        wrong = self.app.differs(wanted)
        assert not wrong, f"{condition}, and {'; '.join(wrong)}\n{self._said}"
        assert not self.app.one_offs(), f"{self.app.one_offs()} left behind"
        now = self.looks.look()
        assert now.current == wanted, f"the ledger says {now.current}, not {wanted}"
        self._assert_released(wanted)
        self._assert_nothing_more_is_done()
        self.app.assert_silent()
        self.looks.put_rows()
        if wanted != self.tag:
            self.previous, self.tag = self.tag, wanted
        self.looks.well(wanted)
        self.condition, self._last = condition, scenario

    def _again(self, scenario: str, verb: List[str]) -> None:
        """Who was cut off says it again: it is done, or was done already."""
        done = self.app.program.run(*verb)
        assert done.code == 0 or f"error {scenario}.nothing" in done.err, f"{done.out}{done.err}"
        self.looks.look()
        if scenario == SUSPEND:
            self._assert_nothing_more_is_done()
            self.app.program.run(RESUME, self.app.environment).ok()

    def _is_removed(self, verb: List[str]) -> None:
        """Nothing of it runs, its data is there, and who says it once more is told that there is nothing."""
        done = self.app.program.run(*verb)
        self.told.append(f"  remove: exit {done.code} {done.err.strip()}")
        assert not self.app.containers() and not self.app.one_offs(), f"exit {done.code}\n{done.out}{done.err}"
        assert not self.app.networks(), self.app.networks()
        assert self.app.lines("data", "verified") and self.app.lines("table", "rows")
        again = self.app.program.run(*verb)
        assert again.code == 64 and "error env.unknown" in again.err, again.out + again.err
        self.looks.look()
        self.over = True

    def _assert_released(self, tag: str) -> None:
        rows = [one for one in self.app.lines("table", "rows") if one.endswith(f" {tag}")]
        if tag != self.looks.taken_over:
            assert rows == [f"start {tag}", f"done {tag}"], f"the release of {tag}: {rows}"

    def _assert_nothing_more_is_done(self) -> None:
        since = time.time()
        self.app.program.run("apply", self.app.environment, "--yes")
        made = events(self.app.engine, since, time.time())
        assert not made, f"a pass that had nothing to do did: {made}"

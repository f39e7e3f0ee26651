"""Which cases are played: the same ones each time, from what each scenario was seen to pass."""

from collections import Counter
from typing import Dict, Iterable, List, Sequence, Tuple

from .case import (AFTER, BACK, BAD, BEGINNINGS, CUT, FIRST, HEAL, REFUSED, REMOVE, RESTART, RESUME, RETRY, SCENARIOS, SET, SUSPEND,
                   TAKE, UPDATE, Case)

# Two of three cases are of these, where they pass a point.
MAIN = (FIRST, UPDATE, BAD, BACK, TAKE)
EFFECTS = ("kill", "error", "delay")


def effects_at(point: str) -> Tuple[str, ...]:
    """What can be written half is torn too."""
    return (*EFFECTS, "torn") if point.endswith(".write") else EFFECTS


def choose(passes: Dict[str, Counter], points: Sequence[str], at_least: int) -> List[Case]:
    """Rounds over all points, each round with another scenario, effect and pass of each, until there are enough. The first
    has every point that any scenario passes; half written is tried wherever it can be."""
    chosen: Dict[Case, None] = {}
    passed = [point for point in points if any(passes[one][point] for one in SCENARIOS)]
    for n in range(len(SCENARIOS) * len(EFFECTS) * 8):
        for number, point in enumerate(passed):
            by = [one for one in SCENARIOS if passes[one][point] and (one in MAIN or (number + n) % 3 == 2)] or [
                one for one in SCENARIOS if passes[one][point]]
            scenario = by[(number + n) % len(by)]
            effects = effects_at(point)
            effect = effects[(number // len(by) + n + n // len(effects)) % len(effects)]
            times = passes[scenario][point]
            chosen[Case(scenario, point, effect, 1 + (number * 5 + n * 3) % times)] = None
        if n == 0:
            for point in passed:
                if "torn" in effects_at(point):
                    for scenario in [one for one in MAIN if passes[one][point]][:3]:
                        chosen[Case(scenario, point, "torn", passes[scenario][point])] = None
        if len(chosen) >= at_least:
            break
    return list(chosen)


def into_stories(cases: Iterable[Case]) -> List[List[Case]]:
    """One application each: its beginning, then what can be asked of one that runs, so that few steps are for nothing."""
    of = {scenario: [one for one in cases if one.scenario == scenario] for scenario in SCENARIOS}
    # Each where the one before it has left everything as it needs it.
    turns = (BAD, AFTER, SUSPEND, RESUME, BACK, CUT, HEAL, RESTART, SET, BAD, RETRY, REFUSED, UPDATE)
    going: List[Case] = []
    while any(of[scenario] for scenario in turns):
        for scenario in turns:
            going += of[scenario][:1]
            del of[scenario][:1]
    beginnings = [one for scenario in BEGINNINGS for one in of[scenario]]
    number = max(len(beginnings), len(going) // 8, 1)
    stories = [[one] for one in beginnings] + [[] for _ in range(number - len(beginnings))]
    share, more = divmod(len(going), number)
    at = 0
    for n, story in enumerate(stories):
        end = at + share + (n < more)
        story += going[at:end]
        at = end
    # The end of an application, where one is.
    for n, one in enumerate(of[REMOVE]):
        stories[n % len(stories)].append(one)
    return [story for story in stories if story]

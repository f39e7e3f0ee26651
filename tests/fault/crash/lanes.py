"""Cases side by side: each lane has an Engine of its own, and applications that come and go on it."""

import contextlib
import threading
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Sequence

from support.compose import VERSIONS, Compose
from support.engine import Engine
from support.images import busybox

from .application import Application
from .case import BEGINNINGS, Case, NotPassed, Story
from .looks import Neighbour


@dataclass
class Failure:
    case: Case
    engine: str  # its version
    how: str
    before: List[str]


@dataclass
class Done:
    cases: List[Case] = field(default_factory=list)
    failures: List[Failure] = field(default_factory=list)
    not_passed: List[Case] = field(default_factory=list)
    looked: int = 0  # answers given while a program was held up


class Lane:
    """One Engine with a neighbour on it."""

    def __init__(self, number: int, folder: Path, version: str):
        self.number, self.folder, self.version = number, folder, version
        self._made = 0

    def __enter__(self) -> "Lane":
        with contextlib.ExitStack() as stack:
            self.engine = stack.enter_context(Engine(version=self.version))
            busybox(self.engine)
            self.compose = stack.enter_context(Compose(VERSIONS[-1], self.engine.url))
            self.neighbour = Neighbour(self.engine)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextlib.contextmanager
    def story(self):
        self._made += 1
        with Application(f"c{self.number}x{self._made}", self.folder, self.engine, self.compose) as app:
            yield Story(app, self.neighbour)

    def play(self, cases: Sequence[Case], done: Done) -> None:
        """In one application while all goes well; what comes after a failure begins with another one."""
        rest = list(cases)
        while rest:
            with self.story() as story:
                while rest and not story.over and not (story.told and rest[0].scenario in BEGINNINGS):
                    case = rest.pop(0)
                    try:
                        story.play(case)
                        done.cases.append(case)
                        story.fresh = False
                    except NotPassed:
                        if not story.fresh:
                            rest.insert(0, case)  # once more, where nothing was before that it did not ask for
                        else:
                            done.not_passed.append(case)
                        break
                    except Exception:
                        done.cases.append(case)
                        done.failures.append(Failure(case, self.version, traceback.format_exc(), list(story.told)))
                        break
                done.looked += story.looked


def seen(lane: Lane, *stories: Sequence[str]) -> Dict[str, List[Counter]]:
    """How often each scenario comes to which place, when nothing is wrong."""
    passes: Dict[str, List[Counter]] = {}
    for scenarios in stories:
        with lane.story() as story:
            for scenario in scenarios:
                passes.setdefault(scenario, []).append(story.passes(scenario))
    return passes


def beside_each_other(lanes: Sequence[Lane], work) -> None:
    """work(lane) in a thread for each lane; what one of them raises is raised here."""
    raised: List[BaseException] = []

    def guarded(lane: Lane) -> None:
        try:
            work(lane)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]

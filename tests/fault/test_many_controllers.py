"""Eight controllers on one environment and one state folder, with commits arriving: one release a tag, never two at a time."""

import collections
import os
import re
import threading
import time

from support.engine import HANGS, wait_for
from support.reconciler import paused
from support.running import Running
from support.stack import manifest, unguarded

SECONDS = float(os.environ.get("RECONCILER_CONTROLLERS_SECONDS") or (600 if os.environ.get("RECONCILER_DEEP") == "1" else 20))
COMPOSE = unguarded(pause=1)


class Controllers:
    """What each of them said, by its exit code and the code of its error."""

    def __init__(self, stack):
        self.stack, self.over = stack, threading.Event()
        self.ended = collections.Counter()
        self.wrong, self.threads = [], []

    def repeat(self, name, arguments, judge):
        def again():
            while not self.over.is_set():
                done = self.stack.run(*arguments)
                code = re.search(r"error ([a-z_.]+): ", done.err)
                self.ended[name, done.code, code[1] if code else ""] += 1
                try:
                    judge(done)
                except AssertionError as wrong:
                    self.wrong.append(f"{name}: exit {done.code}\n{done.out}{done.err}\n{wrong}")

        self.threads.append(threading.Thread(target=again))
        self.threads[-1].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def applied(done):
    """Or another was at it, and is named; or another was quicker, between the plan and the deed."""
    if done.code == 75:
        assert re.search(r"error lock.held: another run holds web/production\n  holder  reconciler .* \(pid \d+, since \S+\)\n", done.err), done.err
    elif done.code == 1:
        assert re.search(r"error (plan.stale|apply.superseded|target.superseded): ", done.err), done.err
    else:
        assert done.code == 0


def planned(done):
    assert done.code == 0 and not done.err


def rows(stack):
    return [tuple(line.split()) for line in stack.engine.lines_in_volume("web_table", "rows")]


def test_eight_controllers(stack):
    def ask_for(number):
        stack.commit({"compose.yaml": COMPOSE, "reconciler.yaml": manifest(f"v1.{number}.0", "release: [{ run: release }]", "verify: { stable: 100ms }")})
        return f"v1.{number}.0"

    tag = ask_for(0)
    stack.apply()
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s"})
    number, end = 0, time.monotonic() + SECONDS
    with Running(stack) as run, Running(stack, "second.log") as second, Controllers(stack) as all_of_them:
        for _ in range(3):
            all_of_them.repeat("apply", ["apply", stack.environment, "--yes"], applied)
            all_of_them.repeat("plan", ["plan", stack.environment], planned)
        while time.monotonic() < end:
            number += 1
            tag = ask_for(number)
            # Now and then another comes before that one is out.
            since = time.monotonic()
            wait_for(lambda: time.monotonic() - since > (0.3 if number % 3 == 0 else 10) or stack.state_file("current_tag") == tag,
                     "a release, or its time to be over")
        wait_for(lambda: stack.state_file("current_tag") == tag, "the last one to be out")
        all_of_them.stop()
        assert run.end() == second.end() == 143
    print(f"{number} commits in {SECONDS:g} s; exit codes and errors: {dict(all_of_them.ended)}")
    assert not all_of_them.wrong, "\n\n".join(all_of_them.wrong[:5])

    seen = rows(stack)
    assert len(seen) == len(set(seen)), f"twice: {seen}"
    assert all(seen[at] == (seen[at - 1][0], "done") for at in range(1, len(seen), 2)), f"two at a time: {seen}"
    assert (tag, "done") in seen and len(seen) >= number
    held = sum(count for (name, code, _), count in all_of_them.ended.items() if (name, code) == ("apply", 75))
    assert held and all_of_them.ended["plan", 0, ""] > number
    stack.run("apply", stack.environment, "--yes").ok()
    stack.assert_second_plan_empty()
    assert stack.condition() == "Ready/Succeeded" and stack.names() == ["web-web-1"]


def test_a_plan_that_is_overtaken_is_none_of_an_older_ledger(stack):
    """What it sees was begun after it had asked the ledger: it asks again, and says nothing of a copy put back."""
    def ask_for(tag):
        stack.commit({"compose.yaml": COMPOSE, "reconciler.yaml": manifest(tag, "verify: { stable: 100ms }")})

    ask_for("v1.0.0")
    stack.apply()
    ask_for("v1.1.0")
    held, overtaken = [], threading.Event()

    def hold_the_first(one):
        if one.path != "/containers/json" or held:
            return None
        held.append(one)
        return overtaken

    stack.proxy.before = hold_the_first
    slow = stack.program.start("plan", stack.environment)
    wait_for(lambda: held, "the look of the plan")
    stack.run("apply", stack.environment, "--yes").ok()
    overtaken.set()
    out, err = slow.communicate(timeout=HANGS)
    assert slow.returncode == 0 and not err and "No changes." in out, out + err


def test_a_plan_keeps_the_tree_that_it_reads(stack):
    """Another run that has recorded a later version leaves it alone, and whoever tidies next does not."""
    def ask_for(tag):
        stack.commit({"compose.yaml": COMPOSE, "reconciler.yaml": manifest(tag, "verify: { stable: 100ms }")})

    ask_for("v1.0.0")
    stack.apply()
    ask_for("v1.1.0")
    commit = stack.config.head
    slow = stack.program.start("plan", stack.environment, env={"RECONCILER_FAILPOINTS": "export.tree.after:delay=4000@1"})
    tree = stack.state / "trees" / "web" / "production" / commit
    wait_for(tree.exists, "the tree of v1.1.0")
    with paused(slow):
        ask_for("v1.2.0")
        stack.run("apply", stack.environment, "--yes").ok()
        assert tree.exists() and slow.poll() is None
    out, err = slow.communicate(timeout=HANGS)
    assert slow.returncode == 0 and not err and "-> v1.1.0" in out, out + err
    ask_for("v1.3.0")
    stack.run("apply", stack.environment, "--yes").ok()
    assert not tree.exists()

"""A machine that has no descriptors, threads, memory or durable writes left to give: said in one typed error, nothing half recorded."""

import os
import re

import pytest

from support.injected import Injection, may_trace
from support.proxy import Proxy
from support.stack import SLEEPS, Stack, manifest, services

DEEP = os.environ.get("RECONCILER_DEEP") == "1"
WEB = services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}")
traced = pytest.mark.skipif(not may_trace(), reason="strace may not trace here")


@pytest.fixture(scope="module")
def kept(tmp_path_factory, engine, newest):
    with Proxy(engine.socket, engine.folder / "machine.sock") as proxy, \
            Stack(tmp_path_factory.mktemp("machine"), engine, newest, proxy) as stack:
        stack.version = 0
        ask_for_another(stack)
        stack.apply()
        yield stack


def ask_for_another(stack):
    stack.version += 1
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest(f"v1.{stack.version}.0", "verify: { stable: 50ms }")})


def recorded(stack):
    return stack.ledger("SELECT current_tag, previous_tag FROM environments WHERE name = ?")[0]


def apply_within(stack, within):
    """Of a version that is new. What fails has a typed error, what goes well is recorded, and a state file names only what
    the ledger knows to have been well."""
    stack.program.within = within
    try:
        done = stack.run("apply", stack.environment, "--yes")
    finally:
        stack.program.within = ()
    said = f"{within}: exit {done.code}\n{done.out}{done.err}"
    assert done.code in (0, 1), said
    current, previous = recorded(stack)
    if done.code == 1:
        assert stack.error(done) and "  next " in done.err, said
    elif done.err:  # what was fetched before is as it should be
        assert "works on from the fetch of" in done.err, said
    else:
        assert current == f"v1.{stack.version}.0", said
    assert stack.state_file("current_tag") in (current, previous), said
    return done


def converges(stack):
    stack.run("apply", stack.environment, "--yes").ok()
    stack.assert_second_plan_empty()
    assert stack.state_file("current_tag") == f"v1.{stack.version}.0" and stack.names() == ["web-web-1"]


def test_no_descriptors_left(kept):
    """From so few that it does not come to the ledger, up to as many as it takes."""
    ask_for_another(kept)
    said = []
    for most in range(4, 40):
        done = apply_within(kept, ["prlimit", f"--nofile={most}"])
        if done.code == 0 and not done.err:
            break
        said += [kept.error(done)] if done.code else []
    assert done.code == 0 and len(set(said)) >= 3, said
    converges(kept)


def test_no_memory_left(kept):
    """From so little that not even a thread can be made; how much that is differs with how the program was built."""
    ask_for_another(kept)
    codes = {kept.error(done) for done in (apply_within(kept, ["prlimit", f"--as={most << 20}"])
                                           for most in (16, 20, 24, 40, 48)) if done.code}
    assert codes == {"system.exhausted", "compose.ended"}
    converges(kept)


@traced
def test_no_process_and_no_thread_can_be_made(kept):
    for calls, codes in (("clone", {"process.failed_to_start", "compose.failed_to_start"}), ("clone3", {"system.exhausted"})):
        ask_for_another(kept)
        seen = set()
        for nth in range(1, 9):
            with Injection(calls, "EAGAIN", str(nth)) as injection:
                done = apply_within(kept, injection.within)
                if done.code == 0 and not done.err:
                    break
                seen |= {kept.error(done)} if done.code else set()
        assert done.code == 0 and seen and seen <= codes, seen
        converges(kept)


# As many as one apply asks for, and more; in a run that is not deep, every fourth.
# What may fail unsaid: SQLite does not ask what became of its folder's fsync, and what is only tidied away stays.
# A tree that nothing needs any more is taken away after the deploy, or after the next one.
UNSAID = re.compile(r"rename\(.*/trees/.*\.removed-|fdatasync\(\d+<[^>]*/state>\)|fsync\(\d+<[^>]*/repositories/[^/>]*/trees>\)")
TIMES = {"fsync": 14, "fdatasync": 14, "rename": 10, "syncfs": 2}


@traced
@pytest.mark.parametrize("call", TIMES)
def test_nothing_can_be_made_durable(kept, call):
    """EIO of each write's fsync and rename in turn: the exit code says so, and nothing else calls it well."""
    hit = 0
    for nth in range(1, TIMES[call] + 1, 1 if DEEP else 4):
        ask_for_another(kept)
        with Injection(call, "EIO", str(nth)) as injection:
            done = apply_within(kept, injection.within)
            injected = injection.injected
        hit += bool(injected)
        if not any(UNSAID.match(one) for one in injected):
            assert done.code == (1 if injected else 0), f"{injected}: {done.out}{done.err}"
        if DEEP:
            converges(kept)
    assert hit
    converges(kept)

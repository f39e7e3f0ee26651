"""One owner: what another installation made is refused until it is adopted, and then nothing is released on a guess."""

import shutil

import pytest

from support.images import BUSYBOX
from support.reconciler import Reconciler
from support.stack import SLEEPS, manifest, services
from test_command_line import on_a_terminal

WORK = "echo start >>/table/rows; echo done >>/table/rows"
COMPOSE = services(f"""
    web: {{ {SLEEPS}, environment: {{ TAG: "${{TAG}}" }} }}
    release: {{ image: {BUSYBOX}, profiles: [release], command: [sh, -c, "{WORK}"], volumes: ['table:/table'] }}
""", "volumes: { table: {} }")


def rows(stack):
    return stack.engine.lines_in_volume("web_table", "rows")


@pytest.fixture
def running(stack):
    stack.commit({"compose.yaml": COMPOSE, "reconciler.yaml": manifest("v1.0.0", "release: [{ run: release }]")})
    stack.apply()
    assert rows(stack) == ["start", "done"]
    return stack


def another(stack, state):
    return Reconciler(state, repo=stack.config.path, docker_host=stack.proxy.url, home=stack.compose.home)


def refused(stack, program):
    for verb in (["plan"], ["apply", "--yes"]):
        stack.proxy.clear()
        done = program.run(*verb, stack.environment)
        assert done.code == 1 and stack.error(done) == "state.lineage", done.out + done.err
        assert not stack.proxy.changes()
    return done.err.split("--lineage ")[1].split()[0]


@pytest.mark.parametrize("answer", ["succeeded", "not-run"])
def test_another_installation(running, folder, answer):
    """As after `rm -rf` of the state folder too: the same containers, and no memory of what was released."""
    before = running.ids()
    other = another(running, folder / "other-state")
    lineage = refused(running, other)
    # Nobody is told that it is theirs while every plan is refused.
    for more in ([], ["--yes"], ["--lineage", "of-nobody"]):
        done = other.run("adopt", running.environment, *more)
        assert done.code == 1 and running.error(done) == "state.lineage", done.out + done.err
        assert done.err.endswith(f"once the other is gone: reconciler adopt web/production --lineage {lineage}\n"), done.err
    code, shown = on_a_terminal(other, b"n\n", "adopt", running.environment)
    assert code == 1 and shown.endswith("in its place? [y/N] n\r\nNothing was changed.\r\n"), shown
    assert refused(running, other) == lineage
    typo = other.run("adopt", "web/prodution")
    assert (typo.code, running.error(typo)) == (64, "env.unknown"), typo.out + typo.err
    other.run("adopt", running.environment, "--lineage", lineage).ok()
    done = other.run("apply", running.environment, "--yes")
    assert done.code == 1 and "Stalled/ReleaseOutcomeUnknown" in done.out, done.out + done.err
    assert "reconciler settle web/production release succeeded|not-run" in done.out
    assert rows(running) == ["start", "done"]
    other.run("settle", running.environment, "release", answer).ok()
    other.run("apply", running.environment, "--yes").ok()
    assert rows(running) == ["start", "done"] * (1 if answer == "succeeded" else 2)
    assert running.ids() == before, "nothing of it was replaced"
    assert other.run("plan", running.environment, "--detailed-exitcode").code == 0
    shutil.rmtree(folder / "other-state")


def test_another_tag_is_asked_for_between_the_answer_and_its_apply(running, folder):
    """The answer is about the tag that is asked about, not about one that was answered before."""
    other = another(running, folder / "other-state")
    other.run("adopt", running.environment, "--lineage", refused(running, other)).ok()
    assert "for v1.0.0" in other.run("settle", running.environment, "release", "not-run").ok().out
    running.commit({"reconciler.yaml": manifest("v1.1.0", "release: [{ run: release }]")})
    done = other.run("apply", running.environment, "--yes")
    assert done.code == 1 and "whether release has run for v1.1.0" in done.out, done.out + done.err
    assert "for v1.1.0" in other.run("settle", running.environment, "release", "succeeded").ok().out
    other.run("apply", running.environment, "--yes").ok()
    assert rows(running) == ["start", "done"]
    shutil.rmtree(folder / "other-state")


def test_ledger_that_is_gone(running):
    """The rest of the state folder is there: it says so, and asks before anything is released again."""
    before = running.ids()
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (running.state / name).unlink(missing_ok=True)
    for _ in range(2):
        done = running.run("apply", running.environment, "--yes")
        assert done.code == 1, done.out + done.err
        said = done.out + done.err
        assert "LedgerLost" in said or "state.lineage" in said, said
        assert "reconciler adopt web/production" in said, said
    assert rows(running) == ["start", "done"] and running.ids() == before


def test_ledger_that_is_garbage(running):
    before = running.ids()
    (running.state / "ledger.db").write_bytes(b"not a database at all" * 1000)
    (running.state / "ledger.db-wal").unlink(missing_ok=True)
    done = running.run("apply", running.environment, "--yes")
    assert done.code == 1 and "reconciler adopt web/production" in done.out + done.err, done.out + done.err
    assert rows(running) == ["start", "done"] and running.ids() == before
    assert list(running.state.glob("ledger.db.corrupt-*")), "what was there is set aside"


def test_ledger_put_back_from_an_older_copy(running, folder):
    """What is on the host is newer than what it remembers: it says so, and the release does not run again."""
    names = ("ledger.db", "ledger.db-wal", "ledger.db-shm")
    (folder / "copy").mkdir()
    for name in names:
        if (running.state / name).exists():
            shutil.copy2(running.state / name, folder / "copy" / name)
    running.commit({"reconciler.yaml": manifest("v1.1.0", "release: [{ run: release }]")})
    running.apply()
    assert rows(running) == ["start", "done"] * 2
    for name in names:
        (running.state / name).unlink(missing_ok=True)
        if (folder / "copy" / name).exists():
            shutil.copy2(folder / "copy" / name, running.state / name)
    for verb in (["plan"], ["apply", "--yes"]):
        done = running.run(*verb, running.environment)
        assert done.code == 1 and running.error(done) == "ledger.behind", done.out + done.err
    assert rows(running) == ["start", "done"] * 2

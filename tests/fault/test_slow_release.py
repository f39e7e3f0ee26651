"""A release of half a minute, with a backup before it, killed in its middle: by what, and what is known then. Each time it
ran once, and the backup is whole."""

import hashlib
import json
import signal

import pytest

from support.engine import HANGS, wait_for
from support.proxy import Proxy
from support.stack import SLEEPS, Stack, manifest, said_unguarded, unguarded, wait_for_unguarded

SECONDS = 30
TABLE = "/table/rows"
DUMP = ["sh", "-c", f"cat {TABLE}; echo complete"]


def ask_for(stack, tag, seconds):
    db = f"db: {{ {SLEEPS}, volumes: ['table:/table'] }}"
    stack.commit({"compose.yaml": unguarded(seconds, db), "reconciler.yaml": manifest(
            tag, "release: [{ run: release, timeout: 2m }]",
            f"backup: {{ exec: db, command: {json.dumps(DUMP)}, contains: complete, keep: 5 }}",
            f"restore: {{ exec: db, command: [sh, -c, 'touch /table/begun; sleep {seconds}; cat >{TABLE}'] }}")})


@pytest.fixture
def stack(mortal, folder):
    engine, compose = mortal
    with Proxy(engine.socket, engine.folder / "proxy.sock") as proxy, Stack(folder, engine, compose, proxy) as stack:
        ask_for(stack, "v1.0.0", 0)
        stack.apply()
        yield stack


def begun(stack):
    """The apply, from where its release is at work."""
    ask_for(stack, "v1.1.0", SECONDS)
    program = stack.program.start("apply", stack.environment, "--yes")
    wait_for_unguarded(stack)
    return program


def assert_backup_is_whole(stack):
    """The one that was made before it, of what was there then; and nothing half made beside it."""
    folder = stack.state / "backups/web/production"
    [one] = folder.glob("*.backup")
    data = one.read_bytes()
    assert data.split() == b"v1.0.0 start v1.0.0 done complete".split()
    assert (folder / f"{one.name}.sha256").read_text().split() == [hashlib.sha256(data).hexdigest(), one.name]
    assert not list(folder.glob(".*"))


def test_the_reconciler_is_killed(stack):
    program = begun(stack)
    program.send_signal(signal.SIGKILL)
    program.communicate()
    assert stack.run("history", stack.environment).ok().out.splitlines()[1].endswith("cut off")
    assert_backup_is_whole(stack)
    # What was begun is waited for, and neither run nor backed up a second time.
    stack.run("apply", stack.environment, "--yes").ok()
    assert said_unguarded(stack) == ["start", "done"]
    assert_backup_is_whole(stack)
    assert stack.state_file("current_tag") == "v1.1.0" and stack.condition() == "Ready/Succeeded"
    stack.assert_second_plan_empty()


def test_its_container_is_killed(stack):
    ids = stack.ids()
    program = begun(stack)
    stack.engine.docker("kill", *stack.one_offs(running=True))
    out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 1 and stack.condition() == "RolledBack/ReleaseFailed", out + err
    assert stack.ids() == ids and stack.state_file("current_tag") == "v1.0.0", "what runs was not touched"
    assert_backup_is_whole(stack)
    # It failed, and nobody tries that again by itself.
    stack.assert_second_plan_empty()
    assert said_unguarded(stack) == ["start"]
    assert_backup_is_whole(stack)


def test_the_engine_is_killed(stack):
    program = begun(stack)
    stack.engine.kill(containerd=True, shims=True)
    out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 1 and "error docker.unreachable" in err, out + err
    assert_backup_is_whole(stack)
    stack.engine.start()
    # Nobody can know how far it came: a person is asked.
    assert stack.run("apply", stack.environment, "--yes").code == 1
    assert stack.condition() == "Stalled/ReleaseOutcomeUnknown" and said_unguarded(stack) == ["start"]
    stack.run("settle", stack.environment, "release", "succeeded").ok()
    stack.run("apply", stack.environment, "--yes").ok()
    assert said_unguarded(stack) == ["start"] and stack.state_file("current_tag") == "v1.1.0"
    assert_backup_is_whole(stack)
    stack.assert_second_plan_empty()


def test_the_engine_is_killed_while_one_is_brought_back(stack):
    """Half a restore is no data to go on with, and it says so until one has succeeded."""
    stack.run("backup", stack.environment).ok()
    [name] = [one.name for one in (stack.state / "backups/web/production").glob("*.backup")]
    ask_for(stack, "v1.0.0", SECONDS)
    stack.apply()
    program = stack.program.start("restore", stack.environment, name, "--yes")
    wait_for(stack.engine.in_volume("web_table", "begun").exists, "the restore to have begun")
    now = stack.status()
    assert (now["condition"], now["reason"]) == ("Reconciling", "Progressing") and f"{name} is being brought back" in now["why"]
    # Not its shims: containerd 1.6 cannot start a container again that had an exec when they died.
    stack.engine.kill(containerd=True)
    out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 1 and "error docker.unreachable" in err, out + err
    assert f"when it is back: reconciler restore {stack.environment} {name}" in err, err
    stack.engine.start()
    assert stack.condition() == "Stalled/RestoreFailed"
    ask_for(stack, "v1.0.0", 0)
    stack.run("apply", stack.environment, "--yes").ok()
    assert stack.condition() == "Stalled/RestoreFailed"
    stack.run("restore", stack.environment, name, "--yes").ok()
    assert stack.condition() == "Ready/Succeeded" and said_unguarded(stack, "v1.0.0") == ["start", "done"]

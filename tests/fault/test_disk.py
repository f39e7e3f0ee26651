"""Disks that are full or may not be written to: what was written stays whole, nothing further is done, and it says which and how much."""

import contextlib
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from support.compose import VERSIONS, Compose
from support.engine import HANGS, Engine, wait_for
from support.images import BUSYBOX, busybox
from support.proxy import Proxy
from support.reconciler import paused
from support.small_disk import SmallDisk
from support.stack import SLEEPS, Stack, manifest, services

WEB = f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}"
RELEASE = f"release: {{ image: {BUSYBOX}, profiles: [release], command: ['true'] }}"


def ask_for(stack, tag):
    stack.commit({"compose.yaml": services(f"{WEB}\n{RELEASE}"), "reconciler.yaml": manifest(tag, "release: [{ run: release }]")})


@pytest.fixture
def small(folder, engine, newest, proxy):
    """v1.0.0 runs; the state folder is a disk of its own."""
    with SmallDisk(folder / "room", "3m") as disk, \
            Stack(folder, engine, newest, proxy, application="full", state=folder / "room" / "state") as stack:
        ask_for(stack, "v1.0.0")
        stack.apply()
        stack.disk = disk
        yield stack


def whole(stack):
    """The ledger opens, has no damage, and what it knows. In a copy: to open it takes room."""
    copy = stack.folder / "copy.db"
    for end in ("", "-wal"):
        Path(f"{copy}{end}").unlink(missing_ok=True)
        if Path(f"{stack.state}/ledger.db{end}").exists():
            shutil.copyfile(f"{stack.state}/ledger.db{end}", f"{copy}{end}")
    with contextlib.closing(sqlite3.connect(copy)) as ledger:
        assert ledger.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return ledger.execute("SELECT current_tag, serial FROM environments WHERE name = ?", (stack.environment,)).fetchone()


def released(stack):
    """How many releases ended well."""
    return stack.ledger("SELECT count(*) FROM attempts WHERE environment = ? AND once_key != '' AND fate = 'succeeded'")[0][0]


def said_how_much(stack, said):
    """Which path, how much was to be written, how much is free."""
    found = re.search(r"(\S+): (?:No space left on device|database or disk is full): (?:at least )?([0-9.]+ k?B) to write, (\S+ k?B) free",
                      said)
    assert found and found[1].startswith(str(stack.state)) and found[3] == "0 B", said
    assert "make room on that disk" in said


# Where it is full from, before anything that runs was touched.
MOMENTS = {
    "before": ("", lambda stack: True),
    "before the first action": ("ledger.intent.before:delay=1500@1", lambda stack: stack.ledger(
        "SELECT 1 FROM runs WHERE environment = ? AND ended IS NULL")),
    "between release and switch": ("ledger.intent.before:delay=1500@2", lambda stack: stack.ledger(
        "SELECT 1 FROM attempts WHERE environment = ? AND once_key LIKE '%v1.1.0%' AND fate = 'succeeded'")),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_state_folder_is_full(small, moment):
    failpoint, come = MOMENTS[moment]
    before, knew = small.inspect(), whole(small)
    ask_for(small, "v1.1.0")
    small.run("plan", small.environment).ok()
    if not failpoint:
        small.disk.fill()
    program = small.program.start("apply", small.environment, "--yes", *([] if failpoint else ["--no-fetch"]),
                                  env={"RECONCILER_FAILPOINTS": failpoint})
    if failpoint:
        wait_for(lambda: come(small), moment)
        with paused(program):
            small.disk.fill()
    out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 1 and "error ledger.full: " in err, out + err
    said_how_much(small, err)
    now = small.inspect()
    assert now["State"]["Running"]
    assert (now["Id"], now["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])
    assert small.state_file("current_tag") == "v1.0.0" and whole(small)[0] == "v1.0.0" and whole(small)[1] >= knew[1]
    assert not small.condition().startswith("Ready")
    # Nothing is begun while it lasts, and it is gone on with afterwards.
    again = small.run("apply", small.environment, "--yes")
    assert again.code == 1 and small.error(again) in ("ledger.full", "file.unwritable"), again.err
    assert small.inspect()["Id"] == now["Id"]
    small.disk.empty()
    small.run("apply", small.environment, "--yes").ok()
    small.assert_second_plan_empty()
    assert small.state_file("current_tag") == "v1.1.0" and released(small) == 2


def full_in_the_switch(small, tag, health=""):
    """Apply, and the disk is full once the new one is made; what is written from there on has the room that was kept for it."""
    small.commit({"compose.yaml": services(f"{WEB[:-2]}, {health} }}\n{RELEASE}" if health else f"{WEB}\n{RELEASE}"),
                  "reconciler.yaml": manifest(tag, "verify: { timeout: 3s }")})
    small.run("plan", small.environment).ok()
    assert (small.state / "reserve").stat().st_blocks * 512 >= 1 << 20
    program = small.program.start("apply", small.environment, "--yes", "--no-fetch", env={"RECONCILER_FAILPOINTS": "engine.stop.before:delay=1500@1"})
    wait_for(lambda: "full-web-1.next" in small.names(), "the switch to have begun")
    with paused(program):
        small.disk.fill()
    return program, *program.communicate(timeout=HANGS)


def refuses_until_there_is_room(small, tag):
    """What was begun is at its end; nothing else is begun."""
    ask_for(small, "v1.2.0")
    knew, web = whole(small), small.id()
    again = small.run("apply", small.environment, "--yes")
    assert again.code == 1 and small.error(again) in ("ledger.full", "file.unwritable"), again.err
    assert (whole(small), small.id(), small.state_file("current_tag")) == (knew, web, tag)
    small.disk.empty()
    small.run("apply", small.environment, "--yes").ok()
    small.assert_second_plan_empty()
    assert small.state_file("current_tag") == "v1.2.0"


def test_full_in_the_switch(small):
    """It is carried through: nobody is left with half of it, or with one that was never verified."""
    program, out, err = full_in_the_switch(small, "v1.1.0")
    assert program.returncode == 0 and not err, out + err
    assert small.state_file("current_tag") == "v1.1.0" and whole(small)[0] == "v1.1.0"
    assert small.names() == ["full-web-1"] and small.condition() == "Ready/Succeeded"
    refuses_until_there_is_room(small, "v1.1.0")


def test_full_in_the_switch_to_one_that_is_not_well(small):
    """The way back has its room as well: the old version runs."""
    program, out, err = full_in_the_switch(small, "v1.1.0", "healthcheck: { test: ['CMD', 'false'], interval: 1s, retries: 1 }")
    assert program.returncode == 1 and "v1.1.0 is not well" in err and "is back at v1.0.0" in err, out + err
    assert small.state_file("current_tag") == "v1.0.0" and whole(small)[0] == "v1.0.0"
    assert small.condition() == "RolledBack/VerifyFailed" and "TAG=v1.0.0" in small.inspect()["Config"]["Env"]
    refuses_until_there_is_room(small, "v1.0.0")


def test_full_and_killed_in_the_switch(small):
    """Whoever comes next may take the room as well: it is gone on with, on a disk that is full."""
    ask_for(small, "v1.1.0")
    small.run("plan", small.environment).ok()
    program = small.program.start("apply", small.environment, "--yes", "--no-fetch", env={"RECONCILER_FAILPOINTS": "engine.start.before:delay=60000@2"})
    wait_for(lambda: "full-web-1.prev" in small.names() or small.engine.inspect("full-web-1")["State"]["Status"] == "exited", "the old one to be stopped")
    small.disk.fill()
    program.kill()
    program.communicate(timeout=HANGS)
    small.run("apply", small.environment, "--yes", "--no-fetch").ok()
    assert small.state_file("current_tag") == "v1.1.0" and small.condition() == "Ready/Succeeded"
    assert small.names() == ["full-web-1"] and released(small) == 2
    refuses_until_there_is_room(small, "v1.1.0")


def test_full_again_while_it_recovers_from_a_death(small):
    """Of two faults the second comes while the first is being dealt with: nothing is released twice, nothing is stopped."""
    ask_for(small, "v1.1.0")
    killed = small.run("apply", small.environment, "--yes", env={"RECONCILER_FAILPOINTS": "ledger.result.before:kill@1"})
    assert killed.code == -9
    knew, web = whole(small), small.id()
    small.disk.fill()
    for _ in range(2):
        done = small.run("apply", small.environment, "--yes", "--no-fetch")
        assert done.code == 1 and small.error(done) == "ledger.full", done.out + done.err
        said_how_much(small, done.err)
        assert whole(small) == knew and small.id() == web and small.inspect()["State"]["Running"]
    small.disk.empty()
    small.run("apply", small.environment, "--yes").ok()
    small.assert_second_plan_empty()
    assert released(small) == 2 and small.state_file("current_tag") == "v1.1.0"


def test_the_state_folder_becomes_read_only_in_the_middle(folder, engine, newest, proxy):
    """As when the kernel finds an error on the disk: nothing further is done, for nothing could be written down."""
    with SmallDisk(folder / "room", "16m", loop=True) as disk, \
            Stack(folder, engine, newest, proxy, application="full", state=folder / "room" / "state") as stack:
        ask_for(stack, "v1.0.0")
        stack.apply()
        before = stack.id()
        ask_for(stack, "v1.1.0")
        program = stack.program.start("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": "ledger.intent.before:delay=1500@2"})
        wait_for(lambda: MOMENTS["between release and switch"][1](stack), "the release to be over")
        with paused(program):
            disk.fail()
        out, err = program.communicate(timeout=HANGS)
        assert program.returncode == 1 and "error ledger." in err, out + err
        for verb in (["plan"], ["apply", "--yes"]):
            done = stack.run(*verb, stack.environment)
            assert done.code == 1 and "Read-only file system" in done.err, done.err
        assert stack.id() == before and stack.inspect()["State"]["Running"]
        disk.mend()
        stack.run("apply", stack.environment, "--yes").ok()
        stack.assert_second_plan_empty()
        assert released(stack) == 2 and stack.state_file("current_tag") == "v1.1.0"


def test_the_engines_disk_is_full(folder):
    """A build and a pull that find no room: said as that, before anything that runs is touched."""
    engine = Engine()
    with SmallDisk(engine.folder / "data", "64m", loop=True) as disk, engine, Compose(VERSIONS[-1], engine.url) as compose, \
            Proxy(engine.socket, engine.folder / "proxy.sock") as proxy:
        busybox(engine)
        with Stack(folder, engine, compose, proxy) as stack:
            stack.commit({"compose.yaml": services(WEB), "reconciler.yaml": manifest("v1.0.0")})
            stack.apply()
            before = stack.inspect()
            stack.commit({"compose.yaml": services(WEB.replace(f"image: {BUSYBOX}", "build: ., image: 'built:${TAG}'")),
                          "reconciler.yaml": manifest("v1.1.0"),
                          "Dockerfile": f"FROM {BUSYBOX}\nRUN dd if=/dev/zero of=/large bs=1M count=8\n"})
            disk.fill()
            done = stack.run("apply", stack.environment, "--yes")
            assert done.code == 1 and stack.error(done) == "image.build_failed", done.out + done.err
            assert "no space left on device" in (done.out + done.err).lower(), done.err
            now = stack.inspect()
            assert (now["Id"], now["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])
            assert stack.names() == ["web-web-1"] and stack.state_file("current_tag") == "v1.0.0"
            disk.empty()
            stack.run("apply", stack.environment, "--yes").ok()
            assert stack.state_file("current_tag") == "v1.1.0"

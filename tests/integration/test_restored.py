"""What a restore leaves: whole, half, unwell, or nothing done; what is said of it until when, and what waits for it."""

import json
import re
from pathlib import Path

import pytest

from support.images import BUSYBOX, portfolio_images
from support.stack import SLEEPS, manifest, services

ROOT = Path(__file__).parents[2]
TASK = f"task: {{ image: {BUSYBOX}, command: 'true', profiles: [task] }}"
RELEASE = "release: [{ run: task }]"


def shell(command):
    return json.dumps(["sh", "-c", command])


def files(tag, *more, writes="cat /data/rows", reads="cat >/data/rows", checks=""):
    kept = (f"backup: {{ exec: db, command: {shell(writes)} }}", f"restore: {{ exec: db, command: {shell(reads)} }}") if writes else ()
    verify = f"verify: {{ stable: 1s, timeout: 3s, checks: [{checks}] }}"
    return {"compose.yaml": services(f"db: {{ {SLEEPS}, volumes: ['data:/data'] }}\n{TASK}", "volumes: { data: {} }"),
            "reconciler.yaml": manifest(tag, *kept, verify, *more)}


def deploy(stack, *arguments, **keys):
    stack.commit(files(*arguments, **keys))
    stack.apply()


def a_backup(stack):
    stack.run("backup", stack.environment).ok()
    return sorted(one.name for one in (stack.state / "backups/web/production").glob("*.backup"))[-1]


def restore(stack, name, *more):
    return stack.run("restore", stack.environment, name, "--yes", *more)


@pytest.fixture
def kept(stack):
    """v1.0.0 runs, with a backup of its rows."""
    deploy(stack, "v1.0.0")
    stack.sh("echo one >/data/rows", "db")
    stack.backup = a_backup(stack)
    return stack


@pytest.fixture
def half(kept):
    """A restore that ended half way."""
    deploy(kept, "v1.0.0", reads="head -c 2 >/data/rows; exit 4")
    assert restore(kept, kept.backup).code == 1 and kept.condition() == "Stalled/RestoreFailed"
    return kept


def test_where_no_backup_of_now_can_be_made_a_person_may_go_on_without(kept):
    kept.sh("rm /data/rows", "db")
    done = restore(kept, kept.backup)
    again = f"reconciler restore web/production {kept.backup}"
    assert done.code == 1 and done.err.rstrip().endswith(
        f"mend it, then: {again}; or, where what is there now is worth nothing: {again} --without-backup"), done.err
    done = restore(kept, kept.backup, "--without-backup").ok()
    assert "NO backup of now is made" in done.out and kept.sh("cat /data/rows", "db") == "one\n", done.out


def test_on_half_of_a_backup_nothing_is_released_whatever_the_manifest_says_by_then(half):
    half.commit(files("v1.1.0", RELEASE, writes=""))
    done = half.run("apply", half.environment, "--yes")
    assert done.code == 1 and "Stalled/RestoreFailed" in done.out, done.out
    assert not half.one_offs() and half.condition() == "Stalled/RestoreFailed"
    # Who put it right by hand says so.
    half.run("settle", half.environment, "restore", "succeeded").ok()
    half.apply()
    assert half.condition() == "Ready/Succeeded" and half.state_file("current_tag") == "v1.1.0"


def test_suspended_both_are_said(half):
    half.run("suspend", half.environment, "--reason", "the disks").ok()
    status = half.status()
    assert (status["condition"], status["reason"]) == ("Suspended", "Requested") and "the disks; and " in status["why"], status
    assert "was not brought back whole" in status["why"] and "resume web/production; then: reconciler restore" in status["next"], status


def test_what_stands_besides_is_said_with_it(half):
    half.engine.docker("kill", half.container("db"))
    status = half.status()
    assert (status["condition"], status["reason"]) == ("Stalled", "RestoreFailed"), status
    assert "was not brought back whole" in status["why"] and "; due besides: start db: state exited 137 -> running" in status["why"], status
    assert status["next"].endswith("; what is due: reconciler apply web/production"), status
    half.apply()
    assert half.condition() == "Stalled/RestoreFailed" and "due besides" not in half.status()["why"]


def test_what_was_damaged_is_known_before_anything_is_done(kept):
    place = kept.state / "backups/web/production" / kept.backup
    place.write_bytes(b"two\n")
    done = restore(kept, kept.backup)
    assert done.code == 1 and kept.error(done) == "backup.damaged" and done.out == "", done
    assert done.err.rstrip().endswith("next  reconciler restore web/production, which lists them"), done.err
    assert kept.sh("cat /data/rows", "db") == "one\n" and kept.condition() == "Ready/Succeeded"
    assert len(list(place.parent.glob("*.backup"))) == 1


def test_what_could_not_be_begun_is_no_half(kept):
    kept.engine.docker("stop", "-t", "0", kept.container("db"))
    done = restore(kept, kept.backup, "--without-backup")
    assert done.code == 1 and kept.error(done).startswith("service."), done.err
    assert kept.condition() == "Reconciling/Due" and "start db" in kept.status()["why"]
    kept.apply()
    assert kept.condition() == "Ready/Succeeded" and kept.sh("cat /data/rows", "db") == "one\n"


def test_what_is_not_well_with_the_data_that_came_back_is_not_called_ready(stack):
    well = "{ exec: db, command: [grep, -q, well, /data/rows] }"
    deploy(stack, "v1.0.0")
    stack.sh("echo ill >/data/rows", "db")
    ill = a_backup(stack)
    stack.sh("echo well >/data/rows", "db")
    deploy(stack, "v1.1.0", checks=well)
    good = a_backup(stack)
    assert restore(stack, ill).code == 1
    told = stack.run("status", stack.environment)
    assert told.code == 1 and "Stalled/VerifyFailed" in told.out, told.out
    assert f"{ill} was brought back, and with it v1.1.0 is not well: exec db: exit code 1" in " ".join(told.out.split()), told.out
    stack.sh("echo well >/data/rows", "db")
    stack.run("restart", stack.environment, "db", "--yes").ok()
    assert stack.condition() == "Ready/Succeeded", "the checks were asked again"
    assert restore(stack, ill).code == 1 and stack.condition() == "Stalled/VerifyFailed"
    restore(stack, good).ok()
    assert stack.condition() == "Ready/Succeeded"


def test_a_backup_is_of_the_version_whose_data_it_is(stack):
    """After an older version's data was brought back, until the release was run on it."""
    deploy(stack, "v1.0.0", RELEASE)
    stack.sh("echo one >/data/rows", "db")
    first = a_backup(stack)
    deploy(stack, "v1.1.0", RELEASE)
    assert a_backup(stack).endswith("-v1.1.0.backup")
    restore(stack, first).ok()
    of_the_old = a_backup(stack)
    assert of_the_old.endswith("-v1.0.0.backup"), of_the_old
    lost = restore(stack, of_the_old).ok()
    assert "it is the data of v1.0.0, and v1.1.0 runs" in lost.out, lost.out
    stack.run("task", stack.environment, "task", "--yes").ok()
    assert a_backup(stack).endswith("-v1.1.0.backup")


def test_one_that_ends_before_it_has_read_all_is_said(kept):
    kept.sh("head -c 20000000 /dev/zero | tr '\\0' x >/data/rows", "db")
    large = a_backup(kept)
    deploy(kept, "v1.0.0", reads="head -c 2 >/data/rows")
    done = restore(kept, large).ok()
    assert "warning: it ended before it was given all of the file" in done.out, done.out


@pytest.mark.parametrize("where", ["README.md", "manifests/reference.yaml"])
def test_the_pair_that_is_shown_brings_a_real_database_back(stack, engine, where):
    portfolio_images(engine)
    pair = re.findall(r"^(?:backup|restore): +\{.*\}$", (ROOT / where).read_text(), re.M)
    assert len(pair) == 2, pair
    stack.commit({"compose.yaml": services("""
        db:
          image: debian-postgresql:15
          environment: { POSTGRES_DB: app, POSTGRES_USER: app, POSTGRES_PASSWORD: pw }
          volumes: ['data:/var/lib/postgresql/data']
          healthcheck: { test: [CMD, pg_isready, -h, 127.0.0.1, -U, app, -d, app], interval: 1s, retries: 30 }
        """, "volumes: { data: {} }"), "reconciler.yaml": manifest("v1.0.0", *pair)})
    stack.apply()

    def sql(text):
        return stack.engine.docker("exec", stack.container("db"), "psql", "-U", "app", "-d", "app", "-Atc", text).split()

    sql("create table numbered (id int primary key, what text); create table plain (what text);"
        "insert into numbered values (1, 'one'), (2, 'two'); insert into plain values ('one'), ('two')")
    backup = a_backup(stack)
    sql("update numbered set what = 'ill' where id = 1; insert into numbered values (3, 'later'); delete from plain")
    restore(stack, backup).ok()
    assert sql("select * from numbered order by id") == ["1|one", "2|two"] and sql("select * from plain order by 1") == ["one", "two"]
    assert stack.condition() == "Ready/Succeeded"


BYTES = r"printf 'a \377 b\n' >&2; exit 1"
LONG = "printf x; i=0; while [ $i -lt 3000 ]; do printf '\303\244'; i=$((i+1)); done >&2; exit 4"


@pytest.mark.parametrize("said", [BYTES, LONG], ids=["no UTF-8", "cut within a character"])
@pytest.mark.parametrize("step", ["backup", "preflight", "check", "restore"])
def test_bytes_that_are_no_text_are_no_damage(kept, step, said):
    """A ledger that cannot be read again after a dump that failed in another alphabet would be set aside, and all forgotten."""
    run = {"backup": lambda: kept.run("backup", kept.environment), "restore": lambda: restore(kept, kept.backup)}
    if step == "preflight":
        kept.commit(files("v1.1.0", f"preflight: [{{ exec: db, command: {shell(said)} }}]"))
    elif step == "check":
        kept.commit(files("v1.1.0", checks=f"{{ exec: db, contains: well, command: {shell(said)} }}"))
    else:
        deploy(kept, "v1.0.0", **{"writes" if step == "backup" else "reads": said})
    done = run.get(step, lambda: kept.run("apply", kept.environment, "--yes"))()
    assert done.code == 1, done
    serial = len(kept.runs())
    first, second = ([kept.status()[key] for key in ("condition", "reason", "why")] for _ in range(2))
    assert first == second and serial >= 2 and len(kept.runs()) == serial, (first, second)
    assert kept.state_file("current_tag") == "v1.0.0" and kept.run("history", kept.environment).ok()
    assert not list(kept.state.glob("*.corrupt-*")) and "Nothing to mend" not in kept.run("doctor").err

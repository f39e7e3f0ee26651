"""What a restore leaves: whole, half, unwell, or nothing done; what is said of it until when, and what waits for it."""

import json
import re
from pathlib import Path

import pytest

from support.engine import wait_for
from support.images import BUSYBOX, portfolio_images
from support.running import Running
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


def looks_each_second(stack):
    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s"})


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


def test_on_half_of_a_backup_no_other_version_is_gone_on_to(half):
    """Whether its release is in the data nobody knows, and its checks would be asked of half of it."""
    other = files("v1.1.0", checks="{ exec: db, command: 'false' }")
    half.commit({**other, "compose.yaml": other["compose.yaml"].replace("db: {", "db: { environment: { NEW: '1' },")})
    was = half.id("db")
    done = half.run("apply", half.environment, "--yes")
    assert done.code == 1 and "Stalled/RestoreFailed" in done.out, done.out
    assert half.id("db") == was and half.condition() == "Stalled/RestoreFailed"
    half.engine.docker("kill", half.container("db"))
    looks_each_second(half)
    with Running(half) as running:
        wait_for(lambda: half.inspect("db")["State"]["Running"], "what runs to be looked after")
        assert half.condition() == "Stalled/RestoreFailed" and running.end() == 143


def test_backups_of_half_a_restore_take_no_good_ones_place(kept):
    keeps = "backup: { exec: db, command: [cat, /data/rows], keep: 2 }"
    fails = f"restore: {{ exec: db, command: {shell('head -c 2 >/data/rows; exit 4')} }}"
    deploy(kept, "v1.0.0", keeps, fails, writes="")
    for _ in range(2):
        assert restore(kept, kept.backup).code == 1 and kept.condition() == "Stalled/RestoreFailed"
    listed = kept.run("restore", kept.environment).ok().out
    assert listed.count("v1.0.0, half restored") == 1, "the first was made of what was whole"
    deploy(kept, "v1.0.0", keeps, f"restore: {{ exec: db, command: {shell('cat >/data/rows')} }}", writes="")
    restore(kept, kept.backup).ok()
    newest = a_backup(kept)
    left = sorted(one.name for one in (kept.state / "backups/web/production").glob("*.backup"))
    told = {one["file"]: one["half"] for one in json.loads(kept.run("restore", kept.environment, "--json").ok().out)["backups"]}
    assert sorted(told) == left and sum(not half for half in told.values()) == 2 and not told[newest], told
    assert sum(told.values()) == 2, told


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


def test_half_stays_half_whatever_cannot_be_begun_after_it(half):
    """Only what is brought back whole, or a person's word, ends it."""
    half.engine.docker("stop", "-t", "0", half.container("db"))
    done = restore(half, half.backup, "--without-backup")
    assert done.code == 1 and half.error(done).startswith("service."), done.err
    assert half.condition() == "Stalled/RestoreFailed"
    half.apply()
    assert half.condition() == "Stalled/RestoreFailed"
    # Whoever backs up holds the environment, and is no restore.
    failing = half.run("backup", half.environment, env={"RECONCILER_FAILPOINTS": "compose.backup.after:kill"})
    assert failing.code != 0 and half.condition() == "Stalled/RestoreFailed"
    half.commit(files("v1.1.0", "release: [{ exec: db, command: [touch, /data/released] }]"))
    done = half.run("apply", half.environment, "--yes")
    assert done.code == 1 and "Stalled/RestoreFailed" in done.out, done.out
    assert "released" not in half.sh("ls /data", "db"), "a release by exec is one too"


def test_a_person_may_answer_for_the_data_when_nothing_else_can_be_asked(half):
    half.commit({"reconciler.yaml": "tag: [\n"})
    assert half.error(half.run("plan", half.environment)) == "manifest.syntax", "which fetched it"
    refused = half.run("settle", half.environment, "restore", "not-run")
    assert refused.code == 1 and half.error(refused) == "settle.fate" and "the data of web/production is in doubt: " in refused.err, refused
    status = half.status()
    assert (status["condition"], status["reason"]) == ("Stalled", "RestoreFailed"), "whatever cannot be read"
    told = half.run("status", half.environment)
    assert told.code == 1 and "Stalled/RestoreFailed" in told.out and half.error(told) == "manifest.syntax", told
    half.engine.stop()
    status = half.status()
    assert (status["condition"], status["reason"]) == ("Stalled", "RestoreFailed") and "was not brought back whole" in status["why"], status
    said = half.run("settle", half.environment, "restore", "succeeded").ok()
    assert said.out == "The data of web/production counts as whole.\nnext  reconciler plan web/production\n", said.out
    half.engine.start()
    half.commit(files("v1.0.0"))
    half.apply()
    assert half.condition() == "Ready/Succeeded"


def test_what_was_unwell_before_it_is_to_be_well_after_it(stack):
    """The data is why, most of the time: the wrong backup, and it is no better."""
    def served(tag, patience="60s"):
        health = "healthcheck: { test: grep -q well /data/rows, interval: 200ms, retries: 1 }"
        web = f"web: {{ {SLEEPS}, volumes: ['data:/data'], {health} }}"
        whole = files(tag)
        return {"compose.yaml": whole["compose.yaml"].replace("services:\n", f"services:\n  {web}\n"),
                "reconciler.yaml": whole["reconciler.yaml"].replace("timeout: 3s", f"timeout: {patience}")}

    deploy(stack, "v1.0.0")
    stack.sh("echo ill >/data/rows", "db")
    ill = a_backup(stack)
    stack.sh("echo well >/data/rows", "db")
    stack.commit(served("v1.1.0"))
    stack.apply()
    good = a_backup(stack)
    stack.sh("echo ill >/data/rows", "db")
    wait_for(lambda: stack.inspect()["State"]["Health"]["Status"] == "unhealthy", "the data to be too ill for it")
    stack.commit(served("v1.1.0", patience="3s"))
    done = restore(stack, ill)
    assert done.code == 1 and stack.error(done) == "verify.failed" and "unwell before" not in done.out, done
    assert stack.condition() == "Stalled/VerifyFailed"
    again = stack.run("restart", stack.environment, "db", "--yes")
    assert again.code == 1 and stack.condition() == "Stalled/VerifyFailed", "what is not touched is no better"
    stack.commit(served("v1.1.0"))
    restore(stack, good).ok()
    assert stack.condition() == "Ready/Succeeded"


def test_checks_that_were_not_asked_to_their_end_are_said(kept):
    done = kept.run("restore", kept.environment, kept.backup, "--yes", env={"RECONCILER_FAILPOINTS": "compose.verify.before:kill"})
    assert done.code != 0
    status = kept.status()
    assert (status["condition"], status["reason"]) == ("Stalled", "VerifyFailed"), status
    assert status["why"] == f"{kept.backup} was brought back, and the checks after it were not asked to their end", status
    # A backup of it lets no good one go, and a look is no answer: the checks are.
    for _ in range(8):
        newest = a_backup(kept)
    left = [one.name for one in (kept.state / "backups/web/production").glob("*.backup")]
    assert kept.backup in left and newest in left and len(left) == 10, left
    assert kept.condition() == "Stalled/VerifyFailed"
    waits = files("v1.1.0")
    kept.commit({**waits, "reconciler.yaml": waits["reconciler.yaml"].replace("tag: v1.1.0", "tag: v1.1.0, approval: required")})
    kept.run("plan", kept.environment)  # which fetches it
    status = kept.status()
    assert status["condition"] == "Blocked" and status["why"].endswith(f"; and {kept.backup} was brought back, and the checks after it "
                                                                       "were not asked to their end"), status
    assert status["next"].endswith("where all is well: reconciler settle web/production restore succeeded"), status
    kept.run("settle", kept.environment, "restore", "succeeded").ok()
    assert "brought back" not in kept.status()["why"]
    kept.commit(files("v1.0.0"))
    kept.apply()
    assert kept.condition() == "Ready/Succeeded"


def test_a_version_is_not_gone_back_from_for_data_that_was_brought_back_half(kept):
    check = "verify: { stable: 1s, timeout: 4s, watch: 1h, checks: [{ exec: db, command: [grep, -q, one, /data/rows] }] }"
    kept.commit({**files("v1.1.0"), "reconciler.yaml": files("v1.1.0", reads="echo half >/data/rows; exit 4")["reconciler.yaml"]
                 .replace("verify: { stable: 1s, timeout: 3s, checks: [] }", check)})
    kept.apply()
    looks_each_second(kept)
    assert restore(kept, kept.backup).code == 1 and kept.condition() == "Stalled/RestoreFailed"
    with Running(kept) as running:
        running.wait("serving 1 environment")
        kept.await_looks()
        assert not running.said("is not well after it was recorded") and kept.state_file("current_tag") == "v1.1.0"
        assert kept.condition() == "Stalled/RestoreFailed" and running.end() == 143


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

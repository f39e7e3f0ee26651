"""Backups: one before each release, one when somebody asks; whole or not there; and brought back."""

import hashlib
import json
import re
import signal
import subprocess

import pytest

from support.engine import HANGS, wait_for
from support.images import BUSYBOX
from support.small_disk import SmallDisk
from support.stack import SLEEPS, called, manifest, services

RELEASE = "release: [{ run: release }]"
WRITES = "echo rows; cat /data/rows 2>/dev/null; echo complete"
READS = "sed -n '/^rows$/,/^complete$/p' | grep -v '^rows$' | grep -v '^complete$' >/data/rows; true"


def backup(command=WRITES, *more):
    return "\n".join([f"backup: {{ exec: db, command: {json.dumps(['sh', '-c', command])}, {', '.join(['keep: 3', *more])} }}",
                      f"restore: {{ exec: db, command: {json.dumps(['sh', '-c', READS])} }}"])


def files(tag, *more):
    return {"compose.yaml": services(f"""
        web: {{ {SLEEPS}, environment: {{ TAG: "${{TAG}}" }} }}
        db: {{ {SLEEPS}, volumes: ['data:/data'] }}
        release:
          image: {BUSYBOX}
          profiles: [release]
          environment: {{ TAG: "${{TAG}}" }}
          depends_on: [db]
          volumes: ['data:/data']
          command: [sh, -c, 'echo $$TAG >>/data/rows']
        """, "volumes: { data: {} }"), "reconciler.yaml": manifest(tag, RELEASE, *(more or [backup()]))}


def folder_of(stack):
    return stack.state / "backups/web/production"


def there(stack):
    """Names of whole backups, oldest first; each is what its checksum says."""
    names = sorted(one.name for one in folder_of(stack).glob("*.backup"))
    for name in names:
        data = (folder_of(stack) / name).read_bytes()
        assert (folder_of(stack) / f"{name}.sha256").read_text() == f"{hashlib.sha256(data).hexdigest()}  {name}\n"
    return names


def rows(stack):
    return stack.sh("cat /data/rows", "db").split()


def content(stack, name):
    return (folder_of(stack) / name).read_text().split()


def test_of_a_container_under_another_name(stack):
    """Renamed by hand: its name is put right with the switch, and the backup before that finds it all the same."""
    stack.commit(files("v1.0.0"))
    stack.apply()
    before = stack.ids()
    stack.engine.docker("rename", "web-db-1", "mine")
    stack.commit(files("v1.1.0"))
    stack.apply()
    assert content(stack, there(stack)[-1]) == ["rows", "v1.0.0", "complete"]
    assert stack.names() == ["web-db-1", "web-web-1"] and stack.ids()["db"] == before["db"]
    assert rows(stack) == ["v1.0.0", "v1.1.0"]


def test_before_each_release_and_when_somebody_asks(stack):
    stack.commit(files("v1.0.0"))
    assert "backup" not in stack.plan_text(), "there is nothing yet, and nobody who could"
    stack.apply()
    assert there(stack) == []

    stack.commit(files("v1.1.0"))
    text = stack.plan_text()
    assert re.search(r"\n  \^ backup +db +a release is due\n", text) and re.search(r"\n  - prune +backups +beyond the newest 3\n", text), text
    assert [one.split()[0] for one in called(stack.plan_json())] == \
        ["backup", "release", "switch", "verify", "record", "record", "record", "prune", "prune", "prune"]
    stack.apply()
    [first] = there(stack)
    assert re.fullmatch(r"\d{8}T\d{6}Z-v1.0.0\.backup", first), "which version's data it is"
    assert content(stack, first) == ["rows", "v1.0.0", "complete"]
    assert (folder_of(stack).stat().st_mode & 0o777, (folder_of(stack) / first).stat().st_mode & 0o777) == (0o700, 0o600)

    done = stack.run("backup", stack.environment).ok()
    assert "web/production runs v1.1.0, as before" in done.out and there(stack)[1] in done.out, done.out
    assert there(stack)[1].endswith("Z-v1.1.0.backup") and rows(stack) == ["v1.0.0", "v1.1.0"]
    stack.assert_second_plan_empty()
    # The oldest goes: three are kept.
    stack.run("backup", stack.environment).ok()
    before = there(stack)
    assert "1 older one removed" in stack.run("backup", stack.environment).ok().out
    assert there(stack)[:2] == before[1:] and len(there(stack)) == 3
    # A rollback runs no release, and so needs none.
    stack.run("rollback", stack.environment, "v1.0.0", "--yes").ok()
    assert len(there(stack)) == 3


def test_data_that_is_there_before_the_first_deploy_is_backed_up(stack):
    """A volume that others left is no empty beginning."""
    stack.engine.docker("volume", "create", "--label", "com.docker.compose.project=web", "--label", "com.docker.compose.volume=data", "web_data")
    stack.engine.docker("run", "--rm", "-v", "web_data:/data", BUSYBOX, "sh", "-c", "echo old >/data/rows")
    stack.commit(files("v1.0.0"))
    stack.run("apply", stack.environment, "--yes").ok()
    [first] = there(stack)
    assert content(stack, first) == ["rows", "old", "complete"] and rows(stack) == ["old", "v1.0.0"]


def test_a_release_that_is_tried_again_lets_no_older_backup_go(stack):
    """Nothing is let go before what it was made for has come to its end; and what was made for nothing takes no older one's
    place."""
    stack.commit(files("v1.0.0"))
    stack.apply()
    for _ in range(3):
        stack.run("backup", stack.environment).ok()
    old = there(stack)
    stack.commit(files("v1.1.0"))
    beside = stack.engine.docker("run", "-d", "--init", "--label", "com.docker.compose.project=web", "--label", "com.docker.compose.service=release",
                                 "--label", "com.docker.compose.oneoff=True", "--label", "reconciler.task=release", BUSYBOX, "sleep", "1000").strip()
    for _ in range(3):
        held_up = stack.run("apply", stack.environment, "--yes")
        assert held_up.code == 1 and stack.error(held_up) == "release.running", held_up
    assert set(old) < set(there(stack)) and len(there(stack)) == 6
    first, _, third = there(stack)[3:]
    assert re.search(r"\n  - prune +backups +beyond the newest 3; first the 1 that no release followed\n", stack.plan_text())
    stack.engine.docker("rm", "-f", beside)
    # What was made for the attempt that never began is taken away before the plan is made.
    stack.run("apply", stack.environment, "--yes").ok()
    # Its backups push no older one out but for the first of that day and the last.
    assert there(stack)[:2] == [first, third] and len(there(stack)) == 3
    newest = there(stack)[-1]
    stack.commit(files("v1.2.0"))
    assert "that no release followed" not in stack.plan_text()
    stack.apply()
    assert there(stack)[:2] == [third, newest] and len(there(stack)) == 3


def test_brought_back_after_one_of_now_was_made(stack):
    stack.commit(files("v1.0.0"))
    stack.apply()
    assert "has no backups in" in stack.run("restore", stack.environment).ok().out
    stack.run("backup", stack.environment).ok()
    assert stack.run("restore", stack.environment).ok().out.count(".backup") == 1
    stack.sh("echo later >>/data/rows", "db")
    name = there(stack)[-1]
    asks = stack.run("restore", stack.environment, name)
    assert asks.code == 64 and rows(stack) == ["v1.0.0", "later"], asks
    assert "lost: what was written since 20" in asks.out and "a backup of now is made first" in asks.out, asks.out
    stack.proxy.clear()
    # By a beginning that no other has.
    done = stack.run("restore", stack.environment, name.replace(".backup", ""), "--yes").ok()
    assert rows(stack) == ["v1.0.0"] and f"restore  {name}" in done.out, done.out
    assert content(stack, there(stack)[-1]) == ["rows", "v1.0.0", "later", "complete"]
    assert not stack.proxy.changes(), "nothing but what is executed in the service"
    stack.assert_second_plan_empty()
    assert stack.condition() == "Ready/Succeeded"


def test_the_oldest_is_brought_back_and_what_it_replaces_is_no_reason_to_let_it_go(stack):
    stack.commit(files("v1.0.0"))
    stack.apply()
    for _ in range(3):
        stack.run("backup", stack.environment).ok()
    oldest = there(stack)[0]
    stack.run("restore", stack.environment, oldest, "--yes").ok()
    assert oldest in there(stack) and len(there(stack)) == 4


def test_one_that_is_half_brought_back_is_said_until_another_one_is(stack):
    stack.commit(files("v1.0.0"))
    stack.apply()
    stack.run("backup", stack.environment).ok()
    name = there(stack)[-1]
    stack.commit(files("v1.0.0", backup() .replace(json.dumps(READS), json.dumps("head -c 2 >/data/rows; echo no space left >&2; exit 1"))))
    stack.apply()
    failed = stack.run("restore", stack.environment, name, "--yes")
    assert failed.code == 1 and stack.error(failed) == "restore.failed" and "exit code 1: no space left" in failed.err, failed
    assert stack.condition() == "Stalled/RestoreFailed" and stack.run("status", stack.environment).code == 1
    # Nothing is released on that, and no backup of it lets a good one go.
    kept = there(stack)
    for _ in range(3):
        stack.run("backup", stack.environment).ok()
    assert set(kept) < set(there(stack)) and len(there(stack)) == len(kept) + 3
    stack.commit(files("v1.1.0"))
    refused = stack.run("apply", stack.environment, "--yes")
    assert refused.code == 1 and "was not brought back whole" in refused.out + refused.err and rows(stack) != ["v1.1.0"], refused
    assert stack.condition() == "Stalled/RestoreFailed"
    stack.commit(files("v1.0.0"))
    stack.apply()
    assert stack.condition() == "Stalled/RestoreFailed"
    stack.run("restore", stack.environment, name, "--yes").ok()
    assert stack.condition() == "Ready/Succeeded" and rows(stack) == ["v1.0.0"]


def test_one_that_is_damaged_is_not_brought_back(stack):
    stack.commit(files("v1.0.0"))
    stack.apply()
    stack.run("backup", stack.environment).ok()
    [name] = there(stack)
    with (folder_of(stack) / name).open("ab") as file:
        file.write(b"x")
    stack.sh("echo later >>/data/rows", "db")
    refused = stack.run("restore", stack.environment, name, "--yes")
    assert refused.code == 1 and stack.error(refused) == "backup.damaged" and rows(stack) == ["v1.0.0", "later"], refused
    unknown = stack.run("restore", stack.environment, "19991231T235959Z.backup", "--yes")
    assert unknown.code == 1 and stack.error(unknown) == "backup.unknown" and "which lists them" in unknown.err


def test_a_restore_that_has_begun_is_one_piece(stack):
    """The first Ctrl-C waits for its end, as it says; only then is it known what the data is."""
    slow = READS.replace("; true", "; touch /data/begun; until test -e /data/ends; do sleep 0.1; done; touch /data/ended")
    stack.commit(files("v1.0.0", backup().replace(json.dumps(READS), json.dumps(slow))))
    stack.apply()
    stack.run("backup", stack.environment).ok()
    restore = stack.program.start("restore", stack.environment, there(stack)[0], "--yes", stderr=subprocess.STDOUT)
    wait_for(stack.engine.in_volume("web_data", "begun").exists, "the restore to begin")
    restore.send_signal(signal.SIGINT)
    said = ""
    while "stopping at the next safe point" not in said:
        piece = restore.stdout.readline()
        assert piece, said
        said += piece
    stack.engine.in_volume("web_data", "ends").touch()
    restore.communicate(timeout=HANGS)
    assert "ended" in stack.sh("ls /data", "db") and rows(stack) == ["v1.0.0"]
    # The checks were not asked: that it is well somebody has to see.
    status = stack.status()
    assert status["reason"] == "VerifyFailed" and "the checks after it were not asked to their end: " in status["why"], status
    assert status["next"].startswith("reconciler verify web/production, which asks them; where all is well: "), status
    stack.run("verify", stack.environment).ok()
    stack.run("settle", stack.environment, "restore", "succeeded").ok()
    assert stack.condition() == "Ready/Succeeded"


@pytest.mark.parametrize("command, more, says", [
    ("echo half; echo no such host >&2; exit 3", "", "exit code 3: no such host"),
    ("sleep 100000", "timeout: 1s", "did not end within 1 s"),
    ("true", "", "wrote nothing"),
    ("echo rows", "contains: complete", 'does not contain "complete"'),
    # What a pipe hides: the shell's own exit status is that of its last command.
    ("false | cat; echo rows", "contains: complete", 'does not contain "complete"'),
], ids=["fails", "hangs", "writes nothing", "lacks its end", "hidden in a pipe"])
def test_one_that_does_not_succeed_ends_the_plan_before_the_release(stack, command, more, says):
    stack.commit(files("v1.0.0"))
    stack.apply()
    stack.run("backup", stack.environment).ok()
    before, ids, old = there(stack), stack.ids(), content(stack, there(stack)[0])
    stack.commit(files("v1.1.0", backup(command, *filter(None, [more]))))
    failed = stack.run("apply", stack.environment, "--yes")
    assert failed.code == 1 and stack.error(failed) == "backup.failed", failed
    assert says in failed.err and f"mend it, then: reconciler apply {stack.environment}" in failed.err, failed.err
    assert stack.condition() == "Stalled/BackupFailed"
    assert rows(stack) == ["v1.0.0"] and stack.ids() == ids, "nothing was touched"
    assert there(stack) == before and content(stack, before[0]) == old
    assert not [one for one in folder_of(stack).iterdir() if one.name.endswith(".partial")]
    # It is not rejected: with a backup that succeeds it is deployed.
    stack.commit(files("v1.1.0"))
    stack.apply()
    assert rows(stack) == ["v1.0.0", "v1.1.0"] and len(there(stack)) == 2


def test_one_that_finds_no_room_ends_the_plan_before_the_release(stack, folder):
    """Where they lie is a disk of its own: full while it is written, then too full for one to be begun."""
    with SmallDisk(folder / "room", "4m") as disk:
        stack.use_host({"backups": str(disk.place / "backups")})
        there_is = disk.place / "backups/web/production"
        of_now = ["sh", "-c", "dd if=/dev/zero bs=1k count=600 2>/dev/null; echo complete"]
        stack.commit(files("v1.0.0", f"backup: {{ exec: db, command: {json.dumps(of_now)}, contains: complete }}"))
        stack.apply()
        stack.run("backup", stack.environment).ok()
        [old], ids = there_is.glob("*.backup"), stack.ids()
        digest = hashlib.sha256(old.read_bytes()).hexdigest()

        def refused(command, code, *says):
            stack.commit(files("v1.1.0", f"backup: {{ exec: db, command: {json.dumps(command)}, contains: complete }}"))
            done = stack.run("apply", stack.environment, "--yes")
            assert done.code == 1 and stack.error(done) == code, done
            assert all(one in done.err for one in (*says, "no backup that is good is removed for it")), done.err
            assert stack.condition() == "Stalled/BackupFailed"
            assert rows(stack) == ["v1.0.0"] and stack.ids() == ids, "nothing was touched"
            assert [one.name for one in sorted(there_is.iterdir())] == [old.name, f"{old.name}.sha256"]
            assert hashlib.sha256(old.read_bytes()).hexdigest() == digest == (there_is / f"{old.name}.sha256").read_text()[:64]

        refused(["sh", "-c", "dd if=/dev/zero bs=1k count=100000 2>/dev/null; echo complete"], "backup.full",
                f"no room for the backup in {there_is}", "0 B free")
        disk.fill()
        refused(of_now, "backup.no_room", "a backup may need 1.", f"where they lie, in {there_is}, 0 B is free")
        disk.empty()
        # It is not rejected: once there is room it is deployed.
        stack.apply()
        assert rows(stack) == ["v1.0.0", "v1.1.0"] and len(list(there_is.glob("*.backup"))) == 2


def test_one_without_a_restore_or_a_backup_is_said(stack):
    stack.commit(files("v1.0.0", ""))
    stack.apply()
    none = stack.run("backup", stack.environment)
    assert none.code == 1 and stack.error(none) == "backup.none", none
    stack.commit(files("v1.0.0", "restore: { exec: db, command: cat }"))
    alone = stack.run("validate")
    assert alone.code == 1 and "there is a restore, and no backup that it could bring back" in alone.out + alone.err, alone
    stack.commit(files("v1.0.0", "backup: { command: cat }"))
    nowhere = stack.run("validate")
    assert "it has no exec" in nowhere.out + nowhere.err, nowhere


def test_a_preflight_has_neither_network_nor_volumes_and_ends_the_plan(stack):
    """An image whose entrypoint migrates must not be able to migrate production from a check."""
    def with_preflight(tag, *steps):
        return {"compose.yaml": services(f"""
            web: {{ {SLEEPS}, environment: {{ TAG: "${{TAG}}" }}, volumes: ['data:/data'], ports: ['8000'] }}
            """, "volumes: { data: {} }"), "reconciler.yaml": manifest(tag, "preflight:", *(f"  - {one}" for one in steps))}

    alone = "{ name: alone, run: web, command: [sh, -c, 'ls /sys/class/net; ls -d /data 2>/dev/null; echo $TAG'], lines: 2, contains: \"${TAG}\" }"
    asks = "{ name: asks, exec: web, command: [test, -e, /data/migrated] }"
    stack.commit(with_preflight("v1.0.0", alone, asks))
    text = stack.plan_text()
    assert re.search(r"\n  \? preflight +alone, asks +before anything is changed\n", text), text
    done = stack.apply()  # and its calls are those of the plan, network none among them
    assert "not asked: nothing runs here yet" in done.out, done.out
    assert not stack.one_offs(), "nothing is left of what was asked"
    # From the second deploy on it is asked of what runs.
    ids = stack.ids()
    stack.commit(with_preflight("v1.1.0", alone, asks))
    refused = stack.run("apply", stack.environment, "--yes")
    assert refused.code == 1 and stack.error(refused) == "preflight.failed" and stack.ids() == ids, refused
    assert stack.condition() == "Stalled/PreflightFailed" and not stack.one_offs()
    stack.sh("touch /data/migrated")
    stack.apply()
    stack.commit(with_preflight("v1.2.0", "{ name: mounted, run: web, command: [test, -e, /data/migrated], volumes: true }",
                                "{ name: connected, run: web, command: [sh, -c, 'ls /sys/class/net | grep eth'], network: true }",
                                "{ name: too-long, run: web, command: [sleep, '1000'], timeout: 1s }"))
    late = stack.run("apply", stack.environment, "--yes")
    assert late.code == 1 and "preflight too-long of v1.2.0 failed: did not end within 1 s" in late.err, late
    assert not stack.one_offs() and stack.state_file("current_tag").strip() == "v1.1.0"


def test_a_preflight_of_an_image_whose_entrypoint_migrates_migrates_nothing(stack):
    """The database counts who connects: the services do when they start, what only asks never does."""
    listens = "while true; do nc -l -p 5432 </dev/null >/dev/null && echo one >>/data/connections; done"
    entrypoint = "#!/bin/sh\nnc -w 2 db 5432 </dev/null; echo migrated >>/data/rows; [ $# = 0 ] || exec \"$@\"\n"

    def of(tag, *preflight):
        return {"compose.yaml": services(f"""
            web: {{ build: image, image: "web:${{TAG}}", init: true, command: [sleep, '100000'], volumes: ['data:/data'], depends_on: [db] }}
            db: {{ image: {BUSYBOX}, init: true, command: [sh, -c, {json.dumps(listens)}], volumes: ['table:/data'] }}
            """, "volumes: { data: {}, table: {} }"),
            "image/Dockerfile": f"FROM {BUSYBOX}\nCOPY entrypoint /\nRUN chmod 755 /entrypoint\nENTRYPOINT [\"/entrypoint\"]\n",
            "image/entrypoint": entrypoint, "reconciler.yaml": manifest(tag, *preflight)}

    def connections():
        return stack.sh("cat /data/connections 2>/dev/null || true", "db").split()

    stack.commit(of("v1.0.0"))
    stack.apply()
    wait_for(lambda: stack.sh("cat /data/rows 2>/dev/null || true").split() == ["migrated"], "the service to begin as it does")
    before = connections()
    assert before == ["one"], "the test's own database counts"
    stack.commit(of("v1.1.0", "preflight:", "  - { name: whole, run: web, command: [test, '!', -e, /data/rows] }",
                    "  - { name: as-it-is, run: web, command: [/entrypoint] }", "  - { name: last, exec: db, command: 'false' }"))
    refused = stack.run("apply", stack.environment, "--yes")
    assert refused.code == 1 and "preflight last of v1.1.0 failed" in refused.err, refused
    # The image as it is ran its entrypoint, and was well but for the volume that it does not have.
    assert connections() == before and stack.sh("cat /data/rows").split() == ["migrated"]

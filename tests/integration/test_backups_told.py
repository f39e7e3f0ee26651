"""What is said of backups: in history, in status, where one fails or is stopped, and by doctor."""

import json
import re
import signal
import subprocess

import pytest

from support.engine import HANGS, wait_for
from support.stack import SLEEPS, manifest, services

RESTORE = "restore: { exec: db, command: [sh, -c, 'cat >/data/rows'] }"


def files(command, tag="v1.0.0"):
    return {"compose.yaml": services(f"db: {{ {SLEEPS}, volumes: ['data:/data'] }}", "volumes: { data: {} }"),
            "reconciler.yaml": manifest(tag, f"backup: {{ exec: db, command: {json.dumps(['sh', '-c', command])} }}", RESTORE)}


@pytest.fixture
def deployed(stack):
    stack.commit(files("echo rows"))
    stack.apply()
    return stack


def backups(stack):
    return sorted(one.name for one in (stack.state / "backups/web/production").glob("*.backup"))


def test_history_says_what_was_done_beside_the_versions(deployed):
    deployed.run("backup", deployed.environment).ok()
    [name] = backups(deployed)
    deployed.run("restore", deployed.environment, name, "--yes").ok()
    out = deployed.run("history", deployed.environment).ok().out
    lines = [re.split("  +", line) for line in out.splitlines()]
    assert [(line[2], line[4]) for line in lines[1:]] == \
        [(f"v1.0.0: restore {name}", "Ready/Restored"), ("v1.0.0: backup db", "Ready/BackedUp"), ("v1.0.0", "Ready")], out
    document = json.loads(deployed.run("history", deployed.environment, "--json").ok().out)
    assert [run["beside"] for run in document["runs"]] == [f"restore {name}", "backup db", ""]


def test_one_that_fails_is_to_be_tried_again_as_it_was_asked_for(deployed):
    deployed.commit(files("echo no such host >&2; exit 3"))
    deployed.apply()
    failed = deployed.run("backup", deployed.environment)
    assert failed.code == 1 and deployed.error(failed) == "backup.failed" and "apply" not in failed.err, failed.err
    assert failed.err.rstrip().endswith(f"mend it, then: reconciler backup {deployed.environment}"), failed.err


def test_one_that_fails_is_known_until_one_succeeds(deployed):
    deployed.commit(files("echo no such host >&2; exit 3"))
    deployed.apply()
    assert deployed.condition() == "Ready/Succeeded"
    deployed.run("backup", deployed.environment)
    told = deployed.run("status", deployed.environment)
    assert told.code == 1 and "Ready/BackupFailed" in told.out and "the last backup, db, failed: " in told.out, told.out
    assert "no such host" in told.out and "\n  web/production   reconciler backup web/production" in told.out, told.out
    deployed.commit(files("echo rows"))
    deployed.apply()
    assert deployed.condition() == "Ready/BackupFailed", "to be mended is not to be there"
    deployed.run("backup", deployed.environment).ok()
    assert deployed.condition() == "Ready/Succeeded"


def test_what_it_is_of_and_how_old_the_wish_is(deployed):
    done = deployed.run("backup", deployed.environment).ok()
    assert re.search("^as of the last fetch, .* ago$", done.out, re.M), done.out
    task = "task: { image: 'busybox:test', command: 'true', profiles: [task] }"
    deployed.commit({"compose.yaml": services(f"db: {{ {SLEEPS}, volumes: ['data:/data'] }}\n{task}", "volumes: { data: {} }"),
                     "reconciler.yaml": manifest("v1.1.0", "release: [{ run: task }]",
                                                 "backup: { exec: db, command: [sh, -c, 'exit 3'] }")})
    failed = deployed.run("apply", deployed.environment, "--yes")
    assert failed.code == 1 and "error backup.failed: backup db, before v1.1.0, failed: " in failed.err, failed.err


def test_one_that_is_stopped(deployed):
    deployed.commit(files("touch /data/begun; echo half; sleep 100000"))
    deployed.apply()
    program = deployed.program.start("backup", deployed.environment)
    wait_for(lambda: "begun" in deployed.sh("ls /data", "db"), "the backup to have begun")
    assert deployed.run("status", deployed.environment).code == 0, "what runs is well meanwhile"
    assert deployed.run("history", deployed.environment).ok().out.splitlines()[1].endswith("at it")
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=HANGS)
    assert program.returncode == 130 and "error apply.stopped: stopped during backup db" in err, err
    assert "POST" not in err and "commit another tag" not in err and f"reconciler backup {deployed.environment}" in err, err
    assert not list((deployed.state / "backups/web/production").iterdir()), "half of one is none"
    assert deployed.condition() == "Ready/Succeeded", "who stopped it knows"


def test_a_beginning_that_several_have_names_them(deployed):
    for _ in range(2):
        deployed.run("backup", deployed.environment).ok()
    older, newer = backups(deployed)
    many = deployed.run("restore", deployed.environment, "20", "--yes")
    assert many.code == 1 and deployed.error(many) == "backup.unknown", many
    assert "2 backups of web/production begin with 20" in many.err, many.err
    assert 0 < many.err.index(newer) < many.err.index(older), many.err


def test_doctor_says_who_else_may_write_there(deployed):
    deployed.run("backup", deployed.environment).ok()
    place = deployed.state / "backups/web/production"
    assert f"{place} can be" not in deployed.run("doctor").out
    place.chmod(0o777)
    said = " ".join(deployed.run("doctor").out.split())
    assert f"{place} can be written by others (mode 0777)" in said and f"chmod go-w {place}" in said, said
    place.chmod(0o700)
    place.parent.chmod(0o770)
    said = " ".join(deployed.run("doctor").out.split())
    assert f"{place.parent} can be written by others (mode 0770)" in said, said


def test_a_file_that_somebody_brought_without_its_checksum_is_not_passed_over_in_silence(deployed):
    deployed.run("backup", deployed.environment).ok()
    place = deployed.state / "backups/web/production"
    (name,) = backups(deployed)
    (place / f"{name}.sha256").unlink()
    (place / "20260101T000000Z-v0.9.0.backup").symlink_to("/etc/passwd")
    mend = f"cd {place} && sha256sum {name} > {name}.sha256"

    said = deployed.run("restore", deployed.environment).ok().out
    assert said == (f"web/production has no backups in {place}.\n"
                    f"not counted: {name} has no checksum beside it; if it is whole: {mend}\n"
                    "not counted: 20260101T000000Z-v0.9.0.backup is no regular file\n"
                    "next  reconciler backup web/production\n"), said
    told = json.loads(deployed.run("restore", deployed.environment, "--json").ok().out)
    assert told["backups"] == [] and [one["file"] for one in told["passed_over"]] == [name, "20260101T000000Z-v0.9.0.backup"], told
    asked = deployed.run("restore", deployed.environment, name, "--yes")
    assert deployed.error(asked) == "backup.unknown" and asked.code == 1, asked
    assert f"{place}/{name} has no checksum beside it" in asked.err and mend in asked.err, asked.err
    doctor = " ".join(deployed.run("doctor").out.split())
    assert f"{place}/{name} has no checksum beside it mend if it is whole: {mend}" in doctor, doctor

    subprocess.run(mend, shell=True, check=True)
    done = deployed.run("restore", deployed.environment, name, "--yes").ok().out
    assert re.search(rf"✓ restore +{re.escape(name)}", done), done


def test_a_first_deploy_that_was_cut_has_nothing_to_back_up_yet_and_says_how_to_go_on(stack):
    told = files("cat /data/rows")
    task = "task: { image: 'busybox:test', command: 'true', profiles: [task] }"
    stack.commit({"compose.yaml": services(f"db: {{ {SLEEPS}, volumes: ['data:/data'] }}\n{task}", "volumes: { data: {} }"),
                  "reconciler.yaml": told["reconciler.yaml"] + "release: [{ run: task }]\n"})
    stack.run("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": "engine.volume.after:kill"})
    done = stack.run("apply", stack.environment, "--yes")
    assert (done.code, stack.error(done)) == (1, "backup.failed"), done
    skip = f"reconciler apply {stack.environment} --skip backup"
    assert done.err.rstrip().endswith(f"or, where there is nothing to back up yet: {skip}"), done.err
    stack.run("apply", stack.environment, "--yes", "--skip", "backup").ok()
    assert stack.condition() == "Ready/BackupFailed", "there is none yet"

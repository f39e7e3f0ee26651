"""Going back because somebody wants to; what somebody deployed past us; what git does not name any more."""

import json
import os
import re
import shutil
import subprocess

import pytest

from support.images import BUSYBOX
from support.stack import SLEEPS, Stack, assert_declared, called, Deed, manifest, services

WHO = {f"GIT_{whose}_{what}": value for whose in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "Anna"), ("EMAIL", "anna@example.com"))}
WELL = "init: true, command: [sleep, '100000']"
WEB = "web: {{ image: " + BUSYBOX + ", {how}, environment: {{ VERSION: {version} }}, volumes: ['data:/data'] }}"
RELEASE = "release: { image: " + BUSYBOX + ", profiles: [tasks], command: [sh, -c, 'echo done'] }"
VERIFY = "verify: { stable: 1s, timeout: 3s }"


def version(tag: str, how: str = WELL, *sections: str) -> dict:
    """The application's files as of one version; each tag has a release of its own."""
    compose = services("\n".join([WEB.format(how=how, version=tag), f"db: {{ {SLEEPS} }}", RELEASE]), "volumes: { data: {} }")
    return {"compose.yaml": compose, "reconciler.yaml": manifest(tag, VERIFY, "release: [{ run: release }]", *sections)}


def deploy(stack: Stack, *tags: str, sections: tuple = ()) -> None:
    for tag in tags:
        stack.commit(version(tag, WELL, *sections))
        stack.apply()


def runs(stack: Stack) -> str:
    return next(one for one in stack.inspect()["Config"]["Env"] if one.startswith("VERSION="))[len("VERSION="):]


def rollback(stack: Stack, *arguments: str, code: int = 0):
    """What it does is what its plan declared; afterwards there is nothing to do."""
    deed, before = Deed(stack.engine), len(stack.runs())
    stack.proxy.clear()
    done = stack.run("rollback", stack.environment, *arguments)
    assert done.code == code, done.out + done.err
    made = deed.told(stack.proxy.changes())
    if code == 0:
        assert_declared(stack.runs()[before][0], made)
        stack.assert_second_plan_empty()
    return done


def test_back_to_the_one_before_and_asked_again_forward(stack):
    deploy(stack, "v1.0.0", "v1.1.0", "v1.2.0")
    releases, db = stack.releases(), stack.inspect("db")["State"]["StartedAt"]
    done = rollback(stack, "--yes")
    assert done.out.startswith("web/production runs v1.2.0 since "), done.out
    assert "\n  1  v1.1.0   " in done.out and "on the host   v1.2.0\n" in done.out, done.out
    assert "\n  2  v1.0.0   " in done.out and "on the host   v1.1.0, v1.2.0\n" in done.out, done.out
    assert "\nweb/production runs v1.1.0 after " in done.out, done.out
    assert "  not undone  release of v1.2.0: what it changed stays\n" in done.out, done.out
    assert "  held        git still asks for v1.2.0; nothing brings it back until git or you say so\n" in done.out, done.out
    # Its compose files lie beside the tag: the tag alone would come with those of v1.2.0.
    assert ("  next        make git agree: reconciler set web/production v1.1.0; or v1.2.0 again: reconciler retry "
            "web/production\n") in done.out, done.out
    files = re.search(r"^  files +set brings the tag alone; all of web as it was at v1\.1\.0: (git .*)$", done.out, re.M)[1]
    assert runs(stack) == "v1.1.0" and stack.condition() == "RolledBack/Requested"
    assert (stack.state_file("current_tag"), stack.state_file("prev_tag")) == ("v1.1.0", "v1.2.0")
    assert stack.releases() == releases and stack.inspect("db")["State"]["StartedAt"] == db
    # The line does what it says: all of it as it was, and no file more.
    config = stack.config
    config.commit("an override", {"web/compose.override.yaml": "services: { web: { command: ['false'] } }\n"})
    before = config.head
    subprocess.run(["sh", "-c", files], check=True, env={**os.environ, **WHO}, stdout=subprocess.DEVNULL)
    assert config.git("diff", "--stat", "HEAD~3", "HEAD", "--", "web") == ""
    config.git("reset", "-q", "--hard", before + "~1")
    # Held until git asks for something else of this environment.
    stack.commit({"environments/stage.yaml": "tag: v7\ncompose: { project: of-stage }\n"})
    plan = stack.plan_json()
    assert plan["actions"] == [] and plan["to"] == "v1.1.0"
    assert "held  git asks for v1.2.0, which is not what is wanted now (Requested): " in stack.plan_text()
    # Asked again: the two swap, and that is what git asks for.
    done = rollback(stack, "--yes", "--json")
    assert runs(stack) == "v1.2.0" and stack.condition() == "Ready/Succeeded"
    told = [json.loads(line) for line in done.out.splitlines()]
    assert told[0]["event"] == "plan" and told[0]["plan"]["to"] == "v1.2.0" and "rejected" not in told[0]["plan"], told[0]
    assert (told[-1]["event"], told[-1]["exit"], told[-1]["changed"], told[-1]["tag"]) == ("ended", 0, True, "v1.2.0")
    assert (stack.state_file("current_tag"), stack.state_file("prev_tag")) == ("v1.2.0", "v1.1.0")
    assert stack.releases() == releases, "what was released once is not released again"
    # A third one, then a new tag of git's, which goes out at once.
    done = rollback(stack, "v1.0.0", "--yes")
    assert runs(stack) == "v1.0.0" and stack.names() == ["web-db-1", "web-web-1"]
    assert done.out.startswith("web/production  v1.2.0 -> v1.0.0   "), done.out
    told = stack.run("history", stack.environment).ok().out.splitlines()
    assert re.search(r"  rollback to v1\.0\.0 +root +RolledBack|  rollback to v1\.0\.0 +root +Ready", told[1]), told
    assert "  rollback to v1.1.0 " in told[3] and "  v1.1.0 -> v1.2.0 " in told[2], told
    deploy(stack, "v1.3.0")
    assert stack.condition() == "Ready/Succeeded" and runs(stack) == "v1.3.0"


def test_what_cannot_be_gone_back_to_says_why(stack):
    deploy(stack, "v1.0.0", "v1.1.0")
    for arguments, code in ((("v9.9.9", "--yes"), "rollback.unknown"), (("v1.1.0", "--yes"), "rollback.current"),
                            (("v1.0.0",), "usage")):
        done = stack.run("rollback", stack.environment, *arguments)
        assert stack.error(done) == code, done.err
    stack.commit(version("v1.1.0", WELL, "irreversible: [v1.1.0]"))
    stack.apply()
    done = stack.run("rollback", stack.environment, "v1.0.0", "--yes")
    assert "error rollback.blocked: web/production cannot go back to v1.0.0: v1.1.0 is irreversible\n" in done.err, done.err
    done = stack.run("rollback", stack.environment, "--yes")
    assert "\n  -  v1.0.0   " in done.out and stack.error(done) == "rollback.nothing", done.out + done.err
    assert runs(stack) == "v1.1.0" and stack.condition() == "Ready/Succeeded"


def test_one_that_is_not_well_any_more_ends_where_it_began(stack):
    fragile = "init: true, command: [sh, -c, 'test ! -e /data/broken && exec sleep 100000']"
    stack.commit(version("v1.0.0", fragile))
    stack.apply()
    deploy(stack, "v1.1.0")
    stack.sh("touch /data/broken")
    before = stack.ids()
    done = rollback(stack, "v1.0.0", "--yes", code=1)
    assert "If it is not well: back to v1.1.0." in done.out, done.out
    assert "web/production is back at v1.1.0, and well\n" in done.err, done.err
    assert stack.ids() == before and runs(stack) == "v1.1.0" and stack.names() == ["web-db-1", "web-web-1"]
    assert (stack.state_file("current_tag"), stack.condition()) == ("v1.1.0", "Ready/RequestFailed"), "git asks for that"
    assert stack.status()["why"].startswith("back at v1.1.0, which git asks for; v1.0.0 is not well: ")
    stack.assert_second_plan_empty()
    # While what git asks for is rejected, it stays so.
    stack.commit(version("v1.2.0", "init: true, command: [sh, -c, 'exit 7']"))
    assert stack.error(stack.run("apply", stack.environment, "--yes")) == "verify.failed"
    done = rollback(stack, "v1.0.0", "--yes", code=1)
    assert "  held       v1.2.0 is not tried again by itself\n" in done.err, done.err
    assert stack.ids() == before and stack.condition() == "RolledBack/VerifyFailed"
    assert stack.status()["why"].startswith("v1.2.0 is held off; wanted instead: v1.0.0 is not well: ")


def test_out_of_a_hold(stack):
    hold = "on_failure: hold"
    deploy(stack, "v1.0.0", sections=(hold,))
    before = stack.ids()
    stack.commit(version("v1.1.0", "init: true, command: [sh, -c, 'exit 7']", hold))
    assert stack.error(stack.run("apply", stack.environment, "--yes")) == "verify.failed"
    done = rollback(stack, "--yes")
    assert done.out.startswith("web/production was well at v1.0.0 from "), done.out
    assert stack.ids() == before and stack.names() == ["web-db-1", "web-web-1"]
    assert stack.condition() == "RolledBack/Requested" and stack.state_file("current_tag") == "v1.0.0"


def test_out_of_a_hold_where_what_failed_is_paused(stack):
    """A backup tool, `docker commit`, a person: neither its volumes nor its name are left to one that is frozen."""
    hold = "on_failure: hold"
    deploy(stack, "v1.0.0", sections=(hold,))
    before = stack.ids()
    stack.commit(version("v1.1.0", WELL + ", healthcheck: { test: 'false', interval: 300ms, retries: 1 }", hold))
    assert stack.error(stack.run("apply", stack.environment, "--yes")) == "verify.failed"
    stack.engine.docker("pause", "web-web-1")
    rollback(stack, "--yes")
    assert stack.ids() == before and stack.names() == ["web-db-1", "web-web-1"]
    assert stack.condition() == "RolledBack/Requested" and runs(stack) == "v1.0.0"


def test_while_git_moves(stack):
    deploy(stack, "v1.0.0", "v1.1.0")
    stack.run("rollback", stack.environment, "v1.0.0", "--yes", env={"RECONCILER_FAILPOINTS": "ledger.record.before:kill"})
    assert stack.plan_json()["to"] == "v1.0.0", "it goes on where it was cut off"
    deploy(stack, "v1.2.0")
    assert stack.condition() == "Ready/Succeeded" and runs(stack) == "v1.2.0"
    assert (stack.state_file("current_tag"), stack.state_file("prev_tag")) == ("v1.2.0", "v1.1.0")


def test_without_git_and_variables_the_record_is_enough(folder, engine, newest, proxy):
    secrets = folder / "production.env"
    secrets.write_text("PASSWORD=canary-first\n")
    secrets.chmod(0o600)
    host = {"environments": {"web/production": {"files": {".env.production": str(secrets)}}}}
    web = services(f"web: {{ {SLEEPS}, environment: {{ VERSION: \"${{TAG}}\", PASSWORD: \"${{PASSWORD}}\" }} }}")
    files = {"compose.yaml": web, "reconciler.yaml": manifest("v1.0.0", "variables: { env_file: .env.production }")}
    with Stack(folder, engine, newest, proxy, host_file=host) as stack:
        stack.commit(files)
        stack.apply()
        secrets.write_text("PASSWORD=canary-second\n")
        stack.commit({**files, "reconciler.yaml": manifest("v1.1.0", "variables: { env_file: .env.production }")})
        stack.apply()
        # With today's variables, where they are there.
        rollback(stack, "--yes")
        assert runs(stack) == "v1.0.0" and "PASSWORD=canary-second" in stack.inspect()["Config"]["Env"]
        rollback(stack, "--yes")
        secrets.unlink()
        shutil.rmtree(stack.config.path)
        done = rollback(stack, "--yes")
        assert runs(stack) == "v1.0.0" and "v1.0.0 is taken as it was recorded " in done.out, done.out
        assert stack.state_file("current_tag") == "v1.0.0"


def by_hand(stack: Stack, folder, tag: str) -> None:
    """As the old script does it: Compose, then the state file."""
    (folder / "by-hand").mkdir(exist_ok=True)
    (folder / "by-hand" / "compose.yaml").write_text((stack.config.path / "web" / "compose.yaml").read_text())
    stack.compose.run("-p", "web", "up", "-d", cwd=folder / "by-hand", env={"TAG": tag})
    (stack.state / "state-files" / "web" / "production" / "current_tag").write_text(tag + "\n")


@pytest.fixture
def tagged(stack, folder):
    """One image under many tags; v2.0.0 was deployed past us."""
    for tag in ("v1.0.0", "v2.0.0"):
        stack.engine.docker("tag", BUSYBOX, f"hand:{tag}")
    web = services("web: { image: 'hand:${TAG}', " + WELL + " }\n" + RELEASE)
    stack.commit({"compose.yaml": web, "reconciler.yaml": manifest("v1.0.0", VERIFY, "release: [{ run: release }]")})
    stack.apply()
    by_hand(stack, folder, "v2.0.0")
    yield stack
    for tag in ("v1.0.0", "v2.0.0"):
        stack.engine.docker("rmi", "-f", f"hand:{tag}", check=False)


def test_what_was_deployed_past_us_is_left_as_it_is(tagged):
    before = tagged.ids()
    assert tagged.condition() == "Stalled/OperatorDeployed"
    assert tagged.status()["next"] == ("commit tag: v2.0.0; or keep it as it is: reconciler adopt web/production; "
                                       "or undo it: reconciler retry web/production")
    done = tagged.run("apply", tagged.environment, "--yes")
    assert done.code == 1 and tagged.ids() == before and tagged.state_file("current_tag") == "v2.0.0"
    # Git may agree: nobody is stopped, and who deployed it has released it.
    releases = tagged.releases()
    tagged.commit({"reconciler.yaml": manifest("v2.0.0", VERIFY, "release: [{ run: release }]")})
    assert "release of v2.0.0 counts as done: v2.0.0 was deployed past reconciler\n" in tagged.plan_text()
    tagged.apply()
    assert tagged.ids() == before and tagged.condition() == "Ready/Succeeded"
    assert tagged.releases() == releases + 1, "its release counts as done, and is not run"
    assert tagged.state_file("prev_tag") == "v1.0.0"


def test_what_was_deployed_past_us_may_be_undone(tagged):
    told = tagged.run("retry", tagged.environment).ok()
    assert told.out.startswith("v2.0.0 was deployed past reconciler, and is undone.\n"), told.out
    tagged.run("retry", tagged.environment).ok()  # whoever says so twice has said so
    tagged.apply()
    assert tagged.inspect()["Config"]["Image"] == "hand:v1.0.0" and tagged.state_file("current_tag") == "v1.0.0"
    assert tagged.condition() == "Ready/Succeeded"


def test_what_was_deployed_past_us_may_be_kept(tagged):
    before, releases = tagged.ids(), tagged.releases()
    done = tagged.run("adopt", tagged.environment, "--yes").ok()
    assert "\nweb/production runs v2.0.0, as it was deployed.\n" in done.out, done.out
    assert tagged.ids() == before and tagged.condition() == "RolledBack/OperatorDeployed"
    assert (tagged.state_file("current_tag"), tagged.state_file("prev_tag")) == ("v2.0.0", "v1.0.0")
    tagged.assert_second_plan_empty()
    tagged.commit({"reconciler.yaml": manifest("v2.0.0", VERIFY, "release: [{ run: release }]")})
    tagged.apply()
    assert tagged.ids() == before and tagged.condition() == "Ready/Succeeded"
    assert tagged.releases() == releases + 1, "its release counts as done, and is not run"


def test_a_state_file_alone_is_written_anew(tagged):
    tagged.run("retry", tagged.environment).ok()
    tagged.apply()
    (tagged.state / "state-files" / "web" / "production" / "current_tag").write_text("v2.0.0\n")
    assert called(tagged.plan_json()) == ["record record current_tag v1.0.0"]
    tagged.apply()


def test_an_environment_deleted_from_git_and_put_back(stack):
    stack.config.commit("two", {"other/reconciler.yaml": manifest("v1"), "other/compose.yaml": services(f"other: {{ {SLEEPS} }}")})
    stack.commit(version("v1.0.0"))
    stack.apply()
    stack.sh("echo rows >/data/rows")
    before = stack.ids()
    stack.commit({"reconciler.yaml": "environments: {}\n"})
    for verb in (["plan"], ["apply", "--yes"], ["rollback", "--yes"], ["approve", "--yes"]):
        done = stack.run(verb[0], stack.environment, *verb[1:])
        assert done.code == 1 and done.out == "" and done.err == (
            "error env.forgotten: web/production is Forgotten: git does not name it any more, and v1.0.0 runs on\n"
            "  next  put it back in git; or: reconciler remove web/production\n"), done.out + done.err
    assert stack.condition() == "Forgotten/NotInGit" and stack.ids() == before
    told = stack.run("status")
    assert told.code == 1 and "web/production" in told.out and "Forgotten" in told.out
    assert "  web/production   put it back in git; or: reconciler remove web/production\n" in told.out, told.out
    # Put back, it goes on: nobody is stopped.
    stack.commit(version("v1.0.0"))
    stack.apply()
    assert stack.ids() == before and stack.condition() == "Ready/Succeeded"
    done = stack.run("remove", stack.environment, "--yes")
    assert stack.error(done) == "remove.asked_for", done.err
    # Taken away: what it holds stays, and is there when it is put back.
    shutil.rmtree(stack.config.path / "web")
    stack.config.commit("web is gone")
    done = stack.run("remove", stack.environment)
    assert stack.error(done) == "usage" and stack.ids() == before, done.err
    stack.run("suspend", stack.environment).ok()
    done = stack.run("remove", stack.environment, "--yes")
    assert done.code == 1 and "Suspended. Nothing was changed; v1.0.0 runs on.\n" in done.out, done.out + done.err
    assert stack.ids() == before
    stack.run("resume", stack.environment).ok()
    deed = Deed(stack.engine)
    stack.proxy.clear()
    done = stack.run("remove", stack.environment, "--yes").ok()
    assert_declared(stack.runs()[-1][0], deed.told(stack.proxy.changes()))
    assert "web_data stays with what is in it" in done.out, done.out
    assert "web/production  v1.0.0 -> nothing   git does not name it any more\n" in done.out, done.out
    assert stack.names() == [] and "web_default" not in [one["Name"] for one in stack.engine.api("GET", "/networks")]
    assert "web/production" not in stack.run("status").out
    releases = stack.releases()
    stack.commit(version("v1.0.0"))
    stack.apply()
    assert stack.sh("cat /data/rows") == "rows\n" and stack.releases() == releases


def test_a_manifest_that_is_broken_is_in_nobodys_way(stack):
    for tag in ("v1.0.0", "v1.1.0"):
        stack.commit(version(tag))
        stack.apply()
    stack.commit({"reconciler.yaml": "tag: v1.2.0\nverify: { stable: soon }\n"})
    assert stack.run("plan", stack.environment).code != 0
    mistake = r'manifest.unknown_key: web/reconciler.yaml:1: a manifest has no key "tag"'
    for name, tag, why in ((stack.environment, "v1.0.0", mistake), ("production", "v1.1.0", 'env.unknown: there is no environment "production"')):
        done = stack.run("rollback", name, tag, "--yes").ok()
        assert re.fullmatch(rf"works by the manifest of commit [0-9a-f]{{8}}; of that of now: {why}\n", done.err), done.err
        assert stack.state_file("current_tag") == tag
    stack.commit(version("v1.2.0"))
    stack.apply()
    stack.assert_second_plan_empty()
    assert stack.state_file("current_tag") == "v1.2.0" and stack.condition() == "Ready/Succeeded"

"""`set`: another tag in the working files, shown, committed, pushed, applied; and what is said before anything is done."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from support.reconciler import Reconciler
from support.repository import Repository
from support.stack import SLEEPS, Stack, services
from test_command_line import on_a_terminal

WEB = services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}\ndb: {{ {SLEEPS} }}")
MANIFEST = "source: {source}   # the shop itself\nverify: {{ stable: 1s }}\n"
PRODUCTION = "# raised by anna\r\ntag:   'v1.0.0'     # since Tuesday\r\n"
WHO = {f"GIT_{whose}_{what}": value for whose in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "Anna"), ("EMAIL", "anna@example.com"))}


def cloned(folder: Path, files: dict) -> Repository:
    """A config repository with a remote that it was cloned from."""
    Repository(folder / "first").commit("as it runs", files)
    subprocess.run(["git", "clone", "-q", "--bare", folder / "first", folder / "remote.git"], check=True)
    subprocess.run(["git", "clone", "-q", folder / "remote.git", folder / "config"], check=True)
    return Repository(folder / "config")


@pytest.fixture
def shop(folder, engine, newest, proxy):
    """v1.0.0 of a source of its own runs; v1.1.0 is two commits further."""
    source = Repository(folder / "source")
    source.commit("The shop", {"compose.yaml": WEB})
    source.tag("v1.0.0")
    config = cloned(folder, {"web/reconciler.yaml": MANIFEST.format(source=source.path),
                             "web/environments/production.yaml": PRODUCTION})
    with Stack(folder, engine, newest, proxy, config=config, host_file={"sources": {str(source.path): {}}}) as stack:
        stack.apply()
        source.commit("A first thing", {"README": "shop\n"})
        source.commit("Slugs for projects", {"README": "shop of slugs\n"})
        source.tag("v1.1.0")
        stack.program.env.update(WHO)
        yield stack


def masked(text: str) -> str:
    text = re.sub(r"(< )?\b[0-9]+(\.[0-9]+)? m?s\b", "TIME", re.sub(r" {2,}([0-9]+ m?s)\b", r" \1", text))
    return re.sub(r"\b[0-9a-f]{7}\b(?= \")|(?<=Plan )[0-9a-f]{6}", "DIGEST", text)


def test_a_version_that_is_not_fetched_yet_is_held_against_nothing(shop):
    ahead = shop.run("diff", "web/production", "@v1.1.0")
    assert ahead.code == 1 and ahead.err.startswith("error tag.not_found: ") and "production.yaml" not in ahead.err, ahead.err
    assert "  looked in  the last fetch; what is newer comes with: reconciler plan web/production\n" in ahead.err, ahead.err
    shop.run("plan")
    assert re.search("tag +v1.0.0 -> v1.1.0\n", shop.run("diff", "web/production", "@v1.1.0").ok().out)


def test_as_in_the_transcript(shop):
    """From one command to the new version, with nothing else of the working copy touched."""
    config, file = shop.config, shop.config.path / "web/environments/production.yaml"
    (config.path / "notes").write_text("half done\n")
    config.git("add", "notes")
    head = config.head
    code, shown = on_a_terminal(shop.program, b"n\n", "set", "production", "v1.1.0")
    assert code == 1 and shown.replace("\r", "").endswith(
        'Commit "web/production v1.1.0", push it and apply? [y/N] n\nNothing was changed.\n'), shown
    assert config.head == head and file.read_bytes() == PRODUCTION.encode()

    none = shop.run("set", "web/production", "v1.2.0", "--yes")
    assert none.code == 1 and none.out == "" and re.match(
        f'error tag.not_found: {shop.folder}/source has no tag "v1.2.0" ', none.err), none.err
    assert config.head == head and file.read_bytes() == PRODUCTION.encode()

    done = shop.run("set", "web/production", "v1.1.0", "--yes", "--push", "--apply").ok()
    assert done.err == "" and masked(done.out) == """\
web/production  v1.0.0 -> v1.1.0   source DIGEST "Slugs for projects", 2 commits since

  ~ switch   web              environment TAG  (db stays)
  ? verify   2 services
  = record   current_tag v1.1.0, prev_tag v1.0.0
  - prune    web-web-1.prev   kept until the new one is verified

Plan DIGEST: 1 service to switch, 1 container to prune.
If it is not well: back to v1.0.0.

  ✓ commit   DIGEST "web/production v1.1.0"
  ✓ push     origin main
  ✓ switch   web TIME   down for TIME
  ✓ verify   1 check, then well for TIME TIME
  ✓ record   current_tag v1.1.0, prev_tag v1.0.0
  ✓ prune    web-web-1.prev TIME

web/production runs v1.1.0 after TIME.   Back: reconciler rollback web/production
""", done.out
    assert file.read_bytes() == b"# raised by anna\r\ntag:   'v1.1.0'     # since Tuesday\r\n"
    assert config.git("show", "--format=%an: %s", "--name-only") == \
        "Anna: web/production v1.1.0\n\nweb/environments/production.yaml"
    assert config.git("status", "--porcelain") == "A  notes" and config.git("rev-parse", "origin/main") == config.head
    assert shop.condition() == "Ready/Succeeded"
    shop.assert_second_plan_empty()

    # Asked for already; then, where main is protected, said without a step back.
    same = shop.run("set", "web/production", "v1.1.0", "--yes", "--push").ok()
    assert same.out == ("web/production asks for v1.1.0 already: web/environments/production.yaml:2\n"
                        f"to push what is committed: git -C {config.path} push\nnext  reconciler plan web/production\n")
    hook = shop.folder / "remote.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho main is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    done = shop.run("set", "web/production", "v1.0.0", "--yes", "--push", "--apply")
    assert done.code == 1 and "error checkout.push_refused: origin did not take main: pre-receive hook declined\n" in done.err
    assert f"  asked for  v1.0.0 all the same, where {config.path} itself is read, as here\n" in done.err, done.err
    assert config.git("log", "-1", "--format=%s") == "web/production v1.0.0" and "switch" not in done.out.split("commit")[1]
    told = json.loads(shop.run("set", "web/production", "v1.1.0", "--yes", "--json").ok().out)
    assert (told["commit"], told["pushed"], told["applied"]) == (config.head, False, False)
    assert told["file"] == "web/environments/production.yaml" and told["plan"]["actions"] == []
    # What is asked for already, and not applied yet, is applied where that is asked.
    same = shop.run("set", "web/production", "v1.1.0", "--yes", "--apply").ok()
    assert same.out.startswith("web/production asks for v1.1.0 already: ") and same.out.endswith("No changes.\n"), same.out
    shop.run("set", "web/production", "v1.0.0", "--yes").ok()
    shop.run("set", "web/production", "v1.0.0", "--yes", "--apply").ok()
    assert shop.condition() == "Ready/Succeeded" and shop.state_file("current_tag") == "v1.0.0"


@pytest.fixture
def alone(folder):
    """No Engine: what is refused is refused before one is asked."""
    config = cloned(folder, {"web/reconciler.yaml": "environments: { production: { tag: v1.0.0 } }\n",
                             "web/compose.yaml": WEB})
    program = Reconciler(folder / "state", repo=config.path, home=folder, docker_host=f"unix://{folder}/none.sock")
    program.env.update(WHO)
    return config, program


def refused(program, config, *arguments, code=1, env=None, prefix=()):
    """Its error; nothing of the repository is changed."""
    file = config.path / "web/reconciler.yaml"
    before, head = file.read_bytes(), config.git("rev-parse", "HEAD", "refs/remotes/origin/main")
    status = config.git("status", "--porcelain")
    command = [*prefix, *program.arguments("set", *(arguments or ("web/production", "v1.1.0", "--yes")))]
    done = subprocess.run(command, env=env or program.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == code and done.stdout == "", done.stdout + done.stderr
    assert file.read_bytes() == before and config.git("status", "--porcelain") == status
    assert config.git("rev-parse", "HEAD", "refs/remotes/origin/main") == head
    return done.stderr


def test_what_is_said_before_anything_is_changed(alone, folder):
    config, program = alone
    at = f"git -C {config.path}"
    assert refused(program, config, "web/production", "v1/2", "--yes", code=64) == \
        ('error tag.invalid: tag "v1/2" holds "/"; a tag is letters, digits, "_", "." and "-"\n'
         "  next  write the version alone: the image's name stands in the compose file\n")
    assert refused(program, config, "web/prodution", "v2.0.0", "--yes", code=64) == (
        'error env.unknown: there is no environment "web/prodution"\n  next  did you mean web/production?\n')
    elsewhere = folder / "elsewhere.yaml"
    elsewhere.write_text(json.dumps({"repositories": {"deploy": str(config.path)}, "serve": ["web/stage"]}))
    assert refused(Reconciler(folder / "state", host_file=elsewhere, home=folder), config, code=64) == (
        "error env.elsewhere: this host does not serve web/production\n"
        "  next  ask there; or see name: and serve: in the host file\n")
    assert "set asks before it commits, and there is no terminal to ask on\n" in \
        refused(program, config, "web/production", "v1.1.0", code=64)

    file = config.path / "web/reconciler.yaml"
    clean = file.read_text()
    file.write_text(clean + "# a thought\n")
    dirty = ("error checkout.dirty: web/reconciler.yaml has changes that are not committed, and they would go along\n"
             f"  next  {at} diff HEAD -- web/reconciler.yaml; then commit them, or take them back: "
             f"{at} restore --staged --worktree -- web/reconciler.yaml\n")
    assert refused(program, config) == dirty
    config.git("add", "-A")
    assert refused(program, config) == dirty, "staged, too"
    config.git("reset", "-q", "--hard")

    config.git("switch", "-q", "-c", "idea")
    # Where no branch is named it is the one that is checked out which is deployed.
    host = folder / "host.yaml"
    host.write_text(json.dumps({"repositories": {"deploy": {"url": str(config.path), "branch": "main"}}}))
    on_main = Reconciler(folder / "state", host_file=host, home=folder)
    assert refused(on_main, config) == (
        f"error checkout.other_branch: {config.path} is on branch idea, and main is what is deployed\n  next  {at} switch main\n")
    config.git("switch", "-q", "main")
    config.git("switch", "-q", "--detach")
    assert "error checkout.detached: " in refused(on_main, config)
    config.git("switch", "-q", "main")
    (config.path / ".git" / "MERGE_HEAD").write_text(config.head + "\n")
    assert refused(program, config) == (f"error checkout.busy: a merge is not finished in {config.path}\n  next  {at} status\n")
    (config.path / ".git" / "MERGE_HEAD").unlink()

    nobody = {key: value for key, value in program.env.items() if key not in WHO}
    config.git("config", "user.useConfigOnly", "true")
    assert refused(program, config, env=nobody) == (
        "error checkout.no_identity: git does not know who commits\n"
        f"  next  {at} config --global user.name \"Your Name\", and user.email alike\n")
    read_only = f"mount --bind {config.path} {config.path} && mount -o remount,ro,bind {config.path} && exec \"$@\""
    assert refused(program, config, prefix=["unshare", "-m", "sh", "-c", read_only, "sh"]) == (
        f"error checkout.read_only: {config.path}/web cannot be written to\n"
        "  next  set it where you may write, and push; or as its owner\n")

    another = folder / "another"
    subprocess.run(["git", "clone", "-q", folder / "remote.git", another], check=True)
    Repository(another).commit("of another")
    Repository(another).git("push", "-q")
    # Without a push nobody is asked; what was fetched counts. With one it is asked first.
    config.git("fetch", "-q")
    behind = (f"error checkout.behind: main in {config.path} is 1 commit behind main of origin\n  next  {at} pull --rebase\n")
    assert refused(program, config) == behind
    config.git("pull", "-q", "--rebase")
    config.commit("mine, not pushed")
    assert refused(program, config, "web/production", "v1.1.0", "--yes", "--push") == (
        f"error checkout.unpushed: main in {config.path} has 1 commit that is not pushed, and would go along\n"
        f"  next  push first: {at} push; or leave --push away\n")
    # All is well: only the Engine is not there.
    assert re.match("error (docker|compose)\\.", refused(program, config))

    for repo, error in ((folder / "remote.git", "checkout.bare: "), ("https://git.example.com/deploy.git", "checkout.elsewhere: ")):
        other = Reconciler(folder / "state", repo=repo, home=folder)
        said = refused(other, config)
        assert f"error {error}" in said and "--repo FOLDER" in said, said

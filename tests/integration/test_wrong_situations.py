"""Wrong command lines and wrong situations: each says what is wrong and what to type, exits as it should, and has done
nothing. What the parser alone finds wrong is in tests/unit/cli/refusal_test.cpp.

One stack for the whole file. After each row the Engine saw no changing call, and neither the state folder nor the
config repository has another byte in it.
"""

import contextlib
import fcntl
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest

from support.engine import HANGS
from support.proxy import Proxy
from support.stack import SLEEPS, Stack, services

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# What a fetch or a look keeps for the next, and what marks who is there; the ledger is asked for its rows.
PASSING = re.compile(r"/(compiled/.*|locks/[^/]*|refs\.json|lock|ledger\.db-shm|ledger\.db-wal|FETCH_HEAD)$")


@pytest.fixture(scope="module")
def stack(engine, newest):
    # Not pytest's own folder: each pytest that starts closes it to others.
    with tempfile.TemporaryDirectory(prefix="rcn-wrong-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        yield from deployed(Path(folder), engine, newest)


def deployed(folder, engine, newest):
    with Proxy(engine.socket, engine.folder / "wrong.sock") as proxy, Stack(folder, engine, newest, proxy) as stack:
        stack.config.git("config", "user.name", "Anna")
        stack.config.git("config", "user.email", "anna@example.com")
        stack.config.commit("a shop, nowhere yet", {
            "shop/compose.yaml": services(f"web: {{ {SLEEPS} }}"),
            "shop/reconciler.yaml": "environments:\n  stage: { tag: v1, approval: required }\n"
                                    "  live: { tag: v1, compose: { project: shop-live } }\n"})
        stack.commit({"compose.yaml": services(f"web: {{ {SLEEPS} }}")}, "web")
        stack.apply()
        stack.run("plan").ok()  # what is kept of a look is kept by now
        yield stack


def content(folder):
    """Every byte that a command might have left behind."""
    return {str(path): path.read_bytes() for path in Path(folder).rglob("*")
            if path.is_file() and not path.is_symlink() and not PASSING.search(str(path))}


def ledger_rows(state):
    """All that the ledger says, wherever SQLite keeps it just now."""
    with contextlib.closing(sqlite3.connect(f"file:{state}/ledger.db?mode=ro", uri=True)) as ledger:
        return {line: n for n, line in enumerate(ledger.iterdump())}


def config(repository):
    """What somebody would find changed in the config repository."""
    files = {str(path): path.read_bytes() for path in repository.path.rglob("*.yaml")}
    return {**files, "refs": repository.git("for-each-ref"), "status": repository.git("status", "--porcelain"),
            "HEAD": (repository.path / ".git" / "HEAD").read_text()}


@pytest.fixture
def nothing_done(stack):
    """Asked after each row."""
    def everything():
        return content(stack.state), ledger_rows(stack.state), config(stack.config)

    before = everything()
    stack.proxy.clear()
    yield
    assert not stack.proxy.changes(), [str(one) for one in stack.proxy.changes()]
    for was, now in zip(before, everything()):
        assert now == was, [one for one in now if one not in was or now[one] != was[one]]


def told(stack, text):
    """As golden texts have it: nothing of this machine's."""
    for path, name in ((stack.state, "STATE"), (stack.config.path, "CONFIG"), (stack.folder, "FOLDER"),
                       (stack.proxy.url.removeprefix("unix://"), "SOCKET")):
        text = text.replace(str(path), name)
    text = re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", "TIME", text)
    text = re.sub(r"(?<=as of the last fetch, )[0-9]+ m?s ago", "N s ago", text)
    text = re.sub(r"[0-9.]+ k?B to write, 0 B free", "SO MUCH to write, 0 B free", text)
    return re.sub(r"\b[0-9a-f]{40}\b", "COMMIT", re.sub(r"\b[0-9a-f]{8}\b", "SHORT", text))


THERE_ARE = "shop/live, shop/stage and web/production"

LINES = [
    # environments
    (["plan", "web/prodution"], 64, 'error env.unknown: there is no environment "web/prodution"\n'
                                    "  next  did you mean web/production?\n"),
    (["plan", "web:production"], 64, 'error env.unknown: there is no environment "web:production"\n'
                                     "  next  did you mean web/production?\n"),
    (["apply", "web/production/", "--yes"], 64, 'error env.unknown: there is no environment "web/production/"\n'
                                                "  next  did you mean web/production?\n"),
    (["plan", "./web/production"], 64, 'error env.unknown: there is no environment "./web/production"\n'
                                       "  next  did you mean web/production?\n"),
    (["apply", "web", "--yes"], 64, 'error env.unknown: there is no environment "web"\n'
                                    "  next  web is an application; its environment is web/production\n"),
    (["apply", "shop", "--yes"], 64, 'error env.unknown: there is no environment "shop"\n'
                                     "  next  shop is an application; its environments are shop/live and shop/stage\n"),
    (["status", "backend/qa"], 64, 'error env.unknown: there is no environment "backend/qa"\n'
                                   f"  next  there are {THERE_ARE}\n"),
    (["apply", "", "--yes"], 64, "error env.unknown: the environment's name is empty\n"
                                 f"  next  write one of {THERE_ARE}\n"),
    (["apply", "web/production", "web/production"], 64, "error usage: web/production is given twice\n"
                                                        "  next  name it once\n"),
    (["apply", "web/production", "v1.1.0"], 64,
     'error env.unknown: there is no environment "v1.1.0"\n'
     "  next  apply brings the tag that git asks for; another: reconciler set web/production v1.1.0, or for once: "
     "reconciler apply web/production --tag v1.1.0\n"),
    (["apply", "next.json"], 64, "error usage: next.json is neither an environment nor a file\n"
                                 "  next  reconciler plan --out next.json saves a plan\n"),
    (["history", "web/prodution"], 64, 'error env.unknown: there is no environment "web/prodution"\n'
                                       "  next  did you mean web/production?\n"),
    (["retry", "web/prodution"], 64, 'error env.unknown: there is no environment "web/prodution"\n'
                                     "  next  did you mean web/production?\n"),
    (["resume", "Production"], 64, 'error env.unknown: there is no environment "Production"\n'
                                   "  next  did you mean production?\n"),
    (["validate", "web/production"], 1,
     "error manifest.no_folder: there is no folder web/production\n"
     "  next  reconciler validate FOLDER, one with manifests; without it the config repository's are read\n"),
    # tags and versions
    (["set", "web/production", "v1 2", "--yes"], 64,
     'error tag.invalid: tag "v1 2" holds a space; a tag is letters, digits, "_", "." and "-"\n'
     "  next  reconciler set web/production TAG\n"),
    (["apply", "web/production", "--tag", "v1 2", "--yes"], 64,
     'error usage: tag "v1 2" holds a space; a tag is letters, digits, "_", "." and "-"\n'
     "  next  --tag takes the version wanted\n"),
    (["set", "web/production", "", "--yes"], 64, "error tag.empty: the tag is empty\n  next  write the version wanted\n"),
    (["set", "web/production", "latest", "--yes"], 64,
     'error tag.mutable_forbidden: tag "latest" names no version: what it means changes by itself\n'
     "  next  write the version wanted\n"),
    (["set", "v1.1.0", "web/production", "--yes"], 64,
     'error tag.invalid: tag "web/production" holds "/"; a tag is letters, digits, "_", "." and "-"\n'
     "  next  write the version alone: the image's name stands in the compose file\n"),
    (["rollback", "web/production", "v9", "--yes"], 1,
     "error rollback.unknown: v9 was never well at web/production\n"
     "  next  reconciler rollback web/production shows which were; or commit the tag\n"),
    (["rollback", "shop/live", "--yes"], 1, "error rollback.nothing: nothing was ever well at shop/live\n"
                                            "  next  reconciler history shop/live\n"),
    # runs, plans, steps
    (["history", "web/production", "--run", "9999"], 1, "error ledger.run_unknown: the ledger has no run 9999\n"
                                                        "  next  reconciler history web/production\n"),
    (["approve", "shop/stage", "--plan", "3f9"], 64,
     "error usage: --plan 3f9 is too short: 6 characters of the id are the least\n"
     "  next  reconciler plan shop/stage shows the id\n"),
    (["approve", "web/production", "--plan", "3f9a1c"], 1,
     "error plan.stale: plan 3f9a1c of web/production is not what would be done now; nothing was approved\n"
     "  now   there is nothing to do\n  next  look at it again: reconciler plan web/production\n"),
    (["apply", "web/production", "--skip", "releas", "--yes"], 1,
     'error cut.step_unknown: web/production has no step "releas" that could be left out\n'
     "  there are  1 service\n  next       reconciler plan web/production\n"),
    (["settle", "web/production", "release", "succeeded"], 1,
     "error settle.nothing: no attempt at release is known for web/production\n"
     "  next  reconciler history web/production\n"),
    (["suspend", "web/production", "--until", "soon"], 64,
     'error usage: --until "soon" is neither a time nor a duration\n  next  write 2h, 3d or 2026-11-28T09:00\n'),
    (["resume", "web/production"], 1, "error resume.nothing: web/production is not suspended\n"
                                      "  next  reconciler status web/production\n"),
    (["remove", "web/production", "--yes"], 1,
     "web/reconciler.yaml:2:36: error remove.asked_for: git still asks for web/production\n"
     "    2 | environments: { production: { tag: v1.0.0 } }\n"
     "      |                                    ^^^^^^ take it out of the config repository first: what git names is "
     "brought back\n"),
    # what goes round the plan
    (["compose", "web/production", "down", "-v"], 64,
     "error usage: compose down would go round the plan: it takes all containers away, with -v their data too\n"
     "  next  take it out of git; then: reconciler remove web/production, which keeps volumes\n"),
    (["compose", "web/production", "frob"], 64,
     "error usage: compose frob is not passed on\n"
     "  next  passed on are: config, events, exec, images, logs, ls, port, ps, stats, top, version\n"),
    # folders and repositories
    (["--state-dir", "", "plan"], 64, "error usage: --state-dir is empty\n  next  name a folder: --state-dir FOLDER\n"),
    (["--state-dir", "/nowhere/state", "apply", "--yes"], 1,
     "error state.no_folder: there is no folder /nowhere to make state in\n"
     "  next  mkdir -p /nowhere; or name another --state-dir\n"),
    (["--repo", "/nowhere", "plan"], 1,
     "error git.unreachable: there is no folder /nowhere to fetch from\n"
     "  next  reconciler doctor; what is fetched is named by --repo, or in the host file\n"),
    (["--repo", "shop", "apply", "--yes"], 1,
     "error git.unreachable: there is no folder FOLDER/shop to fetch from\n"
     "  next  reconciler doctor; what is fetched is named by --repo, or in the host file\n"),
    (["--repo", "/etc", "set", "web/production", "v1.1.0", "--yes"], 1,
     "error git.unreachable: cannot fetch from /etc\n  cause  could not find repository from '/etc'\n"
     "  next   reconciler doctor; what is fetched is named by --repo, or in the host file\n"),
    (["--repo", "", "plan"], 64, "error usage: no config repository is named\n"
                                 "  next  reconciler --repo PATH|URL ..., or `repositories:` in "
                                 "/etc/reconciler/host.yaml\n"),
    (["--host-file", "/nowhere.yaml", "plan"], 1, "error file.not_found: there is no host file /nowhere.yaml\n"
                                                  "  next  name one with --host-file; without it "
                                                  "/etc/reconciler/host.yaml is read, where it is\n"),
    (["--state-dir", "/etc/passwd", "plan"], 1, "error state.unsafe: /etc/passwd is not a folder\n"
                                                "  next  move it away\n"),
]


def given(stack, arguments, before=(), env=None):
    """Exit code, what was printed and what was said, without the option that the row gives itself; `before`: what the
    program is started by."""
    command = stack.program.arguments()
    if arguments[0] in command:
        at = command.index(arguments[0])
        del command[at:at + 2]
    done = subprocess.run([*before, *command, *arguments], env={**stack.program.env, **(env or {})}, cwd=stack.folder,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=HANGS)
    return done.returncode, told(stack, done.stdout), told(stack, done.stderr)


@pytest.mark.parametrize("arguments, code, said", LINES, ids=[" ".join(one[0]) for one in LINES])
def test_wrong_line(stack, nothing_done, arguments, code, said):
    assert given(stack, arguments)[::2] == (code, said)


def refused(stack, code, said, *lines, **how):
    """Each of these is answered so."""
    for line in lines:
        assert given(stack, line.split(), **how)[::2] == (code, said), line


def privately(script):
    """Starts the program where only it sees what `script` mounts."""
    return ["unshare", "--mount", "sh", "-ec", script + '; exec "$0" "$@"']


def test_a_question_that_makes_no_sense_leaves_nothing_behind(stack, nothing_done):
    """Not even a state folder with a ledger and a key."""
    place = stack.folder / "never"
    done = subprocess.run([stack.program.arguments()[0], "--state-dir", place, "--repo", "", "status", "web/production"],
                          env=stack.program.env, capture_output=True, text=True)
    assert done.returncode == 64 and "no config repository is named" in done.stderr and not place.exists(), done


def test_not_root(stack, nothing_done):
    refused(stack, 1, "error state.unsafe: STATE belongs to user 0, and this is user 65534\n"
                      "  next  run as its owner, or name another --state-dir\n",
            "plan", "apply --yes", "status", "history web/production", "set web/production v1.1.0 --yes", "run",
            before=NOBODY)


def test_no_docker(stack, nothing_done):
    nowhere = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    said = "error docker.unreachable: no Docker Engine answers at /nowhere/docker.sock: No such file or directory\n" \
           "  next  start it (systemctl start docker), then try again\n"
    refused(stack, 1, said, "plan web/production", "apply web/production --yes", env=nowhere)
    code, out, err = given(stack, ["status", "web/production"], env=nowhere)
    assert (code, err) == (1, "") and out.endswith(
        "  no Docker Engine answers at /nowhere/docker.sock: No such file or directory\n\n1 of 1 needs you:\n"
        "  web/production   start it (systemctl start docker), then try again\n\nas of the last fetch, N s ago\n"), out


def test_no_git(stack, nothing_done):
    refused(stack, 1, "error git.missing: commits are made with git, and there is no /usr/bin/git\n"
                      "  next  apt-get install git\n",
            "set web/production v1.1.0 --yes", before=privately("mount -t tmpfs none /usr/bin"))


def test_read_only_state_folder(stack, nothing_done):
    read_only = privately(f"mount --bind {stack.state} {stack.state}; mount -o remount,bind,ro {stack.state}")
    next_ = "  next  mount it to be written, or name another folder than STATE with --state-dir\n"
    refused(stack, 1, "error file.unwritable: cannot open STATE/repositories/config/lock: Read-only file system\n" + next_,
            "plan", "apply --yes", before=read_only)
    refused(stack, 1, "error file.unwritable: cannot open STATE/locks/web.production.lock: Read-only file system\n" + next_,
            "retry web/production", before=read_only)
    assert given(stack, ["history", "web/production"], before=read_only)[0] == 0


def test_disk_full(stack, nothing_done):
    place = stack.folder / "full"
    place.mkdir(exist_ok=True)
    full = privately(f"mount -t tmpfs -o size=4m none {place}; cp -a {stack.state}/. {place}; chmod 0700 {place}; "
                     f"dd if=/dev/zero of={place}/fill bs=4k 2>/dev/null || true; mount --bind {place} {stack.state}")
    refused(stack, 1, "error file.unwritable: cannot write STATE/repositories/config/refs.json: No space left on device: SO MUCH to write, 0 B free\n"
                      "  next  make room on that disk\n", "plan", "apply --yes", before=full)
    refused(stack, 1, "error ledger.full: there is no room to write STATE/ledger.db: database or disk is full: at least SO MUCH to write, 0 B free\n"
                      "  next  make room on that disk\n", "retry web/production", "suspend web/production", before=full)


def test_a_lock_of_another_user(stack, nothing_done):
    lock = stack.folder / "deploy.lock"
    lock.touch()
    os.chown(lock, 65534, 65534)
    host = stack.write_host({"environments": {"shop/live": {"also_lock": [str(lock)]}}})
    with subprocess.Popen([*NOBODY, "flock", str(lock), "sh", "-c", "echo held; exec sleep 1000"],
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        try:
            refused(stack, 75,
                    "error lock.held: a script, or somebody else, holds FOLDER/deploy.lock, which shop/live "
                    "honours\n  next  wait until it has ended; who it is: fuser -v FOLDER/deploy.lock\n",
                    f"--host-file {host} apply shop/live --yes")
        finally:
            holder.kill()


def test_a_lock_that_another_run_holds(stack, nothing_done):
    with open(stack.state / "locks" / "web.production.lock", "rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused(stack, 75, "error lock.held: another run holds web/production\n"
                           "  next  wait until it has ended; what it carries out ends with: reconciler cancel web/production; a lock never outlives the "
                           "process that holds it\n",
                "apply web/production --yes", "retry web/production", "settle web/production release succeeded")


def test_the_clock_is_wrong(stack, nothing_done):
    """A ledger that remembers what is to come in ten years: what is said of times says so, and nothing waits."""
    later = stack.folder / "later"
    shutil.copytree(stack.state, later)
    with contextlib.closing(sqlite3.connect(later / "ledger.db")) as ledger:
        ledger.execute("UPDATE runs SET started = started + 315360000, ended = ended + 315360000")
        ledger.commit()
    code, out, err = given(stack, ["--state-dir", str(later), "status", "web/production"])
    assert (code, err) == (0, "it is TIME, and the ledger has a run of TIME: set the clock, and keep it in step: "
                              "timedatectl set-ntp true\n") and ", applied ? ago by " in out, out
    code, out, err = given(stack, ["--state-dir", str(later), "doctor"])
    assert code == 1 and "clock        it is TIME, and the ledger has a run of TIME\n" in out, out + err
    assert "mend        set the clock, and keep it in step: timedatectl set-ntp true\n" in out, out


def test_dirty_tree(stack, nothing_done):
    path = stack.config.path / "web" / "reconciler.yaml"
    good = path.read_text()
    path.write_text(good + "# to be looked at\n")
    try:
        refused(stack, 1, "error checkout.dirty: web/reconciler.yaml has changes that are not committed, and they would go "
                          "along\n  next  git -C CONFIG diff HEAD -- web/reconciler.yaml; then commit them, or take them "
                          "back: git -C CONFIG restore --staged --worktree -- web/reconciler.yaml\n",
                "set web/production v1.1.0 --yes")
    finally:
        path.write_text(good)


def test_detached_head(stack, nothing_done):
    stack.config.git("checkout", "-q", "--detach")
    try:
        refused(stack, 1, "error git.ref_not_found: CONFIG is on no branch (detached HEAD), and none is named\n"
                          "  have  main at SHORT, fetched TIME\n"
                          "  next  git switch main there; or name one in the host file: branch: main\n",
                "plan", "apply --yes", "set web/production v1.1.0 --yes")
    finally:
        stack.config.git("checkout", "-q", "main")


@pytest.mark.parametrize("line, said, next_", [
    ("apply shop/live", "apply asks before it changes anything", "reconciler apply shop/live --yes"),
    ("set web/production v1.1.0", "set asks before it commits",
     "reconciler set web/production v1.1.0 --yes, with --push and --apply where that is wanted"),
    ("approve shop/stage", "approve asks before it approves",
     "reconciler plan shop/stage, then: reconciler approve shop/stage --plan ID")])
def test_no_terminal(stack, nothing_done, line, said, next_):
    refused(stack, 64, f"error usage: {said}, and there is no terminal to ask on\n  next  {next_}\n", line)

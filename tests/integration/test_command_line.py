"""The commands as a person or a script uses them: exit codes, saved plans, pipes, and what is started for a look."""

import json
import os
import pty
import re
import shutil
import subprocess

import pytest

from support.engine import HANGS, wait_for
from support.images import BUSYBOX
from support.reconciler import binary
from support.stack import SLEEPS, called, manifest, services

WEB = services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}")


def deploy(stack, tag):
    return stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest(tag)}, f"web/production {tag}")


@pytest.fixture
def running(stack):
    deploy(stack, "v1.0.0")
    stack.apply()
    return stack


def programs(stack, folder, *arguments):
    """The programs that a command starts, itself aside."""
    trace = folder / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=execve", "-o", str(trace), *stack.program.arguments(*arguments)]
    done = subprocess.run(command, env=stack.program.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    started = re.findall(r'execve\("([^"]+)".* = 0$', trace.read_text(), re.M)
    assert started[0] == str(binary())
    return [os.path.basename(one) for one in started[1:]]


def test_a_look_starts_nothing_and_one_with_a_fetch_the_helper_alone(running, folder):
    assert programs(running, folder, "plan", "--no-fetch", running.environment) == []
    assert set(programs(running, folder, "plan", running.environment)) == {"reconciler-helper"}
    # Nothing is gone either when there is something to do that was compiled before.
    running.engine.docker("stop", "-t", "0", "web-web-1")
    assert programs(running, folder, "plan", "--no-fetch", running.environment) == []


def test_a_look_without_the_helper(running, folder):
    alone = folder / "reconciler"
    shutil.copy(binary(), alone)
    arguments = [str(alone), *running.program.arguments()[1:], "plan", running.environment]
    done = subprocess.run(arguments, env=running.program.env, capture_output=True, text=True)
    assert done.returncode == 1 and "error helper.missing" in done.stderr, done.stderr
    done = subprocess.run([*arguments, "--no-fetch"], env=running.program.env, capture_output=True, text=True)
    assert done.returncode == 0 and "No changes." in done.stdout, done.stderr


def test_exit_codes_of_plan(running):
    assert running.run("plan", "--detailed-exitcode").code == 0
    deploy(running, "v1.1.0")
    assert running.run("plan", "--detailed-exitcode").code == 2
    assert running.run("plan").code == 0
    assert running.run("plan", "nowhere/production").code == 64
    assert running.run("plan", "production").code == 0, "the name of an environment that is unique is enough"
    assert running.run("plan", "--frobnicate").code == 64
    assert running.run().code == 64


def test_apply_without_a_terminal_needs_yes(running):
    deploy(running, "v1.1.0")
    running.proxy.clear()
    done = running.run("apply", running.environment)
    assert done.code == 64 and "--yes" in done.err, done.err
    assert not running.proxy.changes()


def on_a_terminal(program, answer, *arguments):
    """Exit code and everything that was shown."""
    command, env = program.arguments(*arguments), {**program.env, "TERM": "xterm"}
    pid, terminal = pty.fork()
    if pid == 0:  # other threads may have held any lock: nothing but this
        os.execve(command[0], command, env)
    shown = b""
    answered = False
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        if not answered and b"[y/N]" in shown:
            os.write(terminal, answer)
            answered = True
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_apply_asks_on_a_terminal(running):
    deploy(running, "v1.1.0")
    before = running.id()
    code, shown = on_a_terminal(running.program, b"n\n", "apply", running.environment)
    assert "[y/N]" in shown and running.id() == before, shown
    assert code == 1 and "Nothing was changed." in shown, shown
    code, shown = on_a_terminal(running.program, b"y\n", "apply", running.environment)
    assert code == 0 and "web/production runs v1.1.0" in shown, shown
    assert running.id() != before


def test_moved_while_a_person_thinks(running):
    deploy(running, "v1.1.0")
    command = running.program.arguments("apply", running.environment)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command[0], command, running.program.env)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(terminal, 4096)
    before = running.id()
    running.engine.docker("rm", "-f", "web-web-1")
    os.write(terminal, b"y\n")
    rest = b""
    try:
        while piece := os.read(terminal, 4096):
            rest += piece
    except OSError:
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1, rest.decode()
    assert b"plan.stale" in rest and b"web" in rest, rest.decode()
    assert running.names() == [] and before


def test_saved_plan(running, folder):
    deploy(running, "v1.1.0")
    saved = folder / "next.json"
    running.run("plan", "--out", str(saved)).ok()
    done = running.run("apply", str(saved), "--yes").ok()
    assert "web/production runs v1.1.0" in done.out
    running.assert_second_plan_empty()
    again = running.run("apply", str(saved), "--yes")
    assert again.code == 1 and running.error(again) == "plan.stale", again.err


def test_saved_plan_that_moved_names_what_moved(running, folder):
    deploy(running, "v1.1.0")
    saved = folder / "next.json"
    running.run("plan", "--out", str(saved)).ok()
    deploy(running, "v1.2.0")
    running.proxy.clear()
    done = running.run("apply", str(saved), "--yes")
    assert done.code == 1 and running.error(done) == "plan.stale"
    assert "v1.1.0" in done.err and "v1.2.0" in done.err, done.err
    assert not running.proxy.changes()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format_version": "9.0", "environments": []}', "null", "x" * 100])
def test_saved_plan_that_is_none(running, folder, content):
    (folder / "plan.json").write_text(content)
    done = running.run("apply", str(folder / "plan.json"), "--yes")
    assert (done.code, running.error(done)) == (1, "plan.invalid"), done.err


def test_working_files(running):
    (running.config.path / "web" / "reconciler.yaml").write_text(manifest("v1.1.0"))
    assert "v1.1.0" not in running.plan_text()
    assert "v1.0.0 -> v1.1.0" in running.plan_text("--worktree")


def test_output_in_a_pipe_has_no_escapes_and_survives_its_reader(running):
    deploy(running, "v1.1.0")
    assert "\x1b" not in running.plan_text() + running.run("status").out
    for verb in ("plan", "status", "schema"):
        program = running.program.start(verb)
        program.stdout.close()  # as `| true` does
        assert program.wait(timeout=HANGS) in (0, 1, 141, -13), program.stderr.read()
        program.stderr.close()


def test_settle_where_the_manifest_is_broken(running):
    good = (running.config.path / "web" / "reconciler.yaml").read_text()
    running.commit({"reconciler.yaml": "environments: { production: { tag: v1.0.0, wrong: 1 } }\n"})
    running.run("plan", running.environment)
    done = running.run("settle", running.environment, "release", "not-run")
    running.commit({"reconciler.yaml": good})
    assert (done.code, running.error(done)) == (1, "manifest.unknown_key"), done.out + done.err


def test_failures_of_one_environment_after_another_are_each_told(running):
    """One apply over two environments: what the first one's release said takes nothing from the second one's."""
    compose = services(f"web: {{ {SLEEPS} }}\nrelease: {{ image: {BUSYBOX}, profiles: [release], "
                       "command: [sh, -c, 'echo it is ${ENVIRONMENT}; exit 3'] }")
    folder = running.config.path / "two"
    folder.mkdir()
    (folder / "compose.yaml").write_text(compose)
    (folder / "reconciler.yaml").write_text("""release: [{ run: release }]
environments: { a: { tag: v1, compose: { project: two-a } }, b: { tag: v1, compose: { project: two-b } } }
""")
    running.config.commit("two environments")
    try:
        done = running.run("apply", "two/a", "two/b", "--yes")
        assert done.code == 1 and "it is a" in done.out and "it is b" in done.out, done.out + done.err
    finally:
        running.config.git("rm", "-rq", "two")
        running.config.commit("no more")
        for name in running.engine.docker("ps", "-aq", "--filter", "label=com.docker.compose.project=two-a",).split() + \
                running.engine.docker("ps", "-aq", "--filter", "label=com.docker.compose.project=two-b").split():
            running.engine.docker("rm", "-f", name)


def test_status_and_history(running):
    text = running.run("status").ok().out
    assert re.search(r"^web/production +v1\.0\.0 +Ready", text, re.M), text
    assert re.search(r"\n\nas of the last fetch, [0-9]+ m?s ago\n$", text), text
    assert json.loads(running.run("status", "--json").out)["fetched_at"].startswith("20")
    rows = json.loads(running.run("history", "production", "--json").ok().out)["runs"]
    assert [(row["to"], row["condition"]) for row in rows] == [("v1.0.0", "Ready")]
    deploy(running, "v1.1.0")
    assert "v1.0.0 -> v1.1.0" in running.plan_text()
    assert "Reconciling" in running.run("status").out
    running.engine.docker("stop", "-t", "0", "web-web-1")
    assert running.run("history", running.environment, "--run", "999").code == 1
    assert running.run("history", running.environment, "--log").code == 0


def test_all_environments_at_once(running):
    running.config.commit("another", {"other/compose.yaml": WEB, "other/reconciler.yaml": manifest("v0.1.0")})
    try:
        document = json.loads(running.run("plan", "--json").ok().out)
        assert [one["environment"] for one in document["environments"]] == ["other/production", "web/production"]
        assert called(document["environments"][1]) == []
        done = running.run("plan", "production")
        assert done.code == 64 and "other/production" in done.err, done.err
    finally:
        running.config.commit("away", {"other/compose.yaml": None, "other/reconciler.yaml": None})

"""On a real pseudo-terminal: lines that are written over, widths, resizing, Ctrl-C once and twice, colour, ASCII; and
the same in a pipe."""

import errno
import os
import re

import pytest

from support.engine import wait_for
from support.proxy import Proxy
from support.stack import Stack, manifest, services
from support.terminal import Terminal
from test_seeing import masked

# While there is a gate (a pipe on a volume), the release waits there until somebody opens it, and web before it ends.
WAIT = "test ! -p /gate/{0} || cat /gate/{0}"
FILES = services(f"""\
  web:
    image: busybox:test
    command: [sh, -c, "trap '{WAIT.format('switch')}; exit 0' TERM; while :; do sleep 100000 & wait $$!; done"]
    stop_grace_period: 2m
    environment: {{ TAG: '${{TAG}}' }}
    volumes: ['gate:/gate']
  migrate:
    image: busybox:test
    command: [sh, -c, "echo waits at the gate, and nothing else happens until it is opened; {WAIT.format('release')}"]
    profiles: [tasks]
    volumes: ['gate:/gate']
""", "volumes: { gate: {} }")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = (60, 80, 100, 200)


def deploy(stack, tag):
    stack.commit({"compose.yaml": FILES, "reconciler.yaml": manifest(tag, "release: [{ run: migrate }]")},
                 f"web/production {tag}")


@pytest.fixture(scope="module")
def kept(tmp_path_factory, engine, newest):
    folder = tmp_path_factory.mktemp("terminal")
    with Proxy(engine.socket, engine.folder / "terminal.sock") as proxy, Stack(folder, engine, newest, proxy) as stack:
        deploy(stack, "v1.0.0")
        stack.run("apply", "--yes").ok()
        yield stack


def gate(stack, name):
    return os.path.join(stack.engine.api("GET", f"/volumes/{stack.project}_gate")["Mountpoint"], name)


def close_gate(stack, name):
    os.mkfifo(gate(stack, name))


def somebody_at(stack, name):
    """The gate, once somebody waits there, who goes on when it is closed."""
    path = gate(stack, name)

    def opened():
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO, error
            return None

    pipe = open(wait_for(opened, f"somebody at {path}"), "w")
    os.unlink(path)
    return pipe


def test_a_line_that_is_written_over_resized_and_at_the_end_one_that_stays(kept):
    under_way = "… release  migrate"
    close_gate(kept, "release")
    deploy(kept, "v1.1.0")
    with Terminal(kept.program, "apply", "--yes", columns=100) as terminal:
        terminal.wait_for("waits at the gate")
        assert re.search(rf"^  {under_way} +\d+ s   waits at the gate, and nothing else happens$",
                         terminal.shown, re.M), terminal.shown
        for columns in (60, 200, 80, 60):
            terminal.resize(columns)
            terminal.wait_for(lambda shown: re.search(rf"^  {under_way}.*$", shown, re.M) and all(
                len(line) < columns for line in shown.splitlines() if "gate" in line))
            assert terminal.shown.count(under_way) == 1 and terminal.shown.count("gate") <= 1, terminal.shown
        # What it writes before it hears that the window has become narrower.
        terminal.resize(200)
        terminal.wait_for("until it is opened")
        terminal.screen.resize(60)
        written = len(terminal.raw)
        terminal.wait_for(lambda shown: len(terminal.raw) > written + 60)
        terminal.say_size()
        terminal.wait_for(lambda shown: all(len(line) < 60 for line in shown.splitlines() if "gate" in line))
        assert terminal.shown.count(under_way) == 1 and terminal.shown.count("gate") <= 1, terminal.shown
        with somebody_at(kept, "release") as pipe:
            pipe.write("Applying 0012_slug... OK\n")
        shown = terminal.end()
    assert terminal.code == 0, shown
    assert "…" not in shown, shown
    assert re.sub(r" +N s", "  N s", masked(shown.split("If it is not well")[1])) == """\
: back to v1.0.0.

  ✓ release  migrate  N s
               Applying 0012_slug... OK
  ✓ switch   web  N s
               down for  N s
  ✓ verify   1 check, then well for  N s  N s
  ✓ record   current_tag v1.1.0, prev_tag v1.0.0
  ✓ prune    2 containers  N s

web/production runs v1.1.0 after  N s.
  Back: reconciler rollback web/production
""", shown


def test_ctrl_c_once_ends_at_the_next_safe_point_and_says_what_it_waits_for(kept):
    close_gate(kept, "switch")
    deploy(kept, "v1.2.0")
    with Terminal(kept.program, "apply", "--yes", columns=100) as terminal:
        with somebody_at(kept, "switch"):
            terminal.type("\x03")
            shown = terminal.wait_for("once more ends at once\n  … switch   web")
            assert "\nstopping at the next safe point: waits for switch web; once more ends at once\n" in shown, shown
        shown = terminal.end()
    assert terminal.code == 130, shown
    assert "error apply.stopped: " in shown and "…" not in shown, shown
    assert kept.condition() == "Reconciling/Due"
    goes_on(kept, "v1.2.0")


def test_ctrl_c_twice_ends_at_once_and_the_next_command_says_what_is_left(kept):
    close_gate(kept, "switch")
    deploy(kept, "v1.3.0")
    with Terminal(kept.program, "apply", "--yes", columns=100) as terminal:
        with somebody_at(kept, "switch"):
            terminal.type("\x03")
            terminal.wait_for("once more ends at once\n  … switch   web")
            terminal.type("\x03")
            shown = terminal.end()
    assert terminal.code == 130, shown
    assert shown.endswith("once more ends at once\n"
                          "ended at once, in the midst of switch web; what is left of it: reconciler status\n"), shown
    left = kept.run("status", kept.environment)
    assert left.code == 0 and "Reconciling/Interrupted" in left.out, left.out
    goes_on(kept, "v1.3.0")


def goes_on(stack, tag):
    """What was cut off, from where it is."""
    done = stack.run("apply", "--yes").ok()
    assert f"web/production runs {tag} after" in done.out and stack.condition() == "Ready/Succeeded"


def test_ctrl_c_at_a_question_does_nothing(kept):
    deploy(kept, "v1.4.0")
    before = kept.id()
    with Terminal(kept.program, "apply", columns=100) as terminal:
        terminal.wait_for("Apply? [y/N]")
        terminal.type("\x03")
        shown = terminal.end()
    assert terminal.code == 130 and shown.endswith("Apply? [y/N] ^C\n\nNothing was changed.\n"), shown
    assert kept.id() == before and kept.runs()[-1][0]["to"] != "v1.4.0"


def test_a_person_is_told_what_is_not_committed(kept):
    deploy(kept, "v1.4.0")
    compose = kept.config.path / "web" / "compose.yaml"
    committed = compose.read_text()
    compose.write_text(committed + "# edited\n")
    try:
        with Terminal(kept.program, "plan", columns=200) as terminal:
            shown = terminal.end()
        assert shown.endswith(f"\n\nNot in it, for want of a commit in {kept.config.path}: web/compose.yaml. The same "
                              "with --worktree has them\n"), shown
        with Terminal(kept.program, "plan", "--no-fetch", columns=200) as terminal:
            assert "Not in it" not in terminal.end()
        assert "Not in it" not in kept.plan_text()
    finally:
        compose.write_text(committed)


@pytest.mark.parametrize("arguments", [["plan"], ["status"], ["status", "web/production"], ["show", "web/production"],
                                       ["history", "web/production"], ["doctor"], ["plan", "nowhere"],
                                       ["rollback", "web/production", "v9"]], ids=" ".join)
def test_at_each_width_all_is_said_and_nothing_passes_the_edge(kept, arguments):
    deploy(kept, "v1.4.0")
    said = set()
    for columns in WIDTHS:
        with Terminal(kept.program, *arguments, columns=columns) as terminal:
            shown = terminal.end()
        text = COLOUR.sub("", terminal.raw.replace("\r", ""))
        # Paths aside: what has no blank cannot be broken.
        wide = [line for line in text.splitlines() if len(line) > columns and "/tmp/" not in line]
        assert not wide, shown
        said.add(re.sub(r"[\d.]+ (kB|MB|GB|TB)", "SIZE", " ".join(masked(text).split())))
    assert len(said) == 1, said


def test_colour_and_ascii(kept):
    deploy(kept, "v1.4.0")

    def plan(*options, **env):
        with Terminal(kept.program, *options, "plan", columns=100, env=env) as terminal:
            terminal.end()
        return terminal.raw.replace("\r", "")

    coloured = plan()
    piped = kept.run("plan").ok().out
    assert COLOUR.sub("", coloured) == piped and set(COLOUR.findall(coloured)) == {"\x1b[33m", "\x1b[31m", "\x1b[0m"}
    assert re.search(r"^  \x1b\[33m~\x1b\[0m switch   web", coloured, re.M), coloured
    assert plan(NO_COLOR="1") == plan(TERM="dumb") == plan("--color", "never") == piped
    assert plan(NO_COLOR="") == plan("--color", "always", NO_COLOR="1") == coloured
    assert kept.run("--color", "always", "plan").ok().out == coloured
    assert kept.run("plan", env={"LC_ALL": "C"}).ok().out == piped
    assert kept.run("--color", "pink", "plan").code == 64

"""Tab in a real bash, zsh and fish, with the environments and services of a real config repository."""

import os
import shutil
import subprocess

import pytest

from support import shells
from support.engine import HANGS
from support.reconciler import binary
from support.repository import Repository


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    """An installation that has fetched once; `reconciler` on the PATH."""
    folder = tmp_path_factory.mktemp("completion")
    config = Repository(folder / "config")
    config.commit("three environments", {
        "shop/reconciler.yaml": "environments: { stage: { tag: v2.0.0 } }\n",
        "web/reconciler.yaml": "environments: { production: { tag: v1.0.0 }, stage: { tag: v1.1.0 } }\n",
        "web/compose.yaml": "services: { api: { image: a }, db: { image: b } }\n",
    })
    (folder / "bin").mkdir()
    (folder / "bin" / "reconciler").symlink_to(binary())
    env = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8",
           "RECONCILER_REPO": str(config.path), "RECONCILER_STATE_DIR": str(folder / "state"),
           "DOCKER_HOST": f"unix://{folder}/none.sock"}
    # The fetch is done; that there is no Engine comes after it.
    subprocess.run(["reconciler", "plan"], env=env, capture_output=True, timeout=HANGS)
    (folder / "files").mkdir()
    (folder / "files" / "next.json").write_text("{}")
    return env


def after_plan():
    return ["shop/stage", "web/production", "web/stage"]


def test_bash(env):
    assert shells.bash("reconciler ro", env) == ["rollback"]
    assert shells.bash("reconciler plan ", env) == after_plan()
    assert shells.bash("reconciler plan web/p", env) == ["web/production"]
    assert shells.bash("reconciler plan --det", env) == ["--detailed-exitcode"]
    assert shells.bash("reconciler settle web/stage release ", env) == ["succeeded", "not-run"]
    assert shells.bash("reconciler --state-dir /nowhere plan ", env) == []
    assert shells.bash("reconciler --state-dir=/nowhere plan ", env) == []
    assert shells.bash("reconciler --repo=https://example.com/x.git rol", env) == ["rollback"]
    folder = f"{env['HOME']}/files"
    assert shells.bash(f"reconciler plan --out {folder}/n", env) == [f"{folder}/next.json"]
    assert shells.bash(f"reconciler plan --out={folder}/n", env) == [f"{folder}/next.json"]
    assert shells.bash(f"reconciler validate {env['HOME']}/fi", env) == [folder]


def test_fish(env):
    assert shells.fish("reconciler ro", env) == ["rollback"]
    assert shells.fish("reconciler plan ", env) == after_plan()
    assert shells.fish("reconciler plan --det", env) == ["--detailed-exitcode"]
    folder = f"{env['HOME']}/files"
    assert shells.fish(f"reconciler plan --out {folder}/n", env) == [f"{folder}/next.json"]


def test_zsh(env, tmp_path):
    assert "reconciler rollback " in shells.zsh("reconciler rollb", env, tmp_path / "zsh", "rollback ")
    shown = shells.zsh("reconciler plan ", env, tmp_path / "zsh", after_plan()[-1])
    assert all(one in shown for one in after_plan()), shown
    shown = shells.zsh("reconciler ", env, tmp_path / "zsh", "Show what apply would do")
    assert "Show what apply would do, and why." in shown, shown


def completions(env, *words):
    done = subprocess.run(["reconciler", "complete", "--", *words], env=env, capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.splitlines()


def test_it_never_fails_and_writes_nothing(env, tmp_path):
    for changed in ({"RECONCILER_STATE_DIR": str(tmp_path / "none")}, {"RECONCILER_HOST_FILE": "/nonexistent"}):
        assert completions({**env, **changed}, "plan", "") == []
    assert not (tmp_path / "none").exists()
    assert completions(env, "plan", "--out") == ["--out\tSave the plan, for apply FILE"]
    assert completions(env) == completions(env, "")
    broken = tmp_path / "host.yaml"
    broken.write_text("no: [host")
    assert completions({**env, "RECONCILER_HOST_FILE": str(broken)}, "plan", "") == []


def test_it_starts_nothing_and_asks_nobody(env, tmp_path):
    trace = tmp_path / "trace"
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=execve,connect", "-o", str(trace), str(binary()), "complete", "--",
                    "plan", ""], env=env, check=True, capture_output=True)
    calls = [line for line in trace.read_text().splitlines() if "execve(" in line or "connect(" in line]
    assert len(calls) == 1 and "execve(" in calls[0], calls


@pytest.mark.parametrize("script", sorted(os.listdir(shells.SCRIPTS)))
def test_each_shell_takes_its_script(script):
    shell = {"reconciler.bash": "bash", "_reconciler": "zsh", "reconciler.fish": "fish"}[script]
    assert shutil.which(shell), f"{shell} is not there: deploy/dependencies installs it"
    subprocess.run([shell, "-n", str(shells.SCRIPTS / script)], check=True)

"""What real shells offer when somebody presses Tab: bash, zsh and fish, each with the completion that is installed for it."""

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path
from typing import List, Mapping

from . import ROOT
from .engine import HANGS

SCRIPTS = ROOT / "deploy" / "completion"


def bash(typed: str, env: Mapping[str, str]) -> List[str]:
    """What takes the place of the last word, as bash breaks words: `=` is one of its own."""
    words = re.findall(r"[^\s=:]+|[=:]", typed)
    if not typed or typed[-1].isspace():
        words.append("")
    quoted = " ".join(f"'{one}'" for one in words)
    script = f"""source {SCRIPTS}/reconciler.bash
        COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMP_LINE='{typed}'; COMP_POINT={len(typed)}
        _reconciler reconciler
        [ ${{#COMPREPLY[@]}} = 0 ] || printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, env=env, timeout=HANGS)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.splitlines()


def fish(typed: str, env: Mapping[str, str]) -> List[str]:
    script = f"source {SCRIPTS}/reconciler.fish; complete -C '{typed}'"
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, env=env, timeout=HANGS)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def zsh(typed: str, env: Mapping[str, str], folder: Path, offered: str) -> str:
    """The screen of a zsh in which `typed` and Tab were pressed, once `offered` is on it and nothing more comes. It has no
    other way in than a terminal."""
    folder.mkdir(exist_ok=True)
    (folder / ".zshrc").write_text(
        f"PS1='ready> '\nfpath=({SCRIPTS} $fpath)\nautoload -Uz compinit\ncompinit -u -D\n"
        "zstyle ':completion:*' list-prompt ''\nunsetopt prompt_cr prompt_sp auto_menu\nLISTMAX=10000\n")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve("/usr/bin/zsh", ["zsh", "-d", "-i"], {**env, "ZDOTDIR": str(folder), "TERM": "dumb", "COLUMNS": "200"})
    try:
        _until(terminal, "ready> ")
        os.write(terminal, f"{typed}\t".encode())
        shown = _until(terminal, offered) + _quiet(terminal)
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\x07]", "", shown)


def _read(terminal: int, patience: float) -> str:
    ready, _, _ = select.select([terminal], [], [], patience)
    return os.read(terminal, 65536).decode(errors="replace") if ready else ""


def _until(terminal: int, words: str) -> str:
    seen, deadline = "", time.monotonic() + HANGS
    while words not in seen:
        assert time.monotonic() < deadline, seen
        seen += _read(terminal, 1)
    return seen


def _quiet(terminal: int) -> str:
    """All that comes until nothing has come for as long as a slow machine may think."""
    seen = ""
    while piece := _read(terminal, 3):
        seen += piece
    return seen

"""One output in all the ways in which people get it: in a pipe, without UTF-8, on a terminal."""

import re
from typing import Callable

from .reconciler import Reconciler, Result
from .terminal import Terminal

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ASCII = {"✓": "ok", "✗": "FAILED", "‹": "<", "›": ">"}


def in_ascii(text: str) -> str:
    for mark, plain in ASCII.items():
        text = text.replace(mark, plain)
    return text


def flat(text: str) -> str:
    """However it is wrapped and indented."""
    return " ".join(text.split())


def everywhere(program: Reconciler, *arguments: str, masked: Callable[[str], str]) -> Result:
    """What a command that changes nothing says in a pipe, after it has said the same in the other ways."""
    pipe = program.run(*arguments)
    said = masked(pipe.out + pipe.err)
    plain = program.run(*arguments, env={"LC_ALL": "C"})
    assert plain.code == pipe.code and (plain.out + plain.err).isascii(), plain.out
    assert flat(masked(plain.out + plain.err)) == flat(in_ascii(said)), plain.out
    with Terminal(program, *arguments, columns=100) as terminal:
        shown = masked(terminal.end())
    assert terminal.code == pipe.code, shown
    assert max(map(len, shown.splitlines())) <= 100, shown
    assert shown == said if max(map(len, said.splitlines())) <= 100 else flat(shown) == flat(said), shown
    return pipe

"""One output in all the ways in which people get it: in a pipe, without UTF-8, on a terminal."""

import re
from typing import Callable, Tuple

from .reconciler import Reconciler
from .terminal import Terminal

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ASCII = {"✓": "ok", "✗": "FAILED", "‹": "<", "›": ">"}


def in_ascii(text: str) -> str:
    for mark, plain in ASCII.items():
        text = text.replace(mark, plain)
    return text


def replaced(text: str, *pairs: Tuple[str, str]) -> str:
    """Each pattern's word in the place of what it finds, in this order."""
    for pattern, word in pairs:
        text = re.sub(pattern, word, text)
    return text


def flat(text: str) -> str:
    """However it is wrapped and indented."""
    return " ".join(text.split())


def everywhere(program: Reconciler, *arguments: str, masked: Callable[[str], str]) -> Tuple[int, str]:
    """Exit code and masked text of a command that changes nothing, in a pipe; after it has said the same in ASCII where
    the locale has no UTF-8, and on a terminal of 100 columns."""
    pipe = program.run(*arguments)
    said = masked(pipe.out + pipe.err)
    plain = program.run(*arguments, env={"LC_ALL": "C"})
    assert plain.code == pipe.code and (plain.out + plain.err).isascii(), plain.out
    assert flat(masked(plain.out + plain.err)) == flat(in_ascii(said)), plain.out
    with Terminal(program, *arguments, columns=100) as terminal:
        shown = terminal.end()
    assert terminal.code == pipe.code, shown
    # Paths aside, which nothing breaks.
    assert all(len(line) <= 100 for line in COLOUR.sub("", terminal.raw).splitlines() if "/tmp/" not in line), shown
    assert flat(masked(COLOUR.sub("", terminal.raw))) == flat(said), shown
    return pipe.code, said

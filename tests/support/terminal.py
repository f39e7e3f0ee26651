"""The program on a pseudo-terminal of some size, and what its screen shows.

The screen is as much of a terminal as our output asks for: what was wrapped is wrapped anew when it is resized, as
terminals in use do. Nothing waits for a time to pass: `wait_for` reads until the screen shows what is waited for.
"""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from typing import Callable, List, Mapping, Optional, Union

from .canary import assert_silent
from .engine import HANGS
from .reconciler import Reconciler

SEQUENCE = re.compile(r"\x1b\[(\??\d*)(?:;\d+)*([A-Za-z])")


class Screen:
    """What a terminal of so many columns shows. Anything but text, newlines, returns, cursor up, erase below, wrapping
    on and off, and colours is a mistake."""

    def __init__(self, columns: int):
        self.columns = columns
        self.rows: List[List[str]] = [[]]
        self.wrapped: List[bool] = [False]
        self.row = self.column = 0
        self.wraps = True

    def write(self, text: str) -> None:
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = SEQUENCE.match(text, at)
                assert found, repr(text[at:at + 20])
                self._sequence(found[1], found[2])
                at = found.end()
                continue
            self._one(text[at])
            at += 1

    def _sequence(self, number: str, what: str) -> None:
        if what == "A":
            assert self.row >= int(number or 1), "above what it has written"
            self.row -= int(number or 1)
        elif what == "J":
            del self.rows[self.row + 1:], self.wrapped[self.row + 1:]
            del self.rows[self.row][self.column:]
            self.wrapped[self.row] = False
        elif number + what in ("?7l", "?7h"):
            self.wraps = what == "h"
        else:
            assert what == "m", f"{number}{what}"

    def _one(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._next()
        else:
            if self.column == self.columns and not self.wraps:
                self.column -= 1
            if self.column == self.columns:
                self.wrapped[self.row] = True
                self.column = 0
                self._next()
            cells = self.rows[self.row]
            cells.extend(" " * (self.column + 1 - len(cells)))
            cells[self.column] = character
            self.column += 1

    def _next(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append([])
            self.wrapped.append(False)

    def resize(self, columns: int) -> None:
        lines: List[List[str]] = [[]]
        cursor = (0, 0)
        for n, cells in enumerate(self.rows):
            if n == self.row:
                cursor = (len(lines) - 1, len(lines[-1]) + self.column)
            lines[-1].extend(cells)
            if not self.wrapped[n] and n + 1 < len(self.rows):
                lines.append([])
        self.columns, self.rows, self.wrapped = columns, [], []
        for n, cells in enumerate(lines):
            for at in range(0, max(1, len(cells)), columns):
                if n == cursor[0] and at <= cursor[1] <= at + columns:
                    self.row, self.column = len(self.rows), cursor[1] - at
                self.rows.append(cells[at:at + columns])
                self.wrapped.append(at + columns < len(cells))

    def text(self) -> str:
        lines = ["".join(cells).rstrip() for cells in self.rows]
        return "\n".join(lines).rstrip("\n") + "\n" if any(lines) else ""


class Terminal:
    """One command on a terminal, from its start to its end."""

    def __init__(self, program: Reconciler, *arguments: str, columns: int = 100,
                 env: Optional[Mapping[str, str]] = None):
        command = program.arguments(*arguments)
        environment = {**program.env, "TERM": "xterm", **(env or {})}
        size = struct.pack("HHHH", 24, columns, 0, 0)
        self.screen = Screen(columns)
        self.raw = ""
        self.code: Optional[int] = None
        self._rest = b""
        self._pid, self._fd = pty.fork()
        if self._pid == 0:  # other threads may have held any lock: nothing but this
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execve(command[0], command, environment)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.code is None:
            os.kill(self._pid, 9)
            self.end()
        os.close(self._fd)
        assert_silent(self.raw, "what was shown")

    @property
    def shown(self) -> str:
        return self.screen.text()

    def _read(self, within: float) -> bool:
        """False at its end."""
        assert select.select([self._fd], [], [], max(0.0, within))[0], f"nothing more is said:\n{self.shown}"
        try:
            piece = os.read(self._fd, 65536)
        except OSError:
            return False
        whole = self._rest + piece
        text = whole.decode("utf-8", "ignore")
        self._rest = whole[len(text.encode()):]
        self.raw += text
        self.screen.write(text)
        return bool(piece)

    def wait_for(self, what: Union[str, Callable[[str], bool]], within: float = HANGS) -> str:
        """Until the screen shows it."""
        shows = what if callable(what) else (lambda shown: what in shown)
        until = time.monotonic() + within
        while not shows(self.shown):
            assert self._read(until - time.monotonic()), f"it ended before {what!r}:\n{self.shown}"
        return self.shown

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def resize(self, columns: int) -> None:
        self.screen.resize(columns)
        self.say_size()

    def say_size(self) -> None:
        """To the program: it hears of a window's new size after it has it."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.screen.columns, 0, 0))

    def end(self, within: float = HANGS) -> str:
        """Reads to its end; what is on the screen then."""
        until = time.monotonic() + within
        while self._read(until - time.monotonic()):
            pass
        self.code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self.shown

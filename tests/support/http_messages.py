"""Follows HTTP/1.1 messages in a stream of bytes that someone else forwards. It never changes or withholds a byte."""

from typing import Callable, Dict, Tuple, Union

# How a body ends: after so many bytes, or
CHUNKED = "chunked"  # as its chunks say,
CLOSE = "close"  # with the connection,
RAW = "raw"  # or there are no messages any more: the connection was taken over.
Framing = Union[int, str]


def parse_head(head: bytes) -> Tuple[str, Dict[str, str]]:
    """The first line, and the headers by lower-case name."""
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return first, headers


def framing_of(headers: Dict[str, str], otherwise: Framing) -> Framing:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return CHUNKED
    if "content-length" in headers:
        return int(headers["content-length"])
    return otherwise


class Messages:
    """Calls head() for each message's head, which answers how its body ends; data() for body bytes; end() at its end."""

    def __init__(self, head: Callable[[bytes], Framing], data: Callable[[bytes], None], end: Callable[[], bool]):
        self._head, self._data, self._end = head, data, end
        self._buffer = b""
        self._state = "head"
        self._left = 0

    def feed(self, piece: bytes) -> None:
        if self._state == RAW:
            return
        self._buffer += piece
        try:
            while self._state != RAW and self._step():
                pass
        except (ValueError, IndexError):
            # Not HTTP (a hijacked connection that did not say so): no more messages to follow.
            self._state = RAW
        if self._state == RAW:
            self._buffer = b""

    def _step(self) -> bool:
        """One piece of progress; False when more bytes are needed."""
        if self._state == "head":
            head, mark, rest = self._buffer.partition(b"\r\n\r\n")
            if not mark:
                if len(self._buffer) > 1 << 20:
                    raise ValueError("endless head")
                return False
            self._buffer = rest
            framing = self._head(head)
            if framing == CHUNKED:
                self._state = "size"
            elif framing in (CLOSE, RAW):
                self._state = framing
            else:
                self._state, self._left = "length", int(framing)
            return True
        if self._state == "length":
            if self._left and not self._take():
                return False
            if self._left == 0:
                self._finish()
            return True
        if self._state == "size":
            line, mark, rest = self._buffer.partition(b"\r\n")
            if not mark:
                return False
            self._buffer = rest
            self._left = int(line.split(b";")[0], 16)
            self._state = "chunk" if self._left else "trailer"
            return True
        if self._state == "chunk":
            if self._left and not self._take():
                return False
            if self._left == 0:
                self._state = "chunk-end"
            return True
        if self._state in ("chunk-end", "trailer"):
            line, mark, rest = self._buffer.partition(b"\r\n")
            if not mark:
                return False
            self._buffer = rest
            if self._state == "chunk-end":
                self._state = "size"
            elif not line:
                self._finish()
            return True
        return self._take()  # until the connection closes

    def _take(self) -> bool:
        if not self._buffer:
            return False
        size = len(self._buffer) if self._state == CLOSE else min(self._left, len(self._buffer))
        self._data(self._buffer[:size])
        self._buffer = self._buffer[size:]
        self._left -= size
        return True

    def _finish(self) -> None:
        # end() says whether the connection goes on with messages.
        self._state = "head" if self._end() else RAW

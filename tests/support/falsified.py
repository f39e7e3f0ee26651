"""Answers of an Engine that lies, breaks off or falls silent: what a proxy tells a client in the Engine's place."""

import json
import socket
from typing import Any, Mapping, Optional

from .engine import Engine, request
from .proxy import Instead, Request

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}


def answer(body: Any, status: int = 200, headers: Optional[Mapping[str, str]] = None, pace: float = 0) -> Instead:
    """One whole answer; bytes as they are, anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", "Content-Type: application/json", f"Content-Length: {len(data)}",
             *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return Instead("\r\n".join([*lines, "", ""]).encode() + data, pace)


def messages(*lines: Mapping[str, Any]) -> Instead:
    """A stream of them, as builds and pulls answer: 200, whatever happens then."""
    return answer(b"".join(json.dumps(one).encode() + b"\r\n" for one in lines))


def switching() -> Instead:
    """To another protocol, in which not a word is said."""
    return Instead(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")


def true_answer(engine: Engine, asked: Request, target: str = "") -> bytes:
    """What the Engine really answers to a request without a body, byte for byte; to another `target`, if one is named."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(engine.socket)
        connection.sendall(f"{asked.method} {target or asked.target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n"
                           "Content-Length: 0\r\n\r\n".encode())
        pieces = []
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    return b"".join(pieces)


def half_of_its_json(engine: Engine, asked: Request) -> Instead:
    """Of whatever the Engine says to it, as one whole answer."""
    status, body = request(engine.socket, "GET", asked.target)
    text = json.dumps(body).encode()
    return answer(text[:max(1, len(text) // 2)], status)


def half_of_its_bytes(engine: Engine, asked: Request) -> Instead:
    """And then the connection ends."""
    text = true_answer(engine, asked)
    return Instead(text[:-max(1, len(text.partition(b"\r\n\r\n")[2]) // 2)])

"""A recording proxy in front of an Engine's socket: `with Proxy(engine.socket, path) as proxy:`.

Bytes go through as they come, both ways and half-closes too, so that attach, exec, build, logs and events work as
without it; beside that the requests are read and kept, with their answers' status.
"""

import asyncio
import contextlib
import json
import os
import re
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Callable, Deque, Dict, List, Optional, Union
from urllib.parse import parse_qsl, unquote, urlsplit

from .engine import HANGS
from .http_messages import CLOSE, RAW, Framing, Messages, framing_of, parse_head

BODY_LIMIT = 4 << 20  # of a build context or an image archive only the beginning is kept

# Requests that are not GET or HEAD and yet change nothing.
_HARMLESS = re.compile(r"^/(containers/[^/]+/(wait|attach|resize)|exec/[^/]+/resize|auth|session|grpc)$")
_EXEC = re.compile(r"^/(containers/[^/]+/exec|exec/[^/]+/(start|resize))$")


@dataclass
class Request:
    method: str
    target: str
    headers: Dict[str, str]
    at: float = field(default_factory=time.monotonic)
    body: bytes = b""
    size: int = 0
    status: Optional[int] = None  # None: no answer came
    answer: bytes = b""
    hijacked: bool = False

    @property
    def path(self) -> str:
        """Without version and query."""
        return re.sub(r"^/v\d+\.\d+(?=/)", "", unquote(urlsplit(self.target).path))

    @property
    def query(self) -> Dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def is_exec(self) -> bool:
        """Part of running a command in a container, as checks do."""
        return bool(_EXEC.match(self.path))

    @property
    def changes(self) -> bool:
        """Asks the Engine to change something; execs are counted apart."""
        return self.method not in ("GET", "HEAD") and not self.is_exec and not _HARMLESS.match(self.path)

    def json(self) -> Any:
        return json.loads(self.body or b"null")

    def answer_json(self) -> Any:
        return json.loads(self.answer or b"null")

    def __str__(self) -> str:
        return f"{self.method} {self.target} -> {self.status}"


@dataclass
class Instead:
    """What the client is told in the Engine's place, `pace` seconds after each byte; then its connection ends."""

    answer: bytes
    pace: float = 0


Verdict = Union[None, float, str, Instead, threading.Event]


class Proxy:
    def __init__(self, upstream: str, path: Union[str, os.PathLike]):
        self.upstream = str(upstream)
        self.path = str(path)
        self.url = f"unix://{self.path}"
        self.requests: List[Request] = []
        # Asked before a request's bytes go on: a number delays it by so many seconds, an event until it is set, "drop"
        # closes the connection, and an Instead is the answer: the Engine never hears of it.
        self.before: Optional[Callable[[Request], Verdict]] = None
        self._open: Dict["_Connection", asyncio.StreamWriter] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def changes(self) -> List[Request]:
        return [request for request in self.requests if request.changes]

    def execs(self) -> List[Request]:
        return [request for request in self.requests if request.is_exec]

    def clear(self) -> None:
        self.requests.clear()

    def cut(self, path: str) -> None:
        """Ends the connections whose answer to that path is under way."""
        def end() -> None:
            for connection, writer in list(self._open.items()):
                if connection.answers_to(path):
                    writer.transport.abort()

        self._loop.call_soon_threadsafe(end)

    def cut_all(self) -> None:
        """Ends all connections, as an Engine that goes away does."""
        def end() -> None:
            for writer in list(self._open.values()):
                writer.transport.abort()

        self._loop.call_soon_threadsafe(end)

    def __enter__(self) -> "Proxy":
        self._thread.start()
        if not self._ready.wait(HANGS) or not os.path.exists(self.path):
            raise RuntimeError(f"no proxy at {self.path}")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(asyncio.start_unix_server(self._serve, self.path))
        finally:
            self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            engine_reader, engine_writer = await asyncio.open_unix_connection(self.upstream)
        except OSError:
            # As a client sees it when nothing listens.
            writer.close()
            return
        connection = _Connection(self)
        self._open[connection] = writer
        try:
            await asyncio.gather(
                self._pump(reader, engine_writer, connection.requests.feed, connection, writer),
                self._pump(engine_reader, writer, connection.answers.feed),
            )
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            del self._open[connection]
            writer.close()
            engine_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                    follow: Callable[[bytes], None], judged: Optional["_Connection"] = None,
                    client: Optional[asyncio.StreamWriter] = None) -> None:
        while True:
            piece = await reader.read(1 << 16)
            if not piece:
                if writer.can_write_eof():
                    writer.write_eof()
                # The Engine ended its side: nothing more will be answered, so the client's side ends too.
                if judged is None:
                    raise ConnectionResetError
                return
            follow(piece)
            while judged is not None and judged.verdicts:
                verdict = judged.verdicts.popleft()
                if verdict == "drop":
                    raise ConnectionResetError
                if isinstance(verdict, Instead):
                    # Whatever else it says is listened to: one that writes on into a closed connection hears no answer.
                    await asyncio.wait({asyncio.ensure_future(_say(client, verdict)), asyncio.ensure_future(_swallow(reader))},
                                       return_when=asyncio.FIRST_COMPLETED)
                    raise ConnectionResetError
                if isinstance(verdict, threading.Event):
                    while not verdict.is_set():
                        await asyncio.sleep(0.02)
                else:
                    await asyncio.sleep(float(verdict))
            writer.write(piece)
            await writer.drain()


async def _say(client: asyncio.StreamWriter, instead: Instead) -> None:
    with contextlib.suppress(ConnectionError):  # it does not listen any more
        for piece in [instead.answer[at:at + 1] for at in range(len(instead.answer))] if instead.pace else [instead.answer]:
            client.write(piece)
            await client.drain()
            await asyncio.sleep(instead.pace)


async def _swallow(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await reader.read(1 << 16):
            pass


class _Connection:
    """The messages of one connection, both ways: answers come in the order of their requests."""

    def __init__(self, proxy: Proxy):
        self._proxy = proxy
        self._unanswered: Deque[Request] = deque()
        self._asking: Optional[Request] = None
        self._answering: Optional[Request] = None
        self.verdicts: Deque[Verdict] = deque()
        self.requests = Messages(self._request_head, self._request_data, self._request_end)
        self.answers = Messages(self._answer_head, self._answer_data, self._answer_end)

    def answers_to(self, path: str) -> bool:
        """Its last answer, or the next one, is to that path."""
        request = self._unanswered[0] if self._unanswered else self._answering
        return request is not None and request.path == path

    def _request_head(self, head: bytes) -> Framing:
        first, headers = parse_head(head)
        method, target, _ = first.split(" ", 2)
        request = Request(method, target, headers, hijacked="upgrade" in headers)
        self._asking = request
        self._unanswered.append(request)
        self._proxy.requests.append(request)
        verdict = self._proxy.before(request) if self._proxy.before else None
        if verdict is not None:
            self.verdicts.append(verdict)
        return framing_of(headers, otherwise=0)

    def _request_data(self, piece: bytes) -> None:
        self._asking.size += len(piece)
        self._asking.body += piece[: BODY_LIMIT - len(self._asking.body)]

    def _request_end(self) -> bool:
        return not self._asking.hijacked

    def _answer_head(self, head: bytes) -> Framing:
        first, headers = parse_head(head)
        status = int(first.split(" ", 2)[1])
        if 100 <= status < 200 and status != 101:
            self._answering = None
            return 0
        request = self._answering = self._unanswered.popleft()
        request.status = status
        if status == 101:
            return RAW
        if request.method == "HEAD" or status in (204, 304):
            return 0
        return framing_of(headers, otherwise=CLOSE)

    def _answer_data(self, piece: bytes) -> None:
        if self._answering:
            self._answering.answer += piece[: BODY_LIMIT - len(self._answering.answer)]

    def _answer_end(self) -> bool:
        return True

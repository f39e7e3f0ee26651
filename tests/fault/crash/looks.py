"""What holds at every moment (I1 to I7, I9), told from the Engine and from files; not from what the program says."""

import contextlib
import hashlib
import json
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional
from urllib.parse import quote

from support.engine import HANGS, Engine, UnixConnection
from support.images import BUSYBOX

from .application import Application, is_bad

NEIGHBOUR = "neighbour"


@dataclass(frozen=True)
class Remembered:
    """What the ledger has of an environment. Numbers never go back."""
    serial: int = 0
    run: int = 0
    attempt: int = 0
    current: str = ""
    previous: str = ""


def ledger_of(app: Application) -> Remembered:
    """From a copy: opening it would already mend what a crash left."""
    if not (app.state / "ledger.db").exists():
        return Remembered()
    assert not list(app.state.glob("ledger.db.corrupt-*")), "the ledger was set aside"
    with tempfile.TemporaryDirectory() as folder:
        for path in app.state.glob("ledger.db*"):
            shutil.copy(path, folder)
        with contextlib.closing(sqlite3.connect(Path(folder) / "ledger.db")) as ledger:
            assert ledger.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert ledger.execute("PRAGMA foreign_key_check").fetchall() == []
            if not ledger.execute("SELECT 1 FROM sqlite_master WHERE name = 'attempts'").fetchall():
                return Remembered()
            of = (app.environment,)
            rows = ledger.execute("SELECT serial, coalesce(current_tag, ''), coalesce(previous_tag, '') "
                                  "FROM environments WHERE name = ?", of).fetchall()
            serial, current, previous = rows[0] if rows else (0, "", "")
            run = ledger.execute("SELECT coalesce(max(serial), 0) FROM runs WHERE environment = ?", of).fetchone()[0]
            attempt = ledger.execute("SELECT coalesce(max(id), 0) FROM attempts WHERE environment = ?", of).fetchone()[0]
            return Remembered(serial, run, attempt, current, previous)


class Neighbour:
    """Another project on that Engine, with a volume that has a file in it. Made by plain docker, and nobody's to touch."""

    def __init__(self, engine: Engine):
        self._engine = engine
        label = f"--label=com.docker.compose.project={NEIGHBOUR}"
        engine.docker("network", "create", label, f"{NEIGHBOUR}_default")
        engine.docker("volume", "create", label, f"{NEIGHBOUR}_data")
        engine.docker("tag", BUSYBOX, f"{NEIGHBOUR}:v1")
        engine.docker("run", "-d", "--init", label, "--label=com.docker.compose.service=web", f"--name={NEIGHBOUR}-web-1",
                      "-v", f"{NEIGHBOUR}_data:/data", f"--network={NEIGHBOUR}_default", f"{NEIGHBOUR}:v1",
                      "sh", "-c", "echo rows >/data/rows; sleep 100000")
        self.file = engine.in_volume(f"{NEIGHBOUR}_data", "rows")
        self._first = self._now()

    def _now(self) -> list:
        one = self._engine.inspect(f"{NEIGHBOUR}-web-1")
        return [one["Id"], one["State"]["StartedAt"], one["State"]["Status"], one["Image"], sorted(one["NetworkSettings"]["Networks"]),
                self._engine.api("GET", f"/networks/{NEIGHBOUR}_default")["Id"], self._engine.inspect(f"{NEIGHBOUR}-web-1")["RestartCount"],
                self._engine.api("GET", f"/images/{NEIGHBOUR}:v1/json")["Id"]]

    def assert_untouched(self) -> None:
        assert self._now() == self._first, f"a neighbour was touched: {self._now()} was {self._first}"
        assert self.file.read_text() == "rows\n", "a neighbour's volume"


class Looks:
    """All looks at one application, from its beginning: what may only grow, and what was there once."""

    def __init__(self, app: Application, neighbour: Neighbour):
        self.app, self._neighbour = app, neighbour
        self._highest = Remembered()
        self._given = False  # a person has put a file into a volume
        self._images: Dict[str, str] = {}  # of each version that was well
        self.taken_over: str = ""  # a tag that others deployed: nobody verified it here

    def put_rows(self) -> None:
        """A person's file in a volume of the project."""
        rows = self.app.engine.in_volume(f"{self.app.name}_data", "rows")
        if rows.parent.exists() and not rows.exists():
            assert not self._given, "the file in the project's volume is gone"
            rows.write_text("of a person\n")
            self._given = True

    def look(self) -> Remembered:
        now = ledger_of(self.app)
        high = self._highest
        assert now.serial >= high.serial and now.run >= high.run and now.attempt >= high.attempt, \
            f"the ledger went back: {now} after {high}"
        self._highest = now
        verified = set(self.app.lines("data", "verified")) | {self.taken_over}
        for tag in {now.current, self.app.state_file("current_tag")} - {""}:
            assert tag in verified and not is_bad(tag), f"current_tag {tag} was never verified: {sorted(verified)}"
        self._assert_once()
        self._assert_backups_whole()
        images = {one["Id"] for one in self.app.engine.api("GET", "/images/json")}
        for tag in {now.current, now.previous} & set(self._images):
            assert self._images[tag] in images, f"the image of {tag}, which was well, is gone"
        if self._given:
            assert self.app.lines("data", "rows") == ["of a person"], "a file in the project's volume"
        self._neighbour.assert_untouched()
        return now

    def well(self, tag: str) -> None:
        self._images[tag] = self.app.images()[tag]

    def _assert_once(self) -> None:
        rows = self.app.lines("table", "rows")
        open_: Optional[str] = None
        for n, row in enumerate(rows):
            word, _, tag = row.partition(" ")
            assert rows.index(row) == n, f"the release of {tag} ran twice: {rows}"
            assert (word == "start" and open_ is None) or (word == "done" and open_ == tag), f"two releases at a time: {rows}"
            open_ = tag if word == "start" else None

    def _assert_backups_whole(self) -> None:
        """Each that has its name is whole, whatever died while it was made; and none ran before there was one."""
        folder = self.app.state / "backups" / self.app.name / "production"
        there = sorted(folder.glob("*.backup"))
        for one in there:
            data = one.read_bytes()
            assert data.endswith(b"whole\n"), f"half a backup: {one.name}"
            assert (folder / f"{one.name}.sha256").read_text() == f"{hashlib.sha256(data).hexdigest()}  {one.name}\n", one.name
        releases = sum(row.startswith("start") for row in self.app.lines("table", "rows"))
        assert there or releases < 2, "a release ran without a backup"

    def assert_last_good_is_kept(self, before: Dict[str, dict], tag: str, now: Remembered) -> None:
        """Right after a crash: unless the next version is recorded already, the containers of the last good one are there."""
        if now.current != tag:
            return
        there = {one["Id"] for one in self.app.containers().values()}
        gone = [name for name, one in before.items() if one["Id"] not in there]
        assert not gone, f"of {tag}, the last good version: {gone} gone"

    def assert_honest(self, status: dict, wanted: str) -> None:
        """It is not Ready while something differs; what was only not removed yet is named by the reason. What others made as
        it is wanted is Ready before it is taken over, when there is no tag of ours yet."""
        if status["condition"] != "Ready":
            return
        wrong = self.app.differs(wanted if status["tag"] == "-" else status["tag"])
        if status["tag"] == "-":
            wrong = [one for one in wrong if not one.startswith("current_tag")]
        if status["reason"] == "PruneFailed":
            wrong = [one for one in wrong if ".prev" not in one]
        assert not wrong, f"status says Ready/{status['reason']} {status['tag']}, and {'; '.join(wrong)}"


# A file is read in a container, and what a look mounts for it.
_READING = {("container", "archive-path"), ("volume", "mount"), ("volume", "unmount")}


def events(engine: Engine, since: float, until: float) -> List[str]:
    """What was changed on the Engine between two times; a volume that a container mounts goes with that container."""
    kinds = quote(json.dumps({"type": ["container", "image", "network", "volume"]}))
    connection = UnixConnection(engine.socket, HANGS)
    try:
        connection.request("GET", f"/events?since={since:.9f}&until={until:.9f}&filters={kinds}")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return [f"{one['Type']} {one['Action']} {one['Actor']['Attributes'].get('name', '')}"
            for one in (json.loads(line) for line in text.splitlines() if line)
            if (one["Type"], one["Action"]) not in _READING]

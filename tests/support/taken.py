"""What somebody who takes a stack over works with."""

from pathlib import Path

from .compose import Compose
from .engine import Engine
from .reconciler import Reconciler, Result
from .repository import Repository


class Taken:
    """Config repository, host file and program of somebody who takes a stack over."""

    def __init__(self, folder: Path, engine: Engine, compose: Compose):
        self.engine = engine
        self.config = Repository(folder / "srv" / "deploy")
        self.host_file = folder / "host.yaml"
        self.state = folder / "state"
        self.program = Reconciler(self.state, host_file=self.host_file, docker_host=engine.url, home=compose.home)

    def init(self, looked_at: Path, into: str, *more: str) -> Result:
        self.program.cwd = looked_at
        done = self.program.run("init", "--into", str(self.config.path / into) if into else str(looked_at), *more)
        self.program.cwd = None
        return done

    def commit(self, subject: str = "as it runs today") -> str:
        return self.config.commit(subject)

"""manifests/portfolio and portfolio-compose as installations of their own: repositories, host file, Doppler's stand-in, and
where the site is."""

import socket
import subprocess
from pathlib import Path
from typing import Mapping, Optional

from . import ROOT
from .canary import CANARY
from .repository import Repository

EXAMPLE = ROOT / "manifests" / "portfolio"
WITH_COMPOSE = ROOT / "manifests" / "portfolio-compose"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Installation:
    """An example of manifests/ as its own script `installation` makes it, with Doppler's stand-in."""

    environment = "portfolio/production"

    def __init__(self, example: Path, folder: Path, variables: Mapping[str, str]):
        subprocess.run([str(example / "installation"), str(folder)], check=True)
        self.folder = Path(folder)
        self.source = Repository(self.folder / "srv" / "source")
        self.config = Repository(self.folder / "srv" / "deploy")
        self.host_file = self.folder / "host.yaml"
        self._secrets = self.folder / "opt" / "doppler" / "portfolio" / "prd"
        self.variables = dict(line.split("=", 1) for line in self._secrets.read_text().splitlines())
        self.write_variables(**variables)

    def write_variables(self, **changed: str) -> None:
        """In Doppler."""
        self.variables.update(changed)
        self._secrets.write_text("".join(f"{key}={value}\n" for key, value in self.variables.items()))

    def ask_for(self, tag: str) -> str:
        """What a person does: one line, one commit."""
        file = "portfolio/environments/production.yaml"
        before = (self.config.path / file).read_text()
        first, _, rest = before.partition("\n")
        assert first.startswith("tag: "), before
        return self.config.commit(f"{self.environment} {tag}", {file: f"tag: {tag}\n{rest}"})


class Portfolio(Installation):
    def __init__(self, folder: Path, variables: Optional[Mapping[str, str]] = None):
        super().__init__(EXAMPLE, folder,
                         {"SECRET_KEY": f"{CANARY}-key", "DB_PASSWORD": f"{CANARY}-db", **(variables or {})})
        self.state_files = self.folder / "var" / "lib" / "portfolio"
        self.address = (self.folder / "address").read_text().strip()
        # Runs a program where the domains lead to that address, and who signed their certificates is trusted.
        self.within = [str(EXAMPLE / "within"), str(self.folder)]

    def get(self, path: str) -> str:
        """From the site what it serves, all else from the API's domain; as a visitor, over TLS."""
        domain = self.variables["SITE_DOMAIN" if path == "/" else "API_DOMAIN"]
        done = subprocess.run([*self.within, "curl", "-fsS", "--noproxy", "*", "--max-time", "120", f"https://{domain}{path}"],
                              capture_output=True, text=True)
        assert done.returncode == 0, f"{domain}{path}: {done.stderr}"
        return done.stdout

    def state_file(self, name: str) -> Optional[str]:
        path = self.state_files / name
        return path.read_text() if path.exists() else None


class PortfolioCompose(Installation):
    def __init__(self, folder: Path):
        super().__init__(WITH_COMPOSE, folder, {name: f"{CANARY}-{name.lower()}"
                                                for name in ("SECRET_KEY", "DB_PASSWORD", "UPLOAD_TOKEN")})
        self.port = (self.folder / "port").read_text().strip()
        # As people write them, oldest first.
        self.tags = self.source.git("log", "--reverse", "--format=%h").split()

    def lacks(self, *names: str) -> None:
        """Doppler has all but these."""
        self._secrets.write_text("".join(f"{key}={value}\n" for key, value in self.variables.items() if key not in names))

    def get(self, path: str, domain: str = "api.example.com", *options: str) -> str:
        """From nginx, which tells the domains from each other by their names."""
        done = subprocess.run(["curl", "-fsS", "--noproxy", "*", "--max-time", "120", "-H", f"Host: {domain}", *options,
                               f"http://127.0.0.1:{self.port}{path}"], capture_output=True, text=True)
        assert done.returncode == 0, f"{domain}{path}: {done.stderr}"
        return done.stdout

    def put(self, path: str, text: str) -> str:
        """As somebody who may."""
        header, file = self.folder / "header", self.folder / "file"
        header.write_text(f"Authorization: Bearer {self.variables['UPLOAD_TOKEN']}\n")
        file.write_text(text)
        return self.get(path, "api.example.com", "-H", f"@{header}", "-T", str(file))

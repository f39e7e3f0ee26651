"""manifests/portfolio as an installation of its own: repositories, host file, Doppler's stand-in, certificates, an address."""

import socket
import subprocess
from pathlib import Path
from typing import Mapping, Optional

from . import ROOT
from .canary import CANARY
from .repository import Repository

EXAMPLE = ROOT / "manifests" / "portfolio"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Portfolio:
    environment = "portfolio/production"

    def __init__(self, folder: Path, variables: Optional[Mapping[str, str]] = None):
        subprocess.run([str(EXAMPLE / "installation"), str(folder)], check=True)
        self.folder = Path(folder)
        self.source = Repository(self.folder / "srv" / "source")
        self.config = Repository(self.folder / "srv" / "deploy")
        self.host_file = self.folder / "host.yaml"
        self.state_files = self.folder / "var" / "lib" / "portfolio"
        self.address = (self.folder / "address").read_text().strip()
        # Runs a program where the domains lead to that address, and who signed their certificates is trusted.
        self.within = [str(EXAMPLE / "within"), str(self.folder)]
        self._secrets = self.folder / "opt" / "doppler" / "portfolio" / "prd"
        self.variables = dict(line.split("=", 1) for line in self._secrets.read_text().splitlines())
        self.write_variables(SECRET_KEY=f"{CANARY}-key", DB_PASSWORD=f"{CANARY}-db", **(variables or {}))

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

    def get(self, path: str) -> str:
        """From the site what it serves, all else from the API's domain; as a visitor, over TLS."""
        domain = self.variables["SITE_DOMAIN" if path == "/" else "API_DOMAIN"]
        done = subprocess.run([*self.within, "curl", "-fsS", "--noproxy", "*", "--max-time", "10", f"https://{domain}{path}"],
                              capture_output=True, text=True)
        assert done.returncode == 0, f"{domain}{path}: {done.stderr}"
        return done.stdout

    def state_file(self, name: str) -> Optional[str]:
        path = self.state_files / name
        return path.read_text() if path.exists() else None

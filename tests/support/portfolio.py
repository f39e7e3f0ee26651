"""manifests/portfolio as an installation of its own: both repositories, host file, secrets, a free port."""

import json
import socket
import subprocess
import urllib.request
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
        subprocess.run([str(EXAMPLE / "history"), str(folder)], check=True)
        self.folder = Path(folder)
        self.source = Repository(self.folder / "source")
        self.config = Repository(self.folder / "config")
        self.state_files = self.folder / "var"
        self.state_files.mkdir()
        self.port = free_port()
        self.variables = {
            "API_DOMAIN": "api.example.com", "SITE_DOMAIN": "example.com", "SITE_PORT": str(self.port),
            "SECRET_KEY": f"{CANARY}-key", "DB_PASSWORD": f"{CANARY}-db", **(variables or {}),
        }
        self.env_file = self.folder / ".env.production"
        self.write_variables()
        manifest = self.config.path / "portfolio" / "reconciler.yaml"
        manifest.write_text(manifest.read_text().replace("/var/lib/portfolio", str(self.state_files)))
        self.config.commit("state files of this test")
        self.host_file = self.folder / "host.yaml"
        # JSON is YAML.
        self.host_file.write_text(json.dumps({
            "repositories": {"deploy": str(self.config.path)},
            "sources": {str(self.source.path): {}},
            "environments": {self.environment: {"files": {".env.production": str(self.env_file)}}},
            "policy": {"state_files": [str(self.state_files)]},
        }, indent=2))

    def write_variables(self, **changed: str) -> None:
        self.variables.update(changed)
        self.env_file.write_text("".join(f"{key}={value}\n" for key, value in self.variables.items()))
        self.env_file.chmod(0o600)

    def ask_for(self, tag: str) -> str:
        """What a person does: one line, one commit."""
        return self.config.commit(f"{self.environment} {tag}",
                                  {"portfolio/environments/production.yaml": f"tag: {tag}\n"})

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def state_file(self, name: str) -> Optional[str]:
        path = self.state_files / name
        return path.read_text() if path.exists() else None

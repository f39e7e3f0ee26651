"""manifests/epsm as an installation of its own: repositories, host file, env file, certificate, an address; and the checkout
on the server from which its script deployed before."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Dict

from . import ROOT
from .canary import CANARY
from .compose import Compose
from .engine import wait_for
from .repository import Repository

EXAMPLE = ROOT / "manifests" / "epsm"
DOMAIN = "epsm.chalmers.se"


class Epsm:
    environment = "epsm/production"

    def __init__(self, folder: Path, docker_host: str):
        """`docker_host`: the Engine's socket as services are given it."""
        subprocess.run([str(EXAMPLE / "installation"), str(folder)], check=True, env={**os.environ, "DOCKER_HOST": docker_host})
        self.folder = Path(folder)
        self.source = Repository(self.folder / "srv" / "source")
        self.config = Repository(self.folder / "srv" / "deploy")
        self.host_file = self.folder / "host.yaml"
        self.checkout = self.folder / "opt" / "epsm"
        self.env_file = self.checkout / ".env.production"
        self.address = (self.folder / "address").read_text().strip()
        # Runs a program where the domain leads to that address, and who signed its certificate is trusted.
        self.within = [str(ROOT / "manifests" / "portfolio" / "within"), str(self.folder)]
        self.write_variables(**{name: f"{CANARY}-{name}" for name in ("DJANGO_SECRET_KEY", "DB_PASSWORD", "RESULTS_DB_PASSWORD")})

    def write_variables(self, **changed: str) -> None:
        """In the env file on the host, comments and all."""
        lines = [line for line in self.env_file.read_text().splitlines() if line.split("=", 1)[0] not in changed]
        self.env_file.write_text("\n".join([*lines, *(f"{name}={value}" for name, value in changed.items()), ""]))

    def ask_for(self, tag: str) -> str:
        """What a person does: one line, one commit."""
        return self.config.commit(f"{self.environment} {tag}", {"epsm/environments/production.yaml": f"tag: {tag}\n"})

    def rewrite(self, *pairs) -> Path:
        """Of the manifest, in the working files."""
        path = self.config.path / "epsm" / "reconciler.yaml"
        text = path.read_text()
        for before, after in pairs:
            assert before in text, f"no {before!r} in {text}"
            text = text.replace(before, after)
        path.write_text(text)
        return path

    def deploy_by_script(self, tag: str, compose: Compose) -> str:
        """As people did before: a checkout on the server, and the script."""
        checkout = Repository(self.checkout)
        checkout.git("fetch", "-q", "--tags", str(self.source.path), "main")
        checkout.git("checkout", "-q", tag)
        done = subprocess.run([str(self.checkout / "scripts" / "deploy-production-clean.sh")], capture_output=True, text=True,
                              env=compose.environment())
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def get(self, path: str, *options: str) -> str:
        """As a visitor, over TLS."""
        done = subprocess.run([*self.within, "curl", "-fsS", "--noproxy", "*", "--max-time", "120", *options, f"https://{DOMAIN}{path}"],
                              capture_output=True, text=True)
        assert done.returncode == 0, f"{path}: {done.stderr}"
        return done.stdout

    def health(self) -> Dict[str, Any]:
        return json.loads(self.get("/health/"))

    def start(self, name: str, zones: int) -> int:
        """A simulation; its number."""
        return json.loads(self.get("/api/simulations/", "-d", f"name={name}", "-d", f"zones={zones}"))["id"]

    def simulation(self, number: int) -> Dict[str, Any]:
        return next(one for one in json.loads(self.get("/api/simulations/"))["simulations"] if one["id"] == number)

    def done(self, number: int) -> Dict[str, Any]:
        """That simulation, once it has its result."""
        wait_for(lambda: self.simulation(number)["kwh"] is not None, f"simulation {number} to be done", every=0.2)
        return self.simulation(number)

"""A VPS that build.sh, release.sh and deploy.sh deployed, as the seed describes them; small images, real scripts."""

import subprocess
from pathlib import Path
from typing import Dict, Mapping, Optional

from .canary import CANARY
from .compose import Compose
from .engine import HANGS, Engine
from .portfolio import free_port
from .repository import Repository

HERE = Path(__file__).parent / "scripts"


class ScriptedHost:
    """`folder`/opt/portfolio is the checkout in which people run the scripts; with another `project`, all is named so."""

    def __init__(self, folder: Path, engine: Engine, compose: Compose, project: str = "portfolio"):
        self.engine, self.compose, self.project = engine, compose, project
        self.folder = Path(folder)
        self.state_files = self.folder / "var" / "lib" / project
        self.locks = self.folder / "var" / "lock"
        self.locks.mkdir(parents=True)
        self.checkout = Repository(self.folder / "opt" / project)
        self.variables = {
            "API_DOMAIN": "api.example.com", "SITE_DOMAIN": "example.com", "SITE_PORT": str(free_port()),
            "SECRET_KEY": f"{CANARY}-key", "DB_PASSWORD": f"{CANARY}-db",
        }
        certs = self.checkout.path / "certs"
        certs.mkdir()
        (certs / "site.pem").write_text("a certificate\n")
        (self.checkout.path / ".env.production").write_text(
            "".join(f"{name}={value}\n" for name, value in self.variables.items()))
        (self.checkout.path / ".env.production").chmod(0o600)
        files: Dict[str, str] = {".gitignore": ".env.production\ncerts/\n", "nginx/www/index.html": "well\n",
                                 "nginx/www/healthz": "well\n"}
        for path in HERE.iterdir():
            files[path.name] = path.read_text().replace("portfolio", project) \
                                               .replace("@STATE@", str(self.state_files)) \
                                               .replace("@LOCKS@", str(self.locks))
        for name in ("backend", "frontend"):
            files[f"{name}/Dockerfile"] = "FROM busybox:test\nCOPY version /version\n"
        self.checkout.write({name: text for name, text in files.items() if name.endswith(".sh")}, mode=0o755)
        self.checkout.write({name: text for name, text in files.items() if not name.endswith(".sh")})

    def tag(self, tag: str) -> None:
        """One more release in the checkout."""
        self.checkout.write({"backend/version": f"{tag}\n", "frontend/version": f"{tag}\n"})
        self.checkout.commit(f"Release {tag}")
        self.checkout.tag(tag)

    def run(self, script: str, tag: str, *arguments: str, check: bool = True,
            env: Optional[Mapping[str, str]] = None) -> subprocess.CompletedProcess:
        """`TAG=... ./script` with the variables that a person's shell has."""
        done = subprocess.run([str(self.checkout.path / script), *arguments], cwd=self.checkout.path,
                              env=self.compose.environment({**self.variables, "TAG": tag, "DOCKER_BUILDKIT": "0",
                                                            **(env or {})}),
                              capture_output=True, text=True, timeout=HANGS)
        if check and done.returncode != 0:
            raise RuntimeError(f"{script}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def deploy(self, tag: str) -> None:
        self.tag(tag)
        self.run("build.sh", tag)
        self.run("deploy.sh", tag)

    def containers(self) -> Dict[str, tuple]:
        """By name: ID and when it was started; the same after as before, where nothing was touched."""
        found = {}
        for one in self.engine.containers(label=f"com.docker.compose.project={self.project}"):
            inspect = self.engine.inspect(one["Id"])
            found[inspect["Name"].lstrip("/")] = (inspect["Id"], inspect["State"]["StartedAt"])
        return found

    def released(self) -> str:
        return self.engine.docker("exec", f"{self.project}-backend-1", "cat", "/srv/released/log")

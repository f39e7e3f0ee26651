"""One small application on an Engine: what is asked of it, and what became of it, seen without asking the program."""

import json
import shutil
from pathlib import Path
from typing import Dict, List

from support.canary import CANARY, assert_folder_silent
from support.compose import Compose
from support.engine import Engine, request
from support.images import BUSYBOX
from support.reconciler import Reconciler
from support.repository import Repository
from support.stack import clean

# The release guards against nothing, and verify leaves a line: what ran and what was well can be read afterwards.
COMPOSE = f"""\
services:
  web:
    build: .
    image: NAME:${{TAG}}
    init: true
    command: [sleep, '100000']
    environment: {{ TAG: '${{TAG}}', PASSWORD: '${{PASSWORD}}' }}
    volumes: ['data:/data', './site:/site:ro']
    configs: [{{ source: note, target: /etc/note }}]
    networks: [default, back]
    depends_on: [db]
  db: {{ image: '{BUSYBOX}', init: true, command: [sleep, '100000'], networks: [back], volumes: ['table:/table'] }}
  release:
    image: {BUSYBOX}
    init: true
    profiles: [release]
    environment: {{ TAG: '${{TAG}}', PASSWORD: '${{PASSWORD}}' }}
    command: [sh, -c, 'echo start $$TAG >>/table/rows; sleep 0.2; echo done $$TAG >>/table/rows']
    volumes: ['table:/table']
configs: {{ note: {{ content: 'of ${{TAG}}' }} }}
volumes: {{ data: {{}}, table: {{}} }}
networks: {{ back: {{}} }}
"""
MANIFEST = """\
variables: {{ env_file: {{ provider: vault }} }}
{preflight}
backup: {{ exec: db, command: [sh, -c, 'cat /table/rows 2>/dev/null; echo whole'], contains: whole, keep: 1 }}
release: [{{ run: release }}]
verify:
  stable: 100ms
  timeout: {timeout}
  checks: [{{ exec: web, command: [sh, -c, 'case $TAG in bad*) exit 1;; esac; echo $TAG >>/data/verified'] }}]
environments: {{ production: {{ tag: {tag} }} }}
"""
PREFLIGHT = "preflight: [{ name: apart, run: web, command: [sh, -c, '! grep -q eth /proc/net/dev'] }]"


def is_bad(tag: str) -> bool:
    return tag.startswith("bad")


class Application:
    """`with Application("c7", ...)`: nothing of it is left afterwards, whatever happened."""

    def __init__(self, name: str, folder: Path, engine: Engine, compose: Compose):
        self.name, self.folder, self.engine, self.compose = name, Path(folder) / name, engine, compose
        self.environment = f"{name}/production"
        self.state = self.folder / "state"
        self.config = Repository(self.folder / "config")
        secret, host = self.folder / "secret.env", self.folder / "host.yaml"
        secret.write_text(f"PASSWORD={CANARY}\n")
        host.write_text(json.dumps({"repositories": {"config": {"url": str(self.config.path), "poll": "1s"}},
                                    "providers": {"vault": {"command": ["/bin/cat", str(secret)], "keep_last": "24h"}}}))
        for file in (secret, host):
            file.chmod(0o600)
        self.program = Reconciler(self.state, host_file=host, docker_host=engine.url, home=compose.home)
        self.program.env.update({f"GIT_{whose}_{what}": value for whose in ("AUTHOR", "COMMITTER")
                                 for what, value in (("NAME", "Anna"), ("EMAIL", "anna@example.com"))})
        self.config.commit("Nothing yet")
        self.config.git("clone", "-q", "--bare", str(self.config.path), str(self.folder / "remote.git"))
        self.config.git("remote", "add", "origin", str(self.folder / "remote.git"))
        self.config.git("push", "-q", "-u", "origin", "main")

    def __enter__(self) -> "Application":
        return self

    def __exit__(self, *_: object) -> None:
        clean(self.engine, self.name)
        for one in {*self.images().values(), *self.images("spare-").values()}:
            request(self.engine.socket, "DELETE", f"/images/{one}?force=1")
        shutil.rmtree(self.folder, ignore_errors=True)

    # What people do

    def ask(self, tag: str, preflight: bool) -> None:
        """preflight: as a task, for which a container more is made."""
        place = self.name
        self.config.commit(tag, {
            f"{place}/compose.yaml": COMPOSE.replace("NAME", self.name),
            f"{place}/reconciler.yaml": MANIFEST.format(
                tag=tag, timeout="500ms" if is_bad(tag) else "30s", preflight=PREFLIGHT if preflight else ""),
            f"{place}/site/index.html": f"{tag}\n",
            f"{place}/Dockerfile": f"FROM {BUSYBOX}\nENV VERSION={tag}\n"})

    def ask_for_nothing(self) -> None:
        """It is in git no more."""
        shutil.rmtree(self.config.path / self.name)
        self.config.commit("gone")

    def compose_up(self, tag: str) -> None:
        """As somebody does it who knows of no reconciler, in a folder where those files stay as they are."""
        shutil.copytree(self.config.path / self.name, self.folder / "opt")
        self.compose.run("-p", self.name, "up", "-d", cwd=self.folder / "opt", env={"TAG": tag, "PASSWORD": CANARY, "DOCKER_BUILDKIT": "0"})

    def damage(self, tag: str) -> None:
        """One service stopped, one paused, the name of its image taken away."""
        self.engine.docker("tag", f"{self.name}:{tag}", f"spare-{self.name}:{tag}")
        self.engine.docker("rmi", f"{self.name}:{tag}")
        self.engine.docker("stop", "-t", "0", f"{self.name}-db-1")
        self.engine.docker("pause", f"{self.name}-web-1")

    # What is there

    def containers(self) -> Dict[str, dict]:
        """Those of services, by name; what runs aside of them are one-offs."""
        found = (self.engine.inspect(one["Id"]) for one in self.engine.containers(
            label=[f"com.docker.compose.project={self.name}", "com.docker.compose.oneoff=False"]))
        return {one["Name"].lstrip("/"): one for one in found}

    def one_offs(self) -> List[str]:
        return [one["Names"][0].lstrip("/") for one in self.engine.containers(
            label=[f"com.docker.compose.project={self.name}", "com.docker.compose.oneoff=True"])]

    def networks(self) -> List[str]:
        return [one["Name"] for one in self.engine.api("GET", "/networks") if one["Name"].startswith(f"{self.name}_")]

    def images(self, before: str = "") -> Dict[str, str]:
        """What was built, by tag."""
        return {name.partition(":")[2]: one["Id"] for one in self.engine.api("GET", "/images/json")
                for name in one["RepoTags"] or [] if name.startswith(f"{before}{self.name}:")}

    def lines(self, volume: str, file: str) -> List[str]:
        """Of a file in one of its volumes."""
        return self.engine.lines_in_volume(f"{self.name}_{volume}", file)

    def state_file(self, name: str) -> str:
        path = self.state / "state-files" / self.name / "production" / name
        return path.read_text().strip() if path.exists() else ""

    def differs(self, tag: str) -> List[str]:
        """What is not as that version wants it to be."""
        there, images = self.containers(), self.images()
        wrong = [f"{name} is there" for name in there if name not in (f"{self.name}-web-1", f"{self.name}-db-1")]
        for service in ("web", "db"):
            one = there.get(f"{self.name}-{service}-1")
            if not one:
                wrong.append(f"{service} is not there")
            elif one["State"]["Status"] != "running":
                wrong.append(f"{service} is {one['State']['Status']}")
            elif service == "web" and f"TAG={tag}" not in one["Config"]["Env"]:
                wrong.append(f"web is not {tag}")
            elif service == "web" and one["Image"] != images.get(tag):
                wrong.append(f"web runs another image than {self.name}:{tag}")
        if self.state_file("current_tag") != tag:
            wrong.append(f"current_tag is {self.state_file('current_tag')!r}")
        return wrong

    def assert_silent(self) -> None:
        assert_folder_silent(self.state)

"""A stack under the reconciler: config repository, project on a private Engine, the program behind a recording proxy.

What must hold after every apply is asked here, so that each test asks it: the calls that changed something are those
that the plan declared, in their order, and a second plan finds nothing and changes nothing.
"""

import contextlib
import json
import re
import shutil
import sqlite3
import textwrap
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

import jsonschema

from . import ROOT
from .canary import assert_folder_silent
from .compose import Compose
from .engine import HANGS, Engine, request, wait_for
from .images import BUSYBOX
from .proxy import Proxy, Request
from .reconciler import Reconciler, Result
from .repository import Repository

MANIFEST = """\
verify: { stable: 1s }
environments: { production: { tag: v1.0.0 } }
"""
# Ends at once when it is told to; `sleep` as the first process would wait for its grace to pass.
SLEEPS = f"image: {BUSYBOX}, init: true, command: [sleep, '100000']"


def manifest(tag: str = "v1.0.0", *more: str) -> str:
    lines = [textwrap.dedent(one).strip("\n") for one in more]
    if not any(one.startswith("verify") for one in "\n".join(lines).splitlines()):
        lines.append("verify: { stable: 1s }")
    return "\n".join([*lines, f"environments: {{ production: {{ tag: {tag} }} }}", ""])


def services(text: str, *more: str) -> str:
    """A compose file with these services, written without regard to their indentation."""
    body = textwrap.indent(textwrap.dedent(text).strip("\n"), "  ")
    return "\n".join(["services:", body, *(textwrap.dedent(one).strip("\n") for one in more), ""])


def unguarded(pause: Union[float, str], more: str = "") -> str:
    """A web, and a release that says start and done in /table/rows with no guard: a second run, or two at a time, would show.
    `more`: another service, in a line."""
    work = f"echo $TAG start >>/table/rows; sleep {pause}; echo $TAG done >>/table/rows"
    return services(f"""
        {more}
        web: {{ {SLEEPS}, environment: {{ TAG: "${{TAG}}" }} }}
        release:
          image: {BUSYBOX}
          init: true
          profiles: [release]
          environment: {{ TAG: "${{TAG}}" }}
          command: [sh, -c, "{work.replace('$TAG', '${TAG}')}"]
          volumes: ['table:/table']
        """, "volumes: { table: {} }")


def said_unguarded(stack: "Stack", tag: str = "v1.1.0") -> List[str]:
    """What the release of `unguarded` said for a tag, in order."""
    rows = (line.split() for line in stack.engine.lines_in_volume("web_table", "rows"))
    return [row[1] for row in rows if row[0] == tag]


# A pause of `unguarded`, as long as the test wants: what is to be seen while a release runs has all the time that it takes.
HELD = "0; until test -e /table/${TAG}-may-end; do sleep 0.1; done"


def let_unguarded_end(stack: "Stack", tag: str = "v1.1.0") -> None:
    stack.engine.in_volume("web_table", f"{tag}-may-end").touch()


def wait_for_unguarded(stack: "Stack", tag: str = "v1.1.0") -> None:
    """Until the release of `unguarded` has begun, and the Engine has written that down: it does so after the container's own
    first words, and one that is killed in between knows nothing of them."""
    wait_for(lambda: said_unguarded(stack, tag) == ["start"] and stack.one_offs(running=True), "the release to have begun")


class Deed:
    """What the Engine was asked to change, in the words in which plans declare it."""

    def __init__(self, engine: Engine):
        self._names: Dict[str, str] = {}
        for one in engine.api("GET", "/containers/json?all=1"):
            self._names[one["Id"]] = one["Names"][0].lstrip("/")
        for one in engine.api("GET", "/networks"):
            self._names[one["Id"]] = one["Name"]

    def name(self, given: str) -> str:
        return self._names.get(given, given)

    def told(self, requests: List[Request]) -> List[str]:
        return [text for text in (self._one(one) for one in requests) if text]

    def _one(self, one: Request) -> str:
        path, query = one.path, one.query
        if path.endswith("/start") and one.status == 500 and "pair interfaces: file exists" in one.answer_json().get("message", ""):
            return ""  # the Engine's random names were taken: asked again
        if path in ("/containers/create", "/networks/create", "/volumes/create"):
            made = query.get("name") or one.json()["Name"]
            if one.status == 201 and one.answer_json().get("Id"):
                self._names[one.answer_json()["Id"]] = made
            return f"POST {path} {made}"
        if path == "/build":
            return f"POST /build {query.get('t', '')}"
        if path == "/images/create":
            name = query.get("fromImage", "")
            if query.get("tag", "").startswith("sha256:"):
                return f"POST /images/create {name}@{query['tag']}"
            return f"POST /images/create {name}:{query['tag']}" if query.get("tag") else f"POST /images/create {name}"
        if match := re.match(r"^/images/(.+)/tag$", path):
            return f"POST /images/tag {match[1]} {query['repo']}:{query.get('tag', 'latest')}"
        if match := re.match(r"^/networks/([^/]+)/(connect|disconnect)$", path):
            return f"{one.method} /networks/{match[2]} {self.name(match[1])} {self.name(one.json()['Container'])}"
        if match := re.match(r"^/containers/([^/]+)/rename$", path):
            before = self.name(match[1])
            if one.status == 204:
                for key in [key for key, value in self._names.items() if value == before]:
                    self._names[key] = query["name"]
            return f"POST /containers/rename {before} {query['name']}"
        if match := re.match(r"^/containers/([^/]+)/([a-z]+)$", path):
            return f"{one.method} /containers/{match[2]} {self.name(match[1])}"
        if match := re.match(r"^/(containers|networks|volumes|images)/(.+)$", path):
            return f"{one.method} /{match[1]} {self.name(match[2])}"
        return f"{one.method} {path}"


def fits(declared: str, made: str) -> bool:
    """`*` in a declared name stands for the attempt's id, which is not known before."""
    return declared == made or ("*" in declared and bool(
        re.fullmatch(re.escape(declared).replace(r"\*", r"[A-Za-z0-9_.-]+"), made)))


def assert_declared(plan: Mapping[str, Any], made: List[str], complete: bool = True) -> None:
    """Each call made is one that an action declared, in order; supply runs beside itself, its own order is free."""
    supply = [call for action in plan["actions"] if action["phase"] == "supply" for call in action["calls"]]
    ordered = [call for action in plan["actions"] if action["phase"] != "supply" for call in action["calls"]]
    ordered = [call for call in ordered if not re.match(r"POST /(containers/exec|exec/start) ", call)]
    said = "\n  ".join(["declared:", *supply, *ordered, "made:", *made])
    at = 0
    for call in made:
        free = next((one for one in supply if fits(one, call)), None)
        if free is not None and at == 0:
            supply.remove(free)
            continue
        found = next((n for n in range(at, len(ordered)) if fits(ordered[n], call)), None)
        # All one-offs that a task has left behind are declared as one.
        if found is None and at and ordered[at - 1].startswith("DELETE") and "*" in ordered[at - 1] and \
                fits(ordered[at - 1], call):
            continue
        assert found is not None, f"not declared, or out of order: {call}\n  {said}"
        if complete:
            assert found == at, f"declared, but left out before {call}: {ordered[at:found]}\n  {said}"
        at = found + 1
    if complete:
        assert at == len(ordered), f"declared and never made: {ordered[at:]}\n  {said}"


def assert_declared_both(plan: Mapping[str, Any], fallback: Mapping[str, Any], made: List[str], complete: bool) -> None:
    """A prefix of the one, then the other, which was carried out to its end where `complete`."""
    why = None
    for at in range(len(made), -1, -1):
        try:
            assert_declared(plan, made[:at], complete=False)
            assert_declared(fallback, made[at:], complete=complete)
            return
        except AssertionError as error:
            why = why or error
    raise why


class Stack:
    """One environment, by default web/production of a config repository of its own."""

    def __init__(self, folder: Path, engine: Engine, compose: Compose, proxy: Proxy, *, application: str = "web",
                 config: Optional[Repository] = None, host_file: Union[Path, Mapping[str, Any], None] = None,
                 project: str = "", state: Optional[Path] = None, within: Sequence[str] = (), approves: bool = False):
        """`approves`: what is applied here is a plan that somebody has approved, where that is required."""
        self.folder, self.engine, self.compose, self.proxy = Path(folder), engine, compose, proxy
        self.application = application
        self.project = project or application
        self.environment = f"{application}/production"
        self.config = config or Repository(self.folder / "config")
        self.state = Path(state or self.folder / "state")
        self.approves = approves
        self._tags: List[str] = []
        if isinstance(host_file, Mapping):
            host_file = self.write_host(host_file)
        self.program = Reconciler(self.state, host_file=host_file, repo=None if host_file else self.config.path,
                                  docker_host=proxy.url, home=compose.home, within=within)

    def __enter__(self) -> "Stack":
        return self

    def __exit__(self, *_: object) -> None:
        clean(self.engine, self.project)
        try:
            assert_folder_silent(self.state)
        finally:
            shutil.rmtree(self.state, ignore_errors=True)

    # The installation

    def write_host(self, content: Mapping[str, Any]) -> Path:
        path = self.folder / "host.yaml"
        path.write_text(json.dumps({"repositories": {"config": str(self.config.path)}, **content}, indent=1))
        path.chmod(0o600)
        return path

    def use_host(self, content: Mapping[str, Any]) -> None:
        host = self.write_host(content)
        self.program = Reconciler(self.state, host_file=host, docker_host=self.proxy.url, home=self.compose.home,
                                  within=self.program.within)

    def commit(self, files: Mapping[str, Union[str, bytes, None]], subject: str = "a change") -> str:
        """Files of the application's folder; reconciler.yaml is there from the first on."""
        files = dict(files)
        if "reconciler.yaml" not in files and not (self.config.path / self.application / "reconciler.yaml").exists():
            files["reconciler.yaml"] = MANIFEST
        return self.config.commit(subject, {f"{self.application}/{name}": text for name, text in files.items()})

    # The program

    def run(self, *arguments: str, **options: Any) -> Result:
        return self.program.run(*arguments, **options)

    def plan_text(self, *arguments: str) -> str:
        return self.run("plan", self.environment, *arguments).ok().out

    def plan_json(self, *arguments: str) -> Dict[str, Any]:
        """The plan's document; of this environment alone. Changes nothing, on the Engine either."""
        self.proxy.clear()
        done = self.run("plan", self.environment, "--json", *arguments)
        assert done.out, f"exit {done.code}\n{done.err}"
        assert not self.proxy.changes(), [str(one) for one in self.proxy.changes()]
        document = json.loads(done.out)
        jsonschema.validate(document, json.loads((ROOT / "manifests" / "plan-schema.json").read_text()))
        assert len(document["environments"]) == 1, done.err
        return document["environments"][0]

    def planned(self) -> Dict[str, Any]:
        """The plan that is about to be applied."""
        plan = self.plan_json()
        if self.approves and any(not gate["open"] for gate in plan["gates"]):
            self.run("approve", self.environment, "--plan", plan["id"][:6]).ok()
        return plan

    def apply(self, *arguments: str, env: Optional[Mapping[str, str]] = None, held: bool = False) -> Result:
        """A whole apply that must succeed, with all that holds for each; `held`: towards the last good version."""
        plan, deed = self.planned(), Deed(self.engine)
        self.proxy.clear()
        done = self.run("apply", self.environment, "--yes", *arguments, env=env)
        assert done.code == (1 if held else 0) and not done.err, f"exit {done.code}\n{done.out}{done.err}"
        assert_declared(plan, deed.told(self.proxy.changes()))
        self.assert_second_plan_empty()
        return done

    def try_apply(self, *arguments: str, env: Optional[Mapping[str, str]] = None, complete: bool = False,
                  timeout: float = HANGS) -> Result:
        """An apply that may fail: what it did is still what the plan said, or a prefix of it, and then at most the
        fallback that the plan named."""
        plan, deed, before = self.planned(), Deed(self.engine), len(self.runs())
        self.proxy.clear()
        done = self.run("apply", self.environment, "--yes", *arguments, env=env, timeout=timeout)
        runs = self.runs()[before:]
        if len(runs) == 2:
            assert plan["fallback"] == runs[1][0]["to"], "a way back that no plan named"
            assert_declared_both(plan, runs[1][0], deed.told(self.proxy.changes()), runs[1][1] == "Ready")
        else:
            assert_declared(plan, deed.told(self.proxy.changes()), complete)
        return done

    def ledger(self, query: str) -> List[tuple]:
        """Rows of the ledger; the query's one parameter is the environment."""
        if not (self.state / "ledger.db").exists():
            return []
        with contextlib.closing(sqlite3.connect(self.state / "ledger.db")) as ledger:
            return ledger.execute(query, (self.environment,)).fetchall()

    def runs(self) -> List[tuple]:
        """Plan and condition of each run that the ledger knows of the environment, oldest first."""
        rows = self.ledger("SELECT plan, condition FROM runs WHERE environment = ? AND plan_id != '' ORDER BY serial")
        return [(json.loads(plan), condition) for plan, condition in rows]

    def releases(self) -> int:
        """How often once-a-tag work was tried, whatever became of it."""
        return self.ledger("SELECT count(*) FROM attempts WHERE environment = ? AND once_key != ''")[0][0]

    def assert_second_plan_empty(self) -> None:
        self.proxy.clear()
        done = self.run("plan", self.environment, "--detailed-exitcode", "--explain")
        assert done.code == 0, f"exit {done.code}\n{done.out}{done.err}"
        assert not self.proxy.changes() and not self.proxy.execs(), [str(one) for one in self.proxy.requests]

    def status(self) -> Dict[str, Any]:
        return json.loads(self.run("status", self.environment, "--json").out)["environments"][0]

    def condition(self) -> str:
        status = self.status()
        return f"{status['condition']}/{status['reason']}"

    def error(self, done: Result) -> str:
        """The code of the error it ended with."""
        codes = re.findall(r"^(?:\S+: )?error ([a-z_.]+)", done.err, re.M)
        assert codes, f"exit {done.code}, and no error\n{done.out}{done.err}"
        return codes[-1]

    # The host

    def await_looks(self, lists: int = 20) -> None:
        """Until somebody has listed containers so often from now on; a look does that several times."""
        self.proxy.clear()
        wait_for(lambda: sum(one.path == "/containers/json" for one in list(self.proxy.requests)) >= lists, "looks")

    def container(self, service: str = "web") -> str:
        return f"{self.project}-{service}-1"

    def inspect(self, service: str = "web") -> Dict[str, Any]:
        return self.engine.inspect(self.container(service))

    def id(self, service: str = "web") -> str:
        return self.inspect(service)["Id"]

    def ids(self) -> Dict[str, str]:
        return {one["Labels"]["com.docker.compose.service"]: one["Id"] for one in self.containers()}

    def started(self) -> Dict[str, str]:
        """When each service's container was started."""
        return {service: self.engine.inspect(one)["State"]["StartedAt"] for service, one in self.ids().items()}

    def containers(self) -> List[dict]:
        """Those of services: no one-offs, no kept ones."""
        return [one for one in self.engine.containers(label=f"com.docker.compose.project={self.project}")
                if one["Labels"].get("com.docker.compose.oneoff") == "False"
                and not one["Names"][0].endswith((".prev", ".next"))]

    def one_offs(self, *, running: bool = False) -> List[str]:
        return sorted(one["Names"][0].lstrip("/")
                      for one in self.engine.containers(label=f"com.docker.compose.project={self.project}")
                      if one["Labels"].get("com.docker.compose.oneoff") == "True"
                      and (not running or one["State"] == "running"))

    def names(self) -> List[str]:
        """Of all containers of the project."""
        return sorted(one["Names"][0].lstrip("/")
                      for one in self.engine.containers(label=f"com.docker.compose.project={self.project}"))

    def sh(self, script: str, service: str = "web") -> str:
        return self.engine.docker("exec", self.container(service), "sh", "-c", script)

    def state_file(self, name: str) -> Optional[str]:
        path = self.state / "state-files" / self.application / "production" / name
        return path.read_text().strip() if path.exists() else None


def clean(engine: Engine, project: str) -> None:
    """Nothing of that project stays, whoever made it."""
    label = f"com.docker.compose.project={project}"
    for one in engine.containers(label=label):
        request(engine.socket, "DELETE", f"/containers/{one['Id']}?force=1&v=1")
    engine.docker("container", "prune", "-f", check=False)
    for one in engine.api("GET", "/networks"):
        if one["Name"].startswith(f"{project}_"):
            request(engine.socket, "DELETE", f"/networks/{one['Id']}")
    for one in engine.api("GET", "/volumes")["Volumes"] or []:
        if one["Name"].startswith(f"{project}_") or re.fullmatch("[0-9a-f]{64}", one["Name"]):
            request(engine.socket, "DELETE", f"/volumes/{one['Name']}?force=1")


def called(plan: Mapping[str, Any]) -> List[str]:
    """`phase kind title` of each action: a plan in a form that a test can compare at a glance."""
    return [f"{action['phase']} {action['kind']} {action['title']}" for action in plan["actions"]]


def named(plan: Mapping[str, Any]) -> Dict[str, List[str]]:
    """What the plan says differs: field by field, per thing. What follows from a change (verify, ...) names no field."""
    return {action["title"]: [one["field"] for one in action["differences"]]
            for action in plan["actions"] if action["differences"]}

"""A stack that others deployed is taken over without one restart: in six shapes besides that of the seed's three scripts,
which test_transcripts tells."""

import json
import re

import pytest

from support.canary import CANARY
from support.compose_v1 import compose_v1
from support.images import BUSYBOX
from support.repository import Repository
from support.stack import clean, manifest, services
from support.taken import Taken

SLEEP = f"image: {BUSYBOX}, init: true, command: [sleep, '100000']"


class Shape:
    """A stack that somebody deployed by hand from `opt/app`, and what becomes of it."""

    def __init__(self, folder, engine, compose):
        self.folder, self.engine, self.compose = folder, engine, compose
        self.opt = folder / "opt" / "app"
        self.taken = Taken(folder, engine, compose)

    def in_git(self, files, tag="", ignored=""):
        repository = Repository(self.opt)
        repository.commit("The stack", {**files, **({".gitignore": ignored} if ignored else {})})
        if tag:
            repository.tag(tag)

    def up(self, *options, cwd=None, **env):
        self.compose.run(*options, "up", "-d", cwd=cwd or self.opt, env={"DOCKER_BUILDKIT": "0", **env})

    def containers(self):
        found = {}
        for one in self.engine.containers(label="com.docker.compose.project"):
            inspect = self.engine.inspect(one["Id"])
            found[inspect["Name"]] = (inspect["Id"], inspect["State"]["StartedAt"])
        return found

    def is_taken_over(self, into="app"):
        """`init`, commit, `plan`: nothing is changed, nothing is restarted, and the next look is an ordinary one."""
        before = self.containers()
        assert before
        wrote = self.taken.init(self.opt, into).ok()
        if into:
            self.taken.commit()
        else:
            Repository(self.opt).commit("A manifest")
        plan = self.taken.program.run("plan")
        assert plan.code == 0 and plan.out.endswith("No changes. No container needs a restart.\n"), wrote.out + plan.out + plan.err
        again = self.taken.program.run("plan", "--detailed-exitcode", "--explain")
        assert again.code == 0 and again.out.endswith("\n\nNo changes.\n"), again.out + again.err
        assert self.containers() == before
        return wrote.out, plan.out


@pytest.fixture
def shape(folder, engine, newest):
    shape = Shape(folder, engine, newest)
    yield shape
    for name in ("app", "deploy", "other"):
        clean(engine, name)


def test_one_file_alone_that_is_in_no_git_repository(shape):
    shape.opt.mkdir(parents=True)
    (shape.opt / "data").mkdir()
    (shape.opt / "compose.yaml").write_text(f"services:\n  web: {{ {SLEEP}, volumes: ['./data:/data'] }}\n")
    shape.up()
    wrote, plan = shape.is_taken_over()
    assert "  tag         v1         nothing here shows one: a name to begin with\n" in wrote
    assert "taken over: 1 container\n" in plan


def test_three_files_in_their_order(shape):
    shape.in_git({"a.yml": f"services:\n  web: {{ {SLEEP}, environment: {{ A: a, B: a, C: a }} }}\n",
                  "b.yml": "services:\n  web: { environment: { B: b, C: b } }\n",
                  "c.yml": f"services:\n  web: {{ environment: {{ C: c }} }}\n  db: {{ {SLEEP} }}\n"}, tag="v1.0.0")
    shape.up("-f", "a.yml", "-f", "b.yml", "-f", "c.yml")
    wrote, plan = shape.is_taken_over()
    assert "2 services run here from a.yml, b.yml, c.yml" in wrote


def test_deployed_from_another_folder_with_relative_binds(shape):
    shape.in_git({"docker-compose.yml": f"services:\n  web: {{ {SLEEP}, volumes: ['./site:/site:ro', './data:/data', "
                                        "'./media:/media'] }\n",
                  "site/index.html": "well\n", "media/.gitkeep": ""}, tag="v1.0.0", ignored="data/\nmedia/*\n!media/.gitkeep\n")
    (shape.opt / "data").mkdir()
    (shape.opt / "data" / "rows").write_text("1\n")
    (shape.opt / "media" / "picture").write_text("one\n")
    shape.up("-f", str(shape.opt / "docker-compose.yml"), cwd=shape.folder)
    wrote, plan = shape.is_taken_over()
    assert f"./data, mounted by web; stays at {shape.opt}/data" in wrote
    assert f"./media, mounted by web; stays at {shape.opt}/media" in wrote


def test_env_files_that_lie_outside_of_git(shape):
    shape.in_git({"compose.yaml": f"services:\n  web: {{ {SLEEP}, env_file: .env.web, environment: {{ KEY: '${{KEY}}', "
                                  "HOW: '${HOW:-quietly}' } }\n"}, tag="v1.0.0", ignored=".env*\n")
    (shape.opt / ".env.web").write_text("COLOUR=blue\n")
    etc = shape.folder / "etc-app.env"
    etc.write_text(f"KEY={CANARY}\n")
    shape.up("--env-file", str(etc))
    wrote, plan = shape.is_taken_over()
    assert "variables   2 used; .env.production has all\n" in wrote
    assert f"./.env.web, read by web; stays at {shape.opt}/.env.web" in wrote


def test_no_release_and_an_image_without_a_tag_beside_its_manifest(shape):
    shape.in_git({"compose.yaml": "services:\n  web: { build: ., init: true, command: [sleep, '100000'] }\n",
                  "Dockerfile": f"FROM {BUSYBOX}\n"})
    shape.up()
    wrote, plan = shape.is_taken_over(into="")
    assert "  taken over: 1 container, 1 image\n" in plan


def test_a_release_that_nobody_here_knows_of_is_answered_as_the_plan_says(shape):
    shape.in_git({"compose.yaml": "services:\n  web: { build: ., init: true, command: [sleep, '100000'] }\n"
                                  "  migrate: { build: ., profiles: [release], command: ['true'] }\n",
                  "Dockerfile": f"FROM {BUSYBOX}\n"})
    shape.up()
    before = shape.containers()
    shape.taken.init(shape.opt, "").ok()
    written = (shape.opt / "reconciler.yaml").read_text()
    if "release:" not in written:
        (shape.opt / "reconciler.yaml").write_text(written + "release: [{ run: migrate }]\n")
    Repository(shape.opt).commit("A manifest with a release")
    program = shape.taken.program
    plan = program.run("plan")
    assert plan.code == 1 and "Stalled/ReleaseOutcomeUnknown" in plan.out, plan.out + plan.err
    [answer] = re.findall(r"reconciler (settle \S+ migrate) succeeded[|]not-run", plan.out)
    program.run(*answer.split(), "succeeded").ok()
    program.run("apply", "--yes").ok()
    assert "Ready" in program.run("status").ok().out
    assert shape.containers() == before


def test_a_state_file_that_says_gits_tag_while_another_runs_is_not_believed(stack):
    """Whoever wrote it was on the way there, or came back: whether the release of that tag ran, nobody knows."""
    stack.commit({"compose.yaml": services(f"""
        web: {{ build: ., image: 'mine:${{TAG}}', init: true, command: [sleep, '100000'], volumes: ['table:/table'] }}
        release: {{ image: {BUSYBOX}, profiles: [release], volumes: ['table:/table'], command: [sh, -c, 'echo ran >>/table/rows'] }}
        """, "volumes: { table: {} }"), "Dockerfile": f"FROM {BUSYBOX}\n", "reconciler.yaml": manifest("v1.1.0", "release: [{ run: release }]")})
    stack.compose.run("-p", "web", "up", "-d", cwd=stack.config.path / "web", env={"TAG": "v1.0.0", "DOCKER_BUILDKIT": "0"})
    written = stack.state / "state-files" / "web" / "production" / "current_tag"
    written.parent.mkdir(parents=True)
    stack.state.chmod(0o700)
    written.write_text("v1.1.0\n")
    plan = stack.run("plan", stack.environment)
    assert plan.code == 1 and "Stalled/ReleaseOutcomeUnknown" in plan.out, plan.out + plan.err
    stack.run("settle", stack.environment, "release", "not-run").ok()
    stack.run("apply", stack.environment, "--yes").ok()
    assert stack.engine.lines_in_volume("web_table", "rows") == ["ran"] and stack.condition() == "Ready/Succeeded"
    assert stack.inspect()["Config"]["Image"] == "mine:v1.1.0"


def test_what_docker_compose_1_29_made(shape):
    shape.in_git({"docker-compose.yml": f"version: '3.8'\nservices:\n  web: {{ {SLEEP}, volumes: ['data:/data', './site:/site:ro'], "
                                        f"depends_on: [db], ports: ['127.0.0.1::80'] }}\n  db: {{ {SLEEP}, healthcheck: "
                                        "{ test: [CMD, 'true'], interval: 1s } }\nvolumes: { data: }\n",
                  "site/index.html": "well\n"}, tag="v1.0.0")
    compose_v1(shape.engine.url, shape.opt, "up", "-d")
    assert set(shape.containers()) == {"/app_web_1", "/app_db_1"}
    wrote, plan = shape.is_taken_over()
    assert '(Compose 1.29.2, project "app")' in wrote
    # What takes their place some day has the names of now.
    repository = Repository(shape.opt)
    compose_file = (shape.opt / "docker-compose.yml").read_text()
    repository.commit("Blue", {"docker-compose.yml": compose_file.replace("depends_on", "environment: { COLOUR: blue }, depends_on")})
    repository.tag("v1.1.0")
    shape.taken.config.commit("app/production v1.1.0", {"app/environments/production.yaml": "tag: v1.1.0\n"})
    before = shape.containers()
    shape.taken.program.run("apply", "--yes").ok()
    now = shape.containers()
    assert set(now) == {"/app-web-1", "/app_db_1"} and now["/app_db_1"] == before["/app_db_1"]
    assert "COLOUR=blue" in shape.engine.inspect("app-web-1")["Config"]["Env"], "called otherwise, and not replaced"


def test_what_differs_is_named_field_by_field_before_anything_happens(shape):
    shape.in_git({"compose.yaml": f"services:\n  web: {{ {SLEEP}, environment: {{ COLOUR: blue }}, volumes: ['./site:/site:ro'] }}\n"
                                  f"  db: {{ {SLEEP} }}\n", "site/index.html": "well\n"}, tag="v1.0.0")
    shape.up()
    # Edits that nobody deployed: one that makes no difference, and two that do.
    (shape.opt / "compose.yaml").write_text(
        "# The stack\nservices:\n  db:\n    command: ['sleep', '100000']\n    init: true\n"
        f"    image: {BUSYBOX}\n  web: {{ {SLEEP}, environment: {{ COLOUR: red }}, volumes: ['./site:/site:ro'], mem_limit: 64m }}\n")
    Repository(shape.opt).commit("Red")
    Repository(shape.opt).tag("v1.0.0", force=True)
    before = shape.containers()
    shape.taken.init(shape.opt, "app").ok()
    shape.taken.commit()
    plan = shape.taken.program.run("plan", "--json").ok()
    switched = [one for one in json.loads(plan.out)["environments"][0]["actions"] if one["phase"] == "switch"]
    assert [one["title"] for one in switched] == ["web"]
    assert [(d["field"], d["before"], d["after"]) for d in switched[0]["differences"]] == [
        ("environment COLOUR", "", ""), ("memory", "none", "67108864"), ("memory swap", "none", "134217728")]
    assert shape.containers() == before


def test_init_says_what_is_wrong_and_writes_nothing(shape):
    shape.opt.mkdir(parents=True)
    program = shape.taken.program

    def refused(*arguments):
        done = program.run("init", str(shape.opt), *arguments)
        assert done.code == 1 and not done.out
        return done.err.replace(str(shape.folder), "")

    into = str(shape.taken.config.path / "app")
    assert refused("--into", into) == (
        "error init.no_compose_file: there is no compose file in /opt/app\n"
        "  looked for  compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml, compose.*.yml, docker-compose*.yml\n"
        "  and for     a project that runs from here, and -f in scripts\n"
        "  next        cd to the folder that the stack is deployed from; or name it: reconciler init --file FILE\n")
    for name in ("docker-compose.blue.yml", "docker-compose.green.yml"):
        (shape.opt / name).write_text(f"services:\n  web: {{ {SLEEP} }}\n")
    assert refused("--into", into) == (
        "error init.ambiguous: /opt/app has 2 compose files, and nothing runs from here: docker-compose.blue.yml and "
        "docker-compose.green.yml\n"
        "  next  reconciler init --file docker-compose.blue.yml\n")
    assert refused("--into", str(shape.folder / "elsewhere" / "app")) == (
        "error init.not_git: /elsewhere/app is in no git repository; what is committed there is what will count\n"
        "  next  git init /elsewhere, then the same again\n")
    for project in ("app", "other"):
        shape.up("-p", project, "-f", "docker-compose.blue.yml")
    assert refused("--into", into) == (
        "error init.ambiguous: 2 projects run from /opt/app: app and other\n"
        "  next  reconciler init --project app\n")
    shape.taken.init(shape.opt, "app", "--project", "app", "--dry-run").ok()
    assert not (shape.taken.config.path / "app").exists() and not shape.taken.host_file.exists()
    shape.taken.init(shape.opt, "app", "--project", "app").ok()
    written = shape.taken.host_file.read_text()
    assert refused("--into", into, "--project", "app") == (
        "error init.exists: /srv/deploy/app/reconciler.yaml is there already, and is not written over\n"
        "  next  look at what would be written: reconciler init --dry-run; or move the file away\n")
    # Another application on the same host: its part of the host file is shown, and left to a person.
    again = program.run("init", str(shape.opt), "--into", str(shape.taken.config.path / "second"), "--project", "app").ok()
    assert "host.yaml is there already, and was left as it is. Add to it:\n" in again.out
    assert shape.taken.host_file.read_text() == written
    program.env["DOCKER_HOST"] = f"unix://{shape.folder}/nobody"
    assert refused("--into", str(shape.taken.config.path / "third")).startswith("error docker.unreachable: ")


def test_a_program_that_gives_the_variables_is_asked_and_tells_no_value(shape):
    shape.in_git({"compose.yaml": f"services:\n  web: {{ {SLEEP}, environment: {{ KEY: '${{KEY}}', PORT: '${{PORT:?}}' }} }}\n",
                  "doppler.yaml": "setup:\n  project: app\n  config: prd\n"}, tag="v1.0.0")
    tools = shape.folder / "bin"
    tools.mkdir()
    (tools / "doppler").write_text("#!/bin/sh\n[ \"$*\" = 'secrets download --no-file --format env --project app --config prd' ] || exit 1\n"
                                   f"echo 'KEY=\"{CANARY}\"'\necho 'PORT=\"80\"'\n")
    (tools / "doppler").chmod(0o755)
    program = shape.taken.program
    without = shape.taken.init(shape.opt, "app", "--dry-run").ok().out
    assert "  variables   2 used; doppler.yaml says app/prd, which does not answer here\n" in without
    program.env["PATH"] = f"{tools}:{program.env['PATH']}"
    said = shape.taken.init(shape.opt, "app", "--dry-run").ok().out
    assert "app: 1 service in compose.yaml (project \"app\"); none runs\n" in said
    assert "  variables   2 used; doppler.yaml says app/prd, which has all 2\n" in said
    assert "  env_file: { provider: doppler }                  # of the host file; doppler.yaml says app/prd\n" in said
    assert ("providers:\n  doppler:\n    command: [doppler, secrets, download, \"--no-file\", \"--format\", env, \"--project\", app, "
            "\"--config\", prd]\n    environment: { DOPPLER_TOKEN: { file: /etc/reconciler/doppler.token } }\n") in said
    assert said.endswith("Put a token of doppler into /etc/reconciler/doppler.token, readable by root alone\n"
                         "Nothing was written, nothing that runs was touched.\n")

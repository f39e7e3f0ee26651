"""manifests/portfolio-compose: what its seed promises of a stack with two compose files, a release service and commits for tags."""

import json
import pathlib
import re
import tempfile

import pytest

from support.engine import wait_for
from support.images import portfolio_images
from support.portfolio import PortfolioCompose
from support.proxy import Proxy
from support.repository import Repository
from support.stack import Deed, Stack, assert_declared, called

ENVIRONMENT = "portfolio/production"
FILES = ("-f", "docker-compose.yml", "-f", "docker-compose.prod.yml")
FIRST, SECOND, _, FOURTH = range(4)  # commits of the source; what is between is not well
STAYS, SWITCHED = {"db", "redis", "nginx"}, {"backend", "frontend"}


@pytest.fixture(scope="module")
def installed(engine, newest):
    """Makes an installation; what two of them build is the same, and goes with the last test."""
    portfolio_images(engine)
    with tempfile.TemporaryDirectory(prefix="rcn-", dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        with Proxy(engine.socket, engine.folder / "portfolio-compose.sock") as proxy:

            def make(where):
                example = PortfolioCompose(folder / where)
                example.config.commit("well for a second is enough here", {
                    "portfolio/environments/production.yaml": f"tag: {example.tags[FIRST]}\nverify: {{ stable: 1s }}\n"})
                return example, Stack(folder / where, engine, newest, proxy, application="portfolio",
                                      config=example.config, host_file=example.host_file)

            yield make
    for name in images(engine):
        engine.docker("image", "rm", "-f", name, check=False)


def images(engine):
    return {name for one in engine.api("GET", "/images/json") for name in one["RepoTags"] or []
            if name.startswith(("portfolio-backend:", "portfolio-frontend:"))}


def of(*tags):
    return {f"portfolio-{part}:{tag}" for part in ("backend", "frontend") for tag in tags}


def release_log(stack):
    """The release's own table: it guards against nothing, so two rows more would mean that it ran again."""
    query = "select tag, what from release_log order by id"
    return stack.sh(f'psql -U portfolio -d portfolio -Atc "{query}"', "db").split()


def once(*tags):
    return [f"{tag}|{what}" for tag in tags for what in ("start", "done")]


def stylesheet(example):
    return example.get(re.search(r'href="(/static/[^"]*\.css)"', example.get("/projects/"))[1])


class Story:
    """What people do with one stack, in its order; the tests ask what came of it."""

    def __init__(self, example, stack):
        self.example, self.stack, self.tags = example, stack, example.tags
        self.lacks_variables()
        self.deploys()
        self.builds_by_itself()
        self.updates()
        self.goes_back()
        self.does_without_doppler()

    def after(self):
        return {"ids": self.stack.ids(), "started": self.stack.started(), "names": self.stack.names(),
                "images": images(self.stack.engine) - self.there, "released": release_log(self.stack)}

    def lacks_variables(self):
        self.there = images(self.stack.engine) - of(*self.tags)
        self.example.lacks("API_DOMAIN", "SECRET_KEY", "UPLOAD_TOKEN")
        self.stack.proxy.clear()
        self.lacking = self.stack.run("apply", ENVIRONMENT, "--yes")
        self.changed_by_lacking = self.stack.proxy.changes()
        self.example.write_variables()

    def deploys(self):
        self.stack.apply()
        self.first = self.after()
        self.style = stylesheet(self.example)
        self.uploaded = json.loads(self.example.put("/uploads/bridge.svg", "<svg/>"))["url"]
        self.healthz = json.loads(self.example.get("/healthz"))
        self.label = self.stack.engine.api(
            "GET", f"/images/portfolio-backend:{self.tags[FIRST]}/json")["Config"]["Labels"]["reconciler.commit"]

    def builds_by_itself(self):
        self.example.ask_for(self.tags[SECOND])
        self.stack.run("apply", ENVIRONMENT, "--yes", "--until", "supply").ok()
        self.built = self.after()

    def updates(self):
        self.stack.apply()
        self.second = self.after()
        self.example.ask_for(self.tags[FOURTH])
        self.stack.apply()
        self.fourth = self.after()

    def goes_back(self):
        deed = Deed(self.stack.engine)
        self.stack.proxy.clear()
        self.back = self.stack.run("rollback", ENVIRONMENT, self.tags[FIRST], "--yes").ok()
        self.back_plan = self.stack.runs()[-1][0]
        assert_declared(self.back_plan, deed.told(self.stack.proxy.changes()))
        self.stack.assert_second_plan_empty()
        self.back_condition = self.stack.condition()
        self.gone_back = self.after()
        self.style_after_back = stylesheet(self.example)
        self.backend, self.nginx = self.stack.inspect("backend"), self.stack.inspect("nginx")
        self.media_after_back = [self.example.get(self.uploaded, domain) for domain in ("example.com", "api.example.com")]

    def does_without_doppler(self):
        """Nobody could ask Doppler; git asks for what runs, with the variables of the process."""
        (self.example.folder / "opt" / "doppler" / "doppler").unlink()
        self.example.ask_for(self.tags[FIRST])
        path = "portfolio/environments/production.yaml"
        text = (self.example.config.path / path).read_text()
        self.example.config.commit("no Doppler", {path: text + "variables: { env_file: { provider: process } }\n"})
        self.no_process = self.stack.run("plan", ENVIRONMENT)
        # As CI, a systemd unit or a shell has them.
        self.stack.program.env.update(self.example.variables)
        self.stack.assert_second_plan_empty()
        self.sources = json.loads(self.stack.run("variables", ENVIRONMENT, "--json").ok().out)["variables"]
        self.end_condition = self.stack.condition()


@pytest.fixture(scope="module")
def story(installed):
    example, stack = installed("story")
    with stack:
        return Story(example, stack)


def missing(result):
    """The variables that a refusal names, each with where it is used."""
    assert result.code == 1 and not result.out and "error compose.variable_unset: " in result.err, result
    return re.findall(r"^  ([A-Z_]+) +not set +docker-compose\.prod\.yml:\d+", result.err, re.M)


def test_every_missing_variable_is_named_at_once(story):
    assert missing(story.lacking) == ["API_DOMAIN", "SECRET_KEY", "UPLOAD_TOKEN"]
    assert story.changed_by_lacking == [], "nothing was built, and nothing started"
    assert missing(story.no_process) == sorted(story.example.variables)


def test_the_base_file_alone_needs_no_variable(story):
    done = story.stack.compose.run("config", "-q", cwd=story.example.source.path)
    assert "is not set" not in done.stderr, done.stderr


def test_the_tag_is_the_short_commit(story):
    example, tag = story.example, story.tags[FIRST]
    commit = example.source.git("rev-parse", tag)
    assert example.source.git("tag") == "" and tag == example.source.git("rev-parse", "--short", commit)
    assert story.first["images"] == of(tag) and story.healthz["tag"] == tag
    assert story.label == commit


def test_the_release_service_without_a_profile_is_not_started_again(story):
    compose_file = (story.example.source.path / "docker-compose.prod.yml").read_text()
    assert "\n  release:\n" in compose_file and "profiles" not in compose_file
    assert story.first["released"] == once(story.tags[FIRST])
    for after in (story.first, story.built, story.second, story.fourth, story.gone_back):
        assert after["names"] == sorted(f"portfolio-{one}-1" for one in STAYS | SWITCHED)


def test_build_by_itself_touches_nothing_that_runs(story):
    assert story.built["images"] == of(story.tags[FIRST], story.tags[SECOND])
    assert {key: story.built[key] for key in ("ids", "started", "released")} == \
           {key: story.first[key] for key in ("ids", "started", "released")}


def test_each_commit_is_released_once_then_backend_and_frontend_are_switched(story):
    assert story.second["released"] == once(*story.tags[FIRST:SECOND + 1])
    assert story.fourth["released"] == once(story.tags[FIRST], story.tags[SECOND], story.tags[FOURTH])
    for before, after in ((story.first, story.second), (story.second, story.fourth)):
        assert {one for one in after["ids"] if after["ids"][one] != before["ids"][one]} == SWITCHED
        assert all(after["started"][one] == before["started"][one] for one in STAYS)


def test_rollback_to_any_older_commit_is_a_switch_alone(story):
    first, fourth = story.tags[FIRST], story.tags[FOURTH]
    assert (story.back_plan["from"], story.back_plan["to"]) == (fourth, first), "not the one before: an older one"
    assert {one["phase"] for one in story.back_plan["actions"]} == {"switch", "verify", "record", "prune"}
    assert [one for one in called(story.back_plan) if one.startswith("switch")] == [
        "switch switch backend", "switch switch frontend"]
    assert story.gone_back["released"] == story.fourth["released"]
    assert all(story.gone_back["started"][one] == story.fourth["started"][one] for one in STAYS)
    assert story.back_condition == "RolledBack/Requested"
    # Three releases have written their static files since; an older version finds its own.
    assert story.style_after_back == story.style == "body { font-family: sans-serif; margin: 3em; }\n"


def test_old_images_are_never_removed(story):
    assert story.gone_back["images"] == of(story.tags[FIRST], story.tags[SECOND], story.tags[FOURTH])


def test_static_and_media_are_shared_with_nginx(story):
    assert story.media_after_back == ["<svg/>", "<svg/>"]

    def volumes(container):
        return {one["Name"]: one["RW"] for one in container["Mounts"] if one["Type"] == "volume"}

    assert volumes(story.nginx) == {"portfolio_static": False, "portfolio_media": False}
    assert volumes(story.backend).items() >= {"portfolio_static": True, "portfolio_media": True}.items()


def test_the_backend_migrates_nothing_when_it_starts(story):
    assert story.backend["Config"]["Cmd"][0] == "gunicorn"


def test_without_doppler_the_process_environment_serves(story):
    assert {one["name"]: one["from"] for one in story.sources if one["secret"]} == dict.fromkeys(story.example.variables, "process")
    assert story.end_condition == "Ready/Succeeded"


def test_taking_over_what_the_scripts_left_restarts_nothing(installed):
    example, stack = installed("scripts")
    checkout = Repository(example.folder / "opt" / "portfolio")
    checkout.git("fetch", "-q", str(example.source.path), "main")
    checkout.git("reset", "-q", "--hard", example.tags[FIRST])
    with stack:
        env = {**example.variables, "TAG": checkout.git("rev-parse", "--short", "HEAD"), "DOCKER_BUILDKIT": "0"}
        for command in (("build",), ("run", "--rm", "release"), ("up", "-d")):
            stack.compose.run(*FILES, *command, cwd=checkout.path, env=env)
        wait_for(lambda: stack.inspect("release")["State"]["Status"] == "exited", "the release that `up -d` started again")
        twice = once(example.tags[FIRST]) * 2
        assert release_log(stack) == twice

        def containers():
            found = {name: stack.engine.inspect(name) for name in stack.names()}
            return {name: (one["Id"], one["State"]["StartedAt"]) for name, one in found.items()}

        before = containers()
        plan = stack.plan_text()
        assert "\n  taken over: 5 containers, 2 images\n" in plan and "\n  portfolio-release-1 (exited) is of release, which is run anew" in plan, plan
        assert plan.endswith("\n\nNo changes. No container needs a restart.\n"), plan
        stack.assert_second_plan_empty()
        stack.apply()
        assert containers() == before
        assert release_log(stack) == twice and stack.condition() == "Ready/Succeeded"

"""What a person did on a host that three scripts deployed: took it over, deployed, failed, went back at night. Told in a
pipe, where the locale has no UTF-8, and on a terminal of 100 columns."""

import contextlib
import fcntl
import re
import subprocess

from .pages import replaced
from .taken import Taken
from .terminal import Terminal

ENVIRONMENT = "portfolio/production"
WHO = {f"GIT_{whose}_{what}": value for whose in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "Anna"), ("EMAIL", "anna@example.com"))}
STATIC = "  - { name: static, run: release, command: [echo, 131 files], once: switch }\n"
# The program of a provider: answers with the file beside it, while that is there.
DOPPLER = "#!/bin/sh\ncat \"$(dirname \"$0\")/variables\" 2>/dev/null || { echo 'Unable to reach Doppler' >&2; exit 1; }\n"


def masked(text, *folders):
    """Without what is another at each run: folders (and the columns that follow from their length), digests, times.
    A time in a column stays as wide as it is."""
    for folder in folders:
        text = text.replace(str(folder), "")
    text = re.sub(r"  +\d+ (ms|s)\b", lambda found: "N s".rjust(len(found[0])), text)
    text = replaced(text, (r"Compose \d+\.\d+\.\d+", "Compose VERSION"),
                    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
                    (r"\b(config|source|commit  ) [0-9a-f]{7}\b", r"\1 COMMIT"),
                    (r"(?<=Plan )[0-9a-f]{6}\b", "DIGEST"),
                    (r"(< )?\b\d+ (ms|s|min( \d+ s)?)(?!\w)", "N s"),
                    (r"(?<=; asked )\d+ times?", "N times"))
    text = re.sub(r"^  (wrote|   tag|\d  v|-  v).*", lambda found: re.sub(r"(?<=\S) {2,}", "   ", found[0]), text, flags=re.M)
    # Images are built beside each other.
    return re.sub(r"(?:^  \S+ +build .*\n){2,}", lambda found: "".join(sorted(found[0].splitlines(True))), text, flags=re.M)


def on_a_terminal(program, *arguments, answers=(), **env):
    """Of 100 columns: exit code and what is on the screen at the end; `answers`: (what is waited for, what is typed then)."""
    with Terminal(program, *arguments, columns=100, env=env) as terminal:
        for what, typed in answers:
            terminal.wait_for(what)
            terminal.type(typed)
        shown = terminal.end()
    return terminal.code, shown


def in_one_way(program, way, *arguments):
    """Exit code and what was said, all in one."""
    if way == "terminal":
        return on_a_terminal(program, *arguments)
    done = program.run(*arguments, env={"LC_ALL": "C"} if way == "c" else {})
    return done.code, done.out + done.err


@contextlib.contextmanager
def refused_meanwhile(host, proxy):
    """In the midst of a switch, each of the scripts is run: none of them begins."""
    refused = []

    def before(request):
        if request.path.endswith("/stop") and not refused:
            refused.extend((one.returncode, one.stderr) for one in
                           (host.run(script, "v1.2.2", check=False) for script in ("deploy.sh", "release.sh")))

    proxy.before = before
    yield
    proxy.before = None
    assert refused == [(1, "deploy already running\n"), (1, "release already running\n")]


class Story:
    """What a person did on that host, in its order: what was said then, and which containers there were after it."""

    def __init__(self, host, engine, compose, proxy):
        self.host, self.engine, self.compose, self.proxy = host, engine, compose, proxy
        self.said, self.containers, self.state = {}, {"first": host.containers()}, {}
        self.takes_over()
        self.has_little_patience()
        self.deploys()
        self.fails()
        self.goes_back_at_night()

    def after(self, what, ended, folder="pipe"):
        code, said = ended
        self.said[what] = masked(said, self.host.folder / folder, self.host.folder) + (f"exit {code}\n" if code else "")
        self.containers[what] = self.host.containers()
        self.state[what] = [(self.host.state_files / name).read_text().strip() for name in ("current_tag", "prev_tag")]

    def takes_over(self):
        """As three people who do not know of each other; the first one goes on."""
        for way in ("pipe", "c", "terminal"):
            folder = self.host.folder / way
            folder.mkdir()
            taken = Taken(folder, self.engine, self.compose)
            taken.program.env["DOCKER_HOST"] = self.proxy.url
            taken.program.env.update(WHO)
            taken.program.within = ["/usr/bin/env", "-C", str(self.host.checkout.path)]
            into = ("--into", str(taken.config.path / "portfolio"))
            self.after(f"init {way}", in_one_way(taken.program, way, "init", *into), way)
            taken.program.within = []
            taken.commit("portfolio as it runs today")
            self.after(f"first plan {way}", in_one_way(taken.program, way, "plan"))
            if way == "pipe":
                self.taken, self.program = taken, taken.program

    def has_little_patience(self):
        """A step at each switch, less patience, variables from a program, and a repository that others read."""
        file, host_file = self.taken.config.path / "portfolio" / "reconciler.yaml", self.taken.host_file
        text = re.sub(r"^verify: .*\n", "verify:\n  stable: 1s\n  timeout: 3s\n  checks:\n", file.read_text(), flags=re.M)
        text = re.sub(r"(\n  - \{ run: release.*\n)", r"\1" + STATIC, text)
        text = re.sub(r"env_file: .*", "env_file: { provider: doppler }", text)
        self.doppler = self.host.folder / "doppler"
        self.doppler.mkdir()
        (self.doppler / "doppler").write_text(DOPPLER)
        (self.doppler / "doppler").chmod(0o755)
        (self.doppler / "variables").write_text("".join(f"{name}={value}\n" for name, value in self.host.variables.items()))
        host_file.write_text(re.sub(r".*\.env\.production.*\n", "", host_file.read_text()) +
                             f"providers: {{ doppler: {{ command: [{self.doppler}/doppler], keep_last: 24h }} }}\n")
        config = self.taken.config
        config.commit("little patience", {"portfolio/reconciler.yaml": text})
        remote = self.host.folder / "remote.git"
        subprocess.run(["git", "clone", "-q", "--bare", config.path, remote], check=True)
        config.git("remote", "add", "origin", str(remote))
        config.git("push", "-q", "-u", "origin", "main")
        self.after("known plan", in_one_way(self.program, "pipe", "plan"))

    def deploys(self):
        compose_file = self.host.checkout.path / "docker-compose.prod.yml"
        compose_file.write_text(compose_file.read_text().replace(
            '/srv/released/log"]', '/srv/released/log; echo Applying projects.0012_slug... OK"]'))
        self.host.tag("v1.2.3")
        # The scripts' locks are honoured, both ways.
        with open(self.host.locks / "portfolio-deploy.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.after("locked", in_one_way(self.program, "pipe", "apply", "--tag", "v1.2.3", ENVIRONMENT, "--yes"))
        wanted = ("set", ENVIRONMENT, "v1.2.3")
        self.after("declined", on_a_terminal(self.program, *wanted, answers=[("[y/N]", "n\n")], LC_ALL="C"))
        with refused_meanwhile(self.host, self.proxy):
            self.after("set", on_a_terminal(self.program, *wanted, answers=[("[y/N]", "y\n")]))
        self.images = {name for one in self.engine.api("GET", "/images/json") for name in one["RepoTags"] or []
                       if name.startswith("portfolio-")}

    def fails(self):
        compose_file = self.host.checkout.path / "docker-compose.prod.yml"
        compose_file.write_text(compose_file.read_text().replace(
            'build: ./backend\n    command: [sleep, "100000"]',
            "build: ./backend\n    command: [sh, -c, 'echo \"Cannot resolve keyword sulg into field\"; exit 1']"))
        self.host.tag("v1.2.4")
        self.taken.config.commit(f"{ENVIRONMENT} v1.2.4", {"portfolio/environments/production.yaml": "tag: v1.2.4\n"})
        self.after("failed", in_one_way(self.program, "pipe", "apply", ENVIRONMENT, "--yes"))
        self.program.run("retry", ENVIRONMENT).ok()
        self.after("failed again", on_a_terminal(self.program, "apply", ENVIRONMENT, "--yes", LC_ALL="C"))
        self.after("agreed", in_one_way(self.program, "pipe", "set", ENVIRONMENT, "v1.2.3", "--yes", "--apply"))

    def goes_back_at_night(self):
        (self.doppler / "variables").rename(self.doppler / "away")
        self.after("night", on_a_terminal(self.program, "rollback", ENVIRONMENT, answers=[("Back to which?", "\n")]))
        self.after("forward", in_one_way(self.program, "c", "rollback", ENVIRONMENT, "--yes"))

"""The package on a bare Debian 12 with systemd: installed, used, upgraded while something is applied, removed, purged."""

import contextlib
import json
import subprocess

import pytest

from support import ROOT
from support.engine import DOCKER, HANGS, Engine, wait_for
from support.images import BUSYBOX, base_image, busybox
from support.machine import Machine, image
from support.pairs import DEEP
from support.reconciler import binary
from support.repository import Repository
from support.stack import SLEEPS, manifest, services, unguarded

pytestmark = pytest.mark.skipif(not DEEP, reason="a machine with systemd only with RECONCILER_DEEP=1 (tests/run --deep)")

CONFIG = "/srv/deploy"
PAUSE = 30
COMPOSE = unguarded(PAUSE)
# What a machine changes by itself while it runs, and what dpkg and apt remember of any package.
ITS_OWN = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/log", "/var/cache", "/var/lib/apt", "/var/lib/dpkg",
           "/var/lib/systemd", "/root")


class Host:
    def __init__(self, machine, config, packages):
        self.machine, self.config, self.packages, self.engine = machine, config, packages, machine.engine

    @property
    def made(self):
        """The first package, on the machine that tests."""
        return next(str(ours / self.packages[0].rsplit("/", 1)[1]) for ours, there in self.machine.folders.items() if there == "/mnt")

    def wait(self, condition, what, every=0.02):
        try:
            wait_for(condition, what, every=every)
        except TimeoutError as late:
            raise AssertionError(f"{late}\n{self.sh('journalctl -u reconciler').out}") from None

    def sh(self, script, **options):
        return self.machine.sh(script, **options)

    def ask_for(self, tag, release=True):
        self.config.commit(f"web/production {tag}", {
            "web/compose.yaml": COMPOSE, "web/reconciler.yaml": manifest(tag, *(["release: [{ run: release }]"] if release else []))})

    def tag(self):
        found = self.engine.containers(name="^/web-web-1$", status="running")
        return next((one.split("=")[1] for one in self.engine.inspect(found[0]["Id"])["Config"]["Env"] if one.startswith("TAG=")),
                    "") if found else ""

    def released(self):
        return self.engine.docker("run", "--rm", "-v", "web_table:/table", BUSYBOX, "cat", "/table/rows").splitlines()

    def wait_for_release(self):
        self.wait(lambda: [one for one in self.engine.containers(status="running")
                           if one["Labels"].get("com.docker.compose.service") == "release"], "the release to run")

    def ready(self, tag):
        self.wait(lambda: self.tag() == tag and self.condition() == "Ready", f"{tag} to be Ready", every=0.5)

    def condition(self):
        done = self.sh("reconciler status --json", check=False)
        return json.loads(done.out.splitlines()[0])["environments"][0]["condition"] if done.code in (0, 1) else ""

    def pid(self):
        return int(self.sh("systemctl show -P MainPID reconciler").out)

    def files(self):
        left_out = " -o ".join(f"-path {one}" for one in (*ITS_OWN, "/mnt", CONFIG))
        return set(self.sh(f"find / -xdev \\( {left_out} \\) -prune -o -print").out.splitlines())


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machine")
    packages = folder / "packages"
    made = [subprocess.run([str(ROOT / "deploy" / "package"), "--build", str(binary().parent.parent), "--version", version,
                            str(packages)], check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            for version in ("1.0", "1.1", "1.2")]
    config = Repository(folder / "config")
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(Engine())
        base_image(engine)
        busybox(engine)
        name = image(engine, folder / "image", made[0])
        machine = stack.enter_context(Machine(engine, name, {packages: "/mnt", config.path: CONFIG}))
        yield Host(machine, config, ["/mnt/" + one.rsplit("/", 1)[1] for one in made])


def test_from_the_first_installation_to_the_purge(host):
    before = host.files()
    host.ask_for("v1.0.0", release=False)

    # Installed: nothing starts, enabled or not, before there is a host file.
    host.sh(f"apt-get install -y --no-install-recommends {host.packages[0]}")
    assert host.sh("stat -c '%a %U' /var/lib/reconciler").out == "700 root\n"
    assert host.sh("systemctl is-enabled reconciler", check=False).out == "disabled\n"
    host.sh("systemctl start reconciler")
    assert host.sh("systemctl is-active reconciler", check=False).out == "inactive\n"
    assert host.sh("systemctl show -P ConditionResult reconciler").out == "no\n"

    # Used from there.
    assert host.sh("reconciler version").out.startswith("reconciler ")
    assert "1 environment in" in host.sh(f"reconciler validate {CONFIG}").out
    host.sh(f"printf 'repositories: {{ deploy: {{ url: {CONFIG}, poll: 5s }} }}\\n' >/etc/reconciler/host.yaml")
    assert "web/production" in host.sh("reconciler plan").out
    assert host.sh("reconciler complete -- plan ''").out == "web/production\n"
    assert host.tag() == "", "plan changes nothing"
    host.sh("systemctl enable --now reconciler 2>&1")
    host.ready("v1.0.0")

    # Upgraded while the service applies: dpkg does not wait, the release is not cut, and is not run again.
    host.ask_for("v1.1.0")
    host.wait_for_release()
    old = host.pid()
    host.sh(f"dpkg -i {host.packages[1]}")
    assert host.released() == ["v1.1.0 start"], "the package waited for the release, or ended it"
    host.ready("v1.1.0")
    assert host.released() == ["v1.1.0 start", "v1.1.0 done"]
    assert host.pid() not in (0, old)
    assert host.sh("systemctl show -P NRestarts reconciler").out == "0\n", "a stop was taken for a failure"
    assert "stopping at the next safe point" in host.sh("journalctl -u reconciler").out

    # The same with an apply at a terminal, which knows nothing of it.
    host.sh("systemctl stop reconciler")
    assert host.sh("systemctl show -P Result reconciler").out == "success\n"
    host.ask_for("v1.2.0")
    applying = host.machine.start("reconciler apply --yes")
    host.wait_for_release()
    host.sh(f"dpkg -i {host.packages[2]}")
    said, _ = applying.communicate(timeout=HANGS)
    assert applying.returncode == 0 and "web/production runs v1.2.0" in said, said
    assert host.released()[2:] == ["v1.2.0 start", "v1.2.0 done"]
    assert host.sh("systemctl is-active reconciler", check=False).out == "inactive\n", "what was stopped stays stopped"
    host.sh("systemctl start reconciler")

    # Removed: the service ends, containers run on, what was written stays.
    container = host.engine.inspect("web-web-1")
    host.sh("apt-get remove -y reconciler")
    assert host.sh("systemctl is-active reconciler", check=False).out == "inactive\n"
    assert host.sh("command -v reconciler", check=False).code != 0
    host.sh("test -f /etc/reconciler/host.yaml && test -f /var/lib/reconciler/ledger.db")

    # Purged: what is left is what deploy/README.md says.
    host.sh("echo secret >/etc/reconciler/deploy_key")
    said = host.sh("apt-get purge -y reconciler").out
    assert "reconciler: /etc/reconciler is not empty, and stays" in said
    assert "reconciler: /var/lib/reconciler is not empty, and stays" in said
    left = {one for one in host.files() - before if not one.startswith("/var/lib/reconciler/")}
    assert left == {"/etc/reconciler", "/etc/reconciler/deploy_key", "/var/lib/reconciler"}
    after = host.engine.inspect("web-web-1")
    assert (after["Id"], after["State"]["StartedAt"]) == (container["Id"], container["State"]["StartedAt"])

    # Installed again, the state that stayed is known.
    host.sh(f"apt-get install -y --no-install-recommends {host.packages[2]}")
    assert "No changes." in host.sh(f"reconciler --repo {CONFIG} plan").out


def test_the_image_serves_what_the_engine_sees(host, tmp_path_factory):
    """State folder and repository at the same path inside and outside: a file from git is mounted into the container."""
    folder = tmp_path_factory.mktemp("image")
    config, state = Repository(folder / "config"), folder / "state"
    state.mkdir(mode=0o700)
    config.commit("shown", {
        "shown/compose.yaml": services(f"web: {{ {SLEEPS}, volumes: ['./page:/page:ro'] }}"),
        "shown/page": "from git\n", "shown/reconciler.yaml": manifest("v1.0.0")})
    made = subprocess.run([str(ROOT / "deploy" / "image"), "--package", host.made], capture_output=True, text=True,
                          env=host.engine.environment())
    assert made.returncode == 0 and made.stdout == "reconciler:1.0\n", made.stderr
    docker = host.engine.docker
    docker("run", "-d", "--name", "reconciler", "--stop-timeout", "60", "--network", "host", "--pid", "host",
           "-v", f"{host.engine.socket}:/var/run/docker.sock", "-v", f"{state}:{state}", "-v", f"{config.path}:{config.path}",
           "-e", f"RECONCILER_STATE_DIR={state}", "-e", f"RECONCILER_REPO={config.path}", "reconciler:1.0")
    try:
        status = lambda: docker("exec", "reconciler", "reconciler", "status", "--json", check=False)  # noqa: E731
        wait_for(lambda: '"condition":"Ready"' in status(), "shown/production to be Ready", every=0.5)
        assert docker("exec", "shown-web-1", "cat", "/page") == "from git\n"
        assert "No changes." in docker("exec", "reconciler", "reconciler", "plan")
        docker("stop", "reconciler")
        ended = host.engine.inspect("reconciler")["State"]
        said = subprocess.run([DOCKER, "logs", "reconciler"], env=host.engine.environment(), capture_output=True, text=True)
        assert ended["ExitCode"] == 143 and "stopping at the next safe point" in said.stderr, said
        assert host.engine.inspect("shown-web-1")["State"]["Running"]
    finally:
        docker("rm", "-f", "reconciler")


def test_a_machine_that_never_used_it_keeps_nothing(host):
    host.sh("apt-get purge -y reconciler; rm -rf /etc/reconciler /var/lib/reconciler")
    before = host.files()
    host.sh(f"apt-get install -y --no-install-recommends {host.packages[0]}")
    host.sh("apt-get purge -y reconciler")
    assert host.files() == before

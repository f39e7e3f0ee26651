"""What we make is what `docker compose up -d` makes, in every field of inspect but the random ones; Compose itself finds it running."""

import json
import re
import shutil
import subprocess

import pytest

from support import ROOT
from support.comparable import differences, things
from support.images import BUSYBOX, busybox, portfolio_images
from support.pairs import over_pairs
from support.portfolio import Portfolio
from support.stack import SLEEPS, Stack, manifest, services

HOLDS = "holds-data:test"  # an image with a VOLUME that no compose file names

COMPOSE = services(f"""
db:
  {SLEEPS.replace(', ', chr(10) + '  ', 2)}
  environment: {{ TAG: "${{TAG}}", EMPTY: "", DOLLAR: "a$$b" }}
  healthcheck: {{ test: [CMD, "true"], interval: 1s, timeout: 2s, retries: 3 }}
  restart: unless-stopped
  labels: {{ tier: data }}
  volumes: [named:/named, /anonymous]
holder: {{ image: {HOLDS}, init: true, command: [sleep, '100000'], environment: {{ TAG: "${{TAG}}" }}, depends_on: {{ db: {{ condition: service_healthy }} }} }}
sink:
  image: {BUSYBOX}
  init: true
  entrypoint: [sleep]
  command: ['100000']
  env_file: some.env
  environment: {{ LATER: "wins", TAG: "${{TAG}}" }}
  hostname: sink-host
  user: "65534:65534"
  working_dir: /tmp
  group_add: ["1000"]
  cap_drop: [ALL]
  cap_add: [CHOWN]
  security_opt: [no-new-privileges:true]
  read_only: true
  tmpfs: [/run, /scratch:size=1m]
  ulimits: {{ nofile: {{ soft: 1024, hard: 2048 }}, nproc: 512 }}
  sysctls: {{ net.core.somaxconn: 1024 }}
  mem_limit: 64m
  cpus: 0.5
  pids_limit: 64
  shm_size: 8m
  oom_score_adj: 100
  stop_signal: SIGINT
  stop_grace_period: 3s
  logging: {{ driver: json-file, options: {{ max-size: 1m, max-file: "2" }} }}
  dns: [10.0.0.1]
  dns_search: [example.com]
  extra_hosts: ["somewhere:10.0.0.2"]
  expose: ["9000"]
  ports: ["127.0.0.1::80", "127.0.0.1:0:53/udp"]
  tty: true
  stdin_open: true
  networks: {{ front: {{ aliases: [other-name], ipv4_address: 10.123.77.7 }}, back: }}
  volumes:
    - {{ type: volume, source: named, target: /named, read_only: true }}
    - {{ type: tmpfs, target: /quick, tmpfs: {{ size: 1048576 }} }}
tree:
  {SLEEPS.replace(', ', chr(10) + '  ', 2)}
  environment: {{ TAG: "${{TAG}}" }}
  volumes: ['./page:/page:ro', './folder:/folder']
  depends_on: [db]
""", """
networks:
  front: { ipam: { config: [{ subnet: 10.123.77.0/24 }] }, labels: { kind: front } }
  back: { internal: true }
volumes:
  named: { labels: { kind: data } }
""")
FILES = {"compose.yaml": COMPOSE, "some.env": "FROM_FILE=one\nLATER=loses\n", "page": "one\n", "folder/file": "one\n"}


class Pair:
    """A stack that is made by the reconciler and by Compose in turn."""

    def __init__(self, stack, compose_file, variables, *, in_tree, addressed=""):
        self.stack, self.compose_file, self.variables = stack, compose_file, variables
        self.in_tree, self.addressed = in_tree, addressed
        self.trees = {}

    def made_by_us(self, tag):
        plan = self.stack.plan_json()
        self.stack.apply()
        tree = self.stack.state / "trees" / self.stack.application / "production" / plan["commit"]
        self.trees[tag] = tree
        shutil.copytree(tree, self.stack.folder / tag, symlinks=True)
        return self.things()

    def compose(self, tag, *arguments, file="", given=None):
        """In the exported tree: it says the same project.working_dir there. What was tidied away is put back."""
        tree = self.trees[tag]
        if not tree.exists():
            shutil.copytree(self.stack.folder / tag, tree, symlinks=True)
        return self.stack.compose.run("-p", self.stack.project, "-f", file or self.compose_file, *arguments,
                                      cwd=tree, env={**self.variables, "TAG": tag}, input=given).stderr

    def up(self, tag, *names):
        """From the raw file, as a person's script would."""
        return self.compose(tag, "up", "-d", "--no-build", *names)

    def up_from_our_model(self, tag):
        done = subprocess.run([str(ROOT / "build" / "dev" / "bin" / "resolved-model"), str(self.stack.state),
                               self.stack.environment], capture_output=True, text=True, check=True)
        model = json.loads(done.stdout)
        return self.compose(tag, "--project-directory", str(self.trees[tag]), "up", "-d", "--no-build", file="-",
                            given=json.dumps(model))

    def down(self):
        self.stack.compose.run("-p", self.stack.project, "down", "-v", "-t", "0")

    def things(self):
        return things(self.stack, self.in_tree, self.addressed)

    def found_running(self, tag):
        """By Compose: all of them from our model; all but what mounts the tree from the raw file."""
        every = sorted(self.stack.ids())
        outside = [service for service in every if service != self.in_tree]
        for said, names in ((self.up_from_our_model(tag), every),
                            (self.up(tag, "--no-deps", *outside), outside)):
            for service in names:
                assert re.search(rf"Container {self.stack.container(service)} +(Running|Healthy)", said), said
            assert not re.search("Recreat|Creat|Start", said), said
        self.stack.assert_second_plan_empty()

    def hold_together(self, ask_for, before_the_switch=lambda: None, after_it=lambda: None):
        ask_for("v1.0.0")
        ours = self.made_by_us("v1.0.0")
        self.found_running("v1.0.0")
        before_the_switch()
        ask_for("v1.1.0")
        ours_later = self.made_by_us("v1.1.0")
        self.found_running("v1.1.0")
        after_it()
        # And what a switch leaves is no different from what Compose's own leaves.
        self.down()
        self.up("v1.0.0")
        assert differences(ours, self.things()) == []
        self.up("v1.1.0")
        assert differences(ours_later, self.things()) == []
        return ours


@over_pairs
def test_every_key_as_compose_would(folder, engine, compose, proxy):
    busybox(engine, HOLDS, "VOLUME /held")
    with Stack(folder, engine, compose, proxy) as stack:
        pair = Pair(stack, "compose.yaml", {"APPLICATION": "web", "ENVIRONMENT": "production"}, in_tree="tree",
                    addressed="web_front")
        ids = {}

        def before():
            stack.sh("echo kept >/anonymous/file", "db")
            stack.sh("echo kept >/held/file", "holder")
            ids.update(stack.ids())

        def after():
            assert not set(ids.values()) & set(stack.ids().values()), "each names the tag, so each is replaced"
            assert stack.sh("cat /anonymous/file", "db") == "kept\n"
            assert stack.sh("cat /held/file", "holder") == "kept\n"

        ours = pair.hold_together(lambda tag: stack.commit({**FILES, "reconciler.yaml": manifest(tag)}), before, after)
        assert set(ours) == {"db", "holder", "sink", "tree", "web_default", "web_front", "web_back", "web_named"}


def test_portfolio_as_compose_would(folder, engine, compose, proxy):
    portfolio_images(engine)
    example = Portfolio(folder / "portfolio")
    with Stack(folder, engine, compose, proxy, application="portfolio", config=example.config,
               host_file=example.host_file) as stack:
        variables = {**example.variables, "API_URL": f"https://{example.variables['API_DOMAIN']}"}
        pair = Pair(stack, "docker-compose.prod.yml", variables, in_tree="nginx")
        ours = pair.hold_together(example.ask_for)
        assert set(ours) == {"db", "redis", "backend", "frontend", "nginx", "portfolio_default", "portfolio_db",
                             "portfolio_static", "portfolio_locale"}
        for tag in ("v1.0.0", "v1.1.0"):
            for name in ("backend", "frontend"):
                engine.docker("rmi", "-f", f"portfolio-{name}:{tag}", check=False)

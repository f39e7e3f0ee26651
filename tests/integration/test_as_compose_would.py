"""What we make is what `docker compose up -d` makes, in every field of inspect but the random ones; Compose itself finds it running."""

import pytest

from support.compose import VERSIONS
from support.images import BUSYBOX, busybox, portfolio_images
from support.makers import Pair
from support.pairs import DEEP, over_pairs
from support.portfolio import Portfolio
from support.sinks import SINKS
from support.stack import SLEEPS, Stack, manifest, services

HOLDS = "holds-data:test"  # an image with a VOLUME that no compose file names

COMPOSE = services(f"""
db:
  {SLEEPS.replace(', ', chr(10) + '  ', 2)}
  environment: {{ TAG: "${{TAG}}", EMPTY: "", DOLLAR: "a$$b" }}
  healthcheck: {{ test: [CMD, "true"], interval: 1s, timeout: 30s, retries: 3 }}
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


def the_newest_unless_deep(compose):
    if compose.version != VERSIONS[-1] and not DEEP:
        pytest.skip("with an older Compose only with RECONCILER_DEEP=1 (tests/run --deep); the key by key test is with each")


@over_pairs
def test_every_key_as_compose_would(folder, engine, compose, proxy):
    busybox(engine, HOLDS, "VOLUME /held")
    with Stack(folder, engine, compose, proxy) as stack:
        pair = Pair(stack, "compose.yaml", {"APPLICATION": "web", "ENVIRONMENT": "production"}, in_tree={"tree"},
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


@over_pairs
@pytest.mark.parametrize("name", SINKS)
def test_kitchen_sink_as_compose_would(name, folder, engine, compose, proxy):
    the_newest_unless_deep(compose)
    sink = SINKS[name]
    with Stack(folder, engine, compose, proxy) as stack:
        stack.use_host({"policy": sink.policy})
        variables = dict(line.split("=", 1) for line in sink.files.get("vars.env", "").split())
        pair = Pair(stack, "compose.yaml", {"APPLICATION": "web", "ENVIRONMENT": "production", **variables},
                    in_tree=sink.in_tree, addressed=sink.addressed)
        pair.hold_together(lambda tag: stack.commit(
            {"compose.yaml": sink.compose, **sink.files, "reconciler.yaml": manifest(tag, sink.variables)}))


@pytest.mark.skipif(not DEEP, reason="its images, built twice, are compared only with "
                    "RECONCILER_DEEP=1 (tests/run --deep); test_main_job deploys it in every run")
def test_portfolio_as_compose_would(folder, engine, compose, proxy):
    portfolio_images(engine)
    example = Portfolio(folder / "portfolio")
    with Stack(folder, engine, compose, proxy, application="portfolio", config=example.config,
               host_file=example.host_file, within=example.within, approves=True) as stack:
        variables = {**example.variables, "API_URL": f"https://{example.variables['API_DOMAIN']}"}
        pair = Pair(stack, "docker-compose.prod.yml", variables, in_tree={"nginx"})
        ours = pair.hold_together(example.ask_for)
        assert set(ours) == {"db", "redis", "backend", "frontend", "nginx", "portfolio_default", "portfolio_db",
                             "portfolio_static", "portfolio_locale"}
        for tag in ("v1.0.0", "v1.1.0"):
            for name in ("backend", "frontend"):
                engine.docker("rmi", "-f", f"portfolio-{name}:{tag}", check=False)

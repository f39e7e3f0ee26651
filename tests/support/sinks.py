"""Compose files that use most of what a service may say: the first shows what was tried before anything was built, the
second has the keys that are left."""

from dataclasses import dataclass, field
from typing import Any, FrozenSet, Mapping

from .images import BUSYBOX
from .stack import services


@dataclass(frozen=True)
class Sink:
    compose: str
    files: Mapping[str, str] = field(default_factory=dict)
    variables: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)
    in_tree: FrozenSet[str] = frozenset()
    addressed: str = ""  # the network whose addresses are asked for
    newest_only: bool = False  # keys that Compose 2.26 drops


def _allowed(application: str, **allow: Any) -> Mapping[str, Any]:
    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [f"{application}/production/{service}" for service in value]
        return {f"{application}/production/{service}": what for service, what in value.items()}
    return {"allow": {key: named(value) for key, value in allow.items()}}


FIRST = Sink(services(f"""
web:
  image: {BUSYBOX}
  hostname: webhost
  ports: ["127.0.0.1:0:80", "127.0.0.1:0:443/udp", "9000"]
  expose: ["7000"]
  environment: [A=1, B, "TAG=${{TAG}}"]
  env_file: [e.env]
  healthcheck: {{ test: ["CMD", "/bin/busybox", "true"], interval: 2s, timeout: 30s, retries: 2, start_period: 1s }}
  networks: {{ front: {{ aliases: [w1] }}, back: {{ ipv4_address: 10.125.77.5 }} }}
  volumes: ["data:/data:ro", "./c.txt:/c.txt:ro", "/anon", {{ type: tmpfs, target: /tm, tmpfs: {{ size: 1000000 }} }}]
  tmpfs: [/run]
  secrets: [sec, {{ source: sec, target: other, mode: 0400 }}]
  configs: [{{ source: cfg, target: /etc/cfg }}]
  ulimits: {{ nofile: {{ soft: 100, hard: 200 }}, nproc: 50 }}
  sysctls: {{ net.core.somaxconn: 100 }}
  extra_hosts: ["h1:1.2.3.4"]
  logging: {{ driver: json-file, options: {{ max-size: 1m }} }}
  cap_drop: [NET_RAW]
  cap_add: [SYS_NICE]
  restart: unless-stopped
  stop_signal: SIGINT
  stop_grace_period: 1s
  init: true
  user: "1000:1000"
  working_dir: /tmp
  read_only: true
  security_opt: [no-new-privileges]
  labels: {{ my.label: "x$$y" }}
  mem_limit: 50m
  cpus: 0.5
  pids_limit: 100
  shm_size: 10m
  dns: [8.8.8.8]
  devices: ["/dev/null:/dev/n2"]
  group_add: ["44"]
  command: /bin/busybox sleep 1000
  entrypoint: ["/bin/busybox", "env"]
  depends_on: {{ db: {{ condition: service_healthy }} }}
db:
  image: {BUSYBOX}
  init: true
  command: [sleep, '1000']
  environment: {{ TAG: "${{TAG}}" }}
  deploy: {{ replicas: 2, resources: {{ limits: {{ memory: 30M, cpus: "0.25" }} }} }}
  healthcheck: {{ test: "/bin/busybox true", interval: 1s }}
  networks: [back]
  stop_grace_period: 1s
side:
  image: {BUSYBOX}
  init: true
  command: [sleep, '1000']
  network_mode: service:web
  ipc: service:lender
  pid: service:web
  stop_grace_period: 1s
  volumes_from: [lender]
lender: {{ image: {BUSYBOX}, init: true, command: [sleep, '1000'], ipc: shareable, volumes: [/lent], environment: {{ TAG: "${{TAG}}" }} }}
hosty: {{ image: {BUSYBOX}, init: true, command: [sleep, '1000'], network_mode: host, stop_grace_period: 1s }}
named:
  image: {BUSYBOX}
  init: true
  command: [sleep, '1000']
  container_name: special-name-of-a-sink
  links: [db:database]
  networks: [back]
  stop_grace_period: 1s
  healthcheck: {{ disable: true }}
""", """
networks:
  front: {}
  back: { ipam: { config: [{ subnet: 10.125.77.0/24 }] }, labels: { n: 1 } }
volumes: { data: { labels: { v: 1 } } }
secrets: { sec: { file: ./s.txt } }
configs: { cfg: { file: ./c.txt } }
"""), {"c.txt": "a config\n", "s.txt": "a file of the tree\n", "e.env": "FROM=file\n"},
    policy=_allowed("web", capabilities={"web": ["SYS_NICE"]}, devices={"web": ["/dev/null"]}, host_network=["hosty"]),
    in_tree=frozenset({"web"}), addressed="web_back")

REST = Sink(services(f"""
rest:
  image: {BUSYBOX}
  init: true
  attach: false
  command: [sleep, '1000']
  platform: linux/amd64
  environment: {{ TAG: "${{TAG}}" }}
  domainname: example.org
  hostname: rest-host
  cpu_shares: 512
  cpuset: "0"
  cpu_period: 100000
  cpu_quota: 50000
  mem_limit: 64m
  mem_reservation: 20m
  memswap_limit: 100m
  mem_swappiness: 10
  blkio_config: {{ weight: 300 }}
  device_cgroup_rules: ['c 1:3 mr']
  dns_opt: ["ndots:2"]
  dns_search: [a.example, b.example]
  ipc: shareable
  runtime: runc
  oom_score_adj: 500
  pull_policy: missing
  tty: true
  stdin_open: true
  extra_hosts: {{ somewhere: 10.0.0.2 }}
  annotations: {{ com.example.note: kept }}
  labels: [plain=one]
  tmpfs: /run:size=1m
  post_start: [{{ command: [sh, -c, 'echo $$TAG >/started'] }}]
  pre_stop: [{{ command: ["true"] }}]
  configs: [{{ source: said, target: /etc/said, mode: 0440 }}, {{ source: of-a-variable, uid: "0" }}]
  secrets: [key]
  networks: {{ wide: {{ priority: 10, aliases: [r1, r2] }}, quiet: }}
  volumes:
    - {{ type: volume, source: quick, target: /quick, volume: {{ nocopy: true }} }}
    - {{ type: tmpfs, target: /t, tmpfs: {{ size: 1m, mode: 01770 }} }}
  deploy: {{ restart_policy: {{ condition: on-failure, max_attempts: 3 }}, labels: {{ d: e }} }}
deployed: {{ image: {BUSYBOX}, init: true, command: [sleep, '1000'], deploy: {{ mode: global, resources: {{ limits: {{ cpus: "0.5", memory: 40M, pids: 50 }}, reservations: {{ cpus: "0.1", memory: 10M }} }} }} }}
clears: {{ image: {BUSYBOX}, entrypoint: [sleep], command: ['1000'], stop_signal: SIGKILL, environment: {{ EMPTY: "", TAG: "${{TAG}}" }} }}
host-pid: {{ image: {BUSYBOX}, init: true, command: [sleep, '1000'], pid: host, uts: host, ipc: host }}
host-cgroup: {{ image: {BUSYBOX}, init: true, command: [sleep, '1000'], cgroup: host, userns_mode: host }}
linked: {{ image: {BUSYBOX}, init: true, command: [sleep, '1000'], networks: [wide], links: ["rest:partner"], environment: {{ TAG: "${{TAG}}" }} }}
alone: {{ image: {BUSYBOX}, init: true, command: [sleep, '1000'], network_mode: none }}
on-bridge: {{ image: {BUSYBOX}, init: true, command: [sleep, '1000'], network_mode: bridge }}
finished: {{ image: {BUSYBOX}, command: ["true"], environment: {{ TAG: "${{TAG}}" }} }}
waits: {{ image: {BUSYBOX}, init: true, command: [sleep, '1000'], depends_on: {{ finished: {{ condition: service_completed_successfully }}, absent: {{ condition: service_started, required: false }} }} }}
absent: {{ image: {BUSYBOX}, profiles: [other] }}
""", """
networks:
  wide:
    driver: bridge
    attachable: true
    driver_opts: { com.docker.network.bridge.enable_icc: "true" }
    ipam: { config: [{ subnet: 10.125.78.0/24, ip_range: 10.125.78.128/25, gateway: 10.125.78.1, aux_addresses: { a: 10.125.78.2 } }] }
  quiet: { internal: true, name: web_quiet-by-name }
volumes:
  quick: { driver: local, driver_opts: { type: tmpfs, device: tmpfs, o: size=1m } }
configs: { said: { content: "of ${TAG}, for $$5" }, of-a-variable: { environment: SAID } }
secrets: { key: { environment: KEY } }
"""), {"vars.env": "SAID=said\nKEY=of-the-door\n"}, variables="variables: { env_file: vars.env }",
    policy=_allowed("web", devices={"rest": ["c 1:3 mr"]}, privileged=["rest", "host-pid", "host-cgroup"]),
    addressed="web_wide", newest_only=True)

SINKS = {"first": FIRST, "rest": REST}

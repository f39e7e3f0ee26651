"""One row for each key that a service, network or volume may have: two forms of it, and what a plan says of the change.

`<me>` is a name of the row's own, `<project>` the stack's, `<host>` a folder of the host that its policy allows.
"""

from dataclasses import dataclass
from typing import Tuple


@dataclass(frozen=True)
class Row:
    """What a service has of a key, before and after; `says`: the fields that the plan names, and nothing else. A row that
    says nothing makes no container differ, and has a `why`."""
    key: str
    before: str
    after: str
    says: Tuple[str, ...] = ()
    why: str = ""
    beside: str = ""  # what stands beside the services for it
    beside_after: str = ""  # the same, where it is what changes
    thing: str = ""  # an image, network or volume that the plan names too ...
    thing_says: Tuple[str, ...] = ()  # ... and with which fields
    slot: str = ""  # rows of one slot are in turn in one place; all at once is its last row
    alone: bool = False  # in a service of its own: it goes with few other keys
    service: str = ""  # the service that differs, where it is made otherwise
    more: Tuple[str, ...] = ()  # actions without a field that the plan has too
    refused: str = ""  # the code of the refusal
    since: int = 0  # the Engine for which this is so ...
    until: int = 99  # ... and the first for which it is not any more
    stays: str = ""  # why it is planned and not applied


def row(key: str, before: str, after: str, *says: str, **more) -> Row:
    return Row(key, before, after, says, **more)


def same(key: str, before: str, after: str, why: str, **more) -> Row:
    """Makes no container differ."""
    return Row(key, before, after, why=why, **more)


def network(key: str, before: str, after: str, *says: str, **more) -> Row:
    """A network that is made anew takes its services with it, in one action."""
    used = "networks: [<me>]"
    return Row(f"network: {key}", used, used, thing="<project>_<me>, <service>", thing_says=says,
               beside=f"networks: {{ <me>: {{ {before} }} }}", beside_after=f"networks: {{ <me>: {{ {after} }} }}",
               **more)


def volume(key: str, before: str, after: str, *says: str, **more) -> Row:
    used = "volumes: ['<me>:/data']"
    return Row(f"volume: {key}", used, used, says, beside=f"volumes: {{ <me>: {{ {before} }} }}",
               beside_after=f"volumes: {{ <me>: {{ {after} }} }}", **more)


def of_list(kind: str, before: str, after: str) -> Tuple[str, str]:
    return f"{kind}: [{{ {before} }}]", f"{kind}: [{{ {after} }}]"


def copied(kind: str, field: str, value: str) -> Row:
    """A config or secret that is copied in: it is in no inspect, a label of ours tells."""
    first = "source: one-<me>, target: /cfg"
    changed = first.replace("one-<me>", value) if field == "source" else \
        first.replace("/cfg", value) if field == "target" else f"{first}, {field}: {value}"
    given = "environment: ONE", "environment: TWO"
    return Row(f"{kind}.{field}", *of_list(kind, first, changed), ("copied files",),
               beside=f"{kind}: {{ one-<me>: {{ {given[0]} }}, two-<me>: {{ {given[1]} }} }}")


def defined(kind: str, field: str, before: str, after: str, *says: str, why: str = "") -> Row:
    """The definition beside the services."""
    used = f"{kind}s: [{{ source: <me>, target: /cfg }}]"
    return Row(f"{kind}: {field}", used, used, says, why=why, beside=f"{kind}s: {{ <me>: {{ {before} }} }}",
               beside_after=f"{kind}s: {{ <me>: {{ {after} }} }}")


def healthcheck(key: str, changed: str) -> Row:
    test = "test: 'true', interval: 2s, start_period: 5s"
    return row(f"healthcheck.{key}", f"healthcheck: {{ {test} }}", f"healthcheck: {{ {changed or test} }}",
               "healthcheck")


def built(key: str, changed: str, stays: str = "") -> Row:
    """What an image is built from: the image first, then the container on it."""
    first = "context: ./context, dockerfile: Dockerfile, args: { A: one }"
    return Row(f"build.{key}" if key else "build", f"image: 'built:<project>', build: {{ {first} }}",
               f"image: 'built:<project>', build: {{ {changed} }}", ("image",), thing="built:<project>", thing_says=("image",),
               slot="build", stays=stays)


DEFAULT = "network <project>_default"
OWN = "networks: { <me>: {} }"
NAMED = "volumes: { <me>: {} }"
TMPFS = "type: tmpfs, target: /quick"
BIND = "type: bind, source: <host>, target: /data"
BUILT = "another key's change is applied to this image"

FIRST = (
    row("attach", "attach: true", "attach: false", why="what a person's terminal is attached to"),
    same("annotations", "annotations: { a: one }", "annotations: { a: two }", "this Engine has none, and drops them",
         until=24),
    row("annotations, later", "annotations: { a: one }", "annotations: { a: two }", "annotation a", since=24),
    row("blkio_config.weight_device", "", "blkio_config: { weight_device: [{ path: /dev/null, weight: 200 }] }",
        "block io weight of devices", stays="a kernel that has it does not take this device; one that has it not drops it"),
    row("blkio_config.weight", "", "blkio_config: { weight: 200 }", "block io weight"),
    built("context", "context: ./other, dockerfile: Dockerfile, args: { A: one }", BUILT),
    built("dockerfile", "context: ./context, dockerfile: Other, args: { A: one }", BUILT),
    built("dockerfile_inline", "context: ./context, dockerfile_inline: 'FROM busybox:test', args: { A: one }", BUILT),
    *(built(key, f"context: ./context, dockerfile: Dockerfile, args: {{ A: one }}, {changed}", BUILT) for key,
      changed in (
        ("extra_hosts", "extra_hosts: ['h:10.0.0.2']"), ("labels", "labels: { a: b }"), ("network", "network: none"),
        ("no_cache", "no_cache: true"), ("pull", "pull: true"), ("shm_size", "shm_size: 8m"), ("target", "target: second"),
        ("ulimits", "ulimits: { nproc: 99 }"))),
    built("args", "context: ./context, dockerfile: Dockerfile, args: { A: two }"),
    row("cap_add", "cap_add: [CHOWN]", "cap_add: [CHOWN, NET_ADMIN]", "capabilities"),
    row("cap_drop", "", "cap_drop: [NET_RAW]", "dropped capabilities"),
    row("cgroup", "", "cgroup: private", "cgroup"),
    row("command", "", "command: [sleep, '100001']", "command"),
    row("container_name", "", "container_name: called-<project>", "name", DEFAULT,
        alone=True),  # it is an alias there too
    copied("configs", "source", "two-<me>"), copied("configs", "target", "/other"), copied("configs", "mode", "256"),
    copied("configs", "uid", "'7'"), copied("configs", "gid", "'7'"),
    copied("secrets", "source", "two-<me>"), copied("secrets", "target", "/other"), copied("secrets", "mode", "256"),
    copied("secrets", "uid", "'7'"), copied("secrets", "gid", "'7'"),
    row("configs.source of a file", *of_list("configs", "source: one-<me>, target: /cfg",
                                             "source: two-<me>, target: /cfg"),
        "mount /cfg", beside="configs: { one-<me>: { file: one }, two-<me>: { file: two } }"),
    row("secrets.target of a file", *of_list("secrets", "source: one-<me>", "source: one-<me>, target: /other"),
        "mount /other", "mount /run/secrets/one-<me>", beside="secrets: { one-<me>: { file: one } }"),
    same("configs.mode of a file", *of_list("configs", "source: <me>", "source: <me>, mode: 256"),
         "a file is mounted as it lies: Compose says that it ignores the mode", beside="configs: { <me>: { file: one } }"),
    defined("config", "content", "content: one", "content: two", "copied files"),
    defined("config", "environment", "environment: ONE", "environment: TWO", "copied files"),
    defined("config", "file", "file: one", "file: two", "mount /cfg"),
    defined("config", "labels", "file: one", "file: one, labels: { a: b }", why="swarm's"),
    defined("config", "name", "file: one", "file: one, name: other", why="swarm's"),
    defined("secret", "environment", "environment: ONE", "environment: TWO", "copied files"),
    defined("secret", "file", "file: one", "file: two", "mount /cfg"),
    row("cpu_count", "", "cpu_count: 1", "cpu count"),
    row("cpu_percent", "", "cpu_percent: 50", "cpu percent"),
    row("cpu_period", "cpu_quota: 20000", "cpu_quota: 20000, cpu_period: 50000", "cpu period"),
    row("cpu_quota", "", "cpu_quota: 20000", "cpu quota"),
    row("cpu_shares", "", "cpu_shares: 512", "cpu shares"),
    row("cpus", "", "cpus: 0.5", "cpus"),
    row("cpuset", "", "cpuset: '0'", "cpuset"),
    same("depends_on.condition", "depends_on: { other: { condition: service_started } }",
         "depends_on: { other: { condition: service_healthy } }", "the order alone"),
    same("depends_on.required", "depends_on: { other: { condition: service_started } }",
         "depends_on: { other: { condition: service_started, required: false } }", "the order alone"),
    same("depends_on.restart", "depends_on: { other: { condition: service_started } }",
         "depends_on: { other: { condition: service_started, restart: true } }", "what happens when the other is replaced"),
    same("deploy.endpoint_mode", "", "deploy: { endpoint_mode: vip }", "swarm's"),
    same("deploy.labels", "", "deploy: { labels: { a: b } }", "swarm's: of the service, not of its containers"),
    same("deploy.mode", "", "deploy: { mode: global }", "swarm's: one host has one"),
    same("deploy.placement", "", "deploy: { placement: { constraints: [node.role == manager] } }", "swarm's"),
    row("deploy.replicas", "deploy: { replicas: 1 }", "deploy: { replicas: 2 }", alone=True,
        more=("switch start <service>#2",)),
    row("deploy.resources.limits.cpus", "", "deploy: { resources: { limits: { cpus: '0.5' } } }", "cpus"),
    row("deploy.resources.limits.memory", "", "deploy: { resources: { limits: { memory: 64m } } }", "memory",
        "memory swap"),
    row("deploy.resources.limits.pids", "", "deploy: { resources: { limits: { pids: 99 } } }", "pids limit"),
    same("deploy.resources.reservations.cpus", "", "deploy: { resources: { reservations: { cpus: '0.5' } } }",
         "swarm's"),
    row("deploy.resources.reservations.memory", "", "deploy: { resources: { reservations: { memory: 32m } } }",
        "memory reservation"),
    row("deploy.restart_policy", "", "deploy: { restart_policy: { condition: on-failure, max_attempts: 3 } }",
        "restart"),
    same("deploy.rollback_config", "", "deploy: { rollback_config: { parallelism: 1 } }", "swarm's"),
    same("deploy.update_config", "", "deploy: { update_config: { parallelism: 1 } }", "swarm's"),
    same("develop", "", "develop: { watch: [{ path: ./context, action: rebuild }] }", "for `compose watch`"),
    row("device_cgroup_rules", "", "device_cgroup_rules: ['c 1:3 mr']", "device rules"),
    row("devices", "", "devices: ['/dev/null:/dev/other']", "device /dev/other"),
    row("dns", "", "dns: [10.0.0.1]", "dns"),
    row("dns_opt", "", "dns_opt: ['ndots:2']", "dns options"),
    row("dns_search", "", "dns_search: [example.com]", "dns search"),
    row("domainname", "", "domainname: example.com", "domain name"),
    row("entrypoint", "", "entrypoint: [env]", "entrypoint"),
    row("env_file", "env_file: one.env", "env_file: two.env", "environment FROM_FILE"),
    row("environment", "environment: { A: one }", "environment: { A: two }", "environment A"),
    row("environment, one more", "environment: { A: one }", "environment: { A: one, B: '' }", "environment B"),
    row("expose", "", "expose: ['9000']", "exposed port 9000/tcp"),
)

SECOND = (
    row("extends", "extends: { file: base.yaml, service: one }", "extends: { file: base.yaml, service: two }",
        "environment EXTENDED", alone=True),
    row("extra_hosts", "", "extra_hosts: ['somewhere:10.0.0.2']", "extra hosts"),
    row("group_add", "", "group_add: ['1000']", "groups"),
    healthcheck("test", "test: 'exit 0', interval: 2s, start_period: 5s"),
    healthcheck("interval", "test: 'true', interval: 3s, start_period: 5s"),
    healthcheck("timeout", "test: 'true', interval: 2s, start_period: 5s, timeout: 7s"),
    healthcheck("retries", "test: 'true', interval: 2s, start_period: 5s, retries: 7"),
    healthcheck("start_period", "test: 'true', interval: 2s, start_period: 6s"),
    healthcheck("disable", "disable: true"),
    row("hostname", "", "hostname: called", "hostname"),
    same("hostname, taken out", "hostname: called", "", "what the Engine would have made up is not known (ENGINE 6)"),
    row("image", "", "image: 'busybox:other'", "image"),
    row("init", "", "init: false", "init"),
    row("ipc", "", "ipc: shareable", "ipc"),
    row("ipc of a service", "", "ipc: 'service:lender'", "ipc", alone=True),
    row("label_file", "label_file: one.env", "label_file: two.env", "label FROM_FILE"),
    row("labels", "labels: { a: b }", "labels: { a: c }", "label a"),
    row("links", "", "links: ['other:partner']", DEFAULT),
    row("logging.driver", "logging: { driver: json-file }", "logging: { driver: local }", "log driver"),
    row("logging.options", "logging: { driver: json-file }",
        "logging: { driver: json-file, options: { max-size: 1m } }",
        "log options"),
    same("logging, taken out", "logging: { driver: local }", "",
         "what the daemon's default is, no reply tells (ENGINE 7)"),
    row("mac_address", "", "mac_address: '02:42:ac:11:00:99'", "mac address", alone=True),
    row("mem_limit", "", "mem_limit: 64m", "memory", "memory swap"),
    row("mem_reservation", "", "mem_reservation: 32m", "memory reservation"),
    row("mem_swappiness", "", "mem_swappiness: 10", "memory swappiness"),
    row("memswap_limit", "mem_limit: 64m", "mem_limit: 64m, memswap_limit: 96m", "memory swap"),
    row("network_mode", "", "network_mode: none", "network mode", DEFAULT, alone=True),
    row("network_mode of the host", "", "network_mode: host", "network mode", DEFAULT, alone=True),
    row("network_mode of a service", "", "network_mode: 'service:lender'", "network mode", DEFAULT, alone=True),
    row("networks", "networks: [default]", "networks: [default, shared]", "network <project>_shared"),
    row("networks.aliases", OWN, "networks: { <me>: { aliases: [site] } }", "network <project>_<me>", beside=OWN),
    row("networks.driver_opts", OWN, "networks: { <me>: { driver_opts: { a: b } } }", "network <project>_<me>",
        beside=OWN),
    same("networks.gw_priority", OWN, "networks: { <me>: { gw_priority: 7 } }", "an Engine before 28 has no such thing",
         beside=OWN,
         until=28),
    row("networks.ipv4_address", OWN, "networks: { <me>: { ipv4_address: 10.124.1.9 } }", "network <project>_<me>",
        beside="networks: { <me>: { ipam: { config: [{ subnet: 10.124.1.0/24 }] } } }"),
    row("networks.ipv6_address", OWN, "networks: { <me>: { ipv6_address: 'fd00:124::9' } }", "network <project>_<me>",
        beside="networks: { <me>: { enable_ipv6: true, ipam: { config: [{ subnet: 'fd00:124::/64' }] } } }"),
    row("networks.link_local_ips", OWN, "networks: { <me>: { link_local_ips: [169.254.7.7] } }",
        "network <project>_<me>",
        beside=OWN),
    same("networks.priority", "networks: { default: {}, shared: {} }",
         "networks: { default: {}, shared: { priority: 7 } }",
         "which one is asked for first; each is compared by itself"),
    row("oom_kill_disable", "", "oom_kill_disable: true", "oom kill"),
    row("oom_score_adj", "oom_score_adj: 100", "oom_score_adj: 200", "oom score"),
    row("pid", "", "pid: host", "pid", alone=True),
    row("pid of a service", "", "pid: 'service:lender'", "pid", alone=True),
    row("pids_limit", "", "pids_limit: 99", "pids limit"),
    same("platform", "", "platform: linux/amd64", "the image of this machine is there already"),
    row("ports.target", "ports: ['127.0.0.1::80']", "ports: ['127.0.0.1::81']", "exposed port 80/tcp",
        "exposed port 81/tcp",
        "port 80", "port 81"),
    row("ports.host_ip", "ports: ['127.0.0.1::80']", "ports: ['127.0.0.2::80']", "port 80"),
    row("ports.published", "ports: ['127.0.0.1::80']", "ports: ['127.0.0.1:39181:80']", "port 80"),
    row("ports.protocol", "ports: ['127.0.0.1::80']", "ports: ['127.0.0.1::80/udp']", "exposed port 80/tcp",
        "exposed port 80/udp", "port 80", "port 80/udp"),
    *(same(f"ports.{key}", *of_list("ports", "target: 80, host_ip: 127.0.0.1",
                                    f"target: 80, host_ip: 127.0.0.1, {key}: {value}"),
           why) for key, value, why in (("mode", "host", "swarm's"), ("name", "web", "a word for people"),
                                        ("app_protocol", "http", "a word for people"))),
    *(row(f"post_start.{key}", "post_start: [{ command: ['true'] }]", f"post_start: [{{ {changed} }}]",
          "hooks", slot="post_start") for key, changed in (
        ("command", "command: [echo]"), ("environment", "command: ['true'], environment: [A=b]"),
        ("user", "command: ['true'], user: nobody"), ("privileged", "command: ['true'], privileged: true"),
        ("working_dir", "command: ['true'], working_dir: /tmp"))),
    row("pre_stop", "", "pre_stop: [{ command: ['true'] }]", "hooks", alone=True),
    same("profiles", "", "profiles: [active]", "the profile is active", alone=True),
    same("pull_policy", "", "pull_policy: missing", "the image is there"),
    row("read_only", "", "read_only: true", "read-only root"),
    row("restart", "", "restart: unless-stopped", "restart"),
    row("restart, how often", "restart: on-failure", "restart: 'on-failure:3'", "restart"),
    row("runtime", "", "runtime: io.containerd.runc.v2", "runtime"),
    same("runtime, taken out", "runtime: io.containerd.runc.v2", "", "the daemon's default may be any (ENGINE 7)"),
    row("scale", "", "scale: 2", alone=True, more=("switch start <service>#2",)),
    row("security_opt", "", "security_opt: ['no-new-privileges:true']", "security options"),
    row("security_opt, seccomp", "", "security_opt: ['seccomp:unconfined']", "security options"),
    row("security_opt, systempaths", "", "security_opt: ['systempaths=unconfined']", "masked paths", "read-only paths"),
    row("shm_size", "", "shm_size: 8m", "shm size"),
    row("stdin_open", "", "stdin_open: true", "stdin"),
    row("stop_grace_period", "", "stop_grace_period: 3s", "stop grace period"),
    row("stop_signal", "", "stop_signal: SIGINT", "stop signal"),
    row("storage_opt", "", "storage_opt: { size: 1G }", "storage option",
        stays="the Engine makes none on this file system: overlay2 wants xfs with pquota"),
    row("sysctls", "", "sysctls: { net.core.somaxconn: 1024 }", "sysctl"),
    row("tmpfs", "", "tmpfs: [/fast]", "mount /fast"),
    row("tmpfs, its size", "tmpfs: [/fast]", "tmpfs: ['/fast:size=1m']", "mount /fast"),
    row("tty", "", "tty: true", "tty"),
    row("ulimits", "", "ulimits: { nofile: { soft: 512, hard: 1024 } }", "ulimit nofile"),
    row("user", "", "user: '65534'", "user"),
    row("userns_mode", "", "userns_mode: host", "userns"),
    row("uts", "", "uts: host", "uts"),
    row("volumes.source", "volumes: ['a-<me>:/data']", "volumes: ['b-<me>:/data']", "mount /data",
        beside="volumes: { a-<me>: {}, b-<me>: {} }", thing="<project>_b-<me>", thing_says=("volume",)),
    row("volumes.target", "volumes: ['<me>:/data']", "volumes: ['<me>:/elsewhere']", "mount /data", "mount /elsewhere",
        beside=NAMED),
    row("volumes.type", *of_list("volumes", "type: volume, target: /data", "type: tmpfs, target: /data"),
        "mount /data"),
    row("volumes.read_only", "volumes: ['<me>:/data']", "volumes: ['<me>:/data:ro']", "mount /data", beside=NAMED),
    row("volumes.volume.nocopy", "volumes: ['<me>:/data']", "volumes: ['<me>:/data:nocopy']", "mount /data",
        beside=NAMED),
    same("volumes.consistency", *of_list("volumes", "type: volume, target: /data",
                                         "type: volume, target: /data, consistency: cached"), "of Docker Desktop"),
    row("volumes.tmpfs.size", *of_list("volumes", TMPFS, f"{TMPFS}, tmpfs: {{ size: 1048576 }}"), "mount /quick"),
    row("volumes.tmpfs.mode", *of_list("volumes", TMPFS, f"{TMPFS}, tmpfs: {{ mode: 448 }}"), "mount /quick"),
    row("volumes.source of the tree", "volumes: ['./one:/page:ro']", "volumes: ['./two:/page:ro']", "mount /page"),
    row("volumes.bind", *of_list("volumes", BIND, f"{BIND}, read_only: true"), "mount /data"),
    row("volumes.bind.propagation", *of_list("volumes", BIND, f"{BIND}, bind: {{ propagation: private }}"),
        "mount /data"),
    row("volumes.bind.selinux", "volumes: ['<host>:/data']", "volumes: ['<host>:/data:z']", "mount /data"),
    same("volumes.bind.selinux at length", *of_list("volumes", BIND, f"{BIND}, bind: {{ selinux: z }}"),
         "Compose asks the Engine for no relabelling then"),
    same("volumes.bind.create_host_path", *of_list("volumes", BIND, f"{BIND}, bind: {{ create_host_path: false }}"),
         "what to do when the folder is missing"),
    row("volumes_from", "", "volumes_from: [lender]", "volumes from", alone=True),
    row("working_dir", "", "working_dir: /tmp", "working directory"),
    row("<<", "<<: *one", "<<: *two", "environment MERGED", alone=True),
    row("top: include", "", "", "environment INCLUDED", service="included", beside="include: [included-one.yaml]",
        beside_after="include: [included-two.yaml]"),
    Row("top: name", "", "", beside_after="name: called", refused="compose.project_name"),
    same("top: version", "", "", "Compose says that it is obsolete", beside_after="version: '3'"),
)

THINGS = (
    network("attachable", "", "attachable: true", "attachable"),
    network("driver", "", "driver: bridge", why="the one that there is"),
    network("driver_opts", "", "driver_opts: { com.docker.network.bridge.enable_icc: 'false' }", "driver options"),
    network("enable_ipv4", "", "enable_ipv4: true", why="the default"),
    network("enable_ipv6", "ipam: { config: [{ subnet: 10.124.2.0/24 }, { subnet: 'fd00:125::/64' }] }",
            "enable_ipv6: true, ipam: { config: [{ subnet: 10.124.2.0/24 }, { subnet: 'fd00:125::/64' }] }", "enable_ipv6"),
    network("internal", "", "internal: true", "internal"),
    network("ipam.config, subnet", "ipam: { config: [{ subnet: 10.124.3.0/24 }] }",
            "ipam: { config: [{ subnet: 10.124.4.0/24 }] }", "ipam"),
    network("ipam.config, gateway", "ipam: { config: [{ subnet: 10.124.5.0/24 }] }",
            "ipam: { config: [{ subnet: 10.124.5.0/24, gateway: 10.124.5.7 }] }", "ipam"),
    network("ipam.config, ip_range", "ipam: { config: [{ subnet: 10.124.6.0/24 }] }",
            "ipam: { config: [{ subnet: 10.124.6.0/24, ip_range: 10.124.6.128/25 }] }", "ipam"),
    network("ipam.config, aux_addresses", "ipam: { config: [{ subnet: 10.124.7.0/24 }] }",
            "ipam: { config: [{ subnet: 10.124.7.0/24, aux_addresses: { a: 10.124.7.9 } }] }", "ipam"),
    network("ipam.driver", "", "ipam: { driver: default }", why="the default"),
    network("ipam.options", "ipam: { config: [{ subnet: 10.124.9.0/24 }] }",
            "ipam: { options: { a: b }, config: [{ subnet: 10.124.9.0/24 }] }", why="Compose does not tell the Engine"),
    network("labels", "", "labels: { a: b }", "labels"),
    row("network: name", "networks: [<me>]", "networks: [<me>]", "network called-<me>",
        "network <project>_<me>", beside=OWN, thing="called-<me>",
        beside_after="networks: { <me>: { name: called-<me> } }", thing_says=("network",)),
    row("network: external", "networks: [<me>]", "networks: [<me>]", "network elsewhere",
        "network <project>_<me>", beside=OWN,
        beside_after="networks: { <me>: { external: true, name: elsewhere } }"),
    volume("driver", "", "driver: local", why="the one that there is"),
    volume("driver_opts", "", "driver_opts: { type: tmpfs, device: tmpfs }", refused="volume.changed"),
    volume("labels", "", "labels: { a: b }", why="no part of what it holds; given at creation alone"),
    volume("name", "", "name: called-<me>", "mount /data", thing="called-<me>", thing_says=("volume",)),
    volume("external", "", "external: true, name: elsewhere", "mount /data"),
)

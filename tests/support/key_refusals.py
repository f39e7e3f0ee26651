"""Keys that no plan is made for, and those that this machine can create and not start."""

from dataclasses import dataclass

from .key_rows import Row


@dataclass(frozen=True)
class Refused:
    """A key, or a value of it, that no plan is made for: the code, and the words that say what."""
    key: str
    text: str
    code: str
    words: str
    beside: str = ""
    until: int = 99  # the Engine that takes it


def no(key: str, text: str, words: str = "", code: str = "compose.unsupported", **more) -> Refused:
    return Refused(key, text, code, words or f"web.{key}", **more)


def denied(key: str, text: str, words: str, beside: str = "") -> Refused:
    """Asks for more than the host file allows."""
    return Refused(key, text, "compose.policy_denied", words, beside)


REFUSED = (
    # no keys of ours
    no("build.ssh", "build: { context: ., ssh: [default] }"),
    no("build.secrets", "build: { context: ., secrets: [one] }", beside="secrets: { one: { file: one } }"),
    no("build.cache_from", "build: { context: ., cache_from: [x] }"),
    no("build.privileged", "build: { context: ., privileged: true }"),
    no("build.network", "build: { context: ., network: host }"),
    no("credential_spec", "credential_spec: { file: x.json }"),
    no("external_links", "external_links: [elsewhere]"),
    no("isolation", "isolation: default"),
    no("models", "models: [m]", beside="models: { m: { model: ai/m } }"),
    no("provider", "provider: { type: x }"),
    no("use_api_socket", "use_api_socket: true"),
    no("interface_name", "networks: { one: { interface_name: eth9 } }", "web.networks.one.interface_name",
       beside="networks: { one: {} }"),
    no("something_new", "something_new: true"),
    no("top: models", "labels: { a: b }", "models", beside="models: { m: { model: ai/m } }"),
    no("labels of ours", "labels: { reconciler.x: y }", "web.labels"),
    # values of keys
    no("logging.driver", "logging: { driver: syslog }"),
    no("network_mode", "network_mode: 'container:x'"),
    no("pid", "pid: 'container:x'"),
    no("ipc", "ipc: 'container:x'"),
    no("volumes_from", "volumes_from: ['container:x']"),
    no("security_opt", "security_opt: ['seccomp:profile.json']", code="compose.unsupported"),
    no("volumes.type", "volumes: [{ type: npipe, source: x, target: /data }]", "web.volumes.type"),
    no("volumes.bind.propagation",
       "volumes: [{ type: bind, source: /mnt, target: /data, bind: { propagation: rshared } }]",
       "web.volumes.bind.propagation"),
    no("volumes.volume.subpath", "volumes: [{ type: volume, source: kept, target: /data, volume: { subpath: x } }]",
       "web.volumes.volume.subpath", beside="volumes: { kept: {} }"),
    no("read_only", "read_only: true, configs: [one]", "read-only root", beside="configs: { one: { content: one } }"),
    no("network: driver", "networks: [one]", "networks.one.driver", beside="networks: { one: { driver: overlay } }"),
    no("network: ipam.driver", "networks: [one]", "networks.one.ipam",
       beside="networks: { one: { ipam: { driver: dhcp } } }"),
    no("volume: driver", "volumes: ['kept:/data']", "volumes.kept.driver", beside="volumes: { kept: { driver: nfs } }"),
    no("volume: driver_opts", "volumes: ['kept:/data']", "volumes.kept.driver_opts",
       beside="volumes: { kept: { driver_opts: { type: nfs, device: ':/x' } } }"),
    no("secret: driver", "secrets: [one]", "secrets.one.driver", beside="secrets: { one: { file: one, driver: x } }"),
    # what the Engine, or Compose, is too old for
    no("healthcheck.start_interval", "healthcheck: { test: 'true', start_interval: 1s }", "start_interval",
       "compose.invalid",
       until=25),
    no("networks.mac_address", "networks: { one: { mac_address: '02:42:ac:11:00:98' } }", "mac-address",
       "compose.invalid",
       beside="networks: { one: {} }", until=25),
    # Compose's own schema
    no("deploy.resources.reservations.pids", "deploy: { resources: { reservations: { pids: 9 } } }", "pids",
       "compose.invalid"),
    # what lies outside of the tree, or of the host file
    no("build.context", "build: 'https://example.com/x.git'", "web", "compose.remote_denied"),
    no("env_file", "env_file: /etc/shadow", "/etc/shadow", "path.escape"),
    no("label_file", "label_file: /etc/shadow", "/etc/shadow", "path.escape"),
    no("extends", "extends: { file: /etc/x.yaml, service: one }", "/etc/x.yaml", "path.escape"),
    no("secret: file", "secrets: [one]", "/etc/shadow", "path.escape",
       beside="secrets: { one: { file: /etc/shadow } }"),
    no("config: file", "configs: [one]", "none.conf", "path.not_found", beside="configs: { one: { file: none.conf } }"),
    denied("cap_add", "cap_add: [SYS_ADMIN]", "SYS_ADMIN"),
    denied("cgroup", "cgroup: host", "Cgroupns"),
    denied("cgroup_parent", "cgroup_parent: /keys", "the cgroup /keys"),
    denied("device_cgroup_rules", "device_cgroup_rules: ['c 1:3 mr']", "c 1:3 mr"),
    denied("devices", "devices: ['/dev/null:/dev/other']", "/dev/null"),
    denied("gpus", "gpus: all", "GPU"),
    denied("network_mode, host", "network_mode: host", "the host's network"),
    denied("pid, host", "pid: host", "Pid"), denied("ipc, host", "ipc: host", "Ipc"), denied("uts", "uts: host", "UTS"),
    denied("userns_mode", "userns_mode: host", "Userns"),
    denied("post_start.privileged", "post_start: [{ command: ['true'], privileged: true }]", "a privileged hook"),
    denied("pre_stop.privileged", "pre_stop: [{ command: ['true'], privileged: true }]", "a privileged hook"),
    denied("privileged", "privileged: true", "privileged"),
    denied("security_opt, seccomp", "security_opt: ['seccomp:unconfined']", "seccomp"),
    denied("volumes.bind", "volumes: ['/etc:/host-etc:ro']", "/etc"),
    denied("volumes of the socket", "volumes: ['/var/run/docker.sock:/s']", "the Docker socket"),
    denied("network: external", "networks: [one]", "nowhere",
           beside="networks: { one: { external: true, name: nowhere } }"),
    denied("volume: external", "volumes: ['kept:/data']", "elsewhere",
           beside="volumes: { kept: { external: true, name: elsewhere } }"),
)

RT = "the group above has no realtime to give"
# Made by Compose and not started; `why` this machine cannot. Each is changed back alone.
CREATED = (
    *(Row(f"blkio_config.{key}", f"blkio_config: {{ {key}: [{{ path: /dev/null, rate: 1000 }}] }}", "", (word,),
          "the kernel takes it for a block device of the machine alone", alone=True) for key, word in (
        ("device_read_bps", "block io read rate"), ("device_read_iops", "block io reads"),
        ("device_write_bps", "block io write rate"), ("device_write_iops", "block io writes"))),
    Row("cpu_rt_period", "cpu_rt_period: 100000", "", ("cpu realtime period",), RT),
    Row("cpu_rt_runtime", "cpu_rt_runtime: 1000", "", ("cpu realtime runtime",), RT),
    Row("cgroup_parent", "cgroup_parent: /keys", "", ("cgroup parent",),
        "some hosts give no cgroup beside the daemon's"),
    Row("deploy.resources.reservations.devices",
        "deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 1, capabilities: [gpu] }] } } }", "",
        ("device requests",), "there is no such device"),
    Row("gpus", "gpus: all", "", ("device requests",), "there is no such device", alone=True),
    Row("oom_score_adj, below", "oom_score_adj: -500", "", ("oom score",),
        "a process may not lower its own everywhere"),
    Row("privileged", "privileged: true", "", ("privileged",), "not every machine lets a container have all",
        alone=True),
    Row("volumes.bind.propagation, slave",
        "volumes: [{ type: bind, source: <host>, target: /data, bind: { propagation: rslave } }]",
        "volumes: [{ type: bind, source: <host>, target: /data }]", ("mount /data",), "what it lies on may be private"),
    Row("ulimits, above", "ulimits: { nofile: 99999999 }", "", ("ulimit nofile",),
        "above what the daemon itself may have"),
)

"""What we make is what `docker compose up -d` makes, in every field of inspect but the random ones; Compose itself finds it running."""

import copy
import re

import pytest

from support.images import BUSYBOX, busybox
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
SERVICES = {"db", "holder", "sink", "tree"}
WITHOUT_TREE = ["db", "holder", "sink"]


@pytest.fixture
def stack(folder, engine, compose, proxy):
    busybox(engine, HOLDS, "VOLUME /held")
    with Stack(folder, engine, compose, proxy) as stack:
        yield stack


def ask_for(stack, tag):
    stack.commit({**FILES, "reconciler.yaml": manifest(tag)})


def tree(stack):
    """The exported tree: Compose run there writes the same project.working_dir."""
    plan = stack.plan_json()
    return stack.state / "trees" / stack.application / "production" / plan["commit"]


def up(stack, tag, *names):
    variables = {"TAG": tag, "APPLICATION": "web", "ENVIRONMENT": "production"}
    done = stack.compose.run("-p", stack.project, "-f", "compose.yaml", "up", "-d", "--no-build", *names,
                             cwd=tree(stack), env=variables)
    return done.stderr


def down(stack):
    stack.compose.run("-p", stack.project, "down", "-v", "-t", "0")


def without(given, *paths):
    for path in paths:
        *heads, last = path.split(".")
        at = given
        for head in heads:
            at = at.get(head) or {}
        at.pop(last, None)


def comparable(container, in_tree):
    """inspect's answer less what is random, and what of ours differs by design."""
    said = copy.deepcopy(container)
    short = said["Id"][:12]
    without(said, "Id", "Created", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath", "GraphDriver.Data",
            "NetworkSettings.SandboxID", "NetworkSettings.SandboxKey")
    said["State"] = {"Status": said["State"]["Status"], "Health": "Health" in said["State"]}
    if said["Config"]["Hostname"] == short:
        said["Config"]["Hostname"] = "random"
    aside = ["com.docker.compose.project.config_files", "com.docker.compose.project.environment_file",
             "com.docker.compose.replace"]  # whom Compose itself replaced
    aside += ["com.docker.compose.config-hash"] if in_tree else []
    said["Config"]["Labels"] = {key: value for key, value in said["Config"]["Labels"].items()
                                if not key.startswith("reconciler.") and key not in aside}
    said["Config"]["Env"].sort()
    for network in said["NetworkSettings"]["Networks"].values():
        without(network, "NetworkID", "EndpointID", "MacAddress", *([] if network["IPAMConfig"] else ["IPAddress"]),
                "Gateway")
        network["Aliases"] = sorted("short id" if alias == short else alias for alias in network["Aliases"])
    for bindings in [*(said["NetworkSettings"]["Ports"] or {}).values()]:
        for binding in bindings or []:
            binding["HostPort"] = "random"
    for mount in said["Mounts"]:
        if re.fullmatch("[0-9a-f]{64}", mount.get("Name", "")):
            mount["Name"] = mount["Source"] = "random"
        if mount["Type"] == "bind":
            without(mount, "Source", "Mode", "RW")
    said["Mounts"].sort(key=lambda mount: mount["Destination"])
    host = said["HostConfig"]
    if in_tree:
        host["Binds"] = sorted(bind.split(":")[1] for bind in host["Binds"] or [])
    else:
        host["Binds"] = sorted(host["Binds"] or [])
    host["Mounts"] = sorted(host.get("Mounts") or [], key=lambda mount: mount["Target"])
    for mount in host["Mounts"]:
        if re.fullmatch("[0-9a-f]{64}", mount.get("Source", "")):
            mount["Source"] = "random"
        if not mount.get("VolumeOptions"):
            mount.pop("VolumeOptions", None)
    if in_tree:
        host["Mounts"] = [mount["Target"] for mount in host["Mounts"]]
    host["Ulimits"] = sorted(host["Ulimits"] or [], key=lambda limit: limit["Name"])
    # Anonymous volumes are carried over by name.
    host["Binds"] = [re.sub(r"^[0-9a-f]{64}:", "random:", bind) for bind in host["Binds"]]
    return said


def things(stack):
    """Everything of the project, comparable."""
    found = {service: comparable(stack.inspect(service), service == "tree") for service in stack.ids()}
    for network in stack.engine.api("GET", "/networks"):
        if network["Name"].startswith("web_"):
            full = stack.engine.api("GET", f"/networks/{network['Id']}")
            without(full, "Id", "Created", "Containers", *([] if "front" in full["Name"] else ["IPAM"]))
            full["Labels"] = {key: value for key, value in full["Labels"].items() if not key.startswith("reconciler.")}
            found[full["Name"]] = full
    for volume in stack.engine.api("GET", "/volumes")["Volumes"]:
        if volume["Name"].startswith("web_"):
            without(volume, "CreatedAt")
            volume["Labels"] = {key: value for key, value in volume["Labels"].items() if not key.startswith("reconciler.")}
            found[volume["Name"]] = volume
    return found


def differences(ours, theirs, path=""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [one for key in sorted({*ours, *theirs})
                for one in differences(ours.get(key, "absent"), theirs.get(key, "absent"), f"{path}.{key}")]
    return [] if ours == theirs else [f"{path}: ours {ours!r}, Compose's {theirs!r}"]


def test_as_compose_would(stack):
    ask_for(stack, "v1.0.0")
    up(stack, "v1.0.0")
    theirs = things(stack)
    down(stack)
    stack.apply()
    ours = things(stack)
    assert set(ours) == SERVICES | {"web_default", "web_front", "web_back", "web_named"}
    assert differences(ours, theirs) == []

    said = up(stack, "v1.0.0", *WITHOUT_TREE)
    assert_running(stack, said)
    stack.assert_second_plan_empty()

    # And what a switch leaves is no different from what Compose's own leaves.
    stack.sh("echo kept >/anonymous/file", "db")
    stack.sh("echo kept >/held/file", "holder")
    before = stack.ids()
    ask_for(stack, "v1.1.0")
    stack.apply()
    assert not set(before.values()) & set(stack.ids().values()), "each names the tag, so each is replaced"
    assert stack.sh("cat /anonymous/file", "db") == "kept\n"
    assert stack.sh("cat /held/file", "holder") == "kept\n"
    ours = things(stack)
    assert_running(stack, up(stack, "v1.1.0", *WITHOUT_TREE))
    stack.assert_second_plan_empty()
    down(stack)
    up(stack, "v1.0.0")
    up(stack, "v1.1.0")
    assert differences(ours, things(stack)) == []


def assert_running(stack, said):
    for service in WITHOUT_TREE:
        assert re.search(rf"Container {stack.container(service)} +(Running|Healthy)", said), said
    assert not re.search("Recreat|Creat|Start", said), said

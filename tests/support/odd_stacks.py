"""Small stacks, each with one odd case of replacing: how it is made, what must be true of it at every version.

`${TAG}` is in what changes, `BAD` stands for a version that is never well. Each runs under its own project, so that one
Engine has them all beside each other.
"""

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional

from .images import BUSYBOX
from .stack import Stack, services

# Ends at once when it is told to; well unless its tag is a bad one.
QUICK = f"image: {BUSYBOX}, init: true, command: [sleep, '100000']"
TAGGED = 'environment: { TAG: "${TAG}" }'
WELL = "healthcheck: { test: 'case $$TAG in bad*) exit 1;; esac', interval: 1s, timeout: 30s, retries: 2 }"
HOLDS = "odd-holds:test"  # an image with a VOLUME that no compose file names


def kept(stack: Stack, service: str, path: str) -> None:
    """What was written there at the first version is there still."""
    written = stack.__dict__.setdefault("written", set())
    if path not in written:
        stack.sh(f"echo kept >{path}/kept", service)
        written.add(path)
    assert stack.sh(f"cat {path}/kept 2>/dev/null || true", service) == "kept\n", f"{service} has lost {path}"


def reaches(stack: Stack, service: str, other: str) -> None:
    """By name, over their network."""
    stack.sh(f"nc -w 2 {other} 80 </dev/null", service)


def same_namespace(stack: Stack, borrower: str, lender: str, kind: str) -> None:
    def space(service: str) -> str:
        return stack.sh(f"readlink /proc/self/ns/{kind}", service)
    assert space(borrower) == space(lender), f"{borrower} has another {kind} namespace than {lender}"
    host = stack.inspect(borrower)["HostConfig"]
    mode = {"net": "NetworkMode", "pid": "PidMode", "ipc": "IpcMode"}[kind]
    assert host[mode] == f"container:{stack.id(lender)}"


def of_engine(text: str, stack: Stack) -> str:
    """`10.N.` as the Engine's own addresses: what lies outside of them may not be forwarded where another Engine has run."""
    return text.replace("10.N.", f"10.{(stack.engine.folder / 'network').read_text().strip()}.")


@dataclass
class Odd:
    compose: str
    check: Callable[[Stack], None] = lambda stack: None
    files: Mapping[str, str] = field(default_factory=dict)
    host: Mapping[str, Any] = field(default_factory=dict)
    manifest: str = ""
    replaced: Optional[frozenset] = None  # services that another tag gives another container; None: all
    tells_bad: bool = True  # its health check sees a bad tag


def listens(name: str, more: str = "") -> str:
    return (f"{name}: {{ image: {BUSYBOX}, init: true, command: [sh, -c, 'while true; do echo hi | nc -l -p 80; done'], "
            f"{TAGGED}, {WELL}{', ' if more else ''}{more} }}")


STACKS: Dict[str, Odd] = {
    "plain": Odd(services(f"web: {{ {QUICK}, {TAGGED}, {WELL} }}")),
    "network-namespace": Odd(
        services(f"""
        web: {{ {QUICK}, {TAGGED}, {WELL} }}
        side: {{ {QUICK}, network_mode: "service:web" }}
        """), check=lambda stack: same_namespace(stack, "side", "web", "net")),
    "pid-namespace": Odd(
        services(f"""
        web: {{ {QUICK}, {TAGGED}, {WELL} }}
        side: {{ {QUICK}, pid: "service:web" }}
        """), check=lambda stack: same_namespace(stack, "side", "web", "pid")),
    "ipc-namespace": Odd(
        services(f"""
        web: {{ {QUICK}, {TAGGED}, {WELL}, ipc: shareable }}
        side: {{ {QUICK}, ipc: "service:web" }}
        """), check=lambda stack: same_namespace(stack, "side", "web", "ipc")),
    "volumes-from": Odd(
        services(f"""
        web: {{ {QUICK}, {TAGGED}, {WELL}, volumes: [/anonymous] }}
        side: {{ {QUICK}, volumes_from: [web] }}
        """), check=lambda stack: (kept(stack, "web", "/anonymous"), kept(stack, "side", "/anonymous"))),
    "chain-of-borrowers": Odd(
        services(f"""
        web: {{ {QUICK}, {TAGGED}, {WELL}, volumes: [/anonymous] }}
        middle: {{ {QUICK}, network_mode: "service:web", volumes_from: [web] }}
        end: {{ {QUICK}, pid: "service:middle", network_mode: "service:web" }}
        """), check=lambda stack: (same_namespace(stack, "middle", "web", "net"), same_namespace(stack, "end", "web", "net"),
                                   same_namespace(stack, "end", "middle", "pid"), kept(stack, "middle", "/anonymous"))),
    "changed-network": Odd(
        services(f"""
        web: {{ {QUICK}, {WELL}, environment: {{ TAG: x }}, networks: [front, back] }}
        {listens("other", "networks: [front]")}
        bystander: {{ {QUICK}, networks: [back] }}
        """, 'networks: { front: { labels: { tag: "${TAG}" } }, back: {} }'),
        check=lambda stack: reaches(stack, "web", "other"), replaced=frozenset({"web", "other"}), tells_bad=False),
    "fixed-address": Odd(
        services(f"""
        web: {{ {QUICK}, {TAGGED}, {WELL}, networks: {{ front: {{ ipv4_address: 10.N.250.9, aliases: [site] }} }} }}
        {listens("other", "networks: [front]").replace(TAGGED, "environment: { TAG: x }")}
        """, "networks: { front: { ipam: { config: [{ subnet: 10.N.250.0/24 }] } } }"),
        check=lambda stack: (reaches(stack, "web", "other"), _has_address(stack, "web", of_engine("10.N.250.9", stack))),
        replaced=frozenset({"web"})),
    "restart-with": Odd(
        services(f"""
        web: {{ {QUICK}, {TAGGED}, {WELL} }}
        depends: {{ {QUICK}, depends_on: {{ web: {{ condition: service_started, restart: true }} }} }}
        """), check=lambda stack: _started_after(stack, "depends", "web"), replaced=frozenset({"web"})),
    "job": Odd(
        services(f"""
        job: {{ image: {BUSYBOX}, command: ["true"], {TAGGED} }}
        web: {{ {QUICK}, {TAGGED}, {WELL}, depends_on: {{ job: {{ condition: service_completed_successfully }} }} }}
        """), check=lambda stack: _exited(stack, "job")),
    "replicas": Odd(services(f"web: {{ {QUICK}, {TAGGED}, {WELL}, deploy: {{ replicas: 3 }} }}"),
                    check=lambda stack: _replicas(stack, "web", 3)),
    "hooks": Odd(
        services(f"""
        web:
          {QUICK.replace(', ', chr(10) + '          ', 2)}
          {TAGGED}
          {WELL}
          volumes: [said:/said]
          post_start: [{{ command: [sh, -c, 'echo start $$TAG >>/said/lines'] }}]
          pre_stop: [{{ command: [sh, -c, 'echo stop $$TAG >>/said/lines'] }}]
        """, "volumes: { said: {} }"), check=lambda stack: _hooks(stack)),
    "copied-files": Odd(
        services(f"""
        web: {{ {QUICK}, {TAGGED}, {WELL}, configs: [{{ source: cfg, target: /etc/cfg, mode: 0440 }}], secrets: [key] }}
        """, """
        configs: { cfg: { content: "it is ${TAG} for $$5" } }
        secrets: { key: { environment: KEY } }
        """), manifest="variables: { env_file: vars.env }", files={"vars.env": "KEY=of-the-door\n"}, check=lambda stack: _copied(stack)),
    "long-grace": Odd(services(f"web: {{ image: {BUSYBOX}, stop_grace_period: 1s, {TAGGED}, {WELL}, "
                               "command: [sh, -c, 'trap : TERM; while true; do sleep 0.1; done'] }")),
    "free-port": Odd(services(listens("web", "ports: ['127.0.0.1::80']")), check=lambda stack: _published(stack, "web")),
    "anonymous-volumes": Odd(
        services(f"web: {{ image: {HOLDS}, init: true, command: [sleep, '100000'], {TAGGED}, {WELL}, volumes: [/anonymous] }}"),
        check=lambda stack: (kept(stack, "web", "/anonymous"), kept(stack, "web", "/held"))),
    "links": Odd(
        services(f"""
        {listens("other")}
        web: {{ {QUICK}, {TAGGED}, links: ["other:partner"] }}
        """), check=lambda stack: reaches(stack, "web", "partner")),
    "own-name": Odd(services(f"web: {{ {QUICK}, {TAGGED}, {WELL}, container_name: odd-own-name }}")),
    "crash-loop-before": Odd(services(f"""
        web: {{ {QUICK}, {TAGGED}, {WELL}, restart: always }}
        """)),
    "named-volume": Odd(
        services(f"web: {{ {QUICK}, {TAGGED}, {WELL}, volumes: ['data:/data'] }}", "volumes: { data: {} }"),
        check=lambda stack: kept(stack, "web", "/data")),
    "static-mac": Odd(
        services(f"web: {{ {QUICK}, {TAGGED}, {WELL}, mac_address: '02:42:ac:11:00:99' }}")),
}


def _has_address(stack: Stack, service: str, address: str) -> None:
    networks = stack.inspect(service)["NetworkSettings"]["Networks"]
    assert [one["IPAddress"] for one in networks.values()] == [address]


def _started_after(stack: Stack, dependent: str, lender: str) -> None:
    assert stack.inspect(dependent)["State"]["StartedAt"] > stack.inspect(lender)["State"]["StartedAt"]


def _exited(stack: Stack, service: str) -> None:
    state = stack.inspect(service)["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 0)


def _replicas(stack: Stack, service: str, number: int) -> None:
    assert stack.names() == [f"{stack.project}-{service}-{n + 1}" for n in range(number)]


def _hooks(stack: Stack) -> None:
    lines = stack.sh("cat /said/lines").split("\n")[:-1]
    # A hook that a cut made doubtful is run again; none is left out, and what runs was started last.
    once = [line for n, line in enumerate(lines) if n == 0 or line != lines[n - 1]]
    assert once[0] == "start v1.0.0" and once[-1] == f"start {stack.sh('echo $TAG').strip()}", lines
    # A version that was never recorded has nobody to tell its pre_stop hooks.
    recorded = [line.split()[0] for line in once if not line.endswith("bad1")]
    assert recorded == ["start", "stop"] * (len(recorded) // 2) + ["start"], lines


def _copied(stack: Stack) -> None:
    tag = stack.sh("echo $TAG").strip()
    assert stack.sh("cat /etc/cfg") == f"it is {tag} for $5"
    assert stack.sh("cat /run/secrets/key") == "of-the-door"
    assert stack.sh("stat -c %a /etc/cfg /run/secrets/key").split() == ["440", "444"]


def _published(stack: Stack, service: str) -> None:
    bound = stack.inspect(service)["NetworkSettings"]["Ports"]["80/tcp"]
    assert bound and int(bound[0]["HostPort"]) > 0

"""The support is code too: what it promises to the integration tests is tried here."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .canary import Watch
from .engine import HANGS, Engine, request, wait_for
from .images import BUSYBOX, busybox
from .pairs import over_engines
from .portfolio import EXAMPLE
from .repository import Repository

pytest_plugins = ["support.fixtures"]


def traces() -> dict:
    """What an Engine could leave behind on a machine."""
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout
    rules = subprocess.run(["iptables-save"], capture_output=True, text=True).stdout
    return {
        "links": sorted(line.split(": ")[1] for line in links.splitlines() if "rcn" in line or "br-" in line),
        "rules": [line for line in rules.splitlines() if "10.2" in line],
        "mounts": [line for line in Path("/proc/self/mounts").read_text().splitlines() if "/rcn-" in line],
        "cgroups": sorted(str(path) for path in Path("/sys/fs/cgroup").glob("*/reconciler-engine-*")),
        "folders": sorted(str(path) for path in Path("/var/tmp").glob("rcn-*")),
        "key": os.path.exists("/etc/docker/key.json"),
        "shims": sorted(os.listdir("/run/containerd/s")) if os.path.exists("/run/containerd/s") else [],
    }


def own(before: dict, after: dict) -> dict:
    """What is new, other runs' Engines aside that may come and go meanwhile."""
    return {key: [x for x in after[key] if x not in before[key]] if isinstance(after[key], list) else after[key]
            for key in before}


@over_engines
def test_engine_leaves_nothing_behind_even_with_containers_that_will_not_end(engine, version):
    before = traces()
    with Engine(version=version) as other:
        folder = str(other.folder)
        busybox(other)
        other.docker("network", "create", "n")
        other.docker("run", "-d", "--network", "n", "--restart", "always", "-p", "127.0.0.1:0:80", "-v", "data:/data", BUSYBOX,
                     "sh", "-c", "trap '' TERM; while :; do sleep 1; done")
        pids = [other.pid, other.containerd_pid, *other.shim_pids]
        assert len(pids) == 3
        number = (other.folder / "network").read_text().strip()
        # Sockets of shims lie in one folder for all Engines of the machine.
        shims = {os.path.basename(text) for one in (other.folder / "exec").rglob("*")
                 if one.name in ("address", "bootstrap.json") and one.is_file()
                 for text in re.findall(r"unix://[^\"\s]+", one.read_text())}
        assert shims and shims <= set(os.listdir("/run/containerd/s"))
    assert not os.path.exists(folder)
    left = traces()
    assert f"rcn{number}" not in left["links"]
    assert not [rule for rule in left["rules"] if f"10.{number}." in rule]
    assert not [mount for mount in left["mounts"] if folder in mount]
    assert not [cgroup for cgroup in left["cgroups"] if cgroup.endswith(f"-{number}")]
    assert left["key"] == before["key"]
    assert not shims & set(left["shims"])


def test_engine_goes_when_its_owner_is_killed():
    script = "import sys,time; from support.engine import Engine; e=Engine().__enter__(); print(e.folder, flush=True); time.sleep(99)"
    owner = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)
    folder = owner.stdout.readline().strip()
    assert os.path.exists(f"{folder}/docker.sock")
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    wait_for(lambda: not os.path.exists(folder), "the Engine to be removed")


@over_engines
def test_engine_killed_and_started_again_has_its_containers(version):
    with Engine(version=version) as engine:
        busybox(engine)
        is_of = engine.api("GET", "/version")["Version"], engine.api("GET", "/info")["Driver"]
        name = engine.docker("run", "-d", "--stop-timeout", "1", BUSYBOX, "sleep", "1000").strip()
        engine.kill(containerd=True)
        engine.start()
        assert [container["Id"] for container in engine.containers()] == [name]
        assert (engine.api("GET", "/version")["Version"], engine.api("GET", "/info")["Driver"]) == is_of


def test_published_port_is_answered_and_containers_find_each_other(engine):
    engine.docker("network", "create", "pair")
    try:
        engine.docker("run", "-d", "--name", "web", "--network", "pair", "-p", "127.0.0.1:0:80", BUSYBOX,
                      "sh", "-c", "mkdir /www; echo hello >/www/index.html; exec httpd -f -h /www")
        port = engine.inspect("web")["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
        assert wait_for(lambda: subprocess.run(["curl", "-fsS", f"http://127.0.0.1:{port}/"], capture_output=True,
                                               text=True).stdout, "the page") == "hello\n"
        assert engine.docker("run", "--rm", "--network", "pair", BUSYBOX, "wget", "-q", "-O", "-", "http://web/") == "hello\n"
    finally:
        engine.docker("rm", "-f", "web")
        engine.docker("network", "rm", "pair")


def test_proxy_records_requests_in_order_and_tells_the_changing_ones(proxy):
    assert request(proxy.path, "GET", "/v1.41/containers/json?all=1")[0] == 200
    status, made = request(proxy.path, "POST", "/v1.41/containers/create?name=probe", {"Image": BUSYBOX, "Cmd": ["true"]})
    assert status == 201
    assert request(proxy.path, "POST", f"/containers/{made['Id']}/wait?condition=not-running")[0] == 200
    assert request(proxy.path, "DELETE", "/v1.41/containers/probe")[0] == 204
    assert request(proxy.path, "DELETE", "/v1.41/containers/probe")[0] == 404

    assert [str(r) for r in proxy.changes()] == [
        "POST /v1.41/containers/create?name=probe -> 201",
        "DELETE /v1.41/containers/probe -> 204",
        "DELETE /v1.41/containers/probe -> 404",
    ]
    create = proxy.changes()[0]
    assert (create.path, create.query) == ("/containers/create", {"name": "probe"})
    assert create.json() == {"Image": BUSYBOX, "Cmd": ["true"]}
    assert create.answer_json()["Id"] == made["Id"]
    assert len(proxy.requests) == 5


def through(engine, proxy, *arguments, **options):
    return subprocess.run(["/usr/bin/docker", "-H", proxy.url, *arguments], capture_output=True, text=True, timeout=HANGS,
                          env=engine.environment(), **options)


def test_proxy_lets_hijacked_connections_through(engine, proxy):
    # Its input stays open until the answer is there: Engine 20.10 may forget what came together with the end.
    with subprocess.Popen(["/usr/bin/docker", "-H", proxy.url, "run", "--rm", "-i", BUSYBOX, "cat"], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=engine.environment()) as run:
        run.stdin.write("to and fro\n")
        run.stdin.flush()
        assert run.stdout.readline() == "to and fro\n"
        run.stdin.close()
        assert run.wait(60) == 0
    name = engine.docker("run", "-d", BUSYBOX, "sleep", "1000").strip()
    try:
        proxy.clear()
        assert through(engine, proxy, "exec", "-i", name, "sh", "-c", "cat; exit 3", input="in").returncode == 3
        assert [r.path.split("/")[1] for r in proxy.execs()] == ["containers", "exec"]
        assert proxy.changes() == []
    finally:
        engine.docker("rm", "-f", name)


def test_proxy_lets_builds_logs_and_events_through(engine, proxy, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {BUSYBOX}\nRUN echo built >/built\n")
    (tmp_path / "large").write_bytes(os.urandom(6 << 20))
    build = through(engine, proxy, "build", "-q", "-t", "proxied", str(tmp_path))
    assert build.returncode == 0, build.stderr
    sent = next(r for r in proxy.changes() if r.path == "/build")
    assert sent.size > 6 << 20 and len(sent.body) == 4 << 20

    events = subprocess.Popen(["/usr/bin/docker", "-H", proxy.url, "events", "--format", "{{.Action}}"],
                              stdout=subprocess.PIPE, text=True)
    wait_for(lambda: any(r.path == "/events" and r.status == 200 for r in proxy.requests), "the client to listen")
    name = engine.docker("run", "-d", "proxied", "sh", "-c", "sleep 1; echo late; sleep 1000").strip()
    try:
        logs = subprocess.Popen(["/usr/bin/docker", "-H", proxy.url, "logs", "-f", name], stdout=subprocess.PIPE, text=True)
        assert logs.stdout.readline() == "late\n"
        assert events.stdout.readline() == "create\n"
    finally:
        for client in (logs, events):
            client.kill()
            client.wait()
        engine.docker("rm", "-f", name)
        engine.docker("rmi", "proxied")


def test_proxy_can_delay_and_drop(proxy):
    proxy.before = lambda r: 0.3 if r.path == "/version" else "drop" if r.path == "/info" else None
    began = time.monotonic()
    assert request(proxy.path, "GET", "/version")[0] == 200
    assert time.monotonic() - began >= 0.3
    with pytest.raises(OSError):
        request(proxy.path, "GET", "/info")
    assert [(r.path, r.status) for r in proxy.requests] == [("/version", 200), ("/info", None)]


def test_compose_of_each_version_works_through_the_proxy(engine, compose, proxy, tmp_path):
    assert compose.version in compose.run("version", "--short").stdout
    (tmp_path / "compose.yaml").write_text(
        f"services: {{ web: {{ build: ., image: 'web:1', init: true, command: [sleep, '1000'] }} }}\n")
    (tmp_path / "Dockerfile").write_text(f"FROM {BUSYBOX}\nLABEL made=here\n")
    env = {"DOCKER_HOST": proxy.url}
    try:
        compose.run("-p", "small", "build", cwd=tmp_path, env=env)
        compose.run("-p", "small", "up", "-d", "--no-build", cwd=tmp_path, env=env)
        assert [r.path for r in proxy.changes() if r.path == "/containers/create"] == ["/containers/create"]
        proxy.clear()
        compose.run("-p", "small", "up", "-d", "--no-build", cwd=tmp_path, env=env)
        assert proxy.changes() == []
        assert compose.run("-p", "small", "exec", "-T", "web", "echo", "hi", cwd=tmp_path, env=env).stdout == "hi\n"
    finally:
        compose.run("-p", "small", "down", "-t", "0", "-v", "--rmi", "all", cwd=tmp_path)


def test_repositories_are_the_same_each_time(tmp_path):
    made = []
    for name in ("a", "b"):
        repository = Repository(tmp_path / name)
        repository.commit("one", {"file": "1"})
        repository.tag("v1")
        made.append(repository.commit("two", {"file": None, "folder/other": b"2"}))
        assert repository.git("ls-tree", "-r", "--name-only", "HEAD") == "folder/other"
    assert made[0] == made[1]


def test_portfolio_history_is_the_same_each_time(tmp_path):
    heads = []
    for name in ("a", "b"):
        subprocess.run([str(EXAMPLE / "history"), str(tmp_path / name)], check=True)
        source = Repository(tmp_path / name / "source")
        heads.append([source.git("rev-parse", tag) for tag in ("v1.0.0", "v1.1.0")])
        assert source.git("status", "--porcelain") == ""
    assert heads[0] == heads[1]
    assert json.dumps(heads[0])


def test_the_stand_in_for_doppler_answers_as_its_cli_does(tmp_path):
    shutil.copytree(EXAMPLE / "doppler", tmp_path / "doppler")
    (tmp_path / "doppler" / "portfolio" / "prd").write_text('QUOTED=a "b" \\ $5\nEMPTY=\n')
    (tmp_path / "doppler" / "tokens").write_text("dp.st.prd.other other prd\ndp.st.prd.token portfolio prd\n")

    def doppler(*more, token="dp.st.prd.token"):
        done = subprocess.run([str(tmp_path / "doppler" / "doppler"), "secrets", "download", "--no-file", "--format", "env", *more],
                              env={"PATH": "/usr/bin:/bin", **({"DOPPLER_TOKEN": token} if token else {})},
                              capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    said = ('DOPPLER_CONFIG="prd"\nDOPPLER_ENVIRONMENT="prd"\nDOPPLER_PROJECT="portfolio"\nEMPTY=""\n'
            'QUOTED="a \\"b\\" \\\\ $5"\n')
    assert doppler("--project", "portfolio", "--config", "prd") == doppler("--project=portfolio") == doppler() == (0, said, "")
    assert doppler(token="") == (1, "", "Doppler Error: you must provide a token\n")
    assert doppler(token="dp.st.prd.tok") == (1, "", "Unable to download secrets\nDoppler Error: Invalid Auth token\n")
    assert doppler("--config", "dev") == (1, "", "Unable to download secrets\nDoppler Error: This token does not have access to "
                                                 "requested config 'dev'\n")


def test_another_machine_for_one_program_alone(tmp_path):
    folder = tmp_path / "host"
    subprocess.run([str(EXAMPLE / "installation"), str(folder)], check=True)
    done = subprocess.run([str(EXAMPLE / "within"), str(folder), "sh", "-c", "pwd; getent hosts api.example.com; cat $0",
                           "/etc/ssl/certs/ca-certificates.crt"], cwd=tmp_path, capture_output=True, text=True, check=True)
    where, who, trusted = done.stdout.split("\n", 2)
    assert where == str(tmp_path) and who.split()[0] == (folder / "address").read_text().strip()
    assert trusted.endswith((folder / "etc/ssl/certs/authority.pem").read_text())
    outside = subprocess.run(["getent", "hosts", "api.example.com"], capture_output=True, text=True).stdout
    assert who.split()[0] not in outside


def test_the_watch_sees_arguments_of_the_host_and_not_of_containers():
    with Watch("another-b1rd") as watch:
        waiting = ["sh", "-c", "read -r _", "another-b1rd"]
        apart = ["unshare", "--pid", "--fork", "env", "BIRD=1", "sh", "-c", 'exec sh -c "read -r _" "another-$0"', "b1rd"]
        with subprocess.Popen(apart, stdin=subprocess.PIPE) as inside:
            looks = watch.looks
            wait_for(lambda: watch.looks > looks + 5, "the watch to look")
            assert watch.seen == []
            with subprocess.Popen(waiting, stdin=subprocess.PIPE) as outside:
                wait_for(lambda: watch.seen, "the watch to see it")
                outside.communicate(b"\n")
            inside.communicate(b"\n")
    assert set(watch.seen) == {"sh -c read -r _ another-b1rd "}

"""Times whole processes in turn, A B C A B C ..., and prints medians, ratios to the floor, and peak memory."""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.compose import Compose  # noqa: E402
from support.engine import Engine  # noqa: E402
from support.images import busybox  # noqa: E402
from support.reconciler import Reconciler  # noqa: E402
from support.repository import Repository  # noqa: E402

ROUNDS = 15


def stack(n):
    services = "".join(f"  s{i:03}:\n    image: busybox:test\n    command: [/bin/busybox, sleep, '100000']\n"
                       f"    environment: {{A: '1', B: '2'}}\n    stop_grace_period: 0s\n" for i in range(n))
    return f"name: bench{n}\nservices:\n{services}"


def once(argv, env, cwd):
    """Wall seconds and peak KiB of one whole process (its children's peak counts if it is larger)."""
    began = time.perf_counter()
    child = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    if status != 0:
        sys.exit(f"{argv}: {status}: {said.decode()}")
    return took, usage.ru_maxrss


def measure(engine, compose, n, floor):
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"rcn-bench{n}-", dir="/var/tmp"))
    repository = Repository(folder / "config")
    repository.commit("bench", {f"bench{n}/compose.yaml": stack(n),
                                f"bench{n}/reconciler.yaml": "environments: { production: { tag: v1.0.0 } }\nverify: { stable: 1s }\n"})
    ours = Reconciler(folder / "state", repo=repository.path, docker_host=engine.url, home=compose.home)
    ours.run("apply", "--yes", timeout=600).ok()
    ours.run("plan", "--no-fetch").ok()
    # Beside Compose: its own stack of the same size, so that neither sees the other's.
    theirs = folder / "theirs"
    theirs.mkdir()
    (theirs / "compose.yaml").write_text(stack(n).replace(f"name: bench{n}", f"name: theirs{n}"))
    compose.run("up", "-d", cwd=theirs, timeout=600)
    rows = {
        "floor": ([floor, engine.socket, f"bench{n}", str(folder / "state" / "ledger.db")], dict(os.environ), "/"),
        "plan --no-fetch": (ours.arguments("plan", "--no-fetch"), ours.env, "/"),
        "compose up -d": ([str(compose.plugin), "up", "-d"], compose.environment(), str(theirs)),
    }
    times = {name: [] for name in rows}
    memory = {name: 0 for name in rows}
    for round_ in range(ROUNDS + 1):
        for name, (argv, env, cwd) in rows.items():
            took, peak = once(argv, env, cwd)
            if round_:                                     # the first warms the caches
                times[name].append(took)
                memory[name] = max(memory[name], peak)
    base = statistics.median(times["floor"])
    for name in rows:
        median = statistics.median(times[name])
        print(f"{n:>4} services  {name:<16} {median * 1000:8.1f} ms   {median / base:5.2f}x the floor   {memory[name] / 1024:6.1f} MiB", flush=True)


def main():
    floor, *sizes = sys.argv[1:]
    print(f"whole processes, nothing to do, warm, medians of {ROUNDS} in turn; Engine and Compose of this machine's packages")
    with Engine() as engine, Compose("2.26.1", engine.url) as compose:
        busybox(engine)
        for n in [int(size) for size in sizes] or [2, 20, 100]:
            measure(engine, compose, n, floor)


main()

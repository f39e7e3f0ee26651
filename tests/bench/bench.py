"""Times whole processes in turn, A B C A B C ..., and prints medians, ratios to the floor, and peak memory."""
import os
import pathlib
import re
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
    """Wall seconds of one whole process."""
    began = time.perf_counter()
    done = subprocess.run(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"{argv}: {done.returncode}: {done.stderr}")
    return took


def peak(programs, argv, env, cwd):
    """Peak MiB of one whole process."""
    done = subprocess.run([str(programs / "bench-peak"), *argv], env=env, cwd=cwd, capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1]) / 1024


def idle(ours):
    """Resident MiB of `run` once it has looked and waits."""
    program = ours.start("run", stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        time.sleep(3)
        status = pathlib.Path(f"/proc/{program.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
    finally:
        program.terminate()
        program.wait()


def measure(engine, compose, n, programs):
    with tempfile.TemporaryDirectory(prefix=f"rcn-bench{n}-", dir="/var/tmp") as folder:
        measure_in(pathlib.Path(folder), engine, compose, n, programs)


def measure_in(folder, engine, compose, n, programs):
    floor = str(programs / "bench-floor")
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
    for round_ in range(ROUNDS + 1):
        for name, (argv, env, cwd) in rows.items():
            took = once(argv, env, cwd)
            if round_:                                     # the first warms the caches
                times[name].append(took)
    base = statistics.median(times["floor"])
    for name in rows:
        median = statistics.median(times[name])
        print(f"{n:>4} services  {name:<16} {median * 1000:8.1f} ms   {median / base:5.2f}x the floor   "
              f"{peak(programs, *rows[name]):6.1f} MiB", flush=True)
    done = subprocess.run([str(programs / "bench-pass"), engine.socket, str(compose.plugin), str(folder / "state"),
                           str(repository.path), f"bench{n}"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench-pass: {done.returncode}: {done.stderr}")
    ours_ms, bare_ms, _ = (float(word) for word in done.stdout.split())
    print(f"{n:>4} services  {'pass inside run':<16} {ours_ms:8.1f} ms   {ours_ms / bare_ms:5.2f}x the bare GETs "
          f"({bare_ms:.1f} ms); run idle {idle(ours):.1f} MiB", flush=True)


def main():
    programs, *sizes = sys.argv[1:]
    print(f"whole processes, nothing to do, warm, medians of {ROUNDS} in turn; Engine and Compose of this machine's packages")
    with Engine() as engine, Compose("2.26.1", engine.url) as compose:
        busybox(engine)
        for n in [int(size) for size in sizes] or [2, 20, 100]:
            measure(engine, compose, n, pathlib.Path(programs))


main()

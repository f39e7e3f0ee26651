"""The machine in words, and how quiet it was."""

import os
import platform
import re
import subprocess
from pathlib import Path


def processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def system() -> str:
    found = re.search(r'^PRETTY_NAME="(.+)"$', Path("/etc/os-release").read_text(), re.M)
    return re.sub(r" \(.*\)", "", found[1] if found else "Linux").replace("GNU/Linux ", "")


def memory() -> str:
    kib = int(re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)[1])
    return f"{round(kib / 1024 / 1024)} GiB"


def in_words(setup) -> str:
    engine = setup.engine.api("GET", "/version")["Version"]
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=7"], cwd=Path(__file__).parent,
                            capture_output=True, text=True).stdout.strip()
    return (f"{os.cpu_count()} processors ({processor()}), {memory()}, {system()}, Linux {platform.release()}; "
            f"Engine {engine}, Compose {setup.compose.version}; reconciler at {commit or '?'}, Release.")


def load() -> str:
    """Whether anything else was at work, of which no wall time says so."""
    return f"{os.getloadavg()[0]:.1f}"

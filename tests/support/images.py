"""Images for tests, made on the spot: no registry is needed."""

import fcntl
import io
import os
import subprocess
import tarfile

from . import ROOT
from .cache import cache_folder
from .engine import Engine

BUSYBOX = "busybox:test"


def base_image(engine: Engine) -> str:
    """debian:bookworm-slim: as it is, pulled, from the cache, or by debootstrap."""
    _script(engine, ROOT / "deploy" / "base-image")
    return "debian:bookworm-slim"


def portfolio_images(engine: Engine) -> None:
    """What manifests/portfolio takes for granted: Debian's PostgreSQL, Redis, nginx and Django."""
    _script(engine, ROOT / "manifests" / "portfolio" / "images" / "build")


def epsm_images(engine: Engine) -> None:
    """What manifests/epsm takes for granted: those, esbuild, and what stands in for EnergyPlus."""
    _script(engine, ROOT / "manifests" / "epsm" / "images" / "build")


def busybox(engine: Engine, name: str = BUSYBOX, *changes: str) -> str:
    """A tiny image with a static busybox and nothing below it; `changes` are Dockerfile lines (VOLUME, ENV, USER...)."""
    program = "/bin/busybox" if os.path.exists("/bin/busybox") else "/usr/bin/busybox"
    applets = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("bin", "etc", "tmp", "root"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        users = tarfile.TarInfo("etc/passwd")
        text = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"
        users.size = len(text)
        tar.addfile(users, io.BytesIO(text))
        tar.add(program, "bin/busybox")
        for applet in applets:
            if applet != "busybox":
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
    options = []
    for change in ("ENV PATH=/bin", 'CMD ["sh"]', *changes):
        options += ["--change", change]
    engine.docker("import", *options, "-", name, input=buffer.getvalue())
    return name


def _script(engine: Engine, path) -> None:
    # Of two that run at once, on Engines of their own, one makes it and the other finds it in the cache.
    with open(cache_folder() / "images.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([str(path), str(cache_folder())], capture_output=True, text=True,
                              env=engine.environment())
    if done.returncode != 0:
        raise RuntimeError(f"{path.name}: {done.stderr}")

"""git repositories for tests, with fixed author and dates: the same calls give the same commits."""

import os
import subprocess
from pathlib import Path
from typing import Mapping, Optional, Union

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Anna", "GIT_AUTHOR_EMAIL": "anna@example.com",
    "GIT_COMMITTER_NAME": "Anna", "GIT_COMMITTER_EMAIL": "anna@example.com",
}
_FIRST = 1768208400  # 2026-01-12 09:00:00 UTC; every commit is a minute later than the one before


class Repository:
    def __init__(self, path: Path, branch: str = "main"):
        """Opens what is there, else begins a new one."""
        self.path = Path(path)
        if not (self.path / ".git").exists():
            self.path.mkdir(parents=True, exist_ok=True)
            self.git("init", "-q", "-b", branch, "--template=")

    def git(self, *arguments: str, env: Optional[Mapping[str, str]] = None) -> str:
        done = subprocess.run(["git", "-C", str(self.path), *arguments], capture_output=True, text=True,
                              env={**os.environ, **_ENVIRONMENT, **(env or {})})
        if done.returncode != 0:
            raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def write(self, files: Mapping[str, Union[str, bytes, None]], mode: int = 0o644) -> "Repository":
        """Puts files in; None takes one away."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            path.chmod(mode)
        return self

    def commit(self, subject: str, files: Optional[Mapping[str, Union[str, bytes, None]]] = None) -> str:
        """Commits all that lies in the folder; the commit's id."""
        self.write(files or {})
        self.git("add", "-A")
        try:
            count = int(self.git("rev-list", "--count", "HEAD"))
        except RuntimeError:
            count = 0
        date = f"{_FIRST + 60 * count} +0000"
        self.git("commit", "-q", "--allow-empty", "-m", subject,
                 env={"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date})
        return self.head

    def tag(self, name: str, commit: str = "HEAD", force: bool = False) -> None:
        self.git("tag", *(["-f"] if force else []), name, commit)

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

"""`reconciler run` of a stack, its log in a file that tests read while it works."""

import signal
import subprocess

from .engine import HANGS, wait_for


class Running:
    def __init__(self, stack, log="run.log", **env):
        self.log = stack.folder / log
        with open(self.log, "w") as log:
            self.process = stack.program.start("run", env=env, stdout=subprocess.DEVNULL, stderr=log)

    def said(self, words):
        return words in self.log.read_text()

    def wait(self, words, timeout=HANGS):
        wait_for(lambda: self.process.poll() is not None or self.said(words), f"\"{words}\" in the log of run", timeout)
        assert self.said(words), self.log.read_text()

    def end(self, signum=signal.SIGTERM):
        self.process.send_signal(signum)
        return self.process.wait(timeout=HANGS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Whatever a test left it at."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

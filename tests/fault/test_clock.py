"""A clock that is a year ahead, then a day behind: waits are as long as ever, and what happened is told in its order."""

import subprocess
import time

import pytest

from support.engine import HANGS
from support.running import Running
from support.stack import SLEEPS, manifest, services

# What the program asks for the time of day; what it waits by is left alone.
SHIM = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void) {
  const char *by = getenv("CLOCK_SHIFT");
  return by ? atol(by) : 0;
}
int clock_gettime(clockid_t clock, struct timespec *now) {
  const int done = syscall(SYS_clock_gettime, clock, now);
  if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
  return done;
}
int gettimeofday(struct timeval *now, void *zone) {
  struct timespec precise;
  const int done = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return done;
}
time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}
"""
YEAR, DAY = 365 * 86400, 86400


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(folder / "clock.so"), str(folder / "clock.c")], check=True)
    return folder / "clock.so"


def test_a_year_ahead_then_a_day_behind(stack, shim):
    def at(shift):
        stack.program.env.update({"LD_PRELOAD": str(shim), "CLOCK_SHIFT": str(shift)})

    def ask_for(tag):
        stack.commit({"compose.yaml": services(f"web: {{ {SLEEPS}, environment: {{ TAG: '${{TAG}}' }} }}"),
                      "reconciler.yaml": manifest(tag)})

    stack.use_host({"repositories": {"config": {"url": str(stack.config.path), "poll": "1s"}}, "look": "1s"})
    for tag, shift in (("v1.0.0", 0), ("v1.1.0", YEAR), ("v1.2.0", -DAY)):
        at(shift)
        if shift == -DAY:
            said = stack.run("status", stack.environment).err
            assert "set the clock, and keep it in step" in said, said
        ask_for(tag)
        began = time.monotonic()
        with Running(stack) as run:
            run.wait(f"web/production: runs {tag}")
            if shift == YEAR:
                assert str(time.gmtime(time.time() + YEAR).tm_year) in run.log.read_text().split("-", 1)[0], "it is in another year"
            assert run.end() == 143
        assert time.monotonic() - began < HANGS
    # What is newest is by its serial, not by what the clock said.
    assert [row[0] for row in stack.ledger("SELECT to_tag FROM runs WHERE environment = ? AND condition = 'Ready' ORDER BY serial")] == \
        ["v1.0.0", "v1.1.0", "v1.2.0"]
    shown = stack.run("history", stack.environment).ok().out
    assert [line.split()[0] for line in shown.splitlines()] == ["RUN", "3", "2", "1"], shown
    began = time.monotonic()
    stack.run("rollback", stack.environment, "--yes").ok()
    assert time.monotonic() - began < HANGS and stack.state_file("current_tag") == "v1.1.0"

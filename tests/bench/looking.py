"""A look that finds nothing, beside the floor and beside Compose; a pass inside `run` beside its bare GETs."""

import os
import subprocess
import sys

from rows import Row
from samples import Program, in_turn, ms, once, peak
from stacks import pair

TABLE = (2, 20, 100)
PICTURE = (2, 5, 10, 20, 50, 100)


class Looks:
    """Medians by number of services."""

    def __init__(self):
        self.floor, self.ours, self.compose = {}, {}, {}


def look(setup, looks, rows, n):
    with pair(setup.engine, setup.compose, n) as stacks:
        programs = {
            "floor": Program([str(setup.programs / "bench-floor"), setup.engine.socket, stacks.project,
                              str(stacks.state / "ledger.db")], dict(os.environ)),
            "ours": Program(stacks.ours.arguments("plan", "--no-fetch"), stacks.ours.env),
            "compose": Program([str(setup.compose.plugin), "up", "-d"], setup.compose.environment(), str(stacks.theirs)),
        }
        done = in_turn(setup.rounds, {name: lambda program=program: once(program) for name, program in programs.items()})
        floor, ours, compose = (done[name] for name in programs)
        looks.floor[n], looks.ours[n], looks.compose[n] = floor.wall, ours.wall, compose.wall
        if n not in TABLE:
            return
        ratio = ours.wall / floor.wall
        what = f"a look, {n} services"
        rows.append(Row(what, ms(ours.wall), f"floor {ms(floor.wall)}", ratio, "< 1.3x"))
        rows.append(Row(f"{what}, its own CPU time", ms(ours.cpu), f"floor {ms(floor.cpu)}", ours.cpu / floor.cpu))
        rows.append(Row(what, ms(ours.wall), f"Compose {ms(compose.wall)}, CPU {ms(compose.cpu)}", ours.wall / compose.wall))
        peaks = [peak(setup.programs, programs[name]) for name in ("ours", "compose")]
        rows.append(Row(f"{what}, peak memory", f"{peaks[0]:.1f} MiB", f"Compose {peaks[1]:.1f} MiB", peaks[0] / peaks[1]))
        rows.extend(passes(setup, stacks))


def passes(setup, stacks):
    done = subprocess.run([str(setup.programs / "bench-pass"), setup.engine.socket, str(setup.compose.plugin),
                           str(stacks.state), str(stacks.repository.path), stacks.project], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench-pass: {done.returncode}: {done.stderr}")
    kept, kept_gets, asked, asked_gets = (float(word) / 1000 for word in done.stdout.split())
    what = f"a pass inside run, {stacks.n} services"
    return [Row(what, ms(kept), f"its GETs {ms(kept_gets)}", kept / kept_gets, "< 2x"),
            Row(f"{what}, all inspected", ms(asked), f"its GETs {ms(asked_gets)}", asked / asked_gets, "< 2x")]


def measure(setup, rows):
    looks = Looks()
    for n in PICTURE:
        look(setup, looks, rows, n)
    return looks

"""Measures what tests/bench/README.md says, prints one table, and with --write puts it there, with the picture."""

import argparse
import dataclasses
import datetime
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import deploying  # noqa: E402
import looking  # noqa: E402
import machine  # noqa: E402
import running  # noqa: E402
from picture import picture  # noqa: E402
from rows import plain  # noqa: E402
from support.compose import Compose  # noqa: E402
from support.engine import Engine  # noqa: E402
from support.images import busybox  # noqa: E402

PARTS = {"look": looking.measure, "idle": running.idle, "many": running.many, "reaction": running.reaction,
         "deploy": deploying.measure}


@dataclasses.dataclass
class Setup:
    programs: Path
    engine: Engine
    compose: Compose
    rounds: int


def stored(part, rows, setup, load):
    """The section of that part in the README takes the place of the one that is there."""
    path = HERE / "README.md"
    text = path.read_text()
    begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->\n"
    head, rest = text.split(begin)
    tail = rest.split(end)[1]
    today = datetime.date.today().isoformat()
    note = f"{today}, load {load} before and {machine.load()} after. {machine.in_words(setup)}"
    path.write_text(f"{head}{begin}\n{plain(rows)}\n\n{note}\n\n{end}{tail}")


def drawn(looks):
    milliseconds = {name: {count: 1000 * wall for count, wall in one.items()}
                    for name, one in (("floor", looks.floor), ("reconciler", looks.ours), ("docker compose", looks.compose))}
    (HERE / "look.svg").write_text(picture("A look that finds nothing to do, whole process", milliseconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; none means all")
    parser.add_argument("--write", action="store_true", help="into README.md and look.svg")
    parser.add_argument("--rounds", type=int, default=41, help="of each look")
    options = parser.parse_intermixed_args()
    if unknown := [one for one in options.parts if one not in PARTS]:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    for part in options.parts or PARTS:
        # Each on an Engine of its own: what one has left behind slows down none.
        with Engine() as engine, Compose("2.26.1", engine.url) as compose:
            busybox(engine)
            setup, rows, load = Setup(options.programs, engine, compose, options.rounds), [], machine.load()
            looks = PARTS[part](setup, rows)
            print(f"\n{part}: {machine.in_words(setup)} Load {load} before, {machine.load()} after.\n\n{plain(rows)}", flush=True)
            if options.write:
                stored(part, rows, setup, load)
                if looks:
                    drawn(looks)


main()

"""The time of a look against the number of services, as an SVG. Both axes are logarithmic: a straight line keeps its factor."""

import math
from typing import Mapping, Sequence, Tuple

WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 132, 44, 52
INK, FAINT = "#57606a", "#d0d7de"
COLOURS = ("#8c959f", "#0969da", "#bc4c00")
STEPS = (1, 2, 5)


class Axis:
    """A logarithmic scale between two places of the picture."""

    def __init__(self, low: float, high: float, start: float, end: float):
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def marks(self) -> Sequence[float]:
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        return [step * 10.0 ** power for power in powers for step in STEPS
                if self.low <= step * 10.0 ** power <= self.high]


def around(values: Sequence[float]) -> Tuple[float, float]:
    """The marks next to the lowest and the highest."""
    marks = [step * 10.0 ** power for power in range(-2, 7) for step in STEPS]
    return max(one for one in marks if one <= min(values)), min(one for one in marks if one >= max(values))


def text(x: float, y: float, words: str, anchor: str = "middle", colour: str = INK, size: int = 12, weight: str = "normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}" '
            f'font-weight="{weight}">{words}</text>')


def apart(places: Mapping[str, float], least: float = 15) -> Mapping[str, float]:
    """Names at the ends of lines, moved so that none lies on another."""
    placed, last = {}, -math.inf
    for name, place in sorted(places.items(), key=lambda one: one[1]):
        last = max(place, last + least)
        placed[name] = last
    return placed


def picture(title: str, series: Mapping[str, Mapping[int, float]]) -> str:
    """`series`: name to {services: milliseconds}."""
    counts = sorted(next(iter(series.values())))
    low, high = around([value for one in series.values() for value in one.values()])
    x = Axis(counts[0], counts[-1], LEFT, WIDTH - RIGHT)
    y = Axis(low, high, HEIGHT - BOTTOM, TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
             f'font-family="system-ui, sans-serif" role="img"><title>{title}</title>',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
             text(LEFT, 24, title, "start", "#1f2328", 14, "600")]
    for mark in y.marks():
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(mark):.1f}" y2="{y(mark):.1f}" stroke="{FAINT}"/>')
        parts.append(text(LEFT - 8, y(mark) + 4, f"{mark:g} ms", "end"))
    for count in counts:
        parts.append(f'<line x1="{x(count):.1f}" x2="{x(count):.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 5}" '
                     f'stroke="{INK}"/>')
        parts.append(text(x(count), HEIGHT - BOTTOM + 20, str(count)))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "services (both axes logarithmic)"))
    names = apart({name: y(one[counts[-1]]) for name, one in series.items()})
    for (name, one), colour in zip(series.items(), COLOURS):
        points = " ".join(f"{x(count):.1f},{y(one[count]):.1f}" for count in counts)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>')
        parts.extend(f'<circle cx="{x(count):.1f}" cy="{y(one[count]):.1f}" r="3" fill="{colour}"/>' for count in counts)
        parts.append(text(x(counts[-1]) + 10, names[name] + 4, name, "start", colour, 12, "600"))
    return "\n".join([*parts, "</svg>", ""])

"""What was measured, as the table shows it."""

import dataclasses
from typing import List, Optional


@dataclasses.dataclass
class Row:
    what: str
    ours: str
    beside: str = ""
    ratio: Optional[float] = None
    aim: str = ""

    def cells(self) -> List[str]:
        return [self.what, self.ours, self.beside, "" if self.ratio is None else f"{self.ratio:.2f}x", self.aim]


HEAD = ["what", "reconciler", "beside it", "ratio", "aim"]


def plain(rows: List[Row]) -> str:
    """The table as a person reads it in a terminal, and as Markdown at once."""
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = ["| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)

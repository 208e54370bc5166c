"""Figures as tables: for people on a terminal, and in Markdown for the docs.

Must never show a figure without what it is to be compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the heads of its columns, and by the name of each row its cells.

    `shown` is its form on a terminal where that says more than the one in the docs.
    """

    title: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]]
    shown: str = ""


def print_table(table: Table) -> None:
    """Print a table for people, as soon as it is there."""
    if table.shown:
        print(f"\n{table.shown}", flush=True)
        return
    print(f"\n{table.title}")
    names = max(map(len, table.rows), default=0)
    widths = [
        max(len(head), *(len(cells[place]) for cells in table.rows.values())) + 2
        for place, head in enumerate(table.columns)
    ]
    for name, cells in {"": table.columns, **table.rows}.items():
        line = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        print(f"{name:<{names}}{line}", flush=True)


def markdown(table: Table) -> str:
    """Write a table for the docs."""
    lines = [("", *table.columns), *((name, *cells) for name, cells in table.rows.items())]
    head, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join([f"{table.title}.", "", head, "|---" * len(lines[0]) + "|", *rest])

"""Plain text tables, also for programs such as `awk` and `cut`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def plain_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return the rows below a line of titles, with two spaces between columns."""
    cells = [[column.upper().replace("_", " ") for column in columns]]
    cells += [[as_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(row[number]) for row in cells) for number in range(len(columns))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in cells
    )


def as_cell(value: Any) -> str:
    """Return a value in one line without control characters."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(as_cell(item) for item in value)
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return " ".join(text.split()) or "-"

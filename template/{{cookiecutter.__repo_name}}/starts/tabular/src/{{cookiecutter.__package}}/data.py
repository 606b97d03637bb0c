"""The training data: Fisher's flowers from scikit-learn, or a CSV file.

To train on your own data, change `COLUMNS`, `TARGET`, `SPECIES` and `fisher`.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.datasets import load_iris


@dataclass(frozen=True)
class Column:
    """A measurement, in whole millimetres.

    Attributes:
        smallest: minimum value for a single flower; `largest` is the maximum.
        typical: the default.
    """

    name: str
    smallest: int
    largest: int
    typical: int


COLUMNS = (
    Column("sepal_length", 40, 80, 58),
    Column("sepal_width", 20, 45, 30),
    Column("petal_length", 10, 70, 43),
    Column("petal_width", 1, 25, 13),
)
NAMES = tuple(column.name for column in COLUMNS)
TARGET = "species"
SPECIES = ("setosa", "versicolor", "virginica")


class TableError(ValueError):
    """The table is invalid. The message is shown to the client."""


@dataclass(frozen=True)
class Table:
    """Measured flowers.

    Attributes:
        features: one list per flower, in the order of `COLUMNS`.
        species: indices into `SPECIES`; empty if unknown.
    """

    features: list[list[float]]
    species: list[int]


def fisher() -> Table:
    """The 150 flowers from 1936."""
    flowers = load_iris()
    return Table((flowers.data * 10).round().tolist(), flowers.target.tolist())


def read_table(path: str | Path, *, labelled: bool = False) -> Table:
    """Read a CSV file with a header.

    Args:
        labelled: whether the species are required.

    Raises:
        TableError: a column is missing, or a value is not a number.
    """
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        wanted = [*NAMES, TARGET] if labelled else NAMES
        try:
            missing = [name for name in wanted if name not in (reader.fieldnames or ())]
            if missing:
                raise TableError(f"the table has no column {', '.join(missing)}")
            rows = list(reader)
        except (UnicodeDecodeError, csv.Error):
            raise TableError("the table is not CSV in UTF-8") from None
    if not rows:
        raise TableError("the table has a header but no rows")
    lines = range(2, len(rows) + 2)
    return Table(
        [_numbers(row, line) for row, line in zip(rows, lines, strict=True)],
        [_species(row, line) for row, line in zip(rows, lines, strict=True)] if labelled else [],
    )


def write_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows with the same keys as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _numbers(row: Mapping[str, str], line: int) -> list[float]:
    try:
        return [float(row[name]) for name in NAMES]
    except (TypeError, ValueError):
        raise TableError(f"line {line} of the table has a value that is not a number") from None


def _species(row: Mapping[str, str], line: int) -> int:
    if row[TARGET] not in SPECIES:
        raise TableError(f"line {line}: unknown species {row[TARGET]}; known: {', '.join(SPECIES)}")
    return SPECIES.index(row[TARGET])

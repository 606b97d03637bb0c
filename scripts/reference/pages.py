"""Pages, their parts, and small pieces of Markdown."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "reference"

_PART = re.compile(
    r"^(<!-- generated: (\w+) -->)\n.*?^(<!-- end of generated -->)$", re.MULTILINE | re.DOTALL
)


def parts_of(text: str) -> list[str]:
    """The names of the generated parts of a page."""
    return [name for _, name, _ in _PART.findall(text)]


def rendered(text: str) -> str:
    """A page with its generated parts as the code has them now."""

    def part(match: re.Match[str]) -> str:
        begin, name, end = match.groups()
        module = importlib.import_module(f"scripts.reference.{name}")
        return f"{begin}\n\n{module.part().strip()}\n\n{end}"

    return _PART.sub(part, text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what would break out of a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([re.sub(r"\s*\n\s*", " ", cell).replace("|", "\\|") for cell in row] for row in lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def from_docstring(text: str) -> str:
    """The inline marks of a docstring as Markdown has them."""
    text = re.sub(r":\w+:`(?:[\w.]*\.)?(\w+)`", r"`\1`", text)
    return text.replace("``", "`")


def summary(thing: object) -> str:
    """The first paragraph of what is said of a class or a function.

    Raises:
        ValueError: nothing is said.
    """
    text = (getattr(thing, "__doc__", None) or "").strip()
    if not text:
        raise ValueError(f"{thing!r} has no docstring: the reference is made from it")
    first = re.sub(r"\s+", " ", text.partition("\n\n")[0])
    return from_docstring(re.sub(r":*$", "", first))

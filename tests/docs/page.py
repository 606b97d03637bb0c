"""The code blocks of a page, each with where it stands and what the page says just before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHELL = frozenset(["bash", "sh", "shell"])
SHOWN = frozenset(["json", "text"])
"""Languages in which a page shows what a block prints."""

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>\S*).*$")
_FILE = re.compile(r"`([\w./-]+\.\w+)`[^`]*:$")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: as the fence says, in lower case.
        body: without the fences.
        line: the number of its first fence.
        before: the paragraph just before it, in one line; empty if a block stands there.
        follows: whether nothing stands between it and the block before.
    """

    language: str
    body: str
    line: int
    before: str = ""
    follows: bool = False

    @property
    def file(self) -> str:
        """The file that the page tells the reader to make of it, if it does."""
        found = _FILE.search(self.before)
        return found[1] if found and self.language not in SHELL | {"console", "text"} else ""


def pages() -> list[str]:
    """All pages of the site, as paths in the repository."""
    found = sorted((ROOT / "docs").rglob("*.md"))
    return [str(path.relative_to(ROOT)) for path in found]


def blocks_of(text: str) -> list[Block]:
    """All blocks of a page in their order."""
    found: list[Block] = []
    paragraph: list[str] = []
    begins = True
    after_block = False
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            if line.strip():
                paragraph = [*([] if begins else paragraph), line.strip()]
                after_block = False
            begins = not line.strip()
            continue
        body = ""
        for _, inner in lines:
            if inner.strip() == fence["fence"]:
                break
            body += inner.removeprefix(fence["indent"]) + "\n"
        before = "" if after_block else " ".join(paragraph)
        found.append(Block(fence["language"].lower(), body, number, before, after_block))
        begins = after_block = True
    return found

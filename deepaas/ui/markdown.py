"""Renders the author's Markdown as safe HTML."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

MAX_CHARACTERS = 30_000
"""Ten printed pages. The time for brackets in brackets grows with the square: of a million
characters it is minutes, in which the page has no time for anybody."""


def render(text: str) -> str:
    """Paragraphs, lists, tables and the like, of the first ``MAX_CHARACTERS``.

    HTML is shown as text, pictures are omitted, and links are those that CommonMark permits.
    """
    return str(_renderer().render(text[:MAX_CHARACTERS]))


class _OutwardLinks(RendererHTML):
    def link_open(
        self, tokens: Sequence[Token], index: int, options: Any, _environment: Any
    ) -> str:
        """Open links in a new tab; markdown-it calls this by its name."""
        tokens[index].attrSet("target", "_blank")
        tokens[index].attrSet("rel", "noopener noreferrer nofollow")
        return self.renderToken(tokens, index, options, _environment)


@cache
def _renderer() -> MarkdownIt:
    options = {"html": False, "breaks": True}
    made = MarkdownIt("commonmark", options, renderer_cls=_OutwardLinks)
    return made.enable("table").disable("image")

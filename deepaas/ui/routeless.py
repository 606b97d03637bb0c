"""Makes pages of Gradio without the routes that nobody asks for.

Gradio makes the application of a page when the page begins, when it is complete, and when it is
mounted. Only the third is served; of the others its queue needs no more than their state. The 80
routes of each take longer to make than the rest of a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradio import blocks, routes


class _Routeless:
    @staticmethod
    def create_app(page: blocks.Blocks, **_options: Any) -> routes.App:
        app = routes.App()
        app.configure_app(page)
        return app


@contextmanager
def routeless() -> Iterator[None]:
    """A context in which pages are made, but not mounted."""
    names = vars(blocks)
    original = names["App"]
    names["App"] = _Routeless
    try:
        yield
    finally:
        names["App"] = original

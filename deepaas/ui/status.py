"""What is said of a call at its button: how it stands, and what went wrong."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from html import escape
from urllib.parse import quote

from deepaas.client.errors import ClientError


def status(words: str, *, busy: bool = False) -> str:
    """How a call stands, as HTML; behind a colon what changes all the time."""
    # Seconds are for the eye: read aloud each second they would drown everything else.
    said, colon, seconds = words.partition(":")
    rest = f'<span aria-hidden="true">{colon}{escape(seconds)}</span>' if colon else ""
    # No two ends are alike: of what changes in one moment the browser sees but the last.
    kind, end = (" busy", "") if busy else ("", secrets.token_hex(4))
    return (
        f'<p class="waiting{kind}" role="status" data-end="{end}">'
        f"<span>{escape(said)}{rest}</span></p>"
    )


def trouble(error: ClientError, form_name: str = "input", inputs: Collection[str] = ()) -> str:
    """What went wrong, as HTML; the names of ``inputs`` lead to them."""

    def named(name: str) -> str:
        strong = f"<strong>{escape(name)}</strong>"
        if name not in inputs:
            return strong
        return f'<a href="#{form_name}-{escape(quote(quote(name, safe=""), safe=""))}">{strong}</a>'

    fields = "".join(
        f"<li>{named(name)}: {escape(' '.join(messages))}</li>"
        for name, messages in error.fields.items()
    )
    heading = f"<strong>{escape(error.message)}</strong>"
    return (
        f'<div class="trouble" role="alert">{heading}{f"<ul>{fields}</ul>" if fields else ""}</div>'
    )

"""The status of a call next to its button, and error messages."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from html import escape
from urllib.parse import quote

from deepaas.client.errors import ClientError


def status(words: str, *, busy: bool = False) -> str:
    """Return the status of a call as HTML; the part after a colon changes all the time."""
    # The seconds are hidden from screen readers, which would read them aloud each second.
    said, colon, seconds = words.partition(":")
    rest = f'<span aria-hidden="true">{colon}{escape(seconds)}</span>' if colon else ""
    # Each end is unique, because the browser may only see the last of several updates.
    kind, end = (" busy", "") if busy else ("", secrets.token_hex(4))
    return (
        f'<p class="waiting{kind}" role="status" data-end="{end}">'
        f"<span>{escape(said)}{rest}</span></p>"
    )


def trouble(error: ClientError, form_name: str = "input", inputs: Collection[str] = ()) -> str:
    """Return an error as HTML; the names of ``inputs`` are links to them."""

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

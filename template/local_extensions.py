"""Filters for the files of this template."""

from __future__ import annotations

import json

from cookiecutter.utils import simple_filter


@simple_filter
def quoted(text: str) -> str:
    """Quote a text for TOML, YAML and Python."""
    return json.dumps(text, ensure_ascii=False)


@simple_filter
def authors(names: str, emails: str) -> list[dict[str, str]]:
    """Parse comma-separated names and e-mails: ``[{"name": …, "email": …}]``.

    If there are fewer e-mails than names, those of the last authors are empty.
    """
    known = [email.strip() for email in emails.split(",")]
    split = [name.strip() for name in names.split(",")]
    known += [""] * (len(split) - len(known))
    return [{"name": name, "email": email} for name, email in zip(split, known, strict=False)]

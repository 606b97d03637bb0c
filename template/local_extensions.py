"""Filters for the files of this template."""

from __future__ import annotations

import json

from cookiecutter.utils import simple_filter


@simple_filter
def quoted(text: str) -> str:
    """A text in double quotes, as TOML, YAML and Python read it."""
    return json.dumps(text, ensure_ascii=False)


@simple_filter
def authors(names: str, emails: str) -> list[dict[str, str]]:
    """Names and e-mails with commas between them, as a list: ``[{"name": …, "email": …}]``.

    Where there are fewer e-mails than names, those of the last authors are empty.
    """
    known = [email.strip() for email in emails.split(",")]
    split = [name.strip() for name in names.split(",")]
    known += [""] * (len(split) - len(known))
    return [{"name": name, "email": email} for name, email in zip(split, known, strict=False)]

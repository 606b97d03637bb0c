"""Filters for the files of this template."""

from __future__ import annotations

import json
import shlex
from importlib import metadata
from pathlib import Path

from cookiecutter.utils import simple_filter


@simple_filter
def quoted(text: str) -> str:
    """Quote a text for TOML, YAML and Python."""
    return json.dumps(text, ensure_ascii=False)


@simple_filter
def shell(text: str) -> str:
    """A text as one word of a shell."""
    return shlex.quote(text)


@simple_filter
def authors(names: str, emails: str) -> list[dict[str, str]]:
    """Parse comma-separated names and e-mails: ``[{"name": …, "email": …}]``.

    If there are fewer e-mails than names, those of the last authors are empty.
    """
    known = [email.strip() for email in emails.split(",")]
    split = [name.strip() for name in names.split(",")]
    known += [""] * (len(split) - len(known))
    return [{"name": name, "email": email} for name, email in zip(split, known, strict=False)]


@simple_filter
def installable(extras: str) -> str:
    """DEEPaaS with extras, as pip finds it where this template is: until 2.7 is on PyPI.

    Empty if it is from there already.
    """
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "pyproject.toml").is_file():
        return f"{checkout}[{extras}]"
    try:
        told = json.loads(metadata.distribution("deepaas").read_text("direct_url.json") or "{}")
    except metadata.PackageNotFoundError:
        return ""
    url = told.get("url", "")
    vcs = told.get("vcs_info", {})
    if vcs:
        url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    return f"deepaas[{extras}] @ {url}" if url else ""

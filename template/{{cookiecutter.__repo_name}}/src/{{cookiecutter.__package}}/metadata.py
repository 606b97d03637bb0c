"""The metadata of the model, from the installed package and from ai4-metadata.yml."""

from importlib import metadata, resources
from typing import Any

import yaml

DISTRIBUTION = "{{ cookiecutter.__repo_name }}"


def read() -> dict[str, Any]:
    """Author, version and licence from pyproject.toml; title, links and so on from the file."""
    package = metadata.metadata(DISTRIBUTION)
    file = resources.files(__package__) / "ai4-metadata.yml"
    about = yaml.safe_load(file.read_text(encoding="utf-8"))
    authors, emails = _authors(package)
    return {
        "name": package["Name"],
        "version": package["Version"],
        "summary": package["Summary"],
        "author": authors,
        "author-email": emails,
        "license": package.get("License-Expression") or package.get("License") or "none",
        **{key: about[key] for key in ("title", "description", "dates", "tags", "tasks")},
        # Not under "links": the host uses this key itself.
        **about["links"],
    }


def _authors(package: Any) -> tuple[str, str]:
    """Names and e-mail addresses, separated by commas."""
    # Authors with an e-mail are in "Ada Lovelace <ada@example.org>, …", others in "Author".
    known = [text.strip() for text in (package.get("Author-email") or "").split(",")]
    names = [text.partition("<")[0].strip(' "') for text in known] + [package.get("Author")]
    emails = [text.partition("<")[2].strip(">") for text in known]
    return ", ".join(filter(None, names)), ", ".join(filter(None, emails))

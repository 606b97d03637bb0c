"""Validates the values before anything is written, and reports all problems at once."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator

NAME_LENGTH = 40
DESCRIPTION_LENGTH = 200

EMAIL = re.compile(r"[^@\s,<>\"\\]+@[^@\s,<>\"\\]+\.[^@\s,<>\"\\.]+")
VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?")

TAKEN = {"deepaas", "numpy", "PIL", "pytest", "sklearn", "tensorboard", "torch", "webargs", "yaml"}
"""Packages that the project or its tests import."""


def project_name(name: str, package: str) -> Iterator[str]:
    """Problems of the project name, which becomes the name of a Python package."""
    if package == "unnamed":
        yield f"{name!r} has no letters or digits to use in the name of the package"
    elif len(package) > NAME_LENGTH:
        yield f"{name!r} is too long: {len(package)} characters, at most {NAME_LENGTH}"
    elif not package[0].isalpha():
        yield f"{name!r} does not start with a letter, as required for Python packages"
    elif keyword.iskeyword(package) or keyword.issoftkeyword(package):
        yield f"{package!r} is a keyword of Python"
    elif package in sys.stdlib_module_names or package in {"test", "tests"}:
        yield f"{package!r} is a module of Python's standard library, which could no longer be imported"
    elif package in TAKEN:
        yield f"{package!r} is a package that the project itself needs"
    if _unprintable(name):
        yield f"{name!r} contains a line break or another unprintable character"


def author_name(names: str) -> Iterator[str]:
    """Problems of the author names."""
    for name in _split(names):
        if not name:
            yield f"there is an empty name in {names!r}"
        elif "@" in name:
            yield f"{name!r} is an e-mail address, not a name"
        elif re.search(r'[<>"\\;]', name) or _unprintable(name):
            yield f"{name!r} contains a character that is not allowed in a name"


def author_email(emails: str, names: str) -> Iterator[str]:
    """Problems of the e-mail addresses."""
    for email in _split(emails):
        if not EMAIL.fullmatch(email):
            yield f"{email!r} is not an e-mail address"
    if len(_split(emails)) > len(_split(names)):
        yield f"{len(_split(emails))} addresses for {len(_split(names))} author(s)"


def description(text: str) -> Iterator[str]:
    """Problems of the description."""
    if not text.strip():
        yield "it is empty"
    elif len(text) > DESCRIPTION_LENGTH:
        yield f"it is too long: {len(text)} characters, at most {DESCRIPTION_LENGTH}"
    if _unprintable(text):
        yield "it contains a line break or another unprintable character"


def app_version(version: str) -> Iterator[str]:
    """Problems of the version."""
    if not VERSION.fullmatch(version):
        yield f"{version!r} is not a version X.Y.Z (optionally followed by a1, b1, rc1, .post1 or .dev1)"


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _unprintable(text: str) -> bool:
    return not text.isprintable()


def main() -> int:
    """Print all problems.

    Returns:
        the exit code: unless it is 0, cookiecutter writes nothing.
    """
    name = {{ cookiecutter.project_name | quoted }}
    names = {{ cookiecutter.author_name | quoted }}
    emails = {{ cookiecutter.author_email | quoted }}
    package = {{ cookiecutter.__package | quoted }}
    checks = [
        ("project_name", project_name(name, package), "Leaf Counter"),
        ("author_name", author_name(names), "Ada Lovelace, Alan Turing"),
        ("author_email", author_email(emails, names), "ada@example.org, alan@example.org"),
        (
            "description",
            description({{ cookiecutter.description | quoted }}),
            "Counts the leaves in a photo of a plant",
        ),
        ("app_version", app_version({{ cookiecutter.app_version | quoted }}), "0.1.0"),
    ]
    wrong = [
        f"{field}: {problem}. For example: {example}"
        for field, problems, example in checks
        for problem in problems
    ]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())

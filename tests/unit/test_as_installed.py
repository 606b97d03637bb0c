"""What a project that is not installed says of itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from deepaas.author_files import as_installed
from deepaas.author_files.project import read

PROJECTS = {
    "pyproject.toml": """
        [project]
        name = "my-surely.not_installed"
        version = "1.2"
        description = "What it does"
        license = {text = "MIT"}
        authors = [{name = "Ada Lovelace", email = "ada@example.org"}]
        [project.urls]
        Home = "https://example.org"
        """,
    "poetry": """
        [tool.poetry]
        name = "my-surely.not_installed"
        version = "1.2"
        description = "What it does"
        license = "MIT"
        authors = ["Ada Lovelace <ada@example.org>"]
        urls = {Home = "https://example.org"}
        """,
    "setup.cfg": """
        [metadata]
        name = my-surely.not_installed
        version = 1.2
        summary = What it does
        license = MIT
        author_email = Ada Lovelace <ada@example.org>
        """,
}


@pytest.fixture
def _finders() -> Iterator[None]:
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before


@pytest.mark.usefixtures("_finders")
@pytest.mark.parametrize("kind", PROJECTS)
def test_metadata(kind: str, tmp_path: Path) -> None:
    lines = (line.strip() for line in PROJECTS[kind].splitlines())
    (tmp_path / kind.replace("poetry", "pyproject.toml")).write_text("\n".join(lines))
    as_installed.show(read(tmp_path, "deepaas.v2.model"))
    found = metadata.metadata("My_surely-not.installed")
    assert (found["Name"], found["Version"]) == ("my-surely.not_installed", "1.2")
    assert (found["Summary"], found["License"]) == ("What it does", "MIT")
    assert found["Author-email"] == "Ada Lovelace <ada@example.org>"
    if kind != "setup.cfg":
        assert found["Project-URL"] == "Home, https://example.org"
    assert metadata.version("my-surely.not_installed") == "1.2"


@pytest.mark.usefixtures("_finders")
def test_what_is_installed_counts(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "pytest"\nversion = "0.0.1"\n')
    as_installed.show(read(tmp_path, "deepaas.v2.model"))
    assert metadata.version("pytest") == pytest.__version__


@pytest.mark.usefixtures("_finders")
def test_version_that_only_a_build_would_tell(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "my-surely-dynamic"\ndynamic = ["version"]\n'
    )
    as_installed.show(read(tmp_path, "deepaas.v2.model"))
    assert metadata.version("my-surely-dynamic") == "0"

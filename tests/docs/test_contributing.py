"""The page for contributors names what there is."""

from __future__ import annotations

import re

import tomli

from .pasted import ROOT

PAGE = ROOT / "CONTRIBUTING.md"


def test_each_mark_is_told_of() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text())
    marks = [mark.partition(":")[0] for mark in project["tool"]["pytest"]["ini_options"]["markers"]]
    assert re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE) == sorted(marks)


def test_what_is_named_exists() -> None:
    page, makefile = PAGE.read_text(), (ROOT / "Makefile").read_text()
    targets = re.findall(r"`make (\w+)`", page)
    assert {"setup", "test", "soak", "bench"} <= {*targets}
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
    folders = re.findall(r"(?<![\w/])(?:docs|tests|scripts)/[\w/.-]*\w", page)
    assert [folder for folder in folders if not (ROOT / folder).exists()] == []


def test_each_other_python_is_told_of() -> None:
    found = re.search(r"^VERSIONS=\((.*?)\)", (ROOT / "scripts/other-pythons").read_text(), re.M)
    assert found
    *most, last = found[1].split()
    assert f"with {', '.join(most)} and {last};" in PAGE.read_text()
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    for version in (*most, last):
        assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_packages_that_add_something_are_installed() -> None:
    """Whatever the page shows as an example is installed from outside, by a package of its own."""
    named = re.findall(r"`(tests/\w+/packages/\w+)`", PAGE.read_text())
    assert len(named) == 3
    packages = [one for one in named if (ROOT / one / "pyproject.toml").is_file()]
    # The third is copied beside its models: what it shows is a door's half in the worker.
    assert [one for one in named if one not in packages] == ["tests/doors/packages/packed"]

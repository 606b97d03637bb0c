"""Good packages have no errors."""

from __future__ import annotations

import os

import pytest
from compat.installed import declared, install

from deepaas.check import Finding, check

from .many import Many
from .test_broken import BROKEN

MODELS = BROKEN.parent
BAD = {"accept_header", "bad_metadata", "bad_schema"}
WELL_BEHAVED = ("echo", "every_argument", "every_output", "plain", "sleeps", "takes_much")
GOOD = {
    name: value
    for package in ("compat_models", "hostile_models", "training_models")
    for name, value in declared(package).items()
    if name not in BAD
} | {name: name for name in WELL_BEHAVED}
PERFECT = ("every_argument",)

BY_DESIGN = {
    "accept_unchecked": "accept-without-choices",
    "custom": "argument-never-filled",
    "defaults": "default-type",
    "not_a_number": "result-odd",
    "nothing": "offers-nothing",
    "only_metadata": "offers-nothing",
    "stateful": "import-prints",
    "takes_defaults": "default-type",
    "takes_much": "accept-without-choices accept-ignored",
}
"""What is odd in some of the good packages, on purpose."""
UNTOLD = {
    "argument-name",
    "enum-unchecked",
    "metadata-incomplete",
    "metadata-missing",
    "no-description",
    "page-plain-file",
}
"""What packages made for tests do not say."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """By package, installed as it were; none of them ends its process."""
    path = f"{install(GOOD, tmp_path_factory.mktemp('installed'))}{os.pathsep}{MODELS}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        halves = [Many(list(GOOD)[first::2]) for first in (0, 1)]
        return {name: told for half in halves for name, told in half.findings().items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", GOOD)
def test_good_package_has_no_errors(name: str, found: dict[str, list[Finding]]) -> None:
    assert [one for one in found[name] if one.severity == "error"] == []
    codes = {one.code for one in found[name] if one.severity == "warning"}
    expected = set(BY_DESIGN.get(name, "").split())
    assert expected <= codes
    assert codes <= expected | UNTOLD


@pytest.mark.parametrize("name", PERFECT)
def test_nothing_is_found_in_a_perfect_package(name: str, found: dict[str, list[Finding]]) -> None:
    assert found[name] == []


def test_nothing_is_found_in_the_demo() -> None:
    report = check("demo_app")
    assert report.findings == []
    # All the rest of it has been looked at.
    assert report.notes == ["not fully checked: train was not called"]

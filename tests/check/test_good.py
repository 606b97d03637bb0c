"""Good packages have no errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from compat.installed import declared, install

from deepaas.check import Report, check

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
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Report]]]:
    """The checks of the good packages, installed as it were, two at a time."""
    path = f"{install(GOOD, tmp_path_factory.mktemp('installed'))}{os.pathsep}{MODELS}"
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as threads:
        patch.setenv("PYTHONPATH", path)
        for folder in path.split(os.pathsep):
            patch.syspath_prepend(folder)
        yield {name: threads.submit(check, name) for name in GOOD}


@pytest.mark.slow
@pytest.mark.parametrize("name", GOOD)
def test_good_package_has_no_errors(name: str, reports: dict[str, Future[Report]]) -> None:
    report = reports[name].result()
    assert report.errors == []
    codes = {found.code for found in report.warnings}
    expected = set(BY_DESIGN.get(name, "").split())
    assert expected <= codes
    assert codes <= expected | UNTOLD


@pytest.mark.parametrize("name", PERFECT)
def test_nothing_is_found_in_a_perfect_package(
    name: str, reports: dict[str, Future[Report]]
) -> None:
    assert reports[name].result().findings == []


def test_nothing_is_found_in_the_demo() -> None:
    report = check("demo_app")
    assert report.findings == []
    # All the rest of it has been looked at.
    assert report.notes == ["not fully checked: train was not called"]

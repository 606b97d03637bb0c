"""Good packages have no errors, and a host serves what passes; what it refuses does not pass."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from compat.hosts import Host, started
from compat.installed import declared, install
from compat.peer import our_program
from support.waiting import wait_until

from deepaas.check import Report, check

from .test_broken import BROKEN, CODES, FAULTS, code_of

MODELS = BROKEN.parent
BAD = {"bad_metadata", "bad_schema"}
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
    "accept_header": "accept-default",
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

REFUSED = (
    "args-fail",
    "args-none",
    "args-not-a-dict",
    "argument-broken",
    "argument-location",
    "argument-not-a-field",
    "argument-not-a-field-class",
    "argument-twice",
    "crash-at-import",
    "default-invalid-date",
    "import-exits",
    "import-fails",
    "import-missing",
    "object-not-made",
    "required-with-default",
    "schema-broken",
    "schema-not-a-schema",
    "syntax-error",
    "takes-arguments",
    "warm-fails",
)
PASSED = tuple(fault for fault in FAULTS if CODES[code_of(fault)].severity == "warning")
OBJECTS = {"object-not-made": ":Model", "check-failed": ":model"}


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
    # All of it has been looked at.
    assert report.notes == []


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_host_serves_what_passes_and_no_other(tmp_path: Path) -> None:
    faults = (*PASSED, *REFUSED)
    paths = [f"{fault}={BROKEN / fault}/api.py{OBJECTS.get(fault, '')}" for fault in faults]
    options = ("--no-ui", *(word for path in paths for word in ("--model-name", path)))
    with started(our_program(), {}, tmp_path / "host", *options) as host:
        wait_until(lambda: _is_settled(host), "every model is ready or broken", 300)
        statuses = _statuses(host)
    assert statuses == dict.fromkeys(PASSED, "ready") | dict.fromkeys(REFUSED, "broken")


def _statuses(host: Host) -> dict[str, str]:
    models = host.get("/readyz").json()["models"]
    return {name: told["status"] for name, told in models.items()}


def _is_settled(host: Host) -> bool:
    assert host.process.poll() is None, host.log[-3000:]
    try:
        return set(_statuses(host).values()) <= {"ready", "broken"}
    except OSError:
        return False

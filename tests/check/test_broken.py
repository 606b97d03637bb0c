"""Each package of `tests/models/broken` has one fault, which is named, with its place; no other is.

A fault is called like the code of its finding, with something behind it where a code has several.
The line that a finding names is marked with `# here`.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from deepaas.check import Finding, check
from deepaas.check.kinds import codes

from .many import Many

BROKEN = Path(__file__).resolve().parents[1] / "models" / "broken"
FAULTS = sorted(folder.name for folder in BROKEN.iterdir() if folder.is_dir())
CODES = {code.name: code for code in codes()}
INSTALLED = ("entry-point-twice", "install-stale")
"""Faults of what is installed: the folder `installed` is put on the path for them."""
HARMFUL = ("crash", "crash-at-import", "crash-memory", "hang", "import-slow")
"""Faults for which the check needs a process of its own, or much time."""
WORDS = {
    "accept-default": "the host uses the first choice, 'application/json'",
    "argument-left-out": "which clients may leave out",
    "argument-not-a-field": "the class str",
    "argument-not-taken": "cannot take the argument 'count'",
    "args-none": "returns None, not a dict",
    "crash": "signal SIGABRT",
    "crash-at-import": "exit code 3). Last output: no licence for this machine",
    "crash-memory": "calling warm ended the process (signal SIGKILL)",
    "default-changed": "from [] to ['3']",
    "default-invalid": "20, is invalid: Must be greater than or equal to 1",
    "default-unused": "default=3 (dump_default) of 'count' has no effect",
    "default-type": "'5', is a string, but values from clients are an integer",
    "entry-point-nowhere-near": "the module apii",
    "no-entry-point-group": "hosts only look at 'deepaas.v2.model'",
    "enum-no-list": "enum of 'mode' is 'fast', not a list",
    "example-invalid": "examples[1] is invalid: 'count': Must be",
    "function-misspelt": "Did you mean get_predict_args()?",
    "hang": "calling predict with examples[0] timed out after 3 s",
    "import-exits": "sys.exit('usage: api.py IMAGE')",
    "metadata-incomplete": "no license, version",
    "no-description": "text, count",
    "predict-fails": "ZeroDivisionError",
    "result-breaks-schema": "result 'label': declared String, required, but missing",
    "result-not-sendable-accept": "examples[0] for text/plain: the result cannot be sent",
    "takes-arguments": "requires device",
}
"""What a finding says of some faults."""


def code_of(fault: str) -> str:
    """The code whose name the fault begins with, the longest if there are several."""
    alike = {
        "crash-at-import": "crash",
        "import-exits": "import-fails",
        "args-none": "args-not-a-dict",
    }
    return alike.get(fault) or max((c for c in CODES if fault.startswith(c)), key=len)


def place_of(fault: str) -> str | None:
    """The marked line, None where a fault has no line."""
    for name in ("api.py", "pyproject.toml"):
        file = BROKEN / fault / name
        lines = file.read_text().splitlines() if file.is_file() else []
        for number, line in enumerate(lines, 1):
            if re.search(r"# here\b", line):
                return f"{fault}/{name}:{number}"
    return None


def assert_named(fault: str, findings: list[Finding]) -> None:
    code = code_of(fault)
    assert [(found.code, found.severity) for found in findings] == [(code, CODES[code].severity)]
    (found,) = findings
    place = place_of(fault)
    assert found.where.endswith(place) if place else found.where
    assert found.problem and found.fix
    assert WORDS.get(fault, "") in found.problem


@pytest.fixture(scope="module")
def findings() -> dict[str, list[Finding]]:
    """Of all those that do their process no harm."""
    faults = [fault for fault in FAULTS if fault not in INSTALLED + HARMFUL]
    found = Many([str(BROKEN / fault) for fault in faults]).findings()
    return {fault: found[str(BROKEN / fault)] for fault in faults}


@pytest.mark.parametrize("fault", [one for one in FAULTS if one not in INSTALLED + HARMFUL])
def test_fault_is_named_and_nothing_else(fault: str, findings: dict[str, list[Finding]]) -> None:
    assert_named(fault, findings[fault])


@pytest.mark.parametrize("fault", HARMFUL)
def test_fault_that_ends_its_process(fault: str) -> None:
    seconds = 3 if fault == "hang" else 60
    assert_named(fault, check(str(BROKEN / fault), timeout=seconds).findings)


@pytest.mark.parametrize("fault", INSTALLED)
def test_fault_of_what_is_installed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = BROKEN / fault
    monkeypatch.setenv("PYTHONPATH", f"{folder / 'installed'}{os.pathsep}{folder}")
    source = fault if fault == "entry-point-twice" else str(folder)
    assert_named(fault, check(source, python=sys.executable).findings)


def test_every_code_has_a_fault() -> None:
    # `host-refuses` is the net below all others: no package is known that falls into it.
    assert {code_of(fault) for fault in FAULTS} == set(CODES) - {"host-refuses"}

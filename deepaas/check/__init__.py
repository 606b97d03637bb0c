"""Finds what is wrong with a model package before anybody uses it.

The package's code runs in a process of its own (:mod:`deepaas.check.__main__`): one that exits,
hangs, crashes or prints is a finding like any other. It is the worker's own code
(:mod:`deepaas.runtime`) that says what is wrong, so that a host serves what passes here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from deepaas.check import process
from deepaas.check.codes import AREAS
from deepaas.check.findings import Finding, Report
from deepaas.check.process import BadInterpreter
from deepaas.check.search import find
from deepaas.check.session import CheckJob
from deepaas.check.target import UnknownSource

__all__ = ["BadInterpreter", "Finding", "Report", "UnknownSource", "check"]

TIMEOUT_SECONDS = 60.0


def check(
    source: str = "",
    *,
    python: str | None = None,
    timeout: float = TIMEOUT_SECONDS,
    call: bool = True,
    told: Callable[[str], None] | None = None,
) -> Report:
    """Check a model package.

    Args:
        source: the name of an entry point, or a path to a project, a package or a module, or a
            dotted module name; or a typed predictor (``predict.py:Predictor``, a folder with
            ``cog.yaml``); empty for the project in the working directory.
        python: the interpreter of the package's environment, this one by default.
        timeout: seconds that each call of the package's code may take.
        call: whether to call ``warm``, and ``predict`` with the package's examples.
        told: is called with what is being done, in words, each time that it changes.

    Raises:
        UnknownSource: nothing of this name is there.
        BadInterpreter: ``python`` cannot be used.
    """
    found = find(source) if python is None else process.find(source, python)
    report = Report(source or ".")
    for one in found.findings:
        report.add(one)
    for target in found.targets:
        report.models[target.name] = target.value
        how = process.How(python or sys.executable, timeout, told or (lambda _: None))
        process.check(CheckJob(target, call=call), how, report)
    areas = list(AREAS)
    report.findings.sort(key=lambda one: (one.model, areas.index(one.area)))
    return report

"""Checks a model package for problems before it is served.

The package's code runs in a separate process (:mod:`deepaas.check.__main__`), so that code that
exits, hangs, crashes or prints is reported like any other problem. The checks use the code of the
worker (:mod:`deepaas.runtime`): what passes here can be served.
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
        source: the name of an entry point; a path to a project, package or module; a dotted module
            name; or a typed predictor (``predict.py:Predictor``, a folder with ``cog.yaml``). Empty
            for the project in the working directory.
        python: the interpreter of the package's environment, by default this one.
        timeout: time limit for each call of the package's code, in seconds.
        call: whether to call ``warm``, and ``predict`` with the package's examples.
        told: called with a description of each step.

    Raises:
        UnknownSource: no such model.
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

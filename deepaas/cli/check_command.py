"""``deepaas-cli check``: finds problems in a model package before it is served."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from deepaas.author_files.folders import is_path
from deepaas.author_files.lines import shown
from deepaas.check import TIMEOUT_SECONDS, BadInterpreter, Finding, Report, UnknownSource, check
from deepaas.check.codes import AREAS
from deepaas.cli.status import ProgressLine, status
from deepaas.visible import visible

GOOD, FOUND, WRONG_USAGE = 0, 1, 2

DESCRIPTION = """\
Find all problems in a model package, with their locations and fixes.

SOURCE is the name of an installed model, the path of a project, package or file (api.py), or a
dotted module name. By default, the project in the working directory is checked.

The package's code runs in a separate process: the check imports it, reads its metadata and
arguments, calls warm, and calls predict with the examples in the metadata."""

EPILOG = """\
exit codes: 0 no errors (and no warnings, with --strict), 1 problems found, 2 nothing to check"""

_STYLES = {"error": "bold red", "warning": "yellow"}


def add_to(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "check",
        help="find problems in a model package",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", default="", metavar="SOURCE", help="what to check")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")
    parser.add_argument("--no-call", action="store_true", help="do not call warm and predict")
    parser.add_argument(
        "--python",
        metavar="PATH",
        help="interpreter of the package's environment, in which deepaas must be installed too",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="time limit for each call of the package's code (default: %(default)g)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    try:
        report = _check(options)
    except (UnknownSource, BadInterpreter) as error:
        print(visible(f"error: {error}"), file=sys.stderr)
        return WRONG_USAGE
    if options.json:
        print(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        # Do not wrap lines: editors and other programs parse them.
        console = Console(soft_wrap=True, highlight=False)
        for line in lines(report):
            console.print(line)
    return FOUND if report.errors or (options.strict and report.warnings) else GOOD


def _check(options: argparse.Namespace) -> Report:
    doing = ["reading the project"]
    terminal = sys.stderr.isatty()
    shown = status("checking", lambda: ProgressLine(None, None, doing[0]))
    with shown if terminal else contextlib.nullcontext():
        return check(
            options.source,
            python=options.python,
            timeout=options.timeout,
            call=not options.no_call,
            told=lambda now: doing.__setitem__(0, now),
        )


def lines(report: Report) -> Iterator[Text]:
    for name, value in report.models.items():
        place = shown(value) if is_path(value) else value
        told = f" ({place})" if place not in (name, f"{name}.py") else ""
        yield Text.assemble((name, "bold"), visible(told))
    title = ""
    for found in report.findings:
        heading = AREAS[found.area]
        if len(report.models) > 1 and found.model:
            heading = f"{found.model}: {heading}"
        if heading != title:
            title = heading
            yield Text()
            yield Text(title, style="bold")
        yield from _finding(found)
    yield Text()
    for model, doors in report.doors.items():
        of = f"{model} over " if len(report.models) > 1 else ""
        for door, text in doors.items():
            yield Text(visible(f"{of}{door}: {text}"), style="dim")
    for note in report.notes:
        yield Text(f"note: {visible(note)}", style="dim")
    yield _summary(report)


def _finding(found: Finding) -> Iterator[Text]:
    line = Text(f"{found.severity:<8}", style=_STYLES[found.severity])
    if found.where:
        line.append(f"{visible(found.where)}  ", style="cyan")
    line.append(visible(found.problem), style="default")
    line.append(f"  [{found.code}]", style="dim")
    yield line
    yield Text.assemble(" " * 8, ("fix: ", "green"), visible(found.fix))


def _summary(report: Report) -> Text:
    if not report.findings:
        return Text("no problems found", style="green")
    errors, warnings = len(report.errors), len(report.warnings)
    told = [_count(errors, "error")] if errors else []
    told += [_count(warnings, "warning")] if warnings else []
    return Text(", ".join(told), style=_STYLES["error" if errors else "warning"])


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds

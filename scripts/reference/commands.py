"""The commands, by what each of them says with ``--help``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import distribution

from scripts.reference.pages import ROOT

WIDTH = 96
PLAIN = {"NO_COLOR": "1", "TERM": "dumb"}
MODEL = "demo_app"
"""Whose arguments the help of `predict` and `train` shows."""


def part() -> str:
    """One section per command, subcommands below their command."""
    names = sorted(
        point.name
        for point in distribution("deepaas").entry_points
        if point.group == "console_scripts"
    )
    return "\n\n".join(_section([name]) for name in names)


def help_of(words: list[str]) -> str:
    """What a command says with ``--help``.

    Raises:
        RuntimeError: it does not say anything, or ends with an error.
    """
    (point,) = distribution("deepaas").entry_points.select(group="console_scripts", name=words[0])
    program = (
        f"import sys; sys.argv = {[*words, '--help']!r}; "
        f"from {point.module} import {point.attr}; sys.exit({point.attr}())"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OS_", "DEEPAAS_"))}
    said = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**kept, "COLUMNS": str(WIDTH), "DEEPAAS_V2_MODEL": MODEL, **PLAIN},
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode or not said.stdout.strip():
        raise RuntimeError(f"{' '.join(words)} --help: {said.stderr or said.stdout}")
    return re.sub(r"[ \t]+$", "", said.stdout.strip(), flags=re.MULTILINE)


def _section(words: list[str]) -> str:
    said = help_of(words)
    section = f"{'#' * (len(words) + 1)} {' '.join(words)}\n\n```text\n{said}\n```"
    return "\n\n".join([section, *(_section([*words, name]) for name in _subcommands(said))])


def _subcommands(said: str) -> list[str]:
    """The commands of a command, by the list in its help."""
    listed = re.search(r"^commands:\n(.*?)(?:^\S|\Z)", said, re.MULTILINE | re.DOTALL)
    names = re.findall(r"^ {2,4}(\w[\w-]*)(?: {2}|$)", listed[1], re.MULTILINE) if listed else []
    return [name for name in names if name != "command"]

"""``deepaas-cli list``: lists installed models, or those of a host."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Sequence
from typing import Any

from deepaas.cli.output import CommandOutput
from deepaas.cli.problems import MODEL_FAILED, OK, CommandProblem, say, shown_url
from deepaas.cli.shared_options import add_again
from deepaas.cli.status import status
from deepaas.cli.tables import plain_table
from deepaas.model import discovery
from deepaas.model.kinds import load_kinds, offers
from deepaas.programs import module_command

LOAD_SECONDS = 300.0
"""Time limit for loading a model. After that, it is reported as broken."""


def add_to(commands: Any) -> None:
    text = "list installed models, or those of a host (--url)"
    parser = commands.add_parser("list", help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--load",
        action="store_true",
        help="try to load each installed model, in a separate process",
    )
    add_again(parser, ("url", "api-key", "api-key-file", "output", "plain"))
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    here = ""
    if options.url:
        from deepaas.cli.remote import served

        found = served(options)
        columns = ["name", "version", "predict", "train", "media_types", "title", "state"]
        columns += ["gpus"] if any("gpus" in one for one in found) else []
        nothing = f"{shown_url(options.url)} does not serve any models"
    else:
        kinds = load_kinds()
        found = [one._asdict() for one in discovery.installed(kinds)]
        columns = ["name", "package", "version", "source"]
        here = discovery.uninstalled(kinds)
        nothing = f"no model is installed here: no package has {offers(kinds)}"
        if not here:
            nothing += "; 'deepaas-cli new NAME' makes one"
        if options.load:
            columns.append("loads")
            _try_each(found, plain=options.plain)
    output = CommandOutput(options)
    if options.json:
        output.write_json(found)
    elif found:
        output.write_text(plain_table(found, columns))
    else:
        say(nothing)
    if here:
        say(f"{here} in this folder is not installed: deepaas-cli --model . uses it")
    broken = any(one.get("loads", "yes") != "yes" for one in found)
    return MODEL_FAILED if broken else OK


def _try_each(models: Sequence[dict[str, Any]], *, plain: bool) -> None:
    for model in models:
        with status(f"loading {model['name']}", plain=plain):
            model["loads"] = _try(model["name"])


def _try(name: str) -> str:
    """Return ``yes``, or why not. A separate process, since the model can do anything."""
    command = module_command("deepaas.cli")
    # No host, even if DEEPAAS_URL is set.
    command += ["--plain", "--url", "", "--model-name", name, "get_metadata"]
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no: timed out after {LOAD_SECONDS:g} s"
    except OSError as error:
        raise CommandProblem(f"could not start a process: {error}") from None
    if ended.returncode == OK:
        return "yes"
    said = ended.stderr.decode(errors="replace").strip().splitlines()
    reason = said[-1].removeprefix("deepaas-cli: error: ") if said else "no output"
    return f"no: {reason}" if ended.returncode > 0 else f"no: killed by signal {-ended.returncode}"

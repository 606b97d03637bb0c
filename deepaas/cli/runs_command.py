"""``deepaas-cli runs``: the training runs of a host."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from deepaas.cli.output import CommandOutput
from deepaas.cli.problems import MODEL_FAILED, OK, CommandProblem, say, shown_url
from deepaas.cli.shared_options import add_again
from deepaas.cli.tables import plain_table
from deepaas.visible import visible

if TYPE_CHECKING:
    from deepaas.client import Client, Training

URL = "http://127.0.0.1:5000"
SHORT_LENGTH = 8

_SHARED = ("url", "api-key", "api-key-file", "model-name", "output", "plain")

Run = Callable[[argparse.Namespace, "Client"], int]


def add_to(commands: Any) -> None:
    text = "list, follow and cancel training runs of a host"
    parser = commands.add_parser(
        "runs",
        help=text,
        description=f"{text.capitalize()} (--url, or DEEPAAS_URL; {URL} by default).",
        epilog="UUID can be the first characters of the UUID of a run.",
    )
    add_again(parser, _SHARED)
    parser.set_defaults(run=_with_client(_list), json=False, all=False)
    below = parser.add_subparsers(title="commands", metavar="command", prog="deepaas-cli runs")
    listing = _add(below, "list", _list, "list the runs, newest first")
    listing.add_argument(
        "--all", action="store_true", help="list all runs, not only the latest 20 of each model"
    )
    _add(below, "show", _show, "print all details of a run", "one")
    _add(
        below,
        "follow",
        _follow,
        "watch runs until they end (default: all that have not ended)",
        "some",
    )
    log = _add(below, "log", _log, "print the log of a run", "one", as_json=False)
    log.add_argument("--follow", "-f", action="store_true", help="continue until the run ends")
    _add(below, "cancel", _cancel, "cancel runs", "more")
    download = _add(below, "download", _download, "download files of a run", "one", as_json=False)
    download.add_argument(
        "files", nargs="*", metavar="FILE", help="paths as in 'runs show' (default: all)"
    )
    download.add_argument(
        "--to", metavar="DIR", help="target folder (default: a folder named after the run)"
    )


def _add(
    below: Any, name: str, run: Run, text: str, uuids: str = "", *, as_json: bool = True
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = below.add_parser(
        name, help=text, description=text.capitalize() + "."
    )
    counts = {"one": None, "some": "*", "more": "+"}
    if uuids:
        name = "uuid" if uuids == "one" else "uuids"
        parser.add_argument(name, nargs=counts[uuids], metavar="UUID")
    if as_json:
        parser.add_argument("--json", action="store_true", help="print JSON")
    add_again(parser, _SHARED)
    parser.set_defaults(run=_with_client(run))
    return parser


def _with_client(run: Run) -> Callable[[argparse.Namespace], int]:
    def with_client(options: argparse.Namespace) -> int:
        from deepaas.cli.remote import open_client

        options.url = options.url or URL
        with open_client(options) as client:
            return run(options, client)

    return with_client


def _list(options: argparse.Namespace, client: Client) -> int:
    from deepaas.cli.follow import row
    from deepaas.cli.remote import as_json

    limit = None if options.all else 20
    trainings = client.trainings(options.model_name, limit=limit)
    output = CommandOutput(options)
    if options.json:
        output.write_json([as_json(training) for training in trainings])
    elif trainings:
        length = SHORT_LENGTH if output.is_terminal else None
        rows = [row(training, length) for training in trainings]
        output.write_text(plain_table(rows, list(rows[0])))
    else:
        say(f"no training runs at {shown_url(options.url)}")
    return OK


def _show(options: argparse.Namespace, client: Client) -> int:
    from deepaas.cli.remote import as_json
    from deepaas.client.errors import NotSupported

    training = _find(client, options, options.uuid)
    told = as_json(training)
    with contextlib.suppress(NotSupported):
        told["files"] = [{"path": file.path, "size": file.size} for file in training.files()]
    CommandOutput(options).write_json(told)
    return OK


def _follow(options: argparse.Namespace, client: Client) -> int:
    from deepaas.cli.follow import follow

    if options.uuids:
        trainings = [_find(client, options, uuid) for uuid in options.uuids]
    else:
        every = client.trainings(options.model_name)
        trainings = [training for training in every if not training.ended]
        if not trainings:
            say(f"no training run is queued or running at {shown_url(options.url)}")
            return OK
    ended = follow(trainings, CommandOutput(options), as_json=options.json, plain=options.plain)
    return OK if all(training.state == "done" for training in ended) else MODEL_FAILED


def _log(options: argparse.Namespace, client: Client) -> int:
    training = _find(client, options, options.uuid)
    for line in training.log(follow=options.follow):
        print(line, flush=True)
    return OK


def _cancel(options: argparse.Namespace, client: Client) -> int:
    trainings = [_find(client, options, uuid) for uuid in options.uuids]
    for training in trainings:
        training.cancel()
        if options.json:
            print(json.dumps({"uuid": training.uuid, "status": training.state}), flush=True)
        else:
            told = f"{training.uuid}  {training.state}  {training.message}"
            print(visible(told.rstrip()), flush=True)
    return OK


def _download(options: argparse.Namespace, client: Client) -> int:
    from deepaas.cli.status import status

    training = _find(client, options, options.uuid)
    there = [file.path for file in training.files()]
    wanted = options.files or there
    unknown = [path for path in wanted if path not in there]
    if unknown:
        raise CommandProblem(
            f"no such file in this run: {unknown[0]!r}. Available files: {', '.join(there)}"
        )
    if not wanted:
        say("this run has no files")
    folder = Path(options.to or f"{training.model}-{training.uuid[:SHORT_LENGTH]}")
    for path in wanted:
        target = _target(folder, path)
        with status(f"downloading {path}", plain=options.plain):
            training.download(path, target)
        print(target, flush=True)
    return OK


def _target(folder: Path, path: str) -> Path:
    """Return the path for a file; always in the folder, whatever name the host sends."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or parts[0] == "/":
        raise CommandProblem(f"the host sent a file name outside of the folder: {path!r}")
    target = folder.joinpath(*parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandProblem(f"could not create {str(target.parent)!r}: {error.strerror}") from None
    return target


def _find(client: Client, options: argparse.Namespace, uuid: str) -> Training:
    """Find a run by its UUID or the start of it. Raises ``CommandProblem`` unless one matches."""
    name = uuid.lower()
    if len(name) == 32:
        return client.training(name, options.model_name)
    every = client.trainings(options.model_name)
    found = [training for training in every if training.uuid.startswith(name)]
    if not found:
        where = shown_url(options.url)
        raise CommandProblem(f"no training run at {where} has a UUID that starts with {uuid!r}")
    if len(found) > 1:
        raise CommandProblem(
            f"{len(found)} training runs have UUIDs that start with {uuid!r}: "
            f"{', '.join(training.uuid for training in found[:5])}"
        )
    return found[0]

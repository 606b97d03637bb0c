"""Options shared by all commands."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from typing import Any

import deepaas

_IGNORED_SWITCHES = (
    *("--debug-endpoint", "--doc-endpoint", "--predict-endpoint", "--train-endpoint", "--warm"),
    *("--nodebug-endpoint", "--nodoc-endpoint", "--nopredict-endpoint", "--notrain-endpoint"),
    *("--nowarm", "--use-journal", "--nouse-journal", "--use-json", "--nouse-json"),
    *("--use-syslog", "--nouse-syslog", "--watch-log-file", "--nowatch-log-file", "--nodebug"),
    "--deepaas_with_multiprocessing",
)
_IGNORED_VALUES = (
    *("--client-max-size", "--config-dir", "--config-file", "--log-config-append", "--log-config"),
    *("--log_config", "--log-date-format", "--log-dir", "--logdir", "--log-file", "--logfile"),
    *("--syslog-log-facility", "--workers", "-p"),
)
"""Options that DEEPaaS 2.x accepts without effect on the command: they are silently ignored."""


STREAM_HELP = "print each part as soon as the model yields it, one JSON value per line"


OPEN_HELP = "open the result in the browser"


def add_options(parser: argparse.ArgumentParser) -> None:
    model = parser.add_argument_group("model")
    model.add_argument(
        *("--model-name", "--model"),
        metavar="NAME",
        help="name of the model, or its path (api.py, a folder)",
    )
    model.add_argument(
        "--url",
        metavar="URL",
        default=os.environ.get("DEEPAAS_URL") or None,
        help="use a model of a host such as http://127.0.0.1:5000, instead of an installed one",
    )
    model.add_argument(
        "--api-key",
        metavar="KEY",
        help="send this key to the host, as 'Authorization: Bearer KEY'; the next one, or "
        "DEEPAAS_API_KEY, is safer",
    )
    model.add_argument(
        "--api-key-file",
        metavar="FILE",
        help="send the key in this file to the host",
    )
    result = parser.add_argument_group("result")
    result.add_argument(*("--output", "-o"), metavar="FILE", help="write the result to this file")
    result.add_argument("--open", action="store_true", help=OPEN_HELP)
    result.add_argument("--stream", action="store_true", help=f"'predict': {STREAM_HELP}")
    result.add_argument(
        "--deepaas_method_output",
        metavar="FILE",
        help="like --output, as in DEEPaaS 2.x: adds the suffix of the media type (.json, .png) to "
        "the file of a prediction",
    )
    training = parser.add_argument_group("training")
    training.add_argument(
        "--run-dir",
        metavar="DIR",
        help="folder for the files of 'train' (default: a new one in ./deepaas-runs)",
    )
    training.add_argument(
        "--detach",
        action="store_true",
        help="with --url: 'train' starts a training run and does not wait for its end",
    )
    other = parser.add_argument_group("other")
    other.add_argument(
        "--plain", action="store_true", help="no spinners and progress bars on the terminal"
    )
    other.add_argument(
        *("--debug", "-d"),
        action="store_true",
        help="complete tracebacks, and logs of all levels",
    )
    other.add_argument("--version", action="version", version=deepaas.__version__)
    hidden: dict[str, Any] = {"help": argparse.SUPPRESS, "dest": "ignored"}
    parser.add_argument(
        "--nodeepaas_with_multiprocessing",
        action="store_false",
        dest="deepaas_with_multiprocessing",
        help=argparse.SUPPRESS,
    )
    for flag in _IGNORED_SWITCHES:
        parser.add_argument(flag, action="store_true", **hidden)
    for flag in _IGNORED_VALUES:
        parser.add_argument(flag, **hidden)


def add_again(parser: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Accept some of the options, listed without dashes, after a command as well."""
    for name in names:
        action = "store_true" if name in ("open", "plain", "stream") else "store"
        # Without a default, which would override an option before the command.
        parser.add_argument(
            f"--{name}", default=argparse.SUPPRESS, action=action, help=argparse.SUPPRESS
        )

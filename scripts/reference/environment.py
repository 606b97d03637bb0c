"""The environment variables that the code reads, found in its source."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.reference.pages import ROOT, table

PACKAGE = ROOT / "deepaas"

MEANING = {
    "COG_WEIGHTS": "The value for a Cog predictor whose `setup` takes `weights`.",
    "DEEPAAS_API_KEY": "`deepaas-run`: a key that has all rights, which clients need. "
    "`deepaas-cli` and clients in Python: the key to send. Not passed on to models.",
    "DEEPAAS_API_KEY_FILE": "A file with such a key. `deepaas-run`: same as `--api-key-file`. "
    "`deepaas-cli` and clients in Python: the key to send, unless `DEEPAAS_API_KEY` is set.",
    "CUDA_VISIBLE_DEVICES": "The GPUs that the host may give to models with `--gpus`. Without that "
    "option, models get the variable as it is.",
    "DEEPAAS_DEVICE": "Set for workers and training runs: the device that the host gives to the "
    "process, `cuda:0` with `--gpus`, otherwise `cpu`. Without `--gpus`, your own value is kept.",
    "DEEPAAS_RUN_CONTROL": "Set for a training run: used by the helpers in "
    "`deepaas.model.v2.run` to communicate with the host. Internal.",
    "DEEPAAS_RUN_DIR": "Set for a training run: the folder of the run, for its files.",
    "DEEPAAS_TLS_KEY_PASSWORD": "`deepaas-run`: the password of the key in `--tls-key`, if it is "
    "encrypted. Not passed on to models.",
    "DEEPAAS_URL": "`deepaas-cli`: the URL of the host, same as `--url`.",
    "DEEPAAS_V2_MODEL": "`deepaas-run`: names of the models to serve, separated by commas, "
    "unless `--model-name` is set. `deepaas-cli`: the model, same as `--model-name`.",
    "DEEPAAS_WORKER": "Set in every process that a host starts: a mark to find the child "
    "processes of a model. Internal, do not change it.",
    "LISTEN_FDNAMES": "The names of the sockets that systemd passes, for `--listen systemd:NAME`.",
    "LISTEN_FDS": "How many sockets systemd passes.",
    "LISTEN_PID": "The process that systemd passes them to.",
    "NO_COLOR": "Any value disables colours on a terminal, and selects the plain log format of "
    "`deepaas-run`.",
    "NOTIFY_SOCKET": "Where systemd is told how the host is (`Type=notify`).",
    "OMP_NUM_THREADS": "How many threads the numeric libraries of a model start in each of its "
    "processes. By default, the host sets it, `MKL_NUM_THREADS` and `OPENBLAS_NUM_THREADS` to the "
    "number of cores divided by the number of replicas.",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "Where traces are sent, unless `--otel-endpoint` is set.",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "The same, as the complete URL.",
    "OTEL_RESOURCE_ATTRIBUTES": "Attributes of all traces of this host, as for every program with "
    "OpenTelemetry.",
    "OTEL_SDK_DISABLED": "`true` turns traces off.",
    "OTEL_SERVICE_NAME": "The name of this host in traces, `deepaas` by default.",
    "OTEL_TRACES_EXPORTER": "`none` turns traces off.",
    "TERM": "`dumb` disables colours on a terminal, and progress bars of `deepaas-cli`.",
    "WATCHDOG_PID": "The process that systemd's watchdog watches.",
    "WATCHDOG_USEC": "The time after which systemd restarts a host that does not report, in "
    "microseconds.",
    "WEBHOOK_AUTH_TOKEN": "Cog's API: the bearer token for webhooks. Not passed on to models.",
    "XDG_STATE_HOME": "The default state directory is `$XDG_STATE_HOME/deepaas`, or "
    "`~/.local/state/deepaas` if the variable is not set. See `--state-dir`.",
}
"""The purpose of each variable. Making the page fails if one is missing."""


def part() -> str:
    """The table.

    Raises:
        KeyError: a variable is read that has no line in ``MEANING``.
    """
    return table(["variable", ""], [[f"`{name}`", MEANING[name]] for name in sorted(read())])


def read() -> set[str]:
    """The variables that are read anywhere in the package."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for key in _keys(tree):
            name = _value(key, path)
            if name is not None and re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
                found.add(name)
    return found


def _keys(tree: ast.AST) -> Iterator[ast.expr]:
    """What is asked of something called ``environ`` or ``environment``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            if _is_environment(node.value):
                yield node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            asked = node.func.attr in ("get", "pop") and _is_environment(node.func.value)
            if asked or (node.func.attr == "getenv"):
                yield node.args[0]
        elif isinstance(node, ast.Compare) and any(map(_is_environment, node.comparators)):
            yield node.left


def _is_environment(node: ast.expr) -> bool:
    name = getattr(node, "attr", None) or getattr(node, "id", None)
    return name in ("environ", "environment")


def _value(key: ast.expr, path: Path) -> str | None:
    """The name of the variable; names of constants are looked up in their module."""
    if isinstance(key, ast.Constant):
        return key.value if isinstance(key.value, str) else None
    words = ast.unparse(key).split(".")
    if not all(word.isidentifier() for word in words) or not words[-1].isupper():
        return None
    relative = path.relative_to(ROOT).with_suffix("").parts
    module = ".".join(relative[:-1] if relative[-1] == "__init__" else relative)
    value: object = importlib.import_module(module)
    for word in words:
        value = getattr(value, word)
    return value if isinstance(value, str) else None

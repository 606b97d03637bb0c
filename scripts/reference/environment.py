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
    "COG_WEIGHTS": "A Cog predictor whose `setup` takes `weights`: what it gets.",
    "DEEPAAS_API_KEY": "`deepaas-cli`: the key for the host, as `--api-key`.",
    "DEEPAAS_RUN_CONTROL": "In a training: how the helpers in `deepaas.model.v2.run` reach the "
    "host. Not for use by hand.",
    "DEEPAAS_RUN_DIR": "In a training: the folder of the run, for what its code writes.",
    "DEEPAAS_URL": "`deepaas-cli`: the host to ask, as `--url`.",
    "DEEPAAS_V2_MODEL": "`deepaas-run`: names of the models to serve, with commas between them, "
    "if `--model-name` is not given. `deepaas-cli`: the model, as `--model-name`.",
    "DEEPAAS_WORKER": "In every process that a host starts: a mark by which the host finds what "
    "a model has started. Leave it as it is.",
    "NO_COLOR": "With any value there are no colours on a terminal, and the log of `deepaas-run` "
    "is the plain one.",
    "TERM": "With `dumb` there are no colours on a terminal, and `deepaas-cli` draws no bar.",
    "WEBHOOK_AUTH_TOKEN": "Cog's API: the bearer token that is sent to webhooks. Models do not see "
    "it.",
    "XDG_STATE_HOME": "Where the state directory lies, if `--state-dir` is not given: "
    "`$XDG_STATE_HOME/deepaas`. Without it `~/.local/state/deepaas`.",
}
"""What each is for; the page cannot be made when one that is read is not here."""


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

"""Finds out which kind of model a Python file contains, without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from deepaas.author_files.python import source, tree

CONTRACT = ("get_metadata", "get_predict_args", "get_train_args", "warm", "schema")
"""Names that identify a module or class with DEEPaaS's contract."""

METHODS = ("run", "predict")

TYPED_NAMES = ("Runner", "Predictor", *METHODS)
"""Default names of a typed predictor in a file."""

_HEAD = re.compile(r"^(?:async\s+def|def|class)\s+\w+.*$", re.MULTILINE)

_INNER = re.compile(r"^[ \t]+(?:def\s+(\w+)|(\w+)\s*=)", re.MULTILINE)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Look = Literal["contract", "typed", ""]


def look(file: Path, name: str = "") -> Look:
    """Return the kind of model of a file, or of the object with this name; empty if unclear.

    A name such as ``predict`` is not enough, because both kinds have it. In a file with a syntax
    error, the first lines of functions and classes are used.
    """
    named = _names_in(file)
    if name:
        return _look_of(named[name]) if name in named else ""
    if any(one in named for one in CONTRACT):
        return "contract"
    if typed_name(file):
        return "typed"
    return "contract" if contract_classes(file) else ""


def typed_name(file: Path) -> str:
    """Return the name of the typed predictor in a file; empty if there is none."""
    named = _names_in(file)
    functions = [named[name] for name in METHODS if name in named]
    if any(name in named for name in CONTRACT) or not all(map(_has_types, functions)):
        return ""
    usual = (name for name in TYPED_NAMES if name in named)
    return next((name for name in usual if _look_of(named[name]) != "contract"), "")


def may_be_model(file: Path) -> bool:
    """Whether a file has a function ``predict``, or a class that is a model of either kind."""
    return any(
        name == "predict" or (isinstance(node, ast.ClassDef) and _look_of(node))
        for name, node in _names_in(file).items()
    )


def contract_classes(file: Path) -> list[str]:
    """Return the classes in a file that follow DEEPaaS's contract."""
    return [name for name, node in _names_in(file).items() if _look_of(node) == "contract"]


def _look_of(node: ast.stmt) -> Look:
    match node:
        case ast.ClassDef(body=body, bases=bases):
            inner = {name for one in body for name in _names(one)}
            if inner & set(CONTRACT) or any(
                "BaseModel" in word for base in bases for word in _words(base)
            ):
                return "contract" if inner & {*CONTRACT, "predict", "train"} else ""
            return "typed" if inner & set(METHODS) else ""
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return "typed"
    return ""


def _names_in(file: Path) -> dict[str, ast.stmt]:
    try:
        text = source(file).decode(errors="replace")
    except OSError:
        return {}
    try:
        body = tree(text).body
    except SyntaxError:
        body = list(_heads(text))
    return {name: node for node in body for name in _names(node)}


def _heads(text: str) -> Iterator[ast.stmt]:
    """Parse the first lines of functions and classes; of classes also the names in them."""
    found = list(_HEAD.finditer(text))
    for head, following in zip(found, [*found[1:], None], strict=False):
        below = text[head.end() : following.start() if following else len(text)]
        inner = [f"{a or b} = None" for a, b in _INNER.findall(below)]
        body = "; ".join(inner) if head[0].startswith("class") and inner else "pass"
        alone = re.sub(r"\W*[(:].*", "", head[0]).rstrip()
        alone += ":" if alone.startswith("class") else "():"
        for line in (f"{head[0].partition('#')[0].rstrip()} {body}", f"{alone} {body}"):
            try:
                yield from tree(line).body
                break
            except SyntaxError:
                continue


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.ImportFrom(names=names):
            return [one.asname or one.name for one in names]
        case ast.Assign(targets=targets):
            return [one.id for one in targets if isinstance(one, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _words(node: ast.expr) -> Iterator[str]:
    for one in ast.walk(node):
        yield getattr(one, "id", "") or getattr(one, "attr", "")


def _has_types(node: ast.stmt) -> bool:
    if not isinstance(node, _FUNCTIONS):
        return False
    taken = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return node.returns is not None or any(one.annotation is not None for one in taken)

"""What holds for the text of all modules."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from .pasted import ROOT

MODULES = sorted((ROOT / "deepaas").rglob("*.py"))
MOST_OF_IT = 0.1
SHARED = {"InvalidArguments", "ModelFailed", "ModelNotFound", "Tensor"}
"""Errors that stand for the same on both ends of the wire: in the host, and in its client; and
what authors write for a tensor, in a field and in annotations: both have the name of the thing."""


def docstrings(tree: ast.AST) -> Iterator[ast.Expr]:
    """Those of modules, classes and functions, and those below constants and attributes."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        only_first = not isinstance(node, (ast.Module, ast.ClassDef))
        for statement in body[:1] if only_first else body:
            value = getattr(statement, "value", None)
            text = value.value if isinstance(value, ast.Constant) else None
            if isinstance(statement, ast.Expr) and isinstance(text, str):
                yield statement


def test_docstrings_are_less_than_a_tenth() -> None:
    lines_count = docstring_lines_count = 0
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        lines_count += len(text.splitlines())
        for found in docstrings(ast.parse(text)):
            assert found.end_lineno is not None
            docstring_lines_count += found.end_lineno - found.lineno + 1
    assert docstring_lines_count < MOST_OF_IT * lines_count


def test_one_class_has_one_name() -> None:
    found = defaultdict(list)
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(path.relative_to(ROOT).as_posix())
    several = {name: paths for name, paths in found.items() if len(paths) > 1}
    assert {name: paths for name, paths in several.items() if name not in SHARED} == {}


def test_tests_wait_for_the_log() -> None:
    """A thread writes it, which may come behind the answer that a test has got."""
    hasty = re.compile(r"assert (?!.* not in ).* in \w*host\.log\(\)")
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path.name != "test_sources.py"]
    assert [path for path in tests if hasty.search(path.read_text(encoding="utf-8"))] == []

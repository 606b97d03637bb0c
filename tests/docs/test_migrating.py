"""The page on migrating names each difference that the comparison with DEEPaaS 2.6 allows."""

from __future__ import annotations

import ast
import re

from .pasted import ROOT


def difference_names() -> set[str]:
    tree = ast.parse((ROOT / "tests/compat/differences.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        ast.literal_eval(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "Difference"
    }


def test_differences_are_named() -> None:
    text = (ROOT / "docs/migrating.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"^### Statuses and bodies\n(.*?)^##", text, re.MULTILINE | re.DOTALL)
    named = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)
    assert set(named) - {"name"} == difference_names()

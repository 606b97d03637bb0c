"""docs/explanation/security.md: every guarantee has a test, every limit matches the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from deepaas.messages import INLINE_BYTES
from deepaas.settings import Settings
from deepaas.ui import bodies as ui_bodies
from deepaas.ui import files as ui_files
from deepaas.web import bodies, connections, uploads

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/explanation/security.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows(head: str) -> list[list[str]]:
    """The rows of all tables that begin with this head."""
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE):
        lines = table.splitlines()
        if lines[0].startswith(f"| {head} |"):
            found += [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert found
    return found


def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_each_promise_names_tests_that_exist() -> None:
    for guarantee, tests in rows("guarantee"):
        named = NAMED.findall(tests)
        assert named, f"no test is named for: {guarantee}"
        # Nothing but names of tests stands there.
        assert not NAMED.sub("", tests).strip(", "), tests
        for path, name in named:
            assert (ROOT / path).is_file(), path
            assert name in functions(path), f"{path} has no {name}"


def test_no_test_of_an_attack_is_left_out() -> None:
    """Each module of attacks and storms shows a promise, but for those of tools."""
    named = {path for _, tests in rows("guarantee") for path, _ in NAMED.findall(tests)}
    tools = {"tests/overload/test_loop_watch.py"}
    modules = {
        str(path.relative_to(ROOT))
        for folder in ("security", "overload")
        for path in (ROOT / "tests" / folder).rglob("test_*.py")
    }
    assert modules - named - tools == set()


@pytest.mark.parametrize("row", rows("limit"), ids=lambda row: str(row[0]))
def test_limits_are_those_of_the_code(row: list[str]) -> None:
    limit, default, option = row
    if option:
        name = option.strip("`").removeprefix("--").replace("-", "_")
        value = getattr(Settings(), name)
        if value:
            assert default == f"{value:g} s"
        else:
            assert default == "no limit" or str(connections.MAX_COUNT) in default
        return
    fixed = {
        "data in memory for all clients that do not read": (
            f"{connections.WAITING_BYTES >> 20} MiB"
        ),
        "body decoded by the host itself": f"{INLINE_BYTES >> 10} KiB",
        "expansion of a compressed body": (
            f"{bodies.MAX_RATIO}, from {bodies.FREE_BYTES >> 20} MiB on"
        ),
        "parts of a form": f"{uploads.MAX_PARTS_COUNT:,}",
        "values of a request to the try-me page": f"{ui_bodies.MAX_VALUES_COUNT:,}",
        "files of users of the try-me page": (
            f"{ui_files.KEEP_SECONDS / 3600:g} hour, {ui_files.MAX_COUNT:,} files"
        ),
    }
    assert default == fixed[limit]

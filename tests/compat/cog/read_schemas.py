"""Runs with Cog 0.23.1: prints the schemas of all predictors (see `make_schemas.py`).

python read_schemas.py FOLDER WRITER, where WRITER is `cog/_schemas.py` of another version.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from cog import _inspector

NESTED = "returned:ReturnsModel"
"""Its output has lists of objects, which only the command-line tool can read."""


def main() -> None:
    folder, writer = Path(sys.argv[1]), _writer(sys.argv[2])
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    found = {}
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if name := _predictor(node):
                with contextlib.redirect_stdout(sys.stderr):  # Cog prints warnings.
                    schemas = _schemas(writer, path.stem, name)
                streams = "@streaming" in ast.unparse(node)
                found[f"{path.stem}:{name}"] = {"schemas": schemas, "streams": streams}
    print(json.dumps(found, indent=1))


def _schemas(writer: Any, module: str, name: str) -> dict[str, Any]:
    if f"{module}:{name}" == NESTED:
        target = getattr(importlib.import_module(module), name)
        target.run.__annotations__["return"] = Any
    read = _inspector.create_predictor(module, name)
    return {
        "Input": writer.to_json_input(read),
        "Output": writer.to_json_output(read),
        **writer.to_json_enums(read),
    }


def _writer(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("cog._schemas", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _predictor(node: ast.stmt) -> str | None:
    """The name of what Cog can serve, if it is that."""
    if isinstance(node, ast.FunctionDef):
        return None if node.name.startswith("_") else node.name
    if isinstance(node, ast.ClassDef) and any(
        isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))
        and part.name in ("run", "predict")
        for part in node.body
    ):
        return node.name
    return None


if __name__ == "__main__":
    main()

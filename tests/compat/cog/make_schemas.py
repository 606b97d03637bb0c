"""Writes `schemas.json` and `rules/*.json`: what Cog itself says of inputs and outputs.

Cog's server validates with a document that Cog's command-line tool makes while it builds a
container. That tool is written in Go: `rules/generate.go.txt` is a small program around its package
`pkg/schema`; build it in a checkout of Cog's repository (the files are of 6110c912). Nothing of
ours has a say in it. Run it when the signature of a predictor or a rule changes:

    python -m tests.compat.cog.make_schemas PROGRAM

What it cannot read (`@streaming` of what is no iterator, a bare `list`) stays as it is.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PREDICTORS = HERE / "predictors"
SCHEMAS = HERE / "schemas.json"
RULES = HERE / "rules"
SHARED = (
    "PredictionRequest",
    "PredictionResponse",
    "Status",
    "HTTPValidationError",
    "ValidationError",
)


def main() -> None:
    program = sys.argv[1]
    found = json.loads(SCHEMAS.read_bytes())
    names = [name.replace(":", ".py:") for name in found]
    for name, document in _documents(program, PREDICTORS, names).items():
        if "error" in document:
            print(name, document["error"], file=sys.stderr)
        else:
            found[name.replace(".py:", ":")]["schemas"] = _own(document)
    _write(SCHEMAS, found)
    functions = re.findall(r"^def (\w+)", (RULES / "rules.py").read_text(), re.MULTILINE)
    documents = _documents(program, RULES, [f"rules.py:{name}" for name in functions])
    rules = {name: documents[f"rules.py:{name}"] for name in functions}
    _write(RULES / "documents.json", {name: _own(one) for name, one in rules.items()})
    shared = rules["titles"]
    schemas = shared["components"]["schemas"]
    shared["components"]["schemas"] = {name: schemas[name] for name in SHARED}
    _write(RULES / "shared.json", shared)


def _documents(program: str, folder: Path, names: list[str]) -> dict[str, Any]:
    done = subprocess.run([program, str(folder), *names], stdout=subprocess.PIPE, check=True)
    documents: dict[str, Any] = json.loads(done.stdout)
    return documents


def _own(document: dict[str, Any]) -> dict[str, Any]:
    """The schemas that are the model's own."""
    schemas = document["components"]["schemas"]
    return {name: schema for name, schema in schemas.items() if name not in SHARED}


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")


if __name__ == "__main__":
    main()

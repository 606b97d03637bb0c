"""Every kind of finding: the one list that the checks, the command and the documentation share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

AREAS = {
    "package": "Package",
    "import": "Import",
    "functions": "Functions",
    "arguments": "Arguments",
    "schema": "Schema of the answer",
    "metadata": "Metadata and examples",
    "calls": "Calls",
    "page": "Try-me page",
}
"""What the findings are about, in the order in which they are shown."""


class Code(NamedTuple):
    """One kind of finding.

    Attributes:
        area: one of :data:`AREAS`.
        severity: of every finding of this kind.
        meaning: for the documentation.
    """

    area: str
    severity: Literal["error", "warning"]
    meaning: str


def _error(area: str, meaning: str) -> Code:
    return Code(area, "error", meaning)


def _warning(area: str, meaning: str) -> Code:
    return Code(area, "warning", meaning)


CODES: dict[str, Code] = {
    "project-unreadable": _error(
        "package", "`pyproject.toml`, `setup.cfg` or `setup.py` is broken"
    ),
    "no-entry-point": _error(
        "package", "the project declares no entry point in the group `deepaas.v2.model`"
    ),
    "entry-point-nowhere": _error(
        "package", "the entry point names a module or an object that does not exist"
    ),
    "entry-point-twice": _error(
        "package", "two installed packages have an entry point of this name: the host takes neither"
    ),
    "install-stale": _warning(
        "package", "the project is installed, but without this entry point: install it again"
    ),
    "requirement-missing": _error(
        "package", "a package that the project requires is not installed"
    ),
    "requirement-version": _warning(
        "package", "a package that the project requires is installed in another version"
    ),
    "hub-metadata-old": _warning(
        "package", "there is a `metadata.json` as of old, but no `ai4-metadata.yml`"
    ),
    "typed-predictor": _error(
        "package",
        "a typed predictor (for Cog, say) is not where it is said to be, or its "
        "signature cannot be served",
    ),
    "syntax-error": _error("import", "Python cannot read the code"),
    "import-missing": _error("import", "the code imports a module that is not installed"),
    "import-fails": _error("import", "an exception, or `sys.exit()`, while the code is imported"),
    "object-not-made": _error(
        "import", "the entry point is a class of which no object can be made without arguments"
    ),
    "import-slow": _warning("import", "the import takes more than 10 s"),
    "import-prints": _warning("import", "something is printed during the import"),
    "offers-nothing": _warning("functions", "there is neither `predict` nor `train`"),
    "function-misspelt": _warning("functions", "a name that is nearly that of a function"),
    "not-a-function": _error("functions", "one of the names stands for something else"),
    "async-function": _error(
        "functions", "an `async` function, or a generator, where the host wants a plain one"
    ),
    "takes-arguments": _error(
        "functions", "a function that is called without arguments asks for some"
    ),
    "args-undeclared": _warning(
        "functions", "`predict` (or `train`) has parameters, but there is no `get_…_args`"
    ),
    "args-without-function": _warning("functions", "`get_…_args` without its function"),
    "args-fail": _error("arguments", "`get_…_args` raises an exception"),
    "args-not-a-dict": _error("arguments", "`get_…_args` returns no dict of fields"),
    "required-with-default": _error("arguments", "a required argument has a default"),
    "argument-not-a-field": _error("arguments", "an argument is no object of a field class"),
    "argument-broken": _error("arguments", "the host cannot use, or describe, this argument"),
    "argument-name": _warning("arguments", "a name that cannot be one of a parameter in Python"),
    "argument-twice": _error("arguments", "two arguments have the same name for clients"),
    "argument-location": _error("arguments", "an argument stands in a place that does not exist"),
    "argument-never-filled": _warning("arguments", "`dump_only`: no value ever reaches `predict`"),
    "argument-not-taken": _error("arguments", "`predict` cannot take an argument that is declared"),
    "argument-left-out": _error(
        "arguments", "`predict` needs an argument that clients may leave out"
    ),
    "parameter-undeclared": _error(
        "arguments", "`predict` needs a parameter that is not declared as an argument"
    ),
    "default-invalid": _error("arguments", "a default that the argument's own checks refuse"),
    "default-type": _warning("arguments", "a default of another type than any other value has"),
    "enum-no-list": _warning("arguments", "`enum` that is no list of choices"),
    "enum-unchecked": _warning("arguments", "choices in `enum` only, which nobody checks"),
    "file-without-type": _error("arguments", 'a file argument without `type="file"`'),
    "file-never-arrives": _error("arguments", "a file argument that can never get its file"),
    "accept-not-media-types": _error("arguments", "`accept` is no choice of media types"),
    "accept-without-choices": _warning("arguments", "`accept` without `OneOf`"),
    "accept-default": _warning("arguments", "a default of `accept` that does not count"),
    "accept-ignored": _warning("arguments", "`predict` does not look at `accept`"),
    "secret-shown": _warning("arguments", 'a password without `format="password"`'),
    "schema-not-a-schema": _error("schema", "`schema` is no dict of fields and no Schema class"),
    "schema-field": _error("schema", "a part of `schema` is no object of a field class"),
    "schema-broken": _error("schema", "a part of `schema` cannot be described, or used"),
    "metadata-missing": _warning("metadata", "there is no `get_metadata`"),
    "metadata-fails": _error("metadata", "`get_metadata` raises an exception"),
    "metadata-not-a-dict": _error("metadata", "`get_metadata` returns no dict"),
    "metadata-not-json": _error("metadata", "`get_metadata` returns what JSON cannot hold"),
    "metadata-incomplete": _warning(
        "metadata", "no description, author, license or version in the metadata"
    ),
    "examples-not-a-list": _error("metadata", "`examples` is no list of dicts"),
    "example-unknown-argument": _error("metadata", "an example has a value for no argument"),
    "example-file": _error("metadata", "an example's file is no data URL, or too large"),
    "example-invalid": _error("metadata", "the arguments of an example are refused"),
    "warm-fails": _error("calls", "`warm` raises an exception"),
    "predict-fails": _error("calls", "`predict` raises an exception, called with an example"),
    "result-breaks-schema": _error("calls", "what `predict` returned does not fit `schema`"),
    "result-not-sendable": _error("calls", "what `predict` returned cannot be sent"),
    "default-changed": _error("calls", "`predict` changes a default: later calls get the new one"),
    "crash": _error("calls", "the process ended while it ran the package's code"),
    "hang": _error("calls", "the package's code did not come back"),
    "host-refuses": _error("calls", "the host cannot load the model, for another reason"),
    "check-failed": _warning("calls", "a part of the check itself failed"),
    "no-description": _warning("page", "arguments without a description"),
    "page-plain-file": _warning(
        "page", "a picture, recording or film gets a plain upload: its description does not say so"
    ),
    "page-no-component": _warning("page", "a required argument cannot be given on the page"),
}


def table() -> str:
    """All kinds of findings as tables in Markdown."""
    return "\n\n".join("\n".join(_rows(area)) for area in AREAS)


def _rows(area: str) -> Iterator[str]:
    yield f"| {AREAS[area]} | | |"
    yield "|---|---|---|"
    for name, code in CODES.items():
        if code.area == area:
            yield f"| `{name}` | {code.severity} | {code.meaning} |"

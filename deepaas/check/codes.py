"""Kinds of finding, for the checks, the command and the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


class Code(NamedTuple):
    """One kind of finding, of one of :data:`AREAS`; ``meaning`` is for the documentation."""

    name: str
    area: str
    severity: Literal["error", "warning"]
    meaning: str


def error(name: str, area: str, meaning: str) -> Code:
    """A kind of finding that makes the check fail."""
    return Code(name, area, "error", meaning)


def warning(name: str, area: str, meaning: str) -> Code:
    """One that does not."""
    return Code(name, area, "warning", meaning)


_OF_ANY_MODEL = (
    error("requirement-missing", "package", "a package that the project requires is not installed"),
    error("syntax-error", "import", "Python cannot read the code"),
    error("import-missing", "import", "the code imports a module that is not installed"),
    error("import-fails", "import", "an exception, or `sys.exit()`, while the code is imported"),
    error(
        "object-not-made",
        "import",
        "the entry point is a class of which no object can be made without arguments",
    ),
    warning("import-slow", "import", "the import takes more than 10 s"),
    warning("import-prints", "import", "something is printed during the import"),
    warning("offers-nothing", "functions", "there is neither `predict` nor `train`"),
    warning("function-misspelt", "functions", "a name that is nearly that of a function"),
    error("not-a-function", "functions", "one of the names stands for something else"),
    error(
        "async-function",
        "functions",
        "an `async` function, or a generator, where the host wants a plain one",
    ),
    error(
        "takes-arguments", "functions", "a function that is called without arguments asks for some"
    ),
    warning(
        "args-undeclared",
        "functions",
        "`predict` (or `train`) has parameters, but there is no `get_…_args`",
    ),
    warning("args-without-function", "functions", "`get_…_args` without its function"),
    error("args-fail", "arguments", "`get_…_args` raises an exception"),
    error("args-not-a-dict", "arguments", "`get_…_args` returns no dict of fields"),
    error("required-with-default", "arguments", "a required argument has a default"),
    error("argument-not-a-field", "arguments", "an argument is no object of a field class"),
    error("argument-broken", "arguments", "the host cannot use, or describe, this argument"),
    warning("argument-name", "arguments", "a name that cannot be one of a parameter in Python"),
    error("argument-twice", "arguments", "two arguments have the same name for clients"),
    error("argument-location", "arguments", "an argument stands in a place that does not exist"),
    warning("argument-never-filled", "arguments", "`dump_only`: no value ever reaches `predict`"),
    error("argument-not-taken", "arguments", "`predict` cannot take an argument that is declared"),
    error(
        "argument-left-out", "arguments", "`predict` needs an argument that clients may leave out"
    ),
    error(
        "parameter-undeclared",
        "arguments",
        "`predict` needs a parameter that is not declared as an argument",
    ),
    error("default-invalid", "arguments", "a default that the argument's own checks refuse"),
    warning("default-type", "arguments", "a default of another type than any other value has"),
    warning("enum-no-list", "arguments", "`enum` that is no list of choices"),
    warning("enum-unchecked", "arguments", "choices in `enum` only, which nobody checks"),
    error("file-without-type", "arguments", 'a file argument without `type="file"`'),
    error("file-never-arrives", "arguments", "a file argument that can never get its file"),
    error("accept-not-media-types", "arguments", "`accept` is no choice of media types"),
    warning("accept-without-choices", "arguments", "`accept` without `OneOf`"),
    warning("accept-default", "arguments", "a default of `accept` that does not count"),
    warning("accept-ignored", "arguments", "`predict` does not look at `accept`"),
    warning("secret-shown", "arguments", 'a password without `format="password"`'),
    error("schema-not-a-schema", "schema", "`schema` is no dict of fields and no Schema class"),
    error("schema-field", "schema", "a part of `schema` is no object of a field class"),
    error("schema-broken", "schema", "a part of `schema` cannot be described, or used"),
    warning("metadata-missing", "metadata", "there is no `get_metadata`"),
    error("metadata-fails", "metadata", "`get_metadata` raises an exception"),
    error("metadata-not-a-dict", "metadata", "`get_metadata` returns no dict"),
    error("metadata-not-json", "metadata", "`get_metadata` returns what JSON cannot hold"),
    warning(
        "metadata-incomplete",
        "metadata",
        "no description, author, license or version in the metadata",
    ),
    error("examples-not-a-list", "metadata", "`examples` is no list of dicts"),
    error("example-unknown-argument", "metadata", "an example has a value for no argument"),
    error("example-file", "metadata", "an example's file is no data URL, or too large"),
    error("example-invalid", "metadata", "the arguments of an example are refused"),
    error("warm-fails", "calls", "`warm` raises an exception"),
    error("predict-fails", "calls", "`predict` raises an exception, called with an example"),
    error("result-breaks-schema", "calls", "what `predict` returned does not fit `schema`"),
    error("result-not-sendable", "calls", "what `predict` returned cannot be sent"),
    error("default-changed", "calls", "`predict` changes a default: later calls get the new one"),
    error("crash", "calls", "the process ended while it ran the package's code"),
    error("hang", "calls", "the package's code did not come back"),
    error("host-refuses", "calls", "the host cannot load the model, for another reason"),
    warning("check-failed", "calls", "a part of the check itself failed"),
    warning("no-description", "page", "arguments without a description"),
    warning(
        "page-plain-file",
        "page",
        "a picture, recording or film gets a plain upload: its description does not say so",
    ),
    warning("page-no-component", "page", "a required argument cannot be given on the page"),
)

CODES = {code.name: code for code in _OF_ANY_MODEL}
"""What may be found with models of any kind; kinds add their own (``check.kinds.codes``)."""


def table(codes: Iterable[Code]) -> str:
    listed = list(codes)
    return "\n\n".join("\n".join(_rows(area, listed)) for area in AREAS)


def _rows(area: str, codes: Iterable[Code]) -> Iterator[str]:
    yield f"| {AREAS[area]} | | |"
    yield "|---|---|---|"
    for code in codes:
        if code.area == area:
            yield f"| `{code.name}` | {code.severity} | {code.meaning} |"

"""Kinds of finding, for the checks, the command and the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

AREAS = {
    "package": "Package",
    "import": "Import",
    "functions": "Functions",
    "arguments": "Arguments",
    "schema": "Schema of the result",
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
    """A kind of finding that does not."""
    return Code(name, area, "warning", meaning)


_OF_ANY_MODEL = (
    error("requirement-missing", "package", "a required package is not installed"),
    error("syntax-error", "import", "Python cannot read the code"),
    error("import-missing", "import", "the code imports a module that is not installed"),
    error("import-fails", "import", "importing the code raises an exception or calls `sys.exit()`"),
    error(
        "object-not-made",
        "import",
        "the entry point is a class that cannot be instantiated without arguments",
    ),
    warning("import-slow", "import", "importing the code takes more than 10 s"),
    warning("import-prints", "import", "importing the code prints something"),
    warning("offers-nothing", "functions", "the model has neither `predict` nor `train`"),
    warning("function-misspelt", "functions", "the name of a function may be misspelt"),
    error("not-a-function", "functions", "the name of a function refers to something else"),
    error(
        "async-function",
        "functions",
        "an `async` function, or a generator, where the host needs a plain function",
    ),
    error("nothing-returned", "functions", "`predict` has no `return` with a value"),
    warning(
        "return-missing",
        "functions",
        "`predict` returns a value on some paths, and ends without a `return` on others",
    ),
    error(
        "takes-arguments",
        "functions",
        "a function requires arguments, but the host calls it without any",
    ),
    warning(
        "args-undeclared",
        "functions",
        "`predict` (or `train`) has parameters, but there is no `get_…_args`",
    ),
    warning("args-without-function", "functions", "there is a `get_…_args`, but not its function"),
    error("args-fail", "arguments", "`get_…_args` raises an exception"),
    error("args-not-a-dict", "arguments", "`get_…_args` does not return a dict of fields"),
    error("required-with-default", "arguments", "a required argument has a default"),
    error("argument-not-a-field", "arguments", "an argument is not an instance of a field class"),
    error("argument-broken", "arguments", "the host cannot use or describe this argument"),
    warning(
        "argument-name",
        "arguments",
        "the name of an argument cannot be the name of a Python parameter",
    ),
    error("argument-twice", "arguments", "two arguments have the same name in requests"),
    error("argument-location", "arguments", "the `location` of an argument does not exist"),
    warning("argument-never-filled", "arguments", "`dump_only`: no value ever reaches `predict`"),
    error("argument-not-taken", "arguments", "`predict` does not accept a declared argument"),
    error(
        "argument-left-out",
        "arguments",
        "`predict` requires an argument that is optional for clients",
    ),
    error(
        "parameter-undeclared",
        "arguments",
        "`predict` requires a parameter that is not declared as an argument",
    ),
    error(
        "default-invalid",
        "arguments",
        "the default of an argument is rejected by its own validators",
    ),
    error(
        "default-unused",
        "arguments",
        "an argument has `default=` instead of `load_default=`, which has no effect",
    ),
    warning(
        "default-type",
        "arguments",
        "the default of an argument has a different type than other values",
    ),
    warning("enum-no-list", "arguments", "`enum` is not a list of choices"),
    warning(
        "enum-unchecked", "arguments", "choices are only declared in `enum`, which is not validated"
    ),
    error("file-without-type", "arguments", 'a file argument has no `type="file"`'),
    error("file-never-arrives", "arguments", "a file argument can never receive its file"),
    error("accept-not-media-types", "arguments", "`accept` does not offer media types"),
    warning("accept-without-choices", "arguments", "`accept` has no `OneOf`"),
    warning("accept-default", "arguments", "the default of `accept` has no effect"),
    warning("accept-ignored", "arguments", "`predict` ignores `accept`"),
    warning("secret-shown", "arguments", 'a password has no `format="password"`'),
    error(
        "schema-not-a-schema", "schema", "`schema` is neither a dict of fields nor a Schema class"
    ),
    error("schema-field", "schema", "a part of `schema` is not an instance of a field class"),
    error("schema-broken", "schema", "a part of `schema` cannot be used or described"),
    warning("metadata-missing", "metadata", "there is no `get_metadata`"),
    error("metadata-fails", "metadata", "`get_metadata` raises an exception"),
    error("metadata-not-a-dict", "metadata", "`get_metadata` does not return a dict"),
    error(
        "metadata-not-json",
        "metadata",
        "`get_metadata` returns something that JSON cannot represent",
    ),
    warning(
        "metadata-incomplete",
        "metadata",
        "the metadata lacks a description, author, license or version",
    ),
    warning(
        "metadata-odd",
        "metadata",
        "a key of the metadata, or a text such as `name` or `version`, is not a string",
    ),
    warning("placeholder-left", "metadata", "the metadata still has a text of a template"),
    error("examples-not-a-list", "metadata", "`examples` is not a list of dicts"),
    error("example-unknown-argument", "metadata", "an example has a value for an unknown argument"),
    error("example-file", "metadata", "the file of an example is not a data URL, or is too large"),
    error("example-invalid", "metadata", "the arguments of an example are invalid"),
    error("warm-fails", "calls", "`warm` raises an exception"),
    error("predict-fails", "calls", "`predict` raises an exception for an example"),
    error("result-breaks-schema", "calls", "the result of `predict` does not match `schema`"),
    error("result-not-sendable", "calls", "the result of `predict` cannot be sent"),
    warning(
        "result-odd",
        "calls",
        "the result of `predict` has another type than declared, is `None`, or contains NaN or "
        "Infinity",
    ),
    error("default-changed", "calls", "`predict` changes a default, which affects later calls"),
    warning(
        "batch-unused",
        "calls",
        "`predict_batch` or `@batched` is not used, as `predict` yields or is asynchronous",
    ),
    error("batch-fails", "calls", "a batch of examples raises an exception, each alone does not"),
    error(
        "batch-wrong-length",
        "calls",
        "`predict_batch`, or the result that `@batched` splits, does not have one result for each "
        "call",
    ),
    error("batch-mixed-up", "calls", "calls of a batch get the results of others"),
    error("batch-changes-input", "calls", "a batch changes its arguments"),
    error("crash", "calls", "the process ended while running the package's code"),
    error("hang", "calls", "the package's code did not return"),
    error("host-refuses", "calls", "the host cannot load the model, for another reason"),
    warning("check-failed", "calls", "a part of the check itself failed"),
    warning("no-description", "page", "an argument has no description"),
    warning(
        "page-plain-file",
        "page",
        "a picture, recording or video gets a plain upload, as its description does not mention it",
    ),
    warning("page-no-component", "page", "users of the page cannot set a required argument"),
)

CODES = {code.name: code for code in _OF_ANY_MODEL}
"""Findings for models of any kind; kinds add their own (``check.kinds.codes``)."""


def table(codes: Iterable[Code]) -> str:
    listed = list(codes)
    return "\n\n".join("\n".join(_rows(area, listed)) for area in AREAS)


def _rows(area: str, codes: Iterable[Code]) -> Iterator[str]:
    yield f"| {AREAS[area]} | | |"
    yield "|---|---|---|"
    for code in codes:
        if code.area == area:
            yield f"| `{code.name}` | {code.severity} | {code.meaning} |"

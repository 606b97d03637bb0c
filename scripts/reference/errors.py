"""The errors that clients get, from ``deepaas.errors`` and the table in ``deepaas.web.errors``."""

from __future__ import annotations

import inspect

from deepaas import errors
from deepaas.errors import DeepaasError
from deepaas.web.errors import STATUS
from scripts.reference.pages import summary, table

TO_DO: dict[type[DeepaasError], str] = {
    errors.MalformedRequest: "Send the body as the `Content-Type` says, and the whole of it.",
    errors.Disabled: "Nothing helps but the operator: see the options `--no…-endpoint`, `--noui`.",
    errors.ForeignOrigin: "Have the operator allow the page: `--allowed-origin`.",
    errors.ModelNotFound: "Look at `/v2/models/` for the names.",
    errors.RunNotFound: "Look at the list of trainings of this model for the ids.",
    errors.RunFileNotFound: "Look at the list of files of this training.",
    errors.RunElsewhere: "Ask the host that ran the training; the state is known to each.",
    errors.RequestTimedOut: "Send the whole body. Operators: `--body-timeout`.",
    errors.RequestTooLarge: "Send less, or have the operator raise `--client-max-size`.",
    errors.UnpacksTooMuch: "Send the body without `Content-Encoding`.",
    errors.UnsupportedMediaType: "Send a form or JSON, with its `Content-Type`.",
    errors.UnknownHost: "Have the operator allow the name: `--allowed-host`.",
    errors.InvalidArguments: "Read the messages: one list for each argument that does not fit.",
    errors.ModelFailed: "Give the `id` to the operator: the traceback stands beside it in the log.",
    errors.WorkerDied: "Try once more. If it comes again, the log says how the process ended.",
    errors.CodecMissing: "Have the operator install the door where the model runs.",
    errors.ExtraMissing: "Have the operator install what the message names.",
    errors.NotImplementedByModel: "Ask another model: this one has no such function.",
    errors.OutOfProcesses: "Try again, after `Retry-After`; the operator raises `ulimit -u`, or "
    "the limit of the container.",
    errors.UpstreamFailed: "Try again; the log of the host says what failed.",
    errors.ModelUnavailable: "Wait as `Retry-After` says; `/readyz` has the reason.",
    errors.QueueFull: "Wait as `Retry-After` says. Operators: `--queue-size`, `--workers`.",
    errors.TrainQueueFull: "Wait as `Retry-After` says. Operators: `--train-queue-size`.",
    errors.StoreUnavailable: "Wait as `Retry-After` says; predictions go on meanwhile.",
    errors.HostExhausted: "Wait as `Retry-After` says. Operators: `ulimit -n`.",
    errors.BodyUnreadable: "Wait as `Retry-After` says; the log of the host says what happened.",
    errors.CallTimedOut: (
        "Send less at a time, or have the operator raise `--predict-timeout` or `--check-timeout`."
    ),
    errors.StorageFull: "Try again later. Operators: free space in `TMPDIR` and `--state-dir`.",
    errors.ModelRefused: "Read the message: it is the author's.",
}
"""What whoever gets the error can do."""

NOT_SENT = {errors.DeepaasError, errors.ConfigError}
"""The base, and what stops the start before there are clients."""


def part() -> str:
    """The table."""
    rows = [
        [str(status), f"`{kind.code}`", _sentence(summary(kind)), TO_DO[kind]]
        for status, kind in sent()
    ]
    return table(["status", "`error`", "when", "what to do"], rows)


def sent() -> list[tuple[int | str, type[DeepaasError]]]:
    """Every class that a client may see, with its status."""
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, DeepaasError) and kind not in NOT_SENT
    ]
    found: list[tuple[int | str, type[DeepaasError]]] = [
        ("any" if kind is errors.ModelRefused else STATUS[kind], kind) for kind in kinds
    ]
    return sorted(found, key=lambda entry: (str(entry[0]), entry[1].code, entry[1].__name__))


def _sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")

"""The errors that clients get, from ``deepaas.errors`` and the table in ``deepaas.web.errors``."""

from __future__ import annotations

import inspect

from deepaas import errors
from deepaas.errors import DeepaasError
from deepaas.web.errors import STATUS
from scripts.reference.pages import summary, table

TO_DO: dict[type[DeepaasError], str] = {
    errors.MalformedRequest: "Send the complete body, in the format given by `Content-Type`.",
    errors.Unauthenticated: "Send a valid key: `Authorization: Bearer KEY`.",
    errors.NotGranted: "Ask the operator for a grant: `--oidc-grant`.",
    errors.IssuerUnavailable: "Try again later.",
    errors.NotPermitted: "Ask the operator for a key with this right, for this model.",
    errors.Disabled: "Ask the operator to enable it: see the options `--no…-endpoint`, `--noui`.",
    errors.MetricsNotOpen: "Ask on the same machine, or its operator for `--metrics-listen`.",
    errors.ForeignOrigin: "Ask the operator to allow the origin: `--allowed-origin`.",
    errors.ModelNotFound: "Look up the name in `/v2/models/`.",
    errors.RunNotFound: "Look up the id in the list of training runs of this model.",
    errors.RunFileNotFound: "Look up the name in the list of files of this run.",
    errors.RunElsewhere: "Send the request to the host of this run. Every host knows its state.",
    errors.RequestTimedOut: "Send the complete body in time. Operators: `--body-timeout`.",
    errors.RequestTooLarge: "Send less, or ask the operator to raise `--client-max-size`.",
    errors.UnpacksTooMuch: "Send the body without `Content-Encoding`.",
    errors.LimitExceeded: "Try again after `Retry-After`. Operators: `--limit-per-address`, "
    "`--limit-per-key`, `--limit-per-model`.",
    errors.UnsupportedMediaType: "Send a form or JSON, with its `Content-Type`.",
    errors.UnknownHost: "Ask the operator to allow the host name: `--allowed-host`.",
    errors.InvalidArguments: "See the messages: one list for each invalid argument.",
    errors.ModelFailed: "Report the `id` to the operator: it is in the log, next to the traceback.",
    errors.WorkerDied: "Try again. If it happens again, the log says how the process ended.",
    errors.CodecMissing: "Ask the operator to install the protocol where the model runs.",
    errors.ExtraMissing: "Ask the operator to install the package in the message.",
    errors.NotImplementedByModel: "Use another model: this one does not have this function.",
    errors.OutOfProcesses: "Try again after `Retry-After`. Operators: `ulimit -u`, or the limit of "
    "the container.",
    errors.UpstreamFailed: "Try again. The log of the host says what failed.",
    errors.ModelUnavailable: "Try again after `Retry-After`. `/readyz` has the reason.",
    errors.QueueFull: "Try again after `Retry-After`. Operators: `--queue-size`, `--workers`.",
    errors.QueueTimedOut: "Try again after `Retry-After`, or wait longer: `X-DEEPaaS-Timeout`. "
    "Operators: `--queue-timeout`, `--workers`.",
    errors.TrainQueueFull: "Try again after `Retry-After`. Operators: `--train-queue-size`.",
    errors.StoreUnavailable: "Try again after `Retry-After`. Predictions still work.",
    errors.HostExhausted: "Try again after `Retry-After`. Operators: `ulimit -n`.",
    errors.BodyUnreadable: "Try again after `Retry-After`. The log of the host has the reason.",
    errors.CallTimedOut: (
        "Send less data, or ask the operator to raise `--predict-timeout` or `--check-timeout`."
    ),
    errors.StorageFull: "Try again later. Operators: free space in `TMPDIR` and `--state-dir`.",
    errors.ModelRefused: "See the message, which comes from the model.",
}
"""What clients can do about an error."""

NOT_SENT = {errors.DeepaasError, errors.ConfigError}
"""The base class, and errors at startup, before there are clients."""


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

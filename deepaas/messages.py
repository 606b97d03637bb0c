"""Messages between host and worker; :mod:`deepaas.frames` defines their bytes.

A worker has two sockets: *calls*, which its main thread reads and answers (one at a time, unless
``Description.concurrency`` is larger), and *control*, for quick requests at the same time. Nothing
is pickled, and data larger than ``INLINE_BYTES`` is passed in a file that belongs to the call.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

NO_SPACE = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS])

INLINE_BYTES = 64 * 1024
"""Bodies and answers up to this size are part of the message, larger ones are files."""


class Message(msgspec.Struct, array_like=True, tag=True, gc=False):
    """Base of all messages."""


# --- a call's inputs --------------------------------------------------------------------------


class Upload(Message):
    """An uploaded file, at ``path`` until its call ends; ``filename`` has been made safe."""

    path: str
    filename: str
    content_type: str


class LongText(Message):
    """A text field of a form that is too long for a message, in ``path`` until the call ends."""

    path: str
    charset: str


class Tensor(Message):
    """An array in row-major order, little-endian, without NumPy. Its bytes are in ``data``, or in
    the file ``path`` from ``offset``; the file may contain other arrays too.

    ``dtype`` is one of ``tensors.dtypes``. An element of ``bytes`` is its length as a uint32,
    followed by its bytes, as in the Open Inference Protocol.
    """

    dtype: str
    shape: list[int]
    data: bytes | None = None
    path: str = ""
    offset: int = 0


class RawRequest(Message, tag="Inputs"):  # Older hosts wrote this name into folders of runs.
    """Only for V2: the parts of a request that may contain arguments, not decoded.

    ``body_path`` has a body larger than ``INLINE_BYTES``, and ``body_kind`` is ``json``, ``form``
    (urlencoded) or empty; names of ``headers`` are in lower case. The worker sets ``ignored``: what
    to say about names that no argument has.
    """

    query: str = ""
    form: list[tuple[str, str | Upload | LongText]] = []
    body: bytes = b""
    body_path: str = ""
    body_kind: str = ""
    charset: str = "utf-8"
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    ignored: dict[str, str] = {}

    def is_small(self) -> bool:
        """Whether there is so little text that the time to read it does not matter."""
        texts = (value for _, value in self.form if isinstance(value, str))
        text_bytes = len(self.query) + len(self.body) + sum(map(len, texts))
        return not self.text_paths() and text_bytes <= INLINE_BYTES

    def uploads(self) -> list[Upload]:
        return [value for _, value in self.form if isinstance(value, Upload)]

    def text_paths(self) -> list[str]:
        paths = [value.path for _, value in self.form if isinstance(value, LongText)]
        return [*paths, self.body_path] if self.body_path else paths

    def with_paths(self, change: Callable[[str], str]) -> RawRequest:
        def moved(value: str | Upload | LongText) -> str | Upload | LongText:
            if isinstance(value, str):
                return value
            return msgspec.structs.replace(value, path=change(value.path))

        return msgspec.structs.replace(
            self,
            form=[(name, moved(value)) for name, value in self.form],
            body_path=change(self.body_path) if self.body_path else "",
        )


class Values(Message):
    """Arguments by name, as all doors except V2 pass them, or a JSON file of them at ``path``.

    Attributes:
        files: in order; a list has several with the same name.
        checked: whether ``given`` has been validated against the schemas of the signature;
            ``pattern`` is checked again, because Python's regular expressions differ.
        tensors: for any argument; one element can be a plain value, and bytes can be a file.
        wanted: options for the codec that encodes the result.
        ignored: set by the worker, as in ``RawRequest``.
    """

    given: dict[str, Any] = {}
    path: str = ""
    files: list[tuple[str, Upload]] = []
    checked: bool = False
    tensors: list[tuple[str, Tensor]] = []
    wanted: dict[str, Any] = {}
    ignored: dict[str, str] = {}

    def is_small(self) -> bool:
        return not self.text_paths()

    def uploads(self) -> list[Upload]:
        return [upload for _, upload in self.files]

    def text_paths(self) -> list[str]:
        paths = [self.path, *(tensor.path for _, tensor in self.tensors)]
        return list(dict.fromkeys(path for path in paths if path))

    def with_paths(self, change: Callable[[str], str]) -> Values:
        changed = {path: change(path) for path in self.text_paths()}  # Once, if two share a file.
        return msgspec.structs.replace(
            self,
            path=changed.get(self.path, ""),
            files=[
                (name, msgspec.structs.replace(upload, path=change(upload.path)))
                for name, upload in self.files
            ],
            tensors=[
                (name, msgspec.structs.replace(tensor, path=changed.get(tensor.path, "")))
                for name, tensor in self.tensors
            ],
        )


class Encoded(Message):
    """A body as the client sent it; in the worker, the codec of a door decodes it to ``Values``.

    Numbers start at ``numbers_at``; they need not be copied if they are aligned in memory.
    """

    codec: str
    body: bytes = b""
    path: str = ""
    headers: dict[str, str] = {}
    numbers_at: int = 0

    def is_small(self) -> bool:
        return not self.path

    def uploads(self) -> list[Upload]:
        return []

    def text_paths(self) -> list[str]:
        return [self.path] if self.path else []

    def with_paths(self, change: Callable[[str], str]) -> Encoded:
        return msgspec.structs.replace(self, path=change(self.path) if self.path else "")


Inputs = RawRequest | Values | Encoded


# --- host to worker -------------------------------------------------------------------------


class Predict(Message):
    """Run ``predict``; sent on *calls*, answered there with ``Answer`` or ``Failure`` at the end.

    Attributes:
        streamed: send each value that the model yields as a ``Part``, instead of a list of all.
        context: data from the client other than arguments, for models that request it.
        codec: of the door, if it encodes results itself.
        trace: ``traceparent`` and ``tracestate``, for instrumentation in the model.
        timed: whether to send ``Timed`` before the answer.
    """

    id: int
    inputs: Inputs
    streamed: bool = False
    context: dict[str, str] = {}
    codec: str = ""
    trace: dict[str, str] = {}
    timed: bool = False


class Ahead(Message):
    """The call with this id comes next, while the worker has others: it waits there for a batch,
    and ``Begun`` tells when it has begun. Sent on *calls*, only if ``Description.batching`` is set.

    Attributes:
        priority: 1 (first) to 9.
        urgent_seconds: after this time, it counts as 1.
    """

    id: int
    priority: int = 5
    urgent_seconds: float = 5.0


class Train(Message):
    """Run ``train``; sent on *calls* to the worker of this run, answered like ``Predict``."""

    id: int
    inputs: Inputs
    trace: dict[str, str] = {}


class Cancel(Message):
    """The result of this call is no longer needed: interrupt it if it is still running."""

    id: int


class Recall(Message):
    """Give back those of these calls that have been sent ahead and have not begun; answered with
    ``Returned``."""

    ids: list[int]


class GetMetadata(Message):
    """Call ``get_metadata()`` again; answered with ``Metadata``."""

    id: int


class AskHealth(Message):
    id: int


class AskLife(Message):
    """Ask whether the process responds (with ``Life``), without running code of the model."""

    id: int


class CheckTraining(Message):
    """Validate inputs of ``train`` without running it.

    On *control*, only if no client can make it slow, answered with ``Checked``. On *calls*, to a
    worker that does nothing else, answered like ``Predict``, with the arguments as JSON.
    """

    id: int
    inputs: Inputs


# --- worker to host -------------------------------------------------------------------------


class FileDetails(Message):
    """Details of a file argument; ``accept`` is like HTML's attribute, empty for any file."""

    many: bool = False
    accept: str = ""


class TensorDetails(Message):
    """Details of an argument or a result: its ``dtype``, empty for any, and its ``shape``, None for
    any; in it, -1 stands for any size."""

    dtype: str = ""
    shape: list[int] | None = None


class ArgumentSignature(Message):
    """An argument. Values of a ``secret`` one are never shown; ``location`` is only for V2.

    ``schema`` is the JSON Schema (2020-12) of its values, with ``default`` and ``description``. A
    file, which has no JSON value, is a string there; a tensor is nested lists.
    """

    name: str
    schema: dict[str, Any]
    required: bool = False
    secret: bool = False
    file: FileDetails | None = None
    location: str = ""
    tensor: TensorDetails | None = None


class Result(Message):
    """What a function returns: ``schema`` is empty if unknown, ``media_types`` is empty for JSON.

    ``tensors`` are the declared ones by name; if a single tensor is the result, its name is empty.
    """

    schema: dict[str, Any] = {}
    media_types: list[str] = []
    streams: bool = False
    tensors: dict[str, TensorDetails] = {}


class Signature(Message):
    """What a function accepts and returns; ``reads_…`` and ``parameters`` are only for V2.

    ``checked_quickly``: no client can make the validation of its arguments slow. ``parameters`` are
    Swagger 2.0, byte for byte as in DEEPaaS 2.x.
    """

    arguments: list[ArgumentSignature] = []
    result: Result = msgspec.field(default_factory=Result)
    checked_quickly: bool = False
    parameters: list[dict[str, Any]] = []
    reads_headers: bool = False
    reads_cookies: bool = False


class Batching(Message):
    """How calls of a model are joined to batches.

    Attributes:
        size: items in a batch at most; 1 for no batches.
        delay_seconds: how long the oldest call waits for others.
        automatic: ``size`` is a limit; the worker measures what pays, see ``runtime.batching``.
        chosen: by the operator, so that a call waits the delay even if it comes alone.
    """

    size: int
    delay_seconds: float = 0.0
    automatic: bool = False
    chosen: bool = False


class Description(Message):
    """All that the host knows about a model; sent once, when the model has been loaded.

    Only for V2: ``response``, a Swagger 2.0 reference, and the ``definitions`` it refers to.
    ``remarks`` are for the model's author. ``batching`` is None if each call runs alone; otherwise
    calls can be sent ahead (``Ahead``), up to twice its size.
    """

    predict: Signature | None = None
    train: Signature | None = None
    concurrency: int = 1
    response: str = ""
    definitions: dict[str, dict[str, Any]] = {}
    remarks: list[str] = []
    batching: Batching | None = None


class Ready(Message):
    """The model is loaded and warm. ``mark`` is for ``printed.MarkedOutput``."""

    mark: bytes = b""


class Broken(Message):
    """The model cannot be loaded or warmed; the worker ends after this.

    ``traceback`` ends with what its author can do; ``permanent``: retrying does not help.
    """

    reason: str
    traceback: str
    permanent: bool = False


class Metadata(Message):
    """The answer to ``GetMetadata``: the model's metadata as JSON, or an error.

    ``remarks`` are for its author, a sentence for each.
    """

    id: int
    json: bytes = b""
    error: str = ""
    traceback: str = ""
    remarks: list[str] = []


class Answer(Message):
    """A complete result: its bytes, or a file of them, which the host deletes after sending.

    Attributes:
        attachment: if not empty, send it as a download with this name.
        is_file: whether the model returned a file, which is not a JSON value whatever its media
            type.
        declared: whether it has the model's own ``schema``: V2 sends it without an envelope.
        files: for a file, its own name and 0; for JSON, the names of the files that appear in it as
            URLs, in order, with the lengths of these URLs.
        headers: from a codec, for the client.
        notice: what the client, and the log, should know although the call has succeeded.
        remark: the same about the result, which the log says once per model.
    """

    id: int
    media_type: str
    body: bytes = b""
    path: str = ""
    attachment: str = ""
    is_file: bool = False
    declared: bool = False
    files: list[tuple[str, int]] = []
    headers: dict[str, str] = {}
    notice: str = ""
    remark: str = ""


class Part(Message):
    """One value that a model yields, with the fields of ``Answer``; the call continues."""

    id: int
    media_type: str
    body: bytes = b""
    path: str = ""
    is_file: bool = False
    files: list[tuple[str, int]] = []


class Measured(Message):
    """A metric, or another value that a model records during a call.

    Dots in ``name`` make groups, ``null`` removes the value; ``mode`` is ``replace``, ``increment``
    or ``append``.
    """

    id: int
    name: str
    value: bytes
    mode: str = "replace"


class CallProgress(Message):
    """How far a call is; the host only keeps the latest. ``total`` is None if it is unknown."""

    id: int
    step: float
    total: float | None = None
    message: str = ""


class Begun(Message):
    """The model's thread begins a batch of these calls; sent before anything of it runs.

    A call that was sent to an idle worker has begun anyway, so a batch of such a one alone is not
    reported.
    """

    ids: list[int]


class Timed(Message):
    """When the parts of a call ended: its way to the worker, the validation of its arguments, the
    author's code, all. In nanoseconds since the epoch; 0 for parts that it did not come to."""

    id: int
    received_ns: int = 0
    checked_ns: int = 0
    ran_ns: int = 0
    ended_ns: int = 0


class Failure(Message):
    """The call failed; ``kind`` is the ``code`` of a class in ``deepaas.errors``.

    ``status`` and ``headers`` are from the model's HTTP exception; ``traceback`` is for the log,
    ``notice`` is that of ``Answer``.
    """

    id: int
    kind: str
    message: str = ""
    fields: dict[str, Any] = {}
    status: int = 0
    headers: dict[str, str] = {}
    traceback: str = ""
    notice: str = ""


class Returned(Message):
    """The answer to ``Recall``: the calls that had not begun, and never will in this worker."""

    ids: list[int]


class Checked(Message):
    """The answer to ``CheckTraining``: ``args``, or the file ``path``, which the host deletes."""

    id: int
    args: bytes = b""
    path: str = ""
    failure: Failure | None = None
    notice: str = ""


class Life(Message):
    id: int


class Health(Message):
    """The answer to ``AskHealth``; ``error`` is empty if the model is healthy."""

    id: int
    error: str = ""


ToWorkerCalls = Predict | Ahead | Train | CheckTraining
ToWorkerControl = Cancel | Recall | GetMetadata | CheckTraining | AskHealth | AskLife
News = Part | Measured | CallProgress
Reply = Answer | Failure
FromWorkerCalls = Reply | News | Timed | Begun
FromWorkerControl = Description | Ready | Broken | Metadata | Checked | Returned | Health | Life


def inputs_folder(spool: Path, call_id: int) -> Path:
    """Where a worker puts files of a call's inputs, if they need a folder of their own."""
    return spool / f"{call_id}-inputs"

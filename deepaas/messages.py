"""What host and worker say to each other; their bytes are in :mod:`deepaas.frames`.

A worker has two sockets: *calls*, which its main thread reads and answers (one at a time, unless
``Description.concurrency`` says more), and *control*, for light questions meanwhile. No pickle
crosses the wire, and what is larger than ``INLINE_BYTES`` goes through a file of the call's own.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

NO_SPACE = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS])

INLINE_BYTES = 64 * 1024
"""Bodies and answers up to this size travel inside the message, larger ones as files."""


class Message(msgspec.Struct, array_like=True, tag=True, gc=False):
    """Base of all messages."""


# --- a call's inputs --------------------------------------------------------------------------


class Upload(Message):
    """A file that a client sent, at ``path`` until its call ends; ``filename`` is made safe."""

    path: str
    filename: str
    content_type: str


class LongText(Message):
    """A text field of a form that is too long for a message, in ``path`` until the call ends."""

    path: str
    charset: str


class Tensor(Message):
    """An array of numbers, row by row, little-endian, without NumPy: ``data`` has its bytes, or the
    file at ``path`` from ``offset`` on, where there may be others.

    ``dtype`` is one of ``tensors.dtypes``. Of ``bytes`` each element is its length as a uint32 and
    so many bytes, as the Open Inference Protocol has it.
    """

    dtype: str
    shape: list[int]
    data: bytes | None = None
    path: str = ""
    offset: int = 0


class RawRequest(Message, tag="Inputs"):  # As in the folders of trainings of older hosts.
    """For V2 alone: the places of a request where arguments may stand, not yet decoded.

    ``body_path`` has a body larger than ``INLINE_BYTES``, and ``body_kind`` is ``json``, ``form``
    (urlencoded) or empty; names of ``headers`` are in lower case.
    """

    query: str = ""
    form: list[tuple[str, str | Upload | LongText]] = []
    body: bytes = b""
    body_path: str = ""
    body_kind: str = ""
    charset: str = "utf-8"
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}

    def is_small(self) -> bool:
        """Whether there is so little text that reading it takes no time to speak of."""
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
    """Arguments by name, as any door but V2 hands them over, or at ``path`` JSON of them.

    Attributes:
        files: in order, several of one name for a list.
        checked: whether ``given`` is known to fit the schemas of the signature; ``pattern`` is
            looked for again, as Python has expressions of its own.
        tensors: for any argument; what has only one element may stand for it, and bytes for a file.
        wanted: what the codec that makes bytes of the result is to know.
    """

    given: dict[str, Any] = {}
    path: str = ""
    files: list[tuple[str, Upload]] = []
    checked: bool = False
    tensors: list[tuple[str, Tensor]] = []
    wanted: dict[str, Any] = {}

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
    """A body as a client sent it, which the codec of a door makes ``Values`` of, in the worker.

    At ``numbers_at`` in it begin numbers, which nobody has to copy if they lie well in memory.
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
        streamed: whether what it yields is wanted as it comes, each as a ``Part``, not as a list.
        context: what the client tells besides the arguments, for models that ask.
        codec: of the door that makes bytes of what the model gives, if not the usual one.
    """

    id: int
    inputs: Inputs
    streamed: bool = False
    context: dict[str, str] = {}
    codec: str = ""


class Train(Message):
    """Run ``train``; sent on *calls* to a worker of the run's own, answered as ``Predict`` is."""

    id: int
    inputs: Inputs


class Cancel(Message):
    """Nobody waits for this call any more: interrupt it if it still runs."""

    id: int


class GetMetadata(Message):
    """Ask ``get_metadata()`` afresh; answered with ``Metadata``."""

    id: int


class AskHealth(Message):
    id: int


class AskLife(Message):
    """Whether the process can answer at all (with ``Life``): no code of the model runs for that."""

    id: int


class CheckTraining(Message):
    """Ask whether ``train`` takes these inputs; nothing is run.

    On *control* answered with ``Checked``: only where no client can make that slow. On *calls* to a
    worker that does nothing else, answered as ``Predict`` is: the arguments as JSON for people.
    """

    id: int
    inputs: Inputs


# --- worker to host -------------------------------------------------------------------------


class FileDetails(Message):
    """Of an argument that is a file; ``accept`` is as HTML's attribute, empty for any."""

    many: bool = False
    accept: str = ""


class TensorDetails(Message):
    """Of an argument, or of a result: its ``dtype``, empty for any; and its shape, in which -1 is
    any size, and which is None for any shape."""

    dtype: str = ""
    shape: list[int] | None = None


class ArgumentSignature(Message):
    """An argument; ``secret`` if nobody is shown its values, ``location`` for V2 alone.

    ``schema`` is JSON Schema (2020-12) of its values, with their ``default`` and ``description``; a
    text stands for a file, which has no value in JSON, nested lists stand for a tensor.
    """

    name: str
    schema: dict[str, Any]
    required: bool = False
    secret: bool = False
    file: FileDetails | None = None
    location: str = ""
    tensor: TensorDetails | None = None


class Result(Message):
    """What a function gives back: ``schema`` is empty if nobody knows, ``media_types`` for JSON.

    ``tensors`` are those that are known by name; the name is empty for one that is all there is.
    """

    schema: dict[str, Any] = {}
    media_types: list[str] = []
    streams: bool = False
    tensors: dict[str, TensorDetails] = {}


class Signature(Message):
    """What a function takes and gives back; ``reads_…`` and ``parameters`` are for V2 alone.

    ``checked_quickly``: no client can make a check of its arguments slow. ``parameters`` are
    Swagger 2.0, byte for byte as DEEPaaS has them.
    """

    arguments: list[ArgumentSignature] = []
    result: Result = msgspec.field(default_factory=Result)
    checked_quickly: bool = False
    parameters: list[dict[str, Any]] = []
    reads_headers: bool = False
    reads_cookies: bool = False


class Description(Message):
    """All that the host knows of a model; sent once, when the model has been loaded.

    For V2 alone are ``response``, a Swagger 2.0 reference, and the ``definitions`` behind it.
    ``remarks`` are for the model's author.
    """

    predict: Signature | None = None
    train: Signature | None = None
    concurrency: int = 1
    response: str = ""
    definitions: dict[str, dict[str, Any]] = {}
    remarks: list[str] = []


class Ready(Message):
    """The model is loaded and warm; calls may come. ``mark`` is for ``printed.MarkedOutput``."""

    mark: bytes = b""


class Broken(Message):
    """The model cannot be loaded or warmed; the worker ends after this.

    ``traceback`` ends with what its author can do; ``permanent`` is what time does not mend.
    """

    reason: str
    traceback: str
    permanent: bool = False


class Metadata(Message):
    """The answer to ``GetMetadata``: JSON of the model's dict, or why there is none."""

    id: int
    json: bytes = b""
    error: str = ""
    traceback: str = ""


class Answer(Message):
    """A finished result: its bytes, or a file with them, which the host deletes after sending.

    Attributes:
        attachment: send as a download of this name, when not empty.
        is_file: whether the model gave a file: where values are wanted, it is none, even if it says
            that it is JSON.
        declared: whether it is as the model's ``schema`` declares: V2 sends it without an envelope.
        files: of a file, its own name, and 0; of JSON, the names of the files that stand in it as
            URLs, in their order, and how long these URLs are.
        headers: of a codec's, for the client.
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


class Part(Message):
    """One of the things that a model yields, with fields as of ``Answer``; the call goes on."""

    id: int
    media_type: str
    body: bytes = b""
    path: str = ""
    is_file: bool = False
    files: list[tuple[str, int]] = []


class Measured(Message):
    """A number, or what else a model notes of a call that goes on.

    Dots in ``name`` make groups of it, ``null`` takes the value away; ``mode`` is ``replace``,
    ``increment`` or ``append``.
    """

    id: int
    name: str
    value: bytes
    mode: str = "replace"


class Failure(Message):
    """The call did not work out; ``kind`` is the ``code`` of one of ``deepaas.errors``' classes.

    ``status`` and ``headers`` are of a model's own HTTP exception; the log alone has ``traceback``.
    """

    id: int
    kind: str
    message: str = ""
    fields: dict[str, Any] = {}
    status: int = 0
    headers: dict[str, str] = {}
    traceback: str = ""


class Checked(Message):
    """The answer to ``CheckTraining``: ``args``, or the file ``path``, which the host removes."""

    id: int
    args: bytes = b""
    path: str = ""
    failure: Failure | None = None


class Life(Message):
    id: int


class Health(Message):
    """The answer to ``AskHealth``; ``error`` is empty when nothing is wrong."""

    id: int
    error: str = ""


ToWorkerCalls = Predict | Train | CheckTraining
ToWorkerControl = Cancel | GetMetadata | CheckTraining | AskHealth | AskLife
News = Part | Measured
Reply = Answer | Failure
FromWorkerCalls = Reply | News
FromWorkerControl = Description | Ready | Broken | Metadata | Checked | Health | Life


def inputs_folder(spool: Path, call_id: int) -> Path:
    """Where a worker puts files of a call's inputs, if it needs them in a place of their own."""
    return spool / f"{call_id}-inputs"

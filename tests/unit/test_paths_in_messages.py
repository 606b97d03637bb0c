"""An executor between machines can change every path in a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from deepaas.executor import with_paths
from deepaas.messages import (
    Answer,
    Checked,
    CheckTraining,
    Encoded,
    FromWorkerCalls,
    FromWorkerControl,
    LongText,
    Message,
    Part,
    Predict,
    RawRequest,
    Tensor,
    ToWorkerCalls,
    ToWorkerControl,
    Train,
    Upload,
    Values,
)

INPUTS = RawRequest(
    form=[
        ("text", "as it is"),
        ("file", Upload("/here/1", "1.png", "image/png")),
        ("long", LongText("/here/2", "utf-8")),
    ],
    body_path="/here/3",
)
MESSAGES: list[Message] = [
    Predict(1, INPUTS, context={"path": "as it is"}),
    Predict(2, Values({}, "/here/1", [("file", Upload("/here/2", "1.png", "image/png"))])),
    Predict(
        4,
        Values(
            path="/here/1",
            tensors=[("a", Tensor("int8", [2], path="/here/3", offset=n)) for n in (0, 2)],
        ),
    ),
    Predict(3, Encoded("door", path="/here/1", headers={"path": "as it is"})),
    Train(1, INPUTS),
    CheckTraining(1, INPUTS),
    Answer(1, "text/plain", path="/here/1"),
    Part(1, "text/plain", path="/here/1"),
    Checked(1, path="/here/1"),
]
UNIONS = (ToWorkerCalls, ToWorkerControl, FromWorkerCalls, FromWorkerControl)


def paths(value: Any) -> Iterator[str]:
    """The paths in a message, wherever they stand."""
    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            inner = getattr(value, field.name)
            if field.name.endswith("path"):
                yield inner
            yield from paths(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from paths(inner)


def may_hold_paths(kind: Any) -> bool:
    """Whether there are paths in messages of this type."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return any(name.endswith("path") or may_hold_paths(hints[name]) for name in hints)
    return any(map(may_hold_paths, get_args(kind)))


def test_each_message_with_paths_is_here() -> None:
    kinds = {kind for union in UNIONS for kind in get_args(union) if may_hold_paths(kind)}
    assert kinds == {type(message) for message in MESSAGES}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_each_path_is_changed_and_nothing_else(message: Message) -> None:
    before = list(paths(message))
    changed = with_paths(message, lambda path: path.replace("/here", "/there"))
    assert list(paths(changed)) == [path.replace("/here", "/there") for path in before]
    assert before and all(path.startswith("/here") for path in before)
    assert with_paths(changed, lambda path: path.replace("/there", "/here")) == message


def test_no_file_is_no_path() -> None:
    for message in (
        Predict(1, RawRequest()),
        Predict(1, Values()),
        Predict(1, Encoded("door")),
        Answer(1, "text/plain", b"short"),
        Checked(1),
    ):
        assert with_paths(message, lambda path: f"{path}?") == message

"""Reads the pickle in a file of ``torch.save`` that holds one tensor, without unpickling it.

Its instructions are followed only as far as a tensor needs them: nothing is imported or called, and
no memory is taken for what the pickle says about sizes. Anything else is refused.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any, NamedTuple

from deepaas.tensors.dtypes import SIZES, BadTensor

MAX_PICKLE_BYTES = 64 * 1024
"""The pickle of a tensor has some hundred bytes, without its numbers."""

STORAGES = {
    "bool": "BoolStorage",
    "int8": "CharStorage",
    "int16": "ShortStorage",
    "int32": "IntStorage",
    "int64": "LongStorage",
    "uint8": "ByteStorage",
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "float32": "FloatStorage",
    "float64": "DoubleStorage",
    "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}
"""PyTorch's typed storages by dtype; the other dtypes have untyped ones."""

_DTYPES = {f"torch {storage}": dtype for dtype, storage in STORAGES.items()}

_UNTYPED = "torch.storage UntypedStorage"
_DICT = "collections OrderedDict"
_TENSOR, _TYPED_TENSOR, _PARAMETER = (
    f"torch._utils _rebuild_{what}" for what in ("tensor_v2", "tensor_v3", "parameter")
)


class _CodeName(str):
    """A name of Python code in a pickle: only compared, never imported."""


class _Mark:
    pass


class _Storage(NamedTuple):
    key: str
    dtype: str
    size: int


class StoredTensor(NamedTuple):
    """What the pickle says of a tensor; nothing of it has been compared with the data.

    Attributes:
        key: of its storage, the name of a member of the archive.
        dtype: one of ``tensors.dtypes.SIZES``.
        storage_bytes: the size of the storage.
        offset, strides: in elements; both are integers from 0 on.
        is_conjugated, is_negated: what has to be done with the numbers (``Tensor.conj()``).
    """

    key: str
    dtype: str
    storage_bytes: int
    offset: int
    shape: list[int]
    strides: list[int]
    is_conjugated: bool = False
    is_negated: bool = False


def stored_tensor(content: bytes) -> StoredTensor:
    """The tensor that a pickle describes; BadTensor if it describes anything else."""
    if len(content) > MAX_PICKLE_BYTES:
        raise BadTensor("the torch.save file contains more than a tensor")
    try:
        made = _made(content)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        if isinstance(error, BadTensor):
            raise
        raise BadTensor("the torch.save file cannot be read") from None
    if not isinstance(made, StoredTensor):
        raise BadTensor("the torch.save file is not a tensor")
    return made


def _made(content: bytes) -> Any:
    """The object on top of the stack at the end. Raises various errors if it is not valid."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    argument: Any
    for operation, argument, _ in pickletools.genops(content):
        name = operation.name
        if name in _PUSHED:
            stack.append(argument)
        elif name in _MADE:
            stack.append(_MADE[name]())
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name == "GLOBAL":
            stack.append(_code_name(str(argument)))
        elif name in _TUPLES:
            stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
        elif name == "TUPLE":
            stack[_mark(stack) :] = [tuple(stack[_mark(stack) + 1 :])]
        elif name in ("SETITEM", "SETITEMS"):
            _set_items(stack, len(stack) - 2 if name == "SETITEM" else _mark(stack))
        elif name == "BINPERSID":
            stack.append(_storage(*stack.pop()))
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(_rebuilt(stack.pop(), arguments))
        elif name == "STOP":
            return stack.pop()
        elif name not in ("PROTO", "FRAME"):
            raise _foreign(name if argument is None else str(argument))
    raise ValueError  # It does not end.


_PUSHED = {"BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"}
_MADE: dict[str, Callable[[], Any]] = {
    "MARK": _Mark,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def _code_name(argument: str) -> _CodeName:
    module, _, name = argument.partition(" ")
    is_known = argument in (_UNTYPED, _DICT, _TENSOR, _TYPED_TENSOR, _PARAMETER)
    if not is_known and argument not in _DTYPES and not (module == "torch" and name in SIZES):
        raise _foreign(argument)
    return _CodeName(argument)


def _foreign(what: str) -> BadTensor:
    return BadTensor(f"the torch.save file contains code, or more than one tensor: {what[:100]}")


def _mark(stack: list[Any]) -> int:
    for at in range(len(stack) - 1, -1, -1):
        if isinstance(stack[at], _Mark):
            return at
    raise ValueError


def _set_items(stack: list[Any], begin: int) -> None:
    items = [one for one in stack[begin:] if not isinstance(one, _Mark)]
    del stack[begin:]
    if not all(isinstance(name, str) for name in items[::2]):
        raise ValueError  # Tuples in tuples in tuples can take forever to hash.
    stack[-1].update(zip(items[::2], items[1::2], strict=True))


def _storage(kind: str, named: _CodeName, key: str, _device: str, count: int) -> _Storage:
    if kind != "storage" or not isinstance(named, _CodeName) or not isinstance(key, str):
        raise ValueError
    # An untyped one counts bytes; the tensor says what they are.
    dtype = "uint8" if named == _UNTYPED else _DTYPES[named]
    return _Storage(key, dtype, _checked(count))


def _rebuilt(named: Any, arguments: tuple[Any, ...]) -> Any:
    if not isinstance(named, _CodeName):
        raise ValueError
    if named == _DICT:
        if arguments:
            raise _foreign(named)
        return {}
    if named == _TENSOR:
        return _tensor("", *arguments)
    if named == _TYPED_TENSOR:
        dtype = arguments[6]
        if not isinstance(dtype, _CodeName):
            raise ValueError
        return _tensor(dtype.partition(" ")[2], *arguments[:6], *arguments[7:])
    if named == _PARAMETER and isinstance(arguments[0], StoredTensor):
        return arguments[0]
    raise ValueError


def _tensor(
    dtype: str,
    storage: _Storage,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    _requires_gradient: bool,
    _hooks: Any,
    changes: dict[str, Any] | None = None,
) -> StoredTensor:
    """``dtype`` is empty if the storage has it."""
    if not isinstance(storage, _Storage) or len(shape) != len(strides):
        raise ValueError
    changes = {} if changes is None else changes
    if not all(type(size) is int for size in shape):
        raise ValueError  # Tuples in tuples can take forever to show.
    dtype = dtype or storage.dtype
    able = {"conj", "neg"} if dtype.startswith("complex") else {"neg"} if "float" in dtype else {}
    if not isinstance(changes, dict) or changes.keys() - able:
        raise ValueError
    return StoredTensor(
        storage.key,
        dtype,
        storage.size * SIZES[storage.dtype],
        _checked(offset),
        [*shape],  # Checked where its elements are counted, with the words that all tensors have.
        [_checked(stride) for stride in strides],
        changes.get("conj") is True,
        changes.get("neg") is True,
    )


def _checked(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 2**63:
        raise BadTensor("the torch.save file has a size, offset or stride that is not valid")
    return number

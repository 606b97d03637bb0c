"""Converts nested lists from JSON to arrays of the declared dtype, without rounding or truncating.

NaN is null, except for integers; a complex number is ``[re, im]``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from deepaas.messages import TensorDetails
from deepaas.tensors.arrays import Array, shaped
from deepaas.tensors.declared import check_fits, expectation
from deepaas.tensors.dtypes import BYTES, MAX_DIMENSIONS_COUNT, BadTensor

_LISTS = (list, tuple)

_SAID = {bool: "a boolean", int: "a number", float: "a number", str: "a text", type(None): "null"}


def array_of_nested(value: Any, wanted: TensorDetails) -> Array:
    """An array that matches the declaration; bfloat16 becomes float32. Raises BadTensor."""
    flat, shape = _flattened(value)
    kinds = set(map(type, flat))
    dtype = wanted.dtype or _dtype_of(kinds, flat)
    if dtype.startswith("complex"):
        if not shape or shape[-1] != 2:
            raise BadTensor(f"expected {expectation(wanted)}, with each number as a list [re, im]")
        shape = shape[:-1]
    check_fits(wanted, dtype, shape)
    return shaped(_converted(flat, kinds, dtype), shape)


def nested_of(array: Array) -> Any:
    """An array as nested lists for JSON; NaN and infinities are unchanged."""
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    return array.tolist()


def _flattened(value: Any) -> tuple[list[Any], list[int]]:
    shape: list[int] = []
    first = value
    while isinstance(first, _LISTS):
        shape.append(len(first))
        if len(shape) > MAX_DIMENSIONS_COUNT + 1:  # Complex numbers have one more.
            raise BadTensor(f"lists are nested more than {MAX_DIMENSIONS_COUNT} levels deep")
        first = first[0] if first else None
    flat = [value]
    for size in shape:
        for one in flat:
            if not isinstance(one, _LISTS) or len(one) != size:
                raise BadTensor(
                    "the lists are ragged: all lists at one level must have the same length"
                )
        flat = list(itertools.chain.from_iterable(flat))
    if any(issubclass(kind, _LISTS) for kind in set(map(type, flat))):
        raise BadTensor("the lists are ragged: lists and other values are mixed")
    return flat, shape


def _dtype_of(kinds: set[type], flat: list[Any]) -> str:
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int64" if max(flat) < 2**63 else "uint64"
    if kinds and kinds <= {str, bytes}:
        return BYTES
    return "float64"


def _converted(flat: list[Any], kinds: set[type], dtype: str) -> Array:
    if dtype == BYTES:
        _check_kinds(kinds, {str, bytes}, "texts")
        array: Array = np.empty(len(flat), object)
        array[:] = [one.encode() if isinstance(one, str) else one for one in _encodable(flat)]
        return array
    if dtype == "bool":
        _check_kinds(kinds, {bool}, "booleans")
        return np.array(flat, bool)
    if "int" in dtype:
        return _integers(flat, kinds, dtype)
    _check_kinds(kinds, {int, float, type(None)}, "numbers")
    return _numbers(flat, "float32" if dtype == "bfloat16" else dtype)


def _integers(flat: list[Any], kinds: set[type], dtype: str) -> Array:
    _check_kinds(kinds, {int, float}, "whole numbers")
    if float in kinds:
        if odd := [one for one in flat if isinstance(one, float) and not one.is_integer()]:
            raise BadTensor(f"expected whole numbers, got {odd[0]}")
        flat = [int(one) for one in flat]
    limits = np.iinfo(dtype)
    for extreme in (min(flat, default=0), max(flat, default=0)):
        if not limits.min <= extreme <= limits.max:
            raise BadTensor(f"a number is out of the range of {dtype}")
    return np.array(flat, dtype)


def _numbers(flat: list[Any], dtype: str) -> Array:
    try:
        exact = np.array(flat, np.float64)
    except OverflowError:
        raise BadTensor(f"a number is out of the range of {dtype}") from None
    if dtype.startswith("complex"):
        exact = exact.view(np.complex128)
    with np.errstate(over="ignore"):
        array: Array = exact.astype(dtype)
    if np.isinf(array).sum() != np.isinf(exact).sum():
        raise BadTensor(f"a number is out of the range of {dtype}")
    return array


def _check_kinds(kinds: set[type], right: set[type], said: str) -> None:
    if odd := kinds - right:
        came = sorted(_SAID.get(kind, f"a {kind.__name__}") for kind in odd)
        raise BadTensor(f"expected {said}, got {' and '.join(dict.fromkeys(came))}")


def _encodable(flat: list[Any]) -> Iterable[Any]:
    for one in flat:
        if isinstance(one, str) and not one.isascii():
            try:
                one.encode()
            except UnicodeEncodeError:
                raise BadTensor(
                    "a string has an unpaired surrogate, which is not valid UTF-8"
                ) from None
        yield one

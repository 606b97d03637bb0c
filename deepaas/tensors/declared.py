"""Declared dtypes and shapes of tensors, and checks against them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepaas.messages import TensorDetails
from deepaas.tensors.dtypes import BYTES, MAX_DIMENSIONS_COUNT, NAMES, BadTensor

ANY_SIZE = -1


def details(dtype: Any, shape: Any) -> TensorDetails:
    """A declaration: a dtype as a name, or of NumPy or PyTorch, None for any; and a shape, None for
    any. BadTensor, with a message for the author, if it is not valid."""
    name = "" if dtype is None else _name(dtype)
    if name and name not in NAMES:
        raise BadTensor(f"unknown dtype {dtype!r}: use one of {', '.join(NAMES)}")
    if shape is None:
        return TensorDetails(name)
    is_sequence = isinstance(shape, Sequence) and not isinstance(shape, str)
    if not is_sequence or any(type(size) is not int or size < ANY_SIZE for size in shape):
        raise BadTensor(
            f"invalid shape {shape!r}: use integers from 0 on, and {ANY_SIZE} for any size"
        )
    if len(shape) > MAX_DIMENSIONS_COUNT:
        raise BadTensor(f"the shape has {len(shape)} sizes, the maximum is {MAX_DIMENSIONS_COUNT}")
    return TensorDetails(name, list(shape))


def said(dtype: str, shape: Sequence[int]) -> str:
    return f"{dtype} of shape {list(shape)}"


def check_fits(wanted: TensorDetails, dtype: str, shape: Sequence[int]) -> None:
    """BadTensor if this dtype and shape do not match the declaration."""
    right = wanted.dtype in ("", dtype)
    if wanted.shape is not None:
        right = right and len(shape) == len(wanted.shape)
        right = right and all(
            size in (ANY_SIZE, came) for size, came in zip(wanted.shape, shape, strict=False)
        )
    if not right:
        raise BadTensor(f"expected {expectation(wanted)}, got {said(dtype, shape)}")


def expectation(wanted: TensorDetails) -> str:
    dtype = wanted.dtype or "a tensor"
    return dtype if wanted.shape is None else said(dtype, wanted.shape)


def schema(wanted: TensorDetails) -> dict[str, Any]:
    """The schema of its nested lists in OpenAPI 3.0."""
    if wanted.shape is None:
        return {"type": "array", "items": {}}
    told = _schema_of_element(wanted.dtype)
    sizes = list(wanted.shape)
    if wanted.dtype.startswith("complex"):
        sizes.append(2)
    for size in reversed(sizes):
        told = {"type": "array", "items": told}
        if size != ANY_SIZE:
            told |= {"minItems": size, "maxItems": size}
    return told


def _schema_of_element(dtype: str) -> dict[str, Any]:
    if dtype == BYTES:
        return {"type": "string"}
    if dtype == "bool":
        return {"type": "boolean"}
    if "int" in dtype:
        return {"type": "integer"}
    return {"type": "number", "nullable": True} if dtype else {}  # null is NaN.


def _name(dtype: Any) -> str:
    if isinstance(dtype, str):
        return dtype
    if isinstance(dtype, type):  # float32 of NumPy; bool_ of older versions.
        return dtype.__name__.rstrip("_")
    return str(dtype).removeprefix("torch.")

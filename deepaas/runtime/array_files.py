"""Codecs for tensor results as NumPy files, for clients that request them."""

from __future__ import annotations

import base64
import io
import sys
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deepaas.messages import Values
from deepaas.runtime.codecs import Bytes, EncodedResult, NotAsWanted
from deepaas.runtime.json_values import to_json
from deepaas.runtime.media import JSON

if TYPE_CHECKING:
    from deepaas.tensors.arrays import Array

NPY_TYPE = "application/x-npy"
NPZ_TYPE = "application/x-npz"

NOT_ACCEPTABLE = 406

ALONE = "output"
"""The name of an unnamed array where one is needed."""


class OnlyEncodes:
    """A codec that only encodes: doors decode arguments themselves."""

    @staticmethod
    def decode(_body: Bytes, _headers: Mapping[str, str]) -> Values:
        """Raises ``ValueError``."""
        raise ValueError("this codec cannot decode")


class Npy(OnlyEncodes):
    @staticmethod
    def encode(result: Any, _wanted: Mapping[str, Any]) -> EncodedResult:
        """Encode a single array, named or not; raises ``NotAsWanted``."""
        arrays = _arrays(result, NPY_TYPE)
        if len(arrays) != 1:
            raise _cannot(
                f"the result consists of {len(arrays)} tensors: request {NPZ_TYPE} instead"
            )
        return EncodedResult(NPY_TYPE, _npy(*arrays.values()))


class Npz(OnlyEncodes):
    @staticmethod
    def encode(result: Any, _wanted: Mapping[str, Any]) -> EncodedResult:
        """Encode all arrays by name; raises ``NotAsWanted``."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in _arrays(result, NPZ_TYPE).items():
                archive.writestr(f"{name}.npy", _npy(array))
        return EncodedResult(NPZ_TYPE, file.getbuffer())


class DataUrls(OnlyEncodes):
    @staticmethod
    def encode(result: Any, _wanted: Mapping[str, Any]) -> EncodedResult:
        """JSON in which each array is a data URL with a ``.npy`` file (RFC 2397)."""
        return EncodedResult(JSON, to_json(_with_urls(result)))


def _with_urls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_urls(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_urls(item) for item in value]
    if not _is_array(value):
        return value
    return f"data:{NPY_TYPE};base64,{base64.b64encode(_npy(_array(value))).decode()}"


def _arrays(result: Any, media_type: str) -> dict[str, Array]:
    named = result if isinstance(result, Mapping) else {ALONE: result}
    if odd := [name for name, value in named.items() if not _is_array(value)]:
        said = f"its {odd[0]!r} is" if named is result else "it is"
        raise _cannot(f"the result cannot be sent as {media_type}: {said} not a tensor")
    if not named:
        raise _cannot(f"the result cannot be sent as {media_type}: it has no tensors")
    return {str(name): _array(value) for name, value in named.items()}


def _is_array(value: Any) -> bool:
    if not {"numpy", "torch"} & sys.modules.keys():
        return False  # There can be none.
    from deepaas.tensors.arrays import is_array

    return is_array(value)


def _array(value: Any) -> Array:
    """An array that a NumPy file supports; raises ``NotAsWanted``."""
    from deepaas.tensors.arrays import array_of, tensor_of
    from deepaas.tensors.dtypes import BYTES, BadTensor

    try:
        told = tensor_of(value)
    except BadTensor as error:
        raise _cannot(str(error)) from None
    if told.dtype == BYTES:
        raise _cannot("the result has a tensor of bytes, which NumPy files do not support")
    return array_of(told)


def _cannot(why: str) -> NotAsWanted:
    return NotAsWanted(why, NOT_ACCEPTABLE)


def _npy(array: Array) -> memoryview:
    import numpy as np

    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getbuffer()

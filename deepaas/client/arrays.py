"""Converts arrays to files to be sent, and results to arrays, if NumPy is installed.

``.npy`` and ``.npz`` are NumPy's own formats, with dtype and shape. PyTorch tensors are sent as
``.npy`` too, except ``bfloat16``, which NumPy does not support: these use ``torch.save``.
"""

from __future__ import annotations

import importlib.util
import io
import sys
from typing import Any

from deepaas.client.answers import MAX_ANSWER_BYTES
from deepaas.client.calls import FileToSend
from deepaas.client.description import NPY, NPZ, Model
from deepaas.client.errors import HostError


def is_numpy_there() -> bool:
    if "numpy" in sys.modules:  # It may be blocked there.
        return sys.modules["numpy"] is not None
    return importlib.util.find_spec("numpy") is not None


def type_of(model: Model) -> str | None:
    """The media type to request from a model that returns tensors, None for others."""
    return next((one for one in (NPY, NPZ) if one in model.media_types), None)


def file_of(name: str, value: Any) -> FileToSend | None:
    """An array as a file, None if it is not an array; TypeError for an array of objects."""
    if type(value).__module__.partition(".")[0] == "torch":
        return _of_torch(name, value)
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, (numpy.ndarray, numpy.generic)):
        return None
    if value.dtype.hasobject:
        raise TypeError("it is an array of objects: an array must consist of numbers or strings")
    content = io.BytesIO()
    numpy.save(content, value, allow_pickle=False)
    return FileToSend(content.getvalue(), f"{name}.npy")


def arrays(media_type: str, body: bytes) -> Any:
    """An array, or a dict of arrays by name; HostError if the response is not valid."""
    import numpy as np

    try:
        loaded = np.load(io.BytesIO(body), allow_pickle=False)
        if media_type == NPY:
            return loaded
        with loaded:
            if sum(member.file_size for member in loaded.zip.infolist()) > MAX_ANSWER_BYTES:
                raise ValueError("it is too large")
            return {name: loaded[name] for name in loaded.files}
    except Exception as error:  # NumPy raises many types: TokenError, MemoryError, …
        raise HostError(f"the response is not valid {media_type}", 200) from error


def _of_torch(name: str, value: Any) -> FileToSend | None:
    if not hasattr(value, "detach"):
        return None
    plain = value.detach().cpu().contiguous()
    if str(plain.dtype) == "torch.bfloat16" or not is_numpy_there():
        content = io.BytesIO()
        sys.modules["torch"].save(plain, content)
        return FileToSend(content.getvalue(), f"{name}.pt")
    return file_of(name, plain.resolve_conj().resolve_neg().numpy())

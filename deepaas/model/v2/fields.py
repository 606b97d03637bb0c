"""Fields for arguments and results that marshmallow does not have."""

from __future__ import annotations

import copy
import importlib
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError, fields, missing

from deepaas.tensors.declared import details
from deepaas.tensors.dtypes import BadTensor

if TYPE_CHECKING:
    from deepaas.tensors.files import Read  # Imports NumPy, which is optional.


class Tensor(fields.Field):
    """A tensor, passed to ``predict`` as a ``numpy.ndarray``; bfloat16 becomes float32::

        from deepaas.model.v2.fields import Tensor

        def get_predict_args():
            return {"image": Tensor(dtype="float32", shape=(-1, 3, 224, 224), required=True)}

    Clients send nested lists, or a file: ``.npy``, ``.npz`` or one written by ``torch.save``.
    """

    def __init__(self, dtype: Any = None, shape: Any = None, **options: Any) -> None:
        """In ``shape``, -1 is any size; None is any dtype or shape. ``options`` are marshmallow's.

        Raises:
            ValueError: invalid dtype or shape, or the default does not match them.
            ImportError: NumPy is not installed.
        """
        self.wanted = details(dtype, shape)
        _need_numpy()
        super().__init__(**options)
        try:
            self._default()
        except ValidationError as error:
            raise BadTensor(f"the default of a tensor: {error.messages[0]}") from None

    def deserialize(
        self, value: Any, attr: str | None = None, data: Any = None, **options: Any
    ) -> Any:
        if value is missing and not self.required:
            return self._default()
        return super().deserialize(value, attr, data, **options)

    def _default(self) -> Any:
        """A copy for each call, which may write to it."""
        default = self.load_default() if callable(self.load_default) else self.load_default
        if default is missing or default is None:
            return default
        return copy.deepcopy(self._array(default, ""))

    def _deserialize(self, value: Any, attr: Any, *_others: Any, **_options: Any) -> Any:
        return self._array(value, attr or "")

    def _array(self, value: Any, name: str) -> Any:
        from deepaas.tensors import given

        try:
            return self._made(given.array(value, self.wanted, name))
        except BadTensor as error:
            raise ValidationError(str(error)) from None

    @staticmethod
    def _made(read: Read) -> Any:
        """Convert to what the model expects, for other kinds of model. Raises ``BadTensor``."""
        return read.array

    def serialized(self, value: Any) -> Any:
        """Return a tensor, or None, as nested lists. Raises ``ValueError`` if it does not match."""
        from deepaas.tensors import given
        from deepaas.tensors.nested import nested_of

        return None if value is None else nested_of(given.array(value, self.wanted, "").array)

    def _serialize(self, value: Any, *_others: Any, **_options: Any) -> Any:
        return self.serialized(value)


def _need_numpy() -> None:
    try:
        importlib.import_module("numpy")
    except ImportError:
        raise ImportError(
            "tensor arguments need NumPy, which is not installed: pip install numpy"
        ) from None

"""Which argument of a model gets the tensor of a call, and which ones are metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from deepaas.errors import DeepaasError, NotImplementedByModel
from deepaas.messages import ArgumentSignature, Description, FileDetails, Signature
from deepaas.model.handle import HostedModel
from deepaas.protocols.deepinv.asked import FILE, IMAGE, OTHER, TENSOR, TEXT, CallOutline
from deepaas.tensors.declared import expectation

_PICTURES = ("image/", ".png", ".jpg", ".jpeg", ".tif", ".bmp", ".webp")
_MEDIA = ("image", "audio", "video")
_PICTURE_NAMES = {"image", "images", "img", "picture", "pictures", "photo", "photos"}

_TAKEN_AS = {
    IMAGE: "a PNG image: floats from 0 to 1, or uint8, of shape [channels, height, width]",
    FILE: "the file that torch.save has written",
}


class TakesNoTensor(NotImplementedByModel):
    """The model has no argument for the tensor of a call."""

    def __init__(self, name: str) -> None:
        DeepaasError.__init__(
            self,
            f"model {name!r} takes no tensor, image or file, which DeepInverse's protocol needs: "
            "use another API of this host",
        )


class TensorCall:
    """How a model is called with a tensor."""

    def __init__(self, name: str, description: Description, signature: Signature) -> None:
        self.description = description
        self.result = signature.result
        self.tensor = _first(signature)
        self.others = [one for one in signature.arguments if one is not self.tensor]
        self.outline = msgspec.json.encode(
            CallOutline(
                name,
                self.tensor.name,
                kind_of(self.tensor),
                {one.name: kind_of(one) for one in self.others},
                signature.result.streams,
            )
        ).decode()

    def told(self) -> dict[str, Any]:
        """For people: what is ``file``, and what can be ``metadata``."""
        metadata = {one.name: {"expects": expects(one), **_details(one)} for one in self.others}
        return {
            "file": {"argument": self.tensor.name, "expects": expects(self.tensor)},
            "metadata": metadata,
        }


def call_of(name: str, description: Description) -> TensorCall | None:
    """How to call a model; None if that is not possible."""
    signature = description.predict
    if signature is None or not any(map(_may_be_first, signature.arguments)):
        return None
    return TensorCall(name, description, signature)


class TensorCalls:
    """How the models of a host are called at present."""

    def __init__(self) -> None:
        self._known: dict[str, TensorCall] = {}

    async def of(self, model: HostedModel) -> TensorCall:
        """Wait until the model is described. Raises ``ModelUnavailable`` or ``TakesNoTensor``."""
        known = self._known.get(model.name)
        if known is not None and known.description is model.description:
            return known
        description = await model.described()
        found = call_of(model.name, description)
        if found is None:
            raise TakesNoTensor(model.name)
        self._known[model.name] = found
        return found


def kind_of(argument: ArgumentSignature) -> str:
    if argument.tensor is not None:
        return TENSOR
    if argument.file is not None:
        return IMAGE if _is_picture(argument, argument.file) else FILE
    types = argument.schema.get("type")
    types = {types} if isinstance(types, str) else set(types or ())
    return TEXT if types - {"null"} == {"string"} else OTHER


def _is_picture(argument: ArgumentSignature, file: FileDetails) -> bool:
    """By what it accepts or, as on the try-me page, by its description or its name."""
    if file.accept:
        return any(one in file.accept.lower() for one in _PICTURES)
    description = str(argument.schema.get("description", "")).lower()
    if named := [word for word in _MEDIA if word in description]:
        return named == ["image"]
    return not _PICTURE_NAMES.isdisjoint(re.findall(r"[a-z]+", argument.name.lower()))


def expects(argument: ArgumentSignature) -> str:
    if argument.tensor is not None:
        told = expectation(argument.tensor)
        return told if argument.tensor.dtype else told.replace("a tensor", "any dtype", 1)
    types = argument.schema.get("type", "any value")
    plain = types if isinstance(types, str) else " or ".join(types)
    return _TAKEN_AS.get(kind_of(argument), plain)


def _details(argument: ArgumentSignature) -> Mapping[str, Any]:
    schema = argument.schema
    wanted = ("description", "default", "enum", "minimum", "maximum")
    found = {name: schema[name] for name in wanted if name in schema}
    if argument.secret:
        found.pop("default", None)
    return {"required": argument.required, **found}


def _may_be_first(argument: ArgumentSignature) -> bool:
    return argument.tensor is not None or (argument.file is not None and not argument.file.many)


def _first(signature: Signature) -> ArgumentSignature:
    """A required one before others, a tensor before a file, then the order of the author."""
    able = [one for one in signature.arguments if _may_be_first(one)]
    return min(able, key=lambda one: (not one.required, one.tensor is None))

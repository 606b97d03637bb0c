"""Checks whether the host has the requested model and kind of result."""

from __future__ import annotations

from deepaas.client.description import ANYTHING, JSON, NPY, NPZ, Model
from deepaas.client.errors import ClientError, InvalidArguments, ModelNotFound, NotSupported
from deepaas.client.events import MEDIA_TYPE as EVENTS
from deepaas.client.values import alike


def the_only(names: list[str]) -> str:
    """The name of the only model; ClientError if there is none, or several."""
    if len(names) == 1:
        return names[0]
    if not names:
        raise ModelNotFound("this host serves no models")
    raise ClientError(f"this host serves several models, choose one of them: {', '.join(names)}")


def not_found(name: str, names: list[str]) -> str:
    question = alike(name, names)
    served = "" if question else f"; available models: {', '.join(names) or 'none'}"
    return f"this host has no model {name!r}{question}{served}"


def streams(model: Model) -> bool:
    """Whether it yields parts, instead of making its own event stream."""
    return model.streams and EVENTS not in model.media_types


def check_stream(model: Model, accept: str | None) -> None:
    """Raises NotSupported if a model does not stream, InvalidArguments for a type it lacks."""
    if not streams(model):
        raise NotSupported(f"model {model.name!r} does not stream: use predict()")
    check_accept(model, accept)
    choice = model.accept
    if choice is not None and choice.place == "header" and accept not in (None, choice.default):
        raise InvalidArguments(
            f"model {model.name!r} reads 'accept' from the header that requests the stream, so "
            "you cannot choose the type of its parts",
            fields={"accept": ["Cannot be chosen for a stream."]},
        )


def check_accept(model: Model, accept: str | None) -> None:
    """Raises InvalidArguments if a model does not offer this media type."""
    if accept is None or model.accept is not None or accept == ANYTHING:
        return
    offered = {JSON, *model.media_types}
    if accept not in offered:
        listed = " or ".join(one for one in (JSON, NPY, NPZ) if one in offered)
        raise InvalidArguments(
            f"model {model.name!r} returns {listed}, not {accept}",
            fields={"accept": [f"Must be {listed}."]},
        )

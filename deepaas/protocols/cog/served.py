"""The schemas of a model, generated once for each description."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

import deepaas
from deepaas.messages import Description, Signature
from deepaas.model.handle import HostedModel
from deepaas.near_names import near
from deepaas.protocols.cog import large
from deepaas.protocols.cog.answers import NOT_READY, Refusal, failed
from deepaas.protocols.cog.checking import Checker
from deepaas.protocols.cog.health import is_starting
from deepaas.protocols.cog.intake import Unpacked
from deepaas.protocols.cog.schema import Json, document, file_inputs, input_schema
from deepaas.web.document import Document, of_file
from deepaas.web.secret_values import has_secrets, without_secrets

MAX_IGNORED_COUNT = 5
MAX_NAME_CHARACTERS = 50


class Face:
    """The inputs of one function; ``outline`` is for the helper that parses large ones."""

    def __init__(self, function: Signature) -> None:
        self.inputs = input_schema(function)
        self.checker = Checker(self.inputs)
        self.files = file_inputs(function)
        self._has_secrets = has_secrets(self.inputs)
        self.outline = large.InputFace(msgspec.json.encode(self.inputs), sorted(self.files))

    def shown(self, given: Json | Unpacked) -> Json | Document:
        """An input without secrets, to be shown and stored."""
        if isinstance(given, Unpacked):
            assert given.large is not None, "validated inputs are complete"
            return of_file(Path(given.large.shown))
        return without_secrets(given, self.inputs) if self._has_secrets else given

    def checked(self, given: Any) -> Json | Unpacked:
        """A validated input without unknown names; ``Refusal`` if it does not match the schema."""
        if isinstance(given, Unpacked):
            # The helper has validated it; if with another schema, the model has been reloaded.
            if given.large is None or given.face is not self.outline:
                raise failed(NOT_READY, 503)
            faults = given.large.faults
        else:
            faults = self.checker.faults(given)
        if faults:
            raise Refusal(422, {"detail": faults}, self.ignored(given))
        return given if isinstance(given, Unpacked) else self.checker.known(given)

    def ignored(self, given: Any) -> str:
        """Which names of an input are ignored, as Cog does, for the header; empty if none."""
        known = self.inputs.get("properties", {})
        names = [name for name in given if name not in known] if isinstance(given, dict) else []
        free = [name for name in known if name not in given] if names else []
        return "; ".join(_ignored(name, free) for name in names[:MAX_IGNORED_COUNT])


class Served(Face):
    """The schemas of one description, for ``predict``; ``train`` may be None."""

    def __init__(self, name: str, description: Description) -> None:
        super().__init__(description.predict or Signature())
        self.description = description
        self.streams = description.predict is not None and description.predict.result.streams
        self.train = Face(description.train) if description.train is not None else None
        self.document: Json = document(name, description, deepaas.__version__)


class ModelSchemas:
    """The schemas of all models, generated when first needed and when a model changes."""

    def __init__(self) -> None:
        self._served: dict[str, Served] = {}

    def get(self, model: HostedModel) -> Served | None:
        """None until the model has sent its description."""
        description = model.description
        if description is None:
            return None
        served = self._served.get(model.name)
        if served is None or served.description is not description:
            served = self._served[model.name] = Served(model.name, description)
        return served

    def outline(self, model: HostedModel, *, train: bool = False) -> large.InputFace | None:
        """What the helper needs to read a large input; None if unknown or not implemented."""
        served = self.get(model)
        face = served.train if served is not None and train else served
        return None if face is None else face.outline

    def ready(self, model: HostedModel) -> Served:
        """What is made of a model that takes calls, or will in a moment.

        Raises:
            Refusal: the model is not ready.
        """
        served = self.get(model)
        if served is None or not (model.takes_calls or _is_replaced(model)):
            raise failed(NOT_READY, 503)
        return served


def _ignored(name: str, free: Iterable[str]) -> str:
    shown = name if len(name) <= MAX_NAME_CHARACTERS else f"{name[:MAX_NAME_CHARACTERS]}..."
    meant = near(shown, free)
    return f"ignored {shown!a}: unknown argument{f', did you mean {meant!a}?' if meant else ''}"


def _is_replaced(model: HostedModel) -> bool:
    """Whether calls wait for the next worker."""
    status = model.status()
    return status.status != "broken" and not is_starting(model, status)

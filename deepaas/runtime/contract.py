"""A loaded model: the author's object behind the contract, its arguments and its results."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import marshmallow

from deepaas.messages import Answer, Description, Inputs
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.describe import describe
from deepaas.runtime.results import Results, to_json_or_text

RESPONSE_NAME = "ModelPredictionResponse"
"""The definition's name for a schema given as a dict; DEEPaaS's own try-me page looks for it."""


class Model:
    """One model in this process.

    Args:
        name: under which the model is served.
        author: the object with the author's functions; any of them may be missing.
        spool: folder for large results.

    Attributes:
        has_schema: whether it has a response schema.

    Raises:
        Exception: whatever the author's ``get_…_args`` raise, or what is wrong with the schema.
    """

    def __init__(self, name: str, author: Any, spool: Path) -> None:
        self.name = name
        self._author = author
        self._predict_arguments = self._arguments("predict", "get_predict_args")
        self._train_arguments = self._arguments("train", "get_train_args")
        self._schema = response_schema(getattr(author, "schema", None))
        self.has_schema = self._schema is not None
        media_types = self._predict_arguments.media_types if self._predict_arguments else []
        self._results = Results(name, self._schema, media_types, spool)

    def describe(self) -> Description:
        """What the host has to know."""
        return describe(self._predict_arguments, self._train_arguments, self._schema)

    def arguments(self, function: str) -> Arguments | None:
        """What ``predict`` or ``train`` takes, None where the model does not have it."""
        return self._predict_arguments if function == "predict" else self._train_arguments

    def warm(self) -> None:
        """Run the author's ``warm``, if there is one."""
        warm = getattr(self._author, "warm", None)
        if warm is None:
            return
        try:
            warm()
        except NotImplementedError:
            return

    def metadata(self) -> dict[str, Any]:
        """Ask the author's ``get_metadata``, or answer DEEPaaS's stock description.

        Raises:
            TypeError: it returned no dict.
        """
        get_metadata = getattr(self._author, "get_metadata", None)
        try:
            if get_metadata is None:
                raise NotImplementedError
            metadata = get_metadata()
        except NotImplementedError:
            return {
                "id": "0",
                "name": self.name,
                "description": (
                    f"Could not load description from underlying model (loaded '{self.name}')"
                ),
            }
        if not isinstance(metadata, dict):
            raise TypeError(f"get_metadata returned {type(metadata).__name__}, not a dict")
        return metadata

    def predict_arguments(self, inputs: Inputs) -> dict[str, Any]:
        """Collect and check the arguments of a prediction.

        Raises:
            marshmallow.ValidationError, MalformedBody: they do not fit.
            NotImplementedError: the model does not predict.
        """
        if self._predict_arguments is None:
            raise NotImplementedError
        return self._predict_arguments.load(inputs)

    def train_arguments(self, inputs: Inputs) -> dict[str, Any]:
        """Collect and check the arguments of a training.

        Raises:
            marshmallow.ValidationError, MalformedBody: they do not fit.
            NotImplementedError: the model does not train.
        """
        if self._train_arguments is None:
            raise NotImplementedError
        return self._train_arguments.load(inputs)

    def shown_train_arguments(self, arguments: dict[str, Any]) -> bytes:
        """The arguments of a training as JSON for people: no secrets, no paths."""
        assert self._train_arguments is not None
        return to_json_or_text(self._train_arguments.shown(arguments))

    def predict(self, call_id: int, arguments: dict[str, Any]) -> Answer:
        """Call the author's ``predict`` and encode what it returns.

        Raises:
            BaseException: whatever the author's code raises.
            BadResult: what it returned cannot be sent.
        """
        # Read before the call: the arguments belong to the author from then on.
        accept = arguments.get("accept")
        if self._predict_arguments is None or not self._predict_arguments.media_types:
            accept = accept if isinstance(accept, str) else None
        return self._results.encode(call_id, self._author.predict(**arguments), accept)

    def train(self, call_id: int, arguments: dict[str, Any]) -> Answer:
        """Call the author's ``train`` and encode what it returns.

        Raises:
            BaseException: whatever the author's code raises.
        """
        try:
            result = self._author.train(**arguments)
        except SystemExit as left:
            # The way in which scripts and command-line tools end, well or badly.
            if left.code not in (None, 0):
                raise
            result = None
        return self._results.encode_training(call_id, result)

    def _arguments(self, function: str, declaration: str) -> Arguments | None:
        """The arguments of a function, None where the model does not have it."""
        if not callable(getattr(self._author, function, None)):
            return None
        declare = getattr(self._author, declaration, None)
        if declare is None:
            return Arguments({})
        try:
            return Arguments(declare())
        except NotImplementedError:
            return Arguments({})


def response_schema(declared: Any) -> type[marshmallow.Schema] | None:
    """The author's ``schema`` as a class.

    Raises:
        TypeError: it is neither a dict of fields nor a marshmallow Schema class.
    """
    if declared is None:
        return None
    if isinstance(declared, dict):
        return marshmallow.Schema.from_dict(declared, name=RESPONSE_NAME)
    if inspect.isclass(declared) and issubclass(declared, marshmallow.Schema):
        return declared
    raise TypeError(
        f"schema is {declared!r}: it must be a dict of fields or a marshmallow Schema class"
    )

"""The contract between a model package and the host, as an abstract class.

Nobody has to inherit from it: a module with functions of these names does as well, and every
one of them may be missing.
"""

from __future__ import annotations

import abc
from typing import Any

import marshmallow


class BaseModel(abc.ABC):
    """What a model can offer."""

    schema: dict[str, Any] | type[marshmallow.Schema] | None = None
    """How JSON answers of ``predict`` look: fields by name, or a marshmallow Schema class.

    Answers are checked against it. Without a schema (None) they are sent as
    ``{"status": "OK", "predictions": <what predict returned>}``::

        from webargs import fields

        schema = {
            "labels": fields.List(fields.Str(), required=True),
            "probabilities": fields.List(fields.Float(), required=True),
        }
    """

    @abc.abstractmethod
    def get_metadata(self) -> dict[str, Any]:
        """Tell who made this model and what it is.

        Returns:
            ``{"name", "author", "description", "license", "url", "version", …}``, JSON only.
            It is asked for each time that a client asks.
        """

    @abc.abstractmethod
    def warm(self) -> None:
        """Prepare a worker: load weights, allocate devices. Runs before it takes calls."""

    @abc.abstractmethod
    def get_predict_args(self) -> dict[str, marshmallow.fields.Field]:
        """Declare the arguments of ``predict``: webargs or marshmallow fields by name::

            from webargs import fields, validate

            def get_predict_args():
                return {
                    "image": fields.Field(
                        required=True, type="file", location="form", description="An image"
                    ),
                    "top": fields.Int(load_default=3, validate=validate.Range(1, 10)),
                }

        An argument named ``accept`` with a ``OneOf`` validator declares the media types of
        the answer.
        """

    @abc.abstractmethod
    def predict(self, **kwargs: Any) -> Any:
        """Make one prediction.

        Args:
            **kwargs: the declared arguments; files come as
                :class:`deepaas.model.v2.wrapper.UploadedFile`.

        Returns:
            for JSON, anything that JSON can hold; for another media type ``str``, ``bytes`` or
            an open binary file.

        Raises:
            aiohttp.web.HTTPException: sent with its status and reason.
            NotImplementedError: answered with 501.
        """

    @abc.abstractmethod
    def get_train_args(self) -> dict[str, marshmallow.fields.Field]:
        """Declare the arguments of ``train``, like :meth:`get_predict_args`."""

    @abc.abstractmethod
    def train(self, **kwargs: Any) -> Any:
        """Train the model.

        Args:
            **kwargs: the declared arguments.

        Returns:
            anything that JSON can hold; it becomes the result of the training.
        """

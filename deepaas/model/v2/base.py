"""The contract between a model package and the host, as an abstract class.

Inheriting from it is optional: a module with functions of these names works too. All of them are
optional.
"""

from __future__ import annotations

import abc
from typing import Any

import marshmallow


class BaseModel(abc.ABC):
    """The functions that a model can have."""

    schema: dict[str, Any] | type[marshmallow.Schema] | None = None
    """Schema of JSON results of ``predict``: fields by name, or a marshmallow Schema class.

    Results are validated against it. Without a schema (None) they are sent as
    ``{"status": "OK", "predictions": <what predict returned>}``::

        from webargs import fields

        schema = {
            "labels": fields.List(fields.Str(), required=True),
            "probabilities": fields.List(fields.Float(), required=True),
        }
    """

    @abc.abstractmethod
    def get_metadata(self) -> dict[str, Any]:
        """Describe the model and its author.

        Returns:
            ``{"name", "author", "description", "license", "url", "version", …}``, JSON only.
            The host calls this for each request for metadata.
        """

    @abc.abstractmethod
    def warm(self) -> None:
        """Prepare a worker: load weights, allocate devices. Runs before the first request."""

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
        the result.
        """

    @abc.abstractmethod
    def predict(self, **kwargs: Any) -> Any:
        """Make one prediction.

        Args:
            **kwargs: the declared arguments; files are instances of
                :class:`deepaas.model.v2.wrapper.UploadedFile`.

        Returns:
            for JSON, anything that JSON can represent; for another media type ``str``, ``bytes``
            or an open binary file.

        Raises:
            aiohttp.web.HTTPException: sent with its status and reason.
            NotImplementedError: the response is 501.
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
            anything that JSON can represent; it becomes the result of the training run.
        """

"""What a model was given, types and all, as something that JSON can carry."""

from collections.abc import Mapping
from pathlib import Path

from deepaas.model.v2.wrapper import UploadedFile


def told(value):
    if isinstance(value, UploadedFile):
        return {
            "is": "UploadedFile",
            "name": value.name,
            "content_type": value.content_type,
            "original_filename": value.original_filename,
            "content": Path(value.filename).read_bytes().decode("latin-1"),
        }
    if isinstance(value, Mapping):
        return {str(key): told(item) for key, item in value.items()}
    if isinstance(value, list):
        return [told(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [told(item) for item in value]}
    return f"{type(value).__name__} {value}"

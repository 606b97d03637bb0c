"""The media type by the header; a file of a telling name on request."""

import tempfile

from webargs import fields, validate


def get_predict_args():
    return {
        "accept": fields.Str(
            location="headers",
            validate=validate.OneOf(["application/json", "text/plain", "image/png"]),
        ),
    }


def predict(accept):
    if accept == "image/png":
        with tempfile.NamedTemporaryFile(prefix="telling-name", delete=False) as file:
            file.write(b"\x89PNG")
        return open(file.name, "rb")
    return "text"

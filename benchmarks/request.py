"""The one request that every server gets, and the answer that is right."""

from typing import Any, Final

PREDICT_PATH: Final = "/v2/models/nothing/predict/"
QUERY: Final = "text=hello&count=3&ratio=0.25&mode=exact"
FLOATS_PATH: Final = "/v2/models/floats/predict/"
UPLOAD_PATH: Final = "/v2/models/filesize/predict/"

ANSWER: Final[dict[str, Any]] = {
    "status": "OK",
    "predictions": {"label": "seven", "probability": 0.98, "count": 3},
}

BODY_PATH = "/body"
"""Where the bare server reads a body."""

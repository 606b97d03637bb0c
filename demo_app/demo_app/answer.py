"""Creates the result of a prediction in each media type."""

import base64
import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from demo_app.drawing import annotate
from demo_app.images import Digit, Floats, grid_image
from demo_app.media import duration_seconds

# Base64 in JSON is only for small files.
_ECHO_MAX_BYTES = 2_000_000


@dataclass(frozen=True)
class Reading:
    """What the network says of a digit.

    Attributes:
        digit: the digit as found in the picture.
        probabilities: float array (10,), sums to 1.
        names: ten names, of the digits 0 to 9.
        best: the digits to answer with, 0..9, the likeliest first.
    """

    digit: Digit
    probabilities: Floats
    names: Sequence[str]
    best: Sequence[int]


def read(digit: Digit, probabilities: Floats, arguments: Mapping[str, Any]) -> Reading:
    """Apply the arguments `class_weights`, `labels`, `top` and `threshold`.

    Args:
        probabilities: float array (10,) as the network gives them.
        arguments: those of `predict`.
    """
    if arguments["class_weights"]:
        weights = np.array(arguments["class_weights"], dtype=np.float64)
        # Scaled first: the numbers may be as large as a float can be.
        weighted = probabilities * (weights / weights.max())
        # If all likely digits are excluded, only the given weights are left.
        probabilities = weighted if weighted.sum() > 0 else weights / weights.max()
        probabilities = (probabilities / probabilities.sum()).astype(np.float32)
    order = [int(number) for number in np.argsort(-probabilities, kind="stable")]
    return Reading(
        digit=digit,
        probabilities=probabilities,
        names=[arguments["labels"].get(str(number), str(number)) for number in range(10)],
        best=[n for n in order[: arguments["top"]] if probabilities[n] >= arguments["threshold"]],
    )


def as_json(reading: Reading, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result as described by the schema in `arguments.response`."""
    left, top, right, bottom = reading.digit.box
    labels = [reading.names[number] for number in reading.best]
    probabilities = [round(float(reading.probabilities[number]), 6) for number in reading.best]
    preprocessed = _png(grid_image(reading.digit.grid)) if arguments["preprocessed"] else None
    return {
        "label": labels[0] if labels else None,
        "labels": labels,
        "probabilities": probabilities,
        "preprocessed": _base64(preprocessed),
        "box": {"left": left, "top": top, "right": right, "bottom": bottom},
        "polarity": reading.digit.polarity,
        "weights": arguments["weights"],
        "caption": arguments["caption"],
        "signature": sign(labels, probabilities, arguments["signing_key"]),
        "date": datetime.now(timezone.utc).isoformat(),
        "audio": _echo(arguments["audio"]),
        "audio_info": _recording(arguments["audio"]),
        "video": _echo(arguments["video"]),
        "video_info": _recording(arguments["video"]),
    }


def as_png(reading: Reading, arguments: Mapping[str, Any]) -> bytes:
    """Return the annotated picture."""
    probabilities = [float(value) for value in reading.probabilities]
    return _png(annotate(reading.digit, reading.names, probabilities, arguments["caption"]))


def as_zip(reading: Reading, arguments: Mapping[str, Any]) -> bytes:
    """Return the JSON result and both pictures in a ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("prediction.json", json.dumps(as_json(reading, arguments), indent=2))
        archive.writestr("annotated.png", as_png(reading, arguments))
        archive.writestr("preprocessed.png", _png(grid_image(reading.digit.grid)))
    return buffer.getvalue()


def sign(labels: list[str], probabilities: list[float], key: str) -> str | None:
    """Return the hexadecimal HMAC-SHA256 of labels and probabilities; None without a key."""
    if not key:
        return None
    text = json.dumps({"labels": labels, "probabilities": probabilities})
    return hmac.new(key.encode("utf-8", "surrogatepass"), text.encode(), hashlib.sha256).hexdigest()


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _echo(upload: Any) -> str | None:
    """Return the content of a small uploaded file in base64, None for larger files."""
    if upload is None or Path(upload.filename).stat().st_size > _ECHO_MAX_BYTES:
        return None
    return _base64(Path(upload.filename).read_bytes())


def _recording(upload: Any) -> dict[str, Any] | None:
    """Return the properties of an uploaded audio or video file."""
    if upload is None:
        return None
    return {
        "name": upload.original_filename or "",
        "content_type": upload.content_type or "application/octet-stream",
        "size_bytes": Path(upload.filename).stat().st_size,
        "duration_seconds": duration_seconds(upload.filename),
    }

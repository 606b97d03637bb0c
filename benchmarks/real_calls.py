"""The calls of the models that do real work: what a client sends, and what the model gets of it."""

import io
import json
import random
import struct
from pathlib import Path
from typing import Any

from benchmarks import wrk
from benchmarks.client import BOUNDARY
from benchmarks.servers import Kind

SHAPE = (3, 224, 224)
COUNT = 3 * 224 * 224
PIXELS = 64
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def path(model: str, kind: Kind) -> str:
    """Arrays come over the Open Inference Protocol where a server has it."""
    if model == "arrays" and kind is Kind.OURS:
        return f"/oip/v2/models/{model}/infer"
    return f"/v2/models/{model}/predict/"


def script(folder: Path, model: str, kind: Kind) -> Path:
    """A script for wrk that sends the model's call to this kind of server."""
    body, headers = _call(model, kind)
    return wrk.script(folder / f"{model}-{kind.name}", body, headers)


def items(model: str, count: int) -> list[Any]:
    """What the model gets of as many calls."""
    if model == "pictures":
        return [io.BytesIO(picture()) for _ in range(count)]
    if model == "arrays":
        import numpy as np

        return [np.frombuffer(_array(), np.float32).reshape(SHAPE)] * count
    return [_values(model)] * count


def picture() -> bytes:
    """A JPEG of 64×64 pixels with some structure."""
    from PIL import Image

    source = random.Random(7)
    small = Image.frombytes("RGB", (8, 8), source.randbytes(8 * 8 * 3))
    written = io.BytesIO()
    small.resize((PIXELS, PIXELS), Image.Resampling.BICUBIC).save(written, "JPEG")
    return written.getvalue()


def _call(model: str, kind: Kind) -> tuple[bytes, dict[str, str]]:
    if model == "pictures":
        return _form("picture", picture()), FORM
    if model == "arrays":
        if kind is not Kind.OURS:
            return _form("image", _array()), FORM
        told = {"name": "image", "shape": [1, *SHAPE], "datatype": "FP32"}
        head = json.dumps({"inputs": [told | {"parameters": {"binary_data_size": 4 * COUNT}}]})
        return head.encode() + _array(), {"Inference-Header-Content-Length": str(len(head))}
    name = "value" if model == "sleeps" else "values"
    return json.dumps({name: _values(model)}).encode(), JSON


def _values(model: str) -> Any:
    source = random.Random(7)
    counts = {"digits": 784, "rows": 20}
    return [source.random() for _ in range(counts[model])] if model in counts else 1


def _array() -> bytes:
    source = random.Random(7)
    return struct.pack(f"<{COUNT}f", *(source.random() for _ in range(COUNT)))


def _form(name: str, content: bytes) -> bytes:
    head = (
        f"--{BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="{name}"; filename="data"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()

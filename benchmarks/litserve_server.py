"""A model in LitServe, for comparison: `python -m benchmarks.litserve_server PORT MODEL [BATCH]`.

Runs with LitServe's Python. BATCH is how many calls it joins at most.
"""

import io
import sys
from typing import Any

import litserve
import numpy as np
from fastapi import Request

from benchmarks.models.real_models import MODELS

FIRST = "first"
PATH = "/v2/models/{model}/predict/"
BATCH_SECONDS = 0.005
"""How long it waits for more calls: it has no way not to wait."""


class First(litserve.LitAPI):  # type: ignore[misc]  # LitServe is not installed here
    """Takes a tensor as nested lists and gives back its first number."""

    def setup(self, device: str) -> None:
        pass

    def decode_request(self, request: Request) -> Any:
        # LitServe gives what the JSON says for one that is annotated like that.
        body: Any = request
        return np.asarray(body["image"], np.float32)

    def predict(self, x: Any) -> Any:
        return float(x[0, 0, 0, 0])

    def encode_response(self, output: Any) -> Any:
        return {"status": "OK", "predictions": output}


class Real(litserve.LitAPI):  # type: ignore[misc]
    """One of `models/real_models.py`."""

    def __init__(self, model: str, **options: Any) -> None:
        super().__init__(api_path=PATH.format(model=model), **options)
        self._name = model

    def setup(self, device: str) -> None:  # noqa: ARG002
        self._model = MODELS[self._name]()

    def decode_request(self, request: Request) -> Any:
        (value,) = dict(request).values()
        if self._name == "pictures":
            return io.BytesIO(value.file.read())
        if self._name == "arrays":
            return np.frombuffer(value.file.read(), np.float32).reshape(3, 224, 224)
        return value

    def batch(self, inputs: Any) -> Any:
        return inputs

    def unbatch(self, output: Any) -> Any:
        return output

    def predict(self, x: Any) -> Any:
        return self._model.many(x) if self.max_batch_size > 1 else self._model.one(x)

    def encode_response(self, output: Any) -> Any:
        return {"status": "OK", "predictions": output}


def main() -> None:
    port, model, *batch = sys.argv[1:]
    if model == FIRST:
        api = First(api_path=PATH.format(model=model))
    elif batch:
        api = Real(model, max_batch_size=int(batch[0]), batch_timeout=BATCH_SECONDS)
    else:
        api = Real(model)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False, log_level="error")


if __name__ == "__main__":
    main()

"""Models in LitServe, for comparison: `python -m benchmarks.litserve_server PORT MODEL`.

Runs with LitServe's Python; its own way to validate is the request's type.
"""

import sys
from typing import Any

import litserve
import numpy as np
from fastapi import Request

from benchmarks.request import ANSWER, PREDICT_PATH


class Nothing(litserve.LitAPI):  # type: ignore[misc]  # LitServe is not installed here
    def setup(self, device: str) -> None:
        pass

    def decode_request(self, request: Request) -> Any:
        return request

    def predict(self, _x: Any) -> Any:
        return ANSWER["predictions"]

    def encode_response(self, output: Any) -> Any:
        return {"status": "OK", "predictions": output}


class First(Nothing):
    """Takes a tensor as nested lists and gives back its first number."""

    def decode_request(self, request: Request) -> Any:
        # LitServe gives what the JSON says for one that is annotated like that.
        body: Any = request
        return np.asarray(body["image"], np.float32)

    def predict(self, x: Any) -> Any:
        return float(x[0, 0, 0, 0])


MODELS = {"nothing": Nothing, "first": First}


def main() -> None:
    api = MODELS[sys.argv[2]](api_path=PREDICT_PATH)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="error"
    )


if __name__ == "__main__":
    main()

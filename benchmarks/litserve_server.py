"""A model in LitServe, for comparison: `python -m benchmarks.litserve_server PORT`.

Runs with LitServe's Python.
"""

import sys
from typing import Any

import litserve
import numpy as np
from fastapi import Request

from benchmarks.request import PREDICT_PATH


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


def main() -> None:
    api = First(api_path=PREDICT_PATH)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="error"
    )


if __name__ == "__main__":
    main()

"""The do-nothing model in LitServe, for comparison where LitServe is installed.

`python -m benchmarks.litserve_server PORT`; LitServe's own way to validate is the request's type.
"""

import sys
from typing import Any

import litserve

from benchmarks.request import ANSWER, PREDICT_PATH


class Nothing(litserve.LitAPI):  # type: ignore[misc]  # LitServe may be absent
    def setup(self, device: str) -> None:
        pass

    def decode_request(self, request: Any) -> Any:
        return request

    def predict(self, _x: Any) -> Any:
        return ANSWER["predictions"]

    def encode_response(self, output: Any) -> Any:
        return {"status": "OK", "predictions": output}


def main() -> None:
    server = litserve.LitServer(
        Nothing(api_path=PREDICT_PATH), accelerator="cpu", workers_per_device=1
    )
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="error"
    )


if __name__ == "__main__":
    main()

"""The server of DeepInverse's documentation, with its placeholders filled, for gunicorn.

``gunicorn --workers 1 "benchmarks.deepinv_server:served('denoiser')"``, with the environment of
``benchmarks.deepinv_client``. Source: the docstring of ``deepinv.models.Client``, 0.5.0.
"""

from typing import Any

from deepinv.models import Client
from flask import Flask, jsonify, request

from benchmarks.models.small_network import denoised

MODELS: dict[str, Any] = {"identity": lambda y: y, "denoiser": denoised}


def served(name: str) -> Any:
    app = Flask(__name__)
    model = MODELS[name]

    @app.route("/", methods=["POST"])
    def infer() -> Any:
        inp = request.get_json()["input"]
        y = Client.deserialize(inp["file"])

        x_hat = model(y)  # Server-side inference

        return jsonify({"output": {"file": Client.serialize(x_hat)}})

    return app

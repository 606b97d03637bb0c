"""The demo model, which knows of DEEPaaS's contract only, through the other doors."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.request import Request, urlopen

import numpy as np
import pytest
from deepinv import wire
from docs.page import ROOT
from oip.wire import LENGTH, infer, send
from PIL import Image
from support.host import Host, start_host

PICTURE = ROOT / "docs/images/seven.png"

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host([], "--model-name", "demo_app", "--no-ui", "--no-train-endpoint") as host:
        yield host


def test_cog_a_picture(host: Host) -> None:
    picture = "data:image/png;base64," + base64.b64encode(PICTURE.read_bytes()).decode()
    request = Request(
        f"{host.url}/cog/demo_app/predictions",
        json.dumps({"input": {"image": picture}}).encode(),
        {"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=60) as answer:
        told = json.load(answer)
    assert told["status"] == "succeeded"
    assert told["output"]["label"] == "7"
    with urlopen(f"{host.url}/cog/demo_app/openapi.json", timeout=60) as answer:
        inputs = json.load(answer)["components"]["schemas"]["Input"]["properties"]
    assert inputs["image"]["format"] == "uri"


def test_oip_an_image_as_bytes(host: Host) -> None:
    """It knows nothing of tensors."""
    image = PICTURE.read_bytes()
    framed = len(image).to_bytes(4, "little") + image
    size = {"binary_data_size": len(framed)}
    asked = {"name": "image", "shape": [1], "datatype": "BYTES", "parameters": size}
    said = infer(host, asked, behind=framed, model="demo_app", outputs=[{"name": "label"}])
    assert said.json()["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [1], "data": ["7"]}
    ]
    raw = send(host, "/models/demo_app/infer", image, {LENGTH: "0"})
    assert raw.json()["outputs"][0]["data"] == ["7"]
    broken = send(host, "/models/demo_app/infer", b"no image", {LENGTH: "0"})
    assert broken.status == 400
    assert broken.error


def test_deepinv_an_image_as_a_tensor(host: Host) -> None:
    """Which becomes a PNG; the label comes as metadata."""
    with Image.open(PICTURE) as picture:
        pixels = np.asarray(picture.convert("L"))[np.newaxis]
    for given in (pixels, pixels / np.float32(255)):
        said = wire.ask(host, "demo_app", given)
        assert said.metadata["label"] == "7"
        assert said.array.dtype == np.float64

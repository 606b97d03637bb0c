"""The demo model, which knows nothing of tensors, classifies an image that is sent as bytes."""

from __future__ import annotations

import pytest
from docs.page import ROOT
from support.host import start_host

from .wire import LENGTH, infer, send


@pytest.mark.torch
def test_an_image_as_bytes() -> None:
    image = (ROOT / "docs/images/seven.png").read_bytes()
    with start_host([], "--model-name", "demo_app", "--no-ui") as host:
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

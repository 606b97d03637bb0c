"""The demo model, a package of DEEPaaS's contract, through Cog's API."""

import base64
import json
from pathlib import Path
from urllib.request import Request, urlopen

from support.host import start_host

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "seven.png"


def test_a_picture() -> None:
    picture = "data:image/png;base64," + base64.b64encode(PICTURE.read_bytes()).decode()
    with start_host([], "--model-name", "demo_app", "--no-ui", "--no-train-endpoint") as host:
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

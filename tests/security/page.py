"""A stranger who talks to the try-me page of a real host, as no browser would."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx
from support.host import Host

META = {"_type": "gradio.FileData"}


def named(path: object, **more: object) -> dict[str, Any]:
    """A file as Gradio's clients name it."""
    return {"path": path, "meta": META, **more}


@dataclass
class Stranger:
    """One who visits the page of a model.

    Attributes:
        url: of the page.
        host: that serves it, if it is one.
    """

    url: str
    host: Host | None = None
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    @cached_property
    def config(self) -> dict[str, Any]:
        found = self.client.get(f"{self.url}/config").json()
        assert isinstance(found, dict)
        return found

    @cached_property
    def kinds(self) -> dict[int, str]:
        return {one["id"]: one["type"] for one in self.config["components"]}

    def functions(self) -> list[dict[str, Any]]:
        return [one for one in self.config["dependencies"] if one["backend_fn"]]

    def function(self, name: str) -> dict[str, Any]:
        return next(one for one in self.functions() if one["api_name"] == name)

    def inputs(self, function: dict[str, Any]) -> list[tuple[str, str]]:
        """Label and kind of each component that a function reads."""
        labels = {one["id"]: one["props"].get("label") for one in self.config["components"]}
        return [(labels[i] or "", self.kinds[i]) for i in function["inputs"]]

    def values(self, function: dict[str, Any], **given: Any) -> list[Any]:
        """What the page shows at first, but for what is given by label."""
        known = {one["id"]: one["props"].get("value") for one in self.config["components"]}
        values = []
        for number, (label, _) in zip(function["inputs"], self.inputs(function), strict=True):
            name = label.split()[0] if label else ""
            values.append(given.get(name, known[number]))
        return values

    def post(self, path: str, body: Any, media_type: str = "application/json") -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": media_type}
        return self.client.post(f"{self.url}/gradio_api/{path}", content=content, headers=headers)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(f"{self.url}/gradio_api/{path}", **options)

    def upload(self, name: str, content: bytes) -> str:
        answer = self.client.post(f"{self.url}/gradio_api/upload", files={"files": (name, content)})
        assert answer.status_code == 200, answer.text
        (given,) = answer.json()
        assert isinstance(given, str)
        return given

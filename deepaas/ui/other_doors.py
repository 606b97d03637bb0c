"""What a host tells of its other APIs: the calls that they have of a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deepaas.client.api import Api
from deepaas.client.errors import ClientError

PATH = "/doors.json"
OWN = "v2"
"""The API that the page uses itself, whose calls it writes with what is filled in."""

URL = "http://HOST"
"""Stands in the calls for the URL of the host, with its base path."""


@dataclass(frozen=True)
class OtherCall:
    title: str
    text: str

    def at(self, url: str) -> str:
        """The call of the host with this URL."""
        return self.text.replace(URL, url)


async def other_calls(api: Api, model: str) -> list[OtherCall]:
    """The calls of a model; none of a host that does not tell, such as DEEPaaS 2.x."""
    try:
        told = await api.get_json(PATH)
    except ClientError:
        return []
    return list(_read(told, model))


def _read(told: Any, model: str) -> Iterator[OtherCall]:
    for door in told.get("doors", []) if isinstance(told, Mapping) else []:
        if door["name"] != OWN:
            for one in door["models"].get(model, {}).get("snippets", []):
                yield OtherCall(str(one["title"]), str(one["text"]))

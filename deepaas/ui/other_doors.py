"""Reads the other pages and APIs of a host, with example calls of a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deepaas.client.api import Api
from deepaas.client.errors import ClientError
from deepaas.site import SiteLink

PATH = "/doors.json"
PAGE = "/try-me/"
"""Path of the page on a host that runs it itself."""

OWN = "v2"
"""The API that the page uses itself; it fills the inputs into these calls."""

URL = "http://HOST"
"""Placeholder in the calls for the URL of the host, with its base path."""


@dataclass(frozen=True)
class OtherCall:
    title: str
    text: str

    def at(self, url: str) -> str:
        """Return the call for a host with this URL."""
        return self.text.replace(URL, url)


class HostAround:
    """The other pages and APIs of the host, if it lists them."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told

    def links(self, url: str, root: str) -> list[SiteLink]:
        """Return links to its pages, for the public URL of the host and the root of this page.

        DEEPaaS 2.x does not list its pages, and has one.
        """
        pages = self._told.get("pages", [{"label": "Swagger", "url": f"{URL}/api"}])
        # The host may be anybody's, and the page is not to lead where a script runs.
        others = [
            SiteLink(str(one.get("label", "")), str(one["url"]))
            for one in (pages if isinstance(pages, list) else [])
            if isinstance(one, Mapping) and str(one.get("url")).startswith(f"{URL}/")
        ]
        return [
            SiteLink("Try me", f"{root}/", current=True),
            *(replace(o, url=o.url.replace(URL, url)) for o in others if o.url != f"{URL}{PAGE}"),
        ]

    def calls(self, model: str) -> list[OtherCall]:
        return list(_read(self._told, model))


async def look_around(api: Api) -> HostAround:
    try:
        told = await api.get_json(PATH)
    except ClientError:
        told = None
    return HostAround(told if isinstance(told, Mapping) else {})


def _read(told: Mapping[str, Any], model: str) -> Iterator[OtherCall]:
    for door in told.get("doors", []):
        if door["name"] != OWN:
            for one in door["models"].get(model, {}).get("snippets", []):
                yield OtherCall(str(one["title"]), str(one["text"]))

"""Requests as browsers send them for a page of `http://evil.test`, and what they leave behind."""

from __future__ import annotations

from support import client
from support.host import Host

EVIL = "http://evil.test"
MODEL = "speaks_script"
OUR_NAME = "lan.test"
"""A name of the host for which browsers send no ``Sec-Fetch-…``, as in a network without TLS."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}

MODERN = {"Origin": EVIL, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
OLD = {"Origin": EVIL}
"""Of a browser before 2023, or for an address that browsers do not trust."""


def send(host: Host, method: str, path: str, headers: dict[str, str]) -> client.Answer:
    return client.request(host.port, method, path, headers=dict(headers))


def traces(host: Host) -> tuple[list[str], int, int]:
    """What has been done: the model's journal, trainings, and predictions that Cog's door keeps."""
    trainings = host.get(f"/v2/models/{MODEL}/train/").json()
    predictions = host.get(f"/cog/{MODEL}/predictions").json()
    return host.journal(), len(trainings), len(predictions["results"])

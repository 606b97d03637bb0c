"""The section "Access" of the start page: what an operator sees, and nobody else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from support.host import Host, free_port, start_host

from deepaas.access.key_file import changing
from deepaas.access.keys import new_key
from deepaas.access.principal import ALL_RIGHTS, Right

HEADING = 'id="access"'
DOCUMENTS = "documents (--public-docs): "


@dataclass
class Keyed:
    host: Host
    keys: dict[str, str]

    def start_page(self, key: str) -> str:
        headers = {"Accept": "text/html", "X-API-Key": self.keys[key]}
        return self.host.get("/", headers=headers).body.decode()


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    folder = tmp_path_factory.mktemp("keyed")
    file, keys = folder / "keys.json", {}
    with changing(file) as records:
        for name, rights, models in (
            ("boss", [Right.READ, Right.MANAGE], None),
            ("boss-of-plain", list(ALL_RIGHTS), ["plain"]),
            ("reader", [Right.READ], None),
        ):
            keys[name], record = new_key(name, rights, models=models, limits="9/minute")
            records.append(record)
    port = free_port()
    options = (
        f"--keys-file={file}",
        f"--listen=unix:{folder / 'socket'} doors=v2+health",
        f"--listen=127.0.0.1:{port}",
        "--public-docs",
        "--limit-per-address=7/minute",
        "--allowed-origin=https://friend.test",
        "--no-train-endpoint",
        "--no-ui",
    )
    with start_host(["plain"], *options, port=port) as host:
        yield Keyed(host, keys)


def facts_of(page: str) -> dict[str, Sequence[str]]:
    """The lines by label."""
    (section,) = re.findall(r'<section class="access".*?</section>', page, re.DOTALL)
    return {
        label: [html.unescape(line) for line in re.findall(r"<dd>(.*?)</dd>", lines)]
        for label, lines in re.findall(r"<dt>(.*?)</dt>((?:<dd>.*?</dd>)*)", section)
    }


def test_the_operator_of_a_host_with_keys(keyed: Keyed) -> None:
    page = keyed.start_page("boss")
    facts = facts_of(page)
    assert facts["Keys"] == ["Required, except for the following paths."]
    always, documents = facts["Without a key"]
    assert {"/healthz", "/readyz", "/login"} <= set(always.split(", "))
    assert {"/openapi.json", "/api"} <= set(documents.removeprefix(DOCUMENTS).split(", "))
    assert "/v2/models" not in f"{always}, {documents}".split(", ")
    assert facts["Metrics"] == [
        "/metrics: programs on this machine; others need the right 'metrics'"
    ]
    unix, tcp = facts["Listens on"]
    assert unix.startswith("unix:/") and unix.endswith("; only health, v2")
    assert tcp == f"http://127.0.0.1:{keyed.host.port}: only this machine, no TLS"
    assert facts["Web pages of"] == ["https://friend.test"]
    assert facts["Limits"] == ["each address: 7/minute"]
    assert facts["Valid keys"] == [
        "boss: read, manage; limits 9/minute",
        "boss-of-plain: all rights; models plain; limits 9/minute",
        "reader: read; limits 9/minute",
    ]
    for key in keyed.keys.values():
        assert key[-32:] not in page and key[3:11] not in page


@pytest.mark.parametrize("name", ["reader", "boss-of-plain"])
def test_whoever_may_not_manage_the_host(keyed: Keyed, name: str) -> None:
    page = keyed.start_page(name)
    assert "plain" in page
    assert HEADING not in page and "boss" not in page.replace(name, "")


@pytest.fixture(scope="module")
def keyless() -> Iterator[Host]:
    with start_host(["plain"], "--no-train-endpoint", "--no-ui") as host:
        yield host


def test_a_visitor_from_this_machine_where_no_key_is_required(keyless: Host) -> None:
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    facts = facts_of(keyless.get("/", headers=headers).body.decode())
    assert facts["Keys"] == ["Not required: all clients have all rights."]
    assert facts["Limits"] == ["None"]
    assert "Valid keys" not in facts and "Without a key" not in facts


@pytest.mark.parametrize(
    "header", [("Via", "1.1 proxy"), ("X-Forwarded-For", "127.0.0.1"), ("Host", "10.1.2.3")]
)
def test_a_visitor_through_a_proxy(keyless: Host, header: tuple[str, str]) -> None:
    answer = keyless.get("/", headers={"Accept": "text/html", **dict([header])})
    assert HEADING not in answer.body.decode()

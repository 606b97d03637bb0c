"""Links and calls of doors where the host stands below a path."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from compat.hosts import started, wait_until_ready
from compat.installed import declared
from compat.peer import our_program

BASE = "/base"


def test_they_have_the_path_once(tmp_path: Path) -> None:
    models = {"defaults": declared("compat_models")["defaults"]}
    with started(our_program(), models, tmp_path / "host", "--base-path", BASE) as host:
        wait_until_ready(host, BASE)
        address = f"http://127.0.0.1:{host.port}"
        with urllib.request.urlopen(f"{address}{BASE}/doors.json") as answer:
            doors = json.load(answer)["doors"]
        request = urllib.request.Request(f"{address}{BASE}/", headers={"Accept": "text/html"})
        with urllib.request.urlopen(request) as answer:
            page = answer.read().decode()
        assert [door["name"] for door in doors] == ["v2", "cog", "deepinv", "oip"]
        for door in doors:
            told = door["models"]["defaults"]
            for link in [*door["pages"], *told["links"]]:
                assert f'href="{link["path"]}"' in page
                urllib.request.urlopen(f"{address}{link['path'].partition('#')[0]}").close()
            assert len(told["snippets"]) == (door["name"] != "deepinv")  # It takes no tensor.
            for snippet in told["snippets"]:
                command = snippet["text"].replace("http://HOST", f"{address}{BASE}")
                subprocess.run(["sh", "-c", f"{command} -sSf"], capture_output=True, check=True)
        for path in ("/", "/v2/models/", "/healthz", "/basement/v2/"):
            assert f"this host is at {BASE}/ " in not_found(f"{address}{path}")
        assert "this host is at" not in not_found(f"{address}{BASE}/nothing")
        for path in (
            "v2/models/defaults/predict/",
            "cog/defaults/predictions",
            "oip/v2/models/defaults/infer",
        ):
            assert f"<span data-origin>{address}</span>{BASE}/{path}" in page


def not_found(url: str) -> str:
    with pytest.raises(urllib.error.HTTPError) as raised, urllib.request.urlopen(url):
        pass
    assert raised.value.code == 404
    message: str = json.load(raised.value)["message"]
    return message

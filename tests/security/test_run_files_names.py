"""A run's file is listed, downloaded and packed under the same name, whatever that name is."""

import io
import os
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from support.host import Host
from support.trainings import Client

import deepaas.client
from deepaas.client.runs import parse
from deepaas.client.trainings import TrainingFiles
from deepaas.ui.train_details import files_html

pytestmark = pytest.mark.xdist_group("running")

NAMES = [
    b"new\nline.txt",
    b"carriage\rreturn",
    b"\ttab and \x1b[31mred\x7f",
    b"quotes\" and '",
    b"100%41 %2F%00",
    b"back\\slash",
    b"..foo",
    b"...",
    b"dots...",
    b"-rf",
    b" spaces ",
    b"question?mark#hash;semi&amp+plus",
    b"no \xff utf-8 \xfe.bin",
    b"no \xfe utf-8 \xff.bin",
    b"x" * 255,
    "ü".encode() * 127,
    unicodedata.normalize("NFC", "é").encode(),
    unicodedata.normalize("NFD", "é").encode(),
    "\u202egnp.exe".encode(),
    "\ufffd literally".encode(),
    b"~tilde:colon*star|pipe<>",
    b"folder\nof\xff/file\n",
]


@pytest.fixture(scope="module")
def host(running: Host) -> Host:
    return running


@pytest.fixture(scope="module")
def run(host: Host) -> str:
    client = Client(host)
    run = client.begin()
    client.wait(run, "done")
    for number, name in enumerate(NAMES):
        path = folder_of(host, run) / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%d" % number)
    return run


def folder_of(host: Host, run: str) -> Path:
    return host.home / "state" / "deepaas" / "runs" / run / "files"


def told(name: bytes) -> str:
    return name.decode(errors="replace")


def expected(name: bytes) -> str:
    """Of two that look the same, the second in the order of their bytes has a number."""
    return told(name) + (" (2)" if name == b"no \xff utf-8 \xfe.bin" else "")


def test_all_are_listed(host: Host, run: str) -> None:
    listed = Client(host).send("GET", f"{run}/files/").json()["files"]
    assert {entry["path"] for entry in listed} == {expected(name) for name in NAMES}
    assert len(listed) == len(NAMES)


@pytest.mark.parametrize("number", range(len(NAMES)), ids=lambda number: ascii(NAMES[number][:20]))
def test_each_is_downloaded(host: Host, run: str, number: int) -> None:
    path = expected(NAMES[number])
    answer = Client(host).send("GET", f"{run}/files/{quote(path)}")
    assert (answer.status, answer.body) == (200, b"%d" % number)
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    name = path.rpartition("/")[2]
    if disposition.endswith('"'):
        assert disposition == f'attachment; filename="{name}"'
    else:
        exact = quote(name, safe="!#$&+-.^_`|~")
        assert disposition.endswith(f"filename*=UTF-8''{exact}")


def test_all_are_packed_under_the_same_names(host: Host, run: str) -> None:
    body = Client(host).send("GET", f"{run}/files/?format=zip").body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        packed = {info.orig_filename: archive.read(info) for info in archive.infolist()}
    assert packed == {expected(name): b"%d" % number for number, name in enumerate(NAMES)}


def test_all_come_through_the_client(host: Host, run: str, tmp_path: Path) -> None:
    with deepaas.client.Client(host.url) as client:
        training = client.training(run, "trains")
        files = training.files()
        assert len(files) == len(NAMES)
        contents = set()
        for number, file in enumerate(files):
            target = tmp_path / str(number)
            training.download(file, target)
            contents.add(target.read_bytes())
    assert contents == {b"%d" % number for number in range(len(NAMES))}


def test_all_come_through_the_command_line(host: Host, run: str, tmp_path: Path) -> None:
    command = Path(sys.executable).parent / "deepaas-cli"
    # `runs download` without names fetches them all, `show` lists them.
    done = subprocess.run(
        [command, "runs", "--url", host.url, "download", run, "--to", tmp_path / "there"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found = {
        str(Path(folder, name).relative_to(tmp_path / "there")): Path(folder, name)
        for folder, _, names in os.walk(tmp_path / "there")
        for name in names
    }
    assert {name: path.read_bytes() for name, path in found.items()} == {
        expected(name): b"%d" % number for number, name in enumerate(NAMES)
    }


def test_the_page_links_to_them(host: Host, run: str) -> None:
    """As the Train tab makes its links: an attribute of HTML with the address in it."""
    listed = Client(host).send("GET", f"{run}/files/").json()
    html = files_html(
        parse({"uuid": run}),
        TrainingFiles(
            tuple(deepaas.client.File(one["path"], one["size"]) for one in listed["files"])
        ),
        lambda path: f"files/{quote(path)}",
        "zip",
    )
    assert html.count("<li>") == len(NAMES)
    for entry in listed["files"]:
        # In the address nothing is left that a browser would read otherwise, and cut or change.
        address = f"files/{quote(entry['path'])}"
        assert f'href="{address}"' in html
        assert address.isascii() and address.isprintable() and "\\" not in address


@pytest.mark.parametrize("path", ["..%2f..%2foutcome", "%2e%2e/%2e%2e/outcome", "a%00b", "%0a"])
def test_what_leads_out_is_not_there(host: Host, run: str, path: str) -> None:
    answer = Client(host).send("GET", f"{run}/files/{path}")
    assert answer.status in (400, 404), answer.body

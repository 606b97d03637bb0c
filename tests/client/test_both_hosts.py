"""The client with this host and with DEEPaaS 2.6, both below a base path."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from compat.hosts import Host, started, wait_until_ready
from compat.installed import declared
from compat.peer import our_program, peer_program

from deepaas.client import (
    AsyncClient,
    Client,
    ClientError,
    InvalidArguments,
    ModelFailed,
    ModelNotFound,
    NotSupported,
    TrainingNotFound,
)

BASE = "/ml"
COMPAT = ("accept_header", "cookies", "files", "nested", "no_predict", "types")
MODELS = {
    **{name: declared("compat_models")[name] for name in COMPAT},
    "raises": declared("hostile_models")["raises"],
    "acts": declared("training_models")["acts"],
}


@pytest.fixture(scope="module", params=["this host", "DEEPaaS 2.6"])
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    program = our_program() if request.param == "this host" else peer_program()
    folder = tmp_path_factory.mktemp("host") / "host"
    with started(program, MODELS, folder, "--base-path", BASE) as host:
        wait_until_ready(host, BASE)
        yield host


@pytest.fixture(scope="module")
def url(host: Host) -> str:
    return f"http://127.0.0.1:{host.port}{BASE}"


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[Client]:
    with Client(url, timeout=60) as client:
        yield client


def test_models_and_health(client: Client) -> None:
    assert set(MODELS) <= {model.name for model in client.models()}
    assert client.health()["ready"]
    assert client.metadata("types")["name"] == "types"
    with pytest.raises(ModelNotFound, match="did you mean 'types'"):
        client.metadata("typse")
    with pytest.raises(ClientError, match="several models, choose one of them: accept_header"):
        client.model()


def test_values_of_every_type(client: Client) -> None:
    given: dict[str, Any] = {
        "int": 3,
        "float": 0.5,
        "bool": True,
        "decimal": Decimal("1.50"),
        "str": "ä & ö? " * 1000,
        "date": date(2026, 1, 2),
        "uuid": UUID(int=7),
        "choice": None,
    }
    answer = predictions(client.predict("types", **given))
    assert answer["int"] == "int 3"
    assert answer["float"] == "float 0.5"
    assert answer["bool"] == "bool True"
    assert answer["decimal"] == "Decimal 1.50"
    assert answer["str"] == f"str {given['str']}"
    assert answer["date"] == "date 2026-01-02"
    assert answer["uuid"] == f"UUID {given['uuid']}"
    assert answer["choice"] == "str one"  # None is as good as not given.


def test_nested_values(client: Client) -> None:
    answer = predictions(
        client.predict(
            "nested", point={"x": 1}, matrix=((1, 2), (3,)), numbers=[4, 5], options={"b": [6]}
        )
    )
    assert answer["point"] == {"x": "int 1", "y": "int 0"}
    assert answer["matrix"] == [["int 1", "int 2"], ["int 3"]]
    assert answer["numbers"] == ["int 4", "int 5"]
    assert answer["options"] == {"b": ["int 6"]}


def test_a_password(client: Client) -> None:
    answer = predictions(client.predict("cookies", password="four"))
    assert answer["secret"] == 4


def test_files_in_every_form(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "my picture ü.png"
    path.write_bytes(b"from a path")
    with path.open("rb") as file:
        file.seek(5)
        answer = predictions(
            client.predict(
                "files",
                image=path,
                input=file,
                demo_audio=b"bytes",
                label="one",
                labels=[1, 2],
                arguments={"no-location": ("named.txt", b"with a name")},
            )
        )
        assert not file.closed
    assert answer["image"]["content"] == "from a path"
    assert answer["image"]["original_filename"] == "my picture ü.png"
    assert answer["image"]["content_type"] == "image/png"
    assert answer["input"]["content"] == "a path"
    assert answer["demo_audio"]["content"] == "bytes"
    assert answer["labels"] == ["int 1", "int 2"]
    answer = predictions(client.predict("files", image=io.BytesIO(b"in memory")))
    assert answer["image"]["content"] == "in memory"


def test_answers_of_every_type(client: Client, tmp_path: Path) -> None:
    assert predictions(client.predict("accept_header")) == {"accept": "application/json"}
    text = client.predict("accept_header", returns="str", accept="text/plain")
    assert text == "text for text/plain: é"
    assert client.predict("accept_header", returns="bytes", accept="image/png") == (
        b"bytes for image/png"
    )
    target = tmp_path / "answer"
    saved = client.predict("accept_header", returns="file", accept="image/png", save_to=target)
    assert saved == target
    assert target.read_bytes() == b"in a file " * 10_000
    inside = client.predict("accept_header", accept="image/png", returns="bytes", save_to=tmp_path)
    assert inside.parent == tmp_path
    assert inside.read_bytes() == b"bytes for image/png"


def test_mistakes(client: Client, tmp_path: Path) -> None:
    with pytest.raises(InvalidArguments) as caught:
        client.predict("files", imge=b"x")
    assert str(caught.value) == "unknown argument 'imge' of predict: did you mean 'image'?"
    assert caught.value.status == 0
    with pytest.raises(InvalidArguments) as caught:
        client.predict("types", int="three")
    assert caught.value.status == 422
    assert caught.value.fields == {"int": ["Not a valid integer."]}
    assert "int: Not a valid integer." in str(caught.value)
    with pytest.raises(InvalidArguments, match=r"for argument 'image' cannot be read: .*/no: "):
        client.predict("files", image=tmp_path / "no")
    with pytest.raises(InvalidArguments, match=r"for a file of this name: Path\('x.png'\)"):
        client.predict("files", image="x.png")
    with pytest.raises(InvalidArguments, match="labels: an empty list cannot be sent together"):
        client.predict("files", image=b"x", labels=[])
    with pytest.raises(InvalidArguments, match="returns application/json, not image/png"):
        client.predict("types", accept="image/png")
    with pytest.raises(NotSupported, match="mplement"):
        client.predict("no_predict")
    with pytest.raises(ModelFailed) as failed:
        client.predict("raises", act="ValueError")
    assert failed.value.status == 500
    # A failure leaves nothing behind.
    with pytest.raises(ModelFailed):
        client.predict("raises", act="ValueError", save_to=tmp_path / "answer")
    with pytest.raises(ClientError, match="the response cannot be written: No space left"):
        client.predict("types", save_to="/dev/full")
    assert list(tmp_path.iterdir()) == []


def test_trainings(client: Client, host: Host) -> None:
    begun = client.train("acts", act="wait", text="one")
    assert begun.state in ("queued", "running")
    with pytest.raises(TimeoutError, match="it is running"):
        begun.wait(0.5)
    (host.folder / "work" / "one.go").touch()
    states = [seen.state for seen in begun.watch()]
    assert states[-1] == "done"
    ended = begun.wait()
    assert ended is begun
    assert (ended.state, ended.ended, ended.error) == ("done", True, None)
    assert "one" in str(ended.result)
    assert ended.args["text"] == "one"
    assert ended.date is not None

    failed = client.train("acts", act="fail", text="on purpose").wait(60)
    assert failed.state == "error"
    assert failed.error is not None and "on purpose" in failed.error
    assert [one.uuid for one in client.trainings("acts")] == [failed.uuid, begun.uuid]
    assert client.training(begun.uuid).result == ended.result
    with pytest.raises(TrainingNotFound):
        client.training("0" * 32, "acts")


# DEEPaaS 2.6 hangs when a training is cancelled that waits for a worker (its faults 4 and 12).
@pytest.mark.parametrize("host", ["this host"], indirect=True)
def test_a_training_is_cancelled(client: Client) -> None:
    training = client.train("acts", act="wait", text="never")
    training.cancel()
    assert training.ended
    assert training.state == "cancelled"
    assert training.wait(5).state == "cancelled"


async def test_on_an_event_loop(url: str) -> None:
    async with AsyncClient(url) as client:
        assert predictions(await client.predict("types", int=4))["int"] == "int 4"
        training = await client.train("acts", act="count")
        seen = [one.state async for one in training.watch()]
        assert seen[-1] == "done"


def predictions(answer: Any) -> Any:
    assert answer["status"] == "OK"
    return answer["predictions"]

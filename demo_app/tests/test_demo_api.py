"""The functions that the host calls, called as it calls them, without a host."""

import base64
import io
import json
import struct
import wave
import zipfile
from collections import namedtuple
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from demo_app.answer import sign
from marshmallow import Schema, ValidationError
from PIL import Image

from demo_app import api

SEVEN = Path(__file__).parents[2] / "docs" / "images" / "seven.png"

Upload = namedtuple("Upload", ["name", "filename", "content_type", "original_filename"])


def upload(name: str, path: Path, content_type: str) -> Upload:
    return Upload(name, str(path), content_type, path.name)


def load(declared: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What the host makes of the arguments that a client gives."""
    loaded: dict[str, Any] = Schema.from_dict(declared)().load(given)
    return loaded


def predict(path: Path = SEVEN, **given: Any) -> Any:
    given["image"] = upload("image", path, "image/png")
    given.setdefault("accept", "application/json")
    return api.predict(**load(api.get_predict_args(), given))


def test_metadata_is_the_packages() -> None:
    found = api.get_metadata()
    assert found["name"] == "demo_app"
    assert found["version"] == version("demo_app")
    assert found["summary"] == found["description"]
    assert "digit" in found["summary"]
    assert found["author"]
    assert "@" in found["author-email"]
    assert "<" not in found["author"] + found["author-email"]
    assert found["license"] == "Apache-2.0"
    assert found["url"].startswith("https://")
    assert found["weights"][0] == "digits"
    json.dumps(found)


def test_the_answer_fits_its_schema() -> None:
    api.warm()
    found = predict()
    Schema.from_dict(api.schema)().load(found)
    json.dumps(found, allow_nan=False)
    assert found["label"] == found["labels"][0] == "7"
    assert len(found["labels"]) == len(found["probabilities"]) == 3
    assert found["probabilities"] == sorted(found["probabilities"], reverse=True)
    assert Image.open(io.BytesIO(base64.b64decode(found["preprocessed"]))).size == (160, 160)


def test_the_arguments_do_what_they_say() -> None:
    assert len(predict(top=10)["labels"]) == 10
    assert predict(threshold=0.5)["labels"] == ["7"]
    assert predict(threshold=1.0)["label"] is None
    assert predict(labels={"7": "seven"})["label"] == "seven"
    assert predict(labels='{"7": "sieben"}')["label"] == "sieben"
    assert predict(preprocessed=False)["preprocessed"] is None
    assert predict(caption="hello")["caption"] == "hello"
    assert predict(rotation=180)["label"] != "7"
    without_seven = [1.0] * 10
    without_seven[7] = 0
    assert predict(class_weights=without_seven)["label"] != "7"
    only_four = predict(class_weights=[0.0] * 4 + [1e308] + [0.0] * 5, top=2)
    assert only_four["label"] == "4"
    assert only_four["probabilities"] == [1.0, 0.0]


def test_the_signature_proves_the_answer() -> None:
    assert predict()["signature"] is None
    found = predict(signing_key="secret ☃")
    assert found["signature"] == sign(found["labels"], found["probabilities"], "secret ☃")
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize(
    "given",
    [
        {"top": 0},
        {"top": 11},
        {"threshold": 1.5},
        {"threshold": "nan"},
        {"polarity": "sideways"},
        {"class_weights": [1.0]},
        {"class_weights": [0.0] * 10},
        {"class_weights": [-1.0] + [1.0] * 9},
        {"labels": "{"},
        {"labels": "[" * 100_000},
        {"labels": "[1]"},
        {"labels": {"7": 7}},
        {"accept": "text/html"},
        {"caption": "x" * 201},
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        predict(**given)


def test_png() -> None:
    image = Image.open(io.BytesIO(predict(accept="image/png")))
    assert image.format == "PNG"
    captioned = Image.open(
        io.BytesIO(
            predict(
                accept="image/png",
                caption="a long line\nof text " * 10,
                labels={"7": "a very long name\n", "1": ""},
            )
        )
    )
    assert captioned.width == image.width
    assert captioned.height > image.height


@pytest.mark.parametrize("size", [(700, 40), (40, 700), (9, 9)])
def test_png_of_an_odd_shape(size: tuple[int, int], tmp_path: Path) -> None:
    image = Image.new("L", size, 255)
    image.paste(0, (size[0] // 2, size[1] // 4, size[0] // 2 + 2, size[1] * 3 // 4))
    image.save(tmp_path / "one.png")
    assert Image.open(io.BytesIO(predict(tmp_path / "one.png", accept="image/png"))).height == 480


def test_zip() -> None:
    with zipfile.ZipFile(io.BytesIO(predict(accept="application/zip", caption="Zip"))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["prediction.json", "annotated.png", "preprocessed.png"]
        assert json.loads(archive.read("prediction.json"))["caption"] == "Zip"
        assert Image.open(archive.open("annotated.png")).format == "PNG"


def test_audio_is_measured_and_sent_back(tmp_path: Path) -> None:
    path = tmp_path / "seven.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 4000))
    found = predict(audio=upload("audio", path, "audio/wav"))
    assert found["audio_info"] == {
        "name": "seven.wav",
        "content_type": "audio/wav",
        "size_bytes": path.stat().st_size,
        "duration_seconds": 0.5,
    }
    assert base64.b64decode(found["audio"]) == path.read_bytes()
    Schema.from_dict(api.schema)().load(found)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


MVHD = {
    "version 0": struct.pack(">IIIIII", 0, 0, 0, 1000, 2500, 0),
    "version 1": struct.pack(">IQQIQ", 1 << 24, 0, 0, 1000, 2500),
}


@pytest.mark.parametrize("version", MVHD)
def test_video_is_measured(version: str, tmp_path: Path) -> None:
    path = tmp_path / "seven.mp4"
    movie = _box(b"moov", _box(b"mvhd", MVHD[version]))
    path.write_bytes(_box(b"ftyp", b"isom") + _box(b"mdat", bytes(2_000_000)) + movie)
    found = predict(video=upload("video", path, "video/mp4"))
    assert found["video_info"]["duration_seconds"] == 2.5
    assert found["video"] is None  # larger than what is sent back


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"RIFF\0\0\0\0WAVE",
        b"RIFF" + bytes(40),
        bytes(64),
        b"\0\0\0\1moov" + b"\xff" * 8,
        _box(b"moov", b""),
        _box(b"moov", _box(b"mvhd", b"")),
        _box(b"moov", _box(b"mvhd", bytes(32))),
    ],
    ids=repr,
)
def test_a_recording_of_unknown_kind_has_no_duration(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    found = predict(video=Upload("video", str(tmp_path / "x"), None, None))
    assert found["video_info"]["duration_seconds"] is None
    Schema.from_dict(api.schema)().load(found)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"not an image", web.HTTPBadRequest),
        (SEVEN.read_bytes()[:5000], web.HTTPBadRequest),
    ],
    ids=["no image", "truncated"],
)
def test_rubbish_is_the_clients_fault(
    content: bytes, error: type[web.HTTPException], tmp_path: Path
) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(error) as raised:
        predict(tmp_path / "x.png")
    assert "image" in raised.value.reason


def test_a_blank_image_cannot_be_processed(tmp_path: Path) -> None:
    Image.new("L", (90, 90), 200).save(tmp_path / "x.png")
    with pytest.raises(web.HTTPUnprocessableEntity) as raised:
        predict(tmp_path / "x.png")
    assert "blank" in raised.value.reason


@pytest.mark.parametrize("name", ["nobody", "../weights/digits", "", "a\nb"])
def test_unknown_weights_are_the_clients_fault(name: str) -> None:
    with pytest.raises(web.HTTPBadRequest, match="available: digits"):
        predict(weights=name)

"""Answers as values of components."""

import base64
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from models.media_samples import png, wav

from deepaas.client.answers import HostAnswer
from deepaas.client.description import JSON, Model, OutputField
from deepaas.ui.outputs import Pane, pane, sandboxed


def made(media_type: str = JSON, *fields: OutputField) -> Pane:
    with gr.Blocks():
        return pane(Model("m", "m", response=fields or None), media_type)


def shown(field: OutputField, content: Any, folder: Path, *more: OutputField) -> list[Any]:
    body = json.dumps(content).encode()
    return made(JSON, field, *more).values(HostAnswer(200, JSON, body), folder)[2:]


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/json", gr.JSON),
        ("image/png", gr.Image),
        ("image/*", gr.Image),
        ("audio/wav", gr.Audio),
        ("video/mp4", gr.Video),
        ("text/plain", gr.Textbox),
        ("text/html", gr.HTML),
        ("application/zip", gr.File),
    ],
)
def test_components_by_media_type(media_type: str, expected: type) -> None:
    assert type(made(media_type).main) is expected


def test_undeclared_json_is_unwrapped(tmp_path: Path) -> None:
    body = b'{"status": "OK", "predictions": [1, 2]}'
    assert made().values(HostAnswer(200, JSON, body), tmp_path)[0] == [1, 2]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("string", "a<b>", "a<b>"),
        ("string", None, ""),
        ("string", {"not": "a text"}, '{"not": "a text"}'),
        ("number", 0.5, "0.5"),
        ("boolean", True, "yes"),
        ("date", "2026-01-02", "2026-01-02"),
        ("datetime", "2026-01-02T03:04:05+00:00", "2026-01-02 03:04:05 UTC"),
    ],
)
def test_words(kind: str, value: Any, words: str, tmp_path: Path) -> None:
    assert shown(OutputField("x", kind), {"x": value}, tmp_path) == [words]


@pytest.mark.parametrize("content", [{}, [], None, 7, "text"])
def test_what_is_missing_is_empty(content: Any, tmp_path: Path) -> None:
    image = OutputField("y", "string", "an image")
    values = shown(OutputField("x", "string"), content, tmp_path, image)
    assert values[0] == ""
    assert values[1]["value"] is None
    assert values[1]["visible"]


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
def test_pictures_in_base64(head: str, tmp_path: Path) -> None:
    text = head + base64.b64encode(png()).decode()
    picture, words = shown(OutputField("x", "string", "an image"), {"x": text}, tmp_path)
    assert Path(picture["value"]).read_bytes() == png()
    assert picture["value"].endswith(".png")
    assert not words["visible"]


@pytest.mark.parametrize("text", ["no base64", "aGVsbG8gd29ybGQ=", "http://example.org/a.png"])
def test_what_is_no_picture_is_text(text: str, tmp_path: Path) -> None:
    picture, words = shown(OutputField("x", "string", "an image"), {"x": text}, tmp_path)
    assert picture["value"] is None
    assert (words["value"], words["visible"]) == (text, True)


def test_labels_with_probabilities_are_bars(tmp_path: Path) -> None:
    labels, shares = OutputField("labels", "array"), OutputField("probabilities", "array")
    content = {"labels": ["cat", "dog"], "probabilities": [0.7, 0.3]}
    assert shown(labels, content, tmp_path, shares) == [{"cat": 0.7, "dog": 0.3}]
    assert shown(labels, {"labels": ["cat"]}, tmp_path, shares) == [None]
    assert shown(labels, content, tmp_path) == [["cat", "dog"]]


def test_an_answer_of_another_type_is_a_file(tmp_path: Path) -> None:
    answer = HostAnswer(200, JSON, b"{}")
    main, other = made("image/png").values(answer, tmp_path)
    assert main is None
    assert Path(other["value"]).read_bytes() == b"{}"


def test_a_type_that_was_not_told_is_looked_up(tmp_path: Path) -> None:
    path = tmp_path / "answer.bin"
    path.write_bytes(wav())
    main, _ = made("audio/*").values(HostAnswer(200, "audio/*", b"", path), tmp_path)
    assert main.endswith("answer.wav")


def test_html_stays_in_its_frame() -> None:
    text = '"><script>alert(1)</script>'
    frame = sandboxed(text)
    assert "<script" not in frame
    assert 'sandbox=""' in frame
    inner = unescape(re.findall('srcdoc="([^"]*)"', frame)[0])
    assert inner.endswith(text)
    assert "default-src 'none'" in inner

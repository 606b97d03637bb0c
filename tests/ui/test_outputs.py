"""Answers as values of components."""

import base64
import json
import re
import time
from html import unescape
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from models.media_samples import png, wav

from deepaas.client.answers import HostAnswer
from deepaas.client.description import JSON, Model, OutputField
from deepaas.ui.documents import DocumentView, read_table
from deepaas.ui.json_pane import JsonPane
from deepaas.ui.number_plot import plots
from deepaas.ui.outputs import Pane, pane, sandboxed
from deepaas.ui.tab_names import tab_names


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
    assert shown(labels, content, tmp_path)[0] == ["cat", "dog"]


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


@pytest.mark.parametrize(
    ("types", "names"),
    [
        ((JSON, "image/png", "audio/wav"), ["JSON", "Picture", "Sound"]),
        (("image/png", "image/jpeg", "image/*"), ["Picture (PNG)", "Picture (JPG)", "Picture"]),
        (("text/csv", "text/plain", "text/html"), ["Table", "Text", "Web page"]),
        (("application/zip", "application/pdf"), ["File (ZIP)", "PDF"]),
        (("application/octet-stream", "application/x-y"), ["File", "File (application/x-y)"]),
        ((JSON, "application/x-a+json"), ["JSON", "JSON (application/x-a+json)"]),
    ],
)
def test_tabs_carry_words(types: tuple[str, ...], names: list[str]) -> None:
    assert tab_names(types) == names


@pytest.mark.parametrize(
    ("text", "delimiters", "rows"),
    [
        ("a,b\n1,2\n", ",;\t|", [["a", "b"], ["1", "2"]]),
        ('a;b\r\n"x;y";2\r\n\r\n', ",;\t|", [["a", "b"], ["x;y", "2"]]),
        ("one\ntwo\n", ",;\t|", [["one"], ["two"]]),
        ("a\tb,c\n", "\t", [["a", "b,c"]]),
        ("", ",;\t|", []),
    ],
)
def test_tables(text: str, delimiters: str, rows: list[list[str]]) -> None:
    assert read_table(text, delimiters) == rows


def test_large_tables_are_cut_and_what_is_none_is_not_shown() -> None:
    with gr.Blocks():
        view = DocumentView()
    body = b"a,b\n" + b"1,2\n" * 2000
    table, note = view.values(HostAnswer(200, "text/csv", body))
    assert table["value"]["headers"] == ["a", "b"]
    assert len(table["value"]["data"]) == 1000
    assert note["visible"]
    for media_type, text in (("application/pdf", b"<html>"), ("text/csv", b"\0" * 9)):
        table, page = view.values(HostAnswer(200, media_type, text))
        assert not page["visible"], media_type


def test_markdown_has_no_html() -> None:
    with gr.Blocks():
        view = DocumentView()
    text = b"# Hi\n<script>x</script> <img src=x onerror=y> [a](javascript:b)"
    _, page = view.values(HostAnswer(200, "text/markdown", text))
    assert "<h1>Hi</h1>" in page["value"]
    assert not re.search("<(script|img|a)", page["value"])


@pytest.mark.parametrize("text", [b"[", b"![[](", b"[a]: b\n"])
def test_long_markdown_is_cut(text: bytes) -> None:
    with gr.Blocks():
        view = DocumentView()
    began = time.process_time()
    _, page = view.values(HostAnswer(200, "text/markdown", text * 100_000))
    assert "The first 30,000 characters" in page["value"]
    assert time.process_time() - began < 10.0


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ([1, 2.5, -3], 1),
        ([1, 2], 0),
        ([1, 2, "3"], 0),
        ([True, False, True], 0),
        ([5, 5, 5], 1),
        ([1e308, -1e308, 0], 0),
        ([5e-324, 0, 1e-323], 1),
        ([1, 1 + 2e-16, 1 - 2e-16], 1),
        ([10**400, 1, 2], 0),
        ([float("nan"), 1, 2], 0),
        ({"a": [1, 2, 3], "b<": [3, 2, 1], "c": "text"}, 2),
        ({str(n): [1, 2, 3] for n in range(9)}, 4),
        ("text", 0),
        (None, 0),
        (list(range(100_000)), 1),
    ],
)
def test_lists_of_numbers_are_plotted(value: Any, count: int) -> None:
    drawn = plots(value)
    assert drawn.count("<svg") == count
    assert "b<" not in drawn
    assert len(drawn) < 50_000


def test_a_text_in_json_is_a_text(tmp_path: Path) -> None:
    with gr.Blocks():
        made = JsonPane()
    main, _, text, drawn = made.values(HostAnswer(200, JSON, b'"a\\nb"'), tmp_path)
    assert json.loads(main) == text["value"] == "a\nb"
    assert text["visible"]
    assert not drawn["visible"]

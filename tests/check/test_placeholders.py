"""Texts of the template that an author has not replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepaas.check.placeholders import left

TEMPLATE = Path(__file__).resolve().parents[2] / "template" / "cookiecutter.json"


@pytest.mark.parametrize("question", ["project_name", "author_name", "author_email", "description"])
def test_what_the_template_proposes(question: str) -> None:
    proposed = json.loads(TEMPLATE.read_text())[question]
    assert list(left({"key": proposed})) == [("key", proposed)]


@pytest.mark.parametrize(
    "text", ["{{ cookiecutter.author }}", "TODO: describe", "<your name here>", "change me"]
)
def test_other_placeholders(text: str) -> None:
    assert [key for key, _ in left({"authors": [{"name": text}]})] == ["authors"]


@pytest.mark.parametrize(
    "text",
    [
        "Ada Lovelace",
        "ada@example.org",
        "My model of yours",
        "Finds todos in your e-mail",
        "Todo lo que vuela",
    ],
)
def test_texts_of_authors(text: str) -> None:
    assert list(left({"description": text, "examples": [{"text": "TODO"}]})) == []

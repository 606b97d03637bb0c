"""What docs/how-to/cog.md says is better here than in Cog, where one process shows it."""

from __future__ import annotations

from pathlib import Path

from .served import serve

SOURCE = """
from cog import Input, Secret

def changed(items: list = Input(default=[1, 2])) -> list[int]:
    items.append(3)
    return items

def told(secret: Secret) -> Secret:
    return secret
"""


def test_each_prediction_has_a_default_of_its_own(tmp_path: Path) -> None:
    served = serve(SOURCE, tmp_path, "changed")
    assert [served.returned() for _ in range(2)] == [[1, 2, 3]] * 2


def test_a_secret_that_is_returned_is_a_text_as_its_document_says(tmp_path: Path) -> None:
    served = serve(SOURCE, tmp_path, "told")
    assert served.output["type"] == "string"
    assert served.returned(secret="hunter2") == "hunter2"

"""The document of a model: whose it is, and what it leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepaas.kinds.cog.worker.predictor import wrap
from deepaas.protocols.cog.schema import document
from deepaas.runtime.contract import LoadedModel

from .served import module

SOURCE = """
def run(text: str) -> str:
    return text

def train(folder: str) -> str:
    return folder
"""


@pytest.mark.parametrize("trains", [False, True])
def test_a_document_has_the_name_of_its_model(trains: bool, tmp_path: Path) -> None:
    source = module(SOURCE)
    wrapped = wrap(source.run, source.train) if trains else wrap(source.run)
    told = document("mine", LoadedModel("mine", wrapped, tmp_path).describe(), "1.2.3")
    assert told["info"] == {"title": "mine", "version": "1.2.3"}
    assert ("TrainingOutput" in told["components"]["schemas"]) is trains

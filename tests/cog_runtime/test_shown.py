"""Values that predictors return, as the try-me page shows them."""

from __future__ import annotations

from typing import Any

import pytest

from deepaas.ui.json_view import for_view, json_view

VALUES = ["hello", "1", "", 1, 0.5, True, None, [1, "a"], {"a": [None]}, 2**63, -(2**63)]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_every_value_is_shown_as_it_is(value: Any) -> None:
    shown = json_view().postprocess(for_view(value))
    assert (None if shown is None else shown.model_dump()) == value


def test_numbers_that_gradio_cannot_send_are_texts() -> None:
    shown = json_view().postprocess(for_view({"large": [2**70, -(2**64), 1]}))
    assert shown is not None
    assert shown.model_dump() == {"large": [str(2**70), str(-(2**64)), 1]}

"""Values that predictors return, as the try-me page shows them."""

from __future__ import annotations

from typing import Any

import pytest

VALUES = ["hello", "1", "", 1, 0.5, True, None, [1, "a"], {"a": [None]}, 2**63, -(2**63)]


def shown(value: Any) -> Any:
    # Whoever collects the tests need not import Gradio.
    from deepaas.ui.json_view import for_view, json_view

    made = json_view().postprocess(for_view(value))
    return None if made is None else made.model_dump()


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_every_value_is_shown_as_it_is(value: Any) -> None:
    assert shown(value) == value


def test_numbers_that_gradio_cannot_send_are_texts() -> None:
    assert shown({"large": [2**70, -(2**64), 1]}) == {"large": [str(2**70), str(-(2**64)), 1]}

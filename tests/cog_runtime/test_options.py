"""What ``Input``, ``Field`` and ``Annotated`` say of an input beside its type."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import marshmallow
import pytest

from .served import serve

COG = """
from cog import BaseRunner, Input, Path

class Runner(BaseRunner):
    '''Scales a text.

    More of it.
    '''

    def run(
        self,
        text: str = Input(
            description="what to scale", min_length=2, max_length=4, regex="^[a-z]+$"
        ),
        scale: float = Input(default=1.5, ge=0, le=10),
        kind: str = Input(default="up", choices=["up", "down"]),
        count: int = Input(default=2, choices=[2, 4]),
        old: bool = Input(default=False, deprecated=True),
        words: list[str] = Input(default=["a"]),
    ) -> str:
        return f"{text} {scale} {kind} {count} {old} {words}"
"""
FIELDS = """
from __future__ import annotations
from typing import Annotated, Literal
from pydantic import Field

class Runner:
    '''Scales a text.

    More of it.
    '''

    def run(
        self,
        text: Annotated[
            str,
            Field(description="what to scale", min_length=2, max_length=4, pattern="^[a-z]+$"),
        ],
        scale: float = Field(default=1.5, ge=0, le=10),
        kind: Literal["up", "down"] = "up",
        count: Literal[2, 4] = 2,
        old: Annotated[bool, Field(deprecated=True)] = False,
        words: list[str] = Field(default_factory=lambda: ["a"]),
    ) -> str:
        return f"{text} {scale} {kind} {count} {old} {words}"
"""
both = pytest.mark.parametrize("source", [COG, FIELDS], ids=["cog", "fields"])


@both
def test_defaults(source: str, tmp_path: Path) -> None:
    served = serve(source, tmp_path, "Runner")
    assert served.returned(text="abc") == "abc 1.5 up 2 False ['a']"
    told = served.returned(text="abc", scale=2, kind="down", count=4, old=True, words=[])
    assert told == "abc 2.0 down 4 True []"


@both
@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"text": None},
        {"text": "a"},
        {"text": "abcde"},
        {"text": "ABC"},
        {"scale": -0.1},
        {"scale": 10.1},
        {"kind": "left"},
        {"count": 3},
    ],
    ids=str,
)
def test_what_breaks_them_is_refused(source: str, wrong: dict[str, Any], tmp_path: Path) -> None:
    given = {"text": "abc", **wrong} if wrong else {}
    with pytest.raises(marshmallow.ValidationError) as refused:
        serve(source, tmp_path, "Runner").call(**given)
    assert list(refused.value.messages_dict) == [*(wrong or {"text": 0})]


@both
def test_documents_tell_them(source: str, tmp_path: Path) -> None:
    served = serve(source, tmp_path, "Runner")
    told = served.parameters
    assert list(told) == ["text", "scale", "kind", "count", "old", "words"]
    described: dict[str, dict[str, Any]] = {
        "text": {"description": "what to scale", "minLength": 2, "maxLength": 4, "required": True},
        "scale": {"default": 1.5, "minimum": 0, "maximum": 10, "required": False},
        "kind": {"default": "up", "enum": ["up", "down"]},
        "count": {"default": 2, "enum": [2, 4]},
        "old": {"default": False, "x-deprecated": True},
        "words": {"default": ["a"]},
    }
    for name, expected in described.items():
        assert {key: told[name].get(key) for key in expected} == expected
    metadata = served.model.metadata()
    assert metadata["summary"] == "Scales a text."
    assert metadata["description"] == "Scales a text.\n\nMore of it."


def test_limits_that_exclude_their_end(tmp_path: Path) -> None:
    source = """
    from typing import Annotated
    from annotated_types import Gt, Lt
    def run(x: Annotated[float, Gt(0), Lt(1)]) -> float:
        return x
    """
    served = serve(source, tmp_path)
    assert served.returned(x=0.5) == 0.5
    for wrong in (0, 1):
        with pytest.raises(marshmallow.ValidationError):
            served.call(x=wrong)


def test_a_pattern_is_looked_for_anywhere_in_a_text(tmp_path: Path) -> None:
    source = """
    from cog import BaseRunner, Input
    class Runner(BaseRunner):
        def run(self, x: str = Input(default="a whole world", regex="world")) -> str:
            return x
    """
    served = serve(source, tmp_path, "Runner")
    assert served.returned() == "a whole world"
    assert served.returned(x="hello world!") == "hello world!"
    with pytest.raises(marshmallow.ValidationError):
        served.call(x="hello")


def test_defaults_of_secrets_are_not_told(tmp_path: Path) -> None:
    source = """
    from pydantic import SecretStr
    def run(one: SecretStr = SecretStr("a"), more: list[SecretStr] = [SecretStr("b")]) -> str:
        return one.get_secret_value() + more[0].get_secret_value()
    """
    served = serve(source, tmp_path)
    assert served.returned() == "ab"
    assert [told.get("default") for told in served.parameters.values()] == [None, None]


def test_none_as_default_makes_a_value_optional(tmp_path: Path) -> None:
    source = """
    def run(x: str = None) -> str:
        return repr(x)
    """
    served = serve(source, tmp_path)
    assert served.returned() == "None"
    assert served.returned(x="a") == "'a'"


def test_default_that_is_a_member_or_a_secret(tmp_path: Path) -> None:
    source = """
    import enum
    from pydantic import SecretStr
    class Size(enum.Enum):
        SMALL = "s"
    def run(size: Size = Size.SMALL, key: SecretStr = SecretStr("hidden")) -> str:
        return f"{size} {key.get_secret_value()}"
    """
    served = serve(source, tmp_path)
    assert served.returned() == "Size.SMALL hidden"
    assert served.returned(key="given") == "Size.SMALL given"
    assert "hidden" not in str(served.parameters)


def test_cog_is_not_needed(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['cog'] = None\n"
        "from deepaas.kinds.cog.worker.from_path import load\n"
        f"load({str(tmp_path / 'predict.py')!r} + ':Runner')\n"
        "assert 'coglet' not in sys.modules\n"
    )
    (tmp_path / "predict.py").write_text(FIELDS)
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

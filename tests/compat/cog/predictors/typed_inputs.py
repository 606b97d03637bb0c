"""Inputs of every type and with every limit; each predictor returns what it got."""

from typing import Any, Dict, List, Optional, Union

from cog import BasePredictor, BaseRunner, Input, Secret


class OneText(BaseRunner):
    def run(self, s: str = Input(description="any text")) -> str:
        return "hello " + s


class Plain(BaseRunner):
    def run(self, i: int, f: float, b: bool, s: str) -> str:
        return f"{i!r} {f!r} {b!r} {s!r}"


class Limits(BaseRunner):
    def run(
        self,
        i: int = Input(default=5, ge=0, le=10),
        f: float = Input(default=1.5, ge=0.5, le=99.5),
        s: str = Input(default="abc", min_length=2, max_length=4, regex="^[a-z]+$"),
    ) -> str:
        return f"{i!r} {f!r} {s!r}"


class Searched(BaseRunner):
    def run(self, s: str = Input(regex="world")) -> str:
        return s


class Choices(BaseRunner):
    def run(
        self,
        colour: str = Input(default="red", choices=["red", "blue"], description="of the light"),
        size: int = Input(choices=[1, 2, 4]),
    ) -> str:
        return f"{colour!r} {size!r}"


class Defaults(BaseRunner):
    def run(
        self,
        i: int = 3,
        f: float = Input(default=2),
        b: bool = Input(default=False),
        s: str = Input(default=""),
        old: int = Input(default=1, deprecated=True),
    ) -> str:
        return f"{i!r} {f!r} {b!r} {s!r} {old!r}"


class Optionals(BaseRunner):
    def run(
        self,
        text: Optional[str] = Input(default=None, description="may be missing"),
        number: Optional[int] = None,
        share: Optional[float] = Input(default=0.5, le=1),
    ) -> str:
        return f"{text!r} {number!r} {share!r}"


class Lists(BaseRunner):
    def run(
        self,
        numbers: list[int],
        texts: List[str] = Input(default=["a", "b"]),
        anything: list = Input(default=[]),
    ) -> str:
        return f"{numbers!r} {texts!r} {anything!r}"


class Objects(BaseRunner):
    def run(self, one: dict, other: Optional[Dict[str, Any]] = None) -> str:
        return f"{one!r} {other!r}"


class Hidden(BaseRunner):
    def run(self, key: Secret) -> str:
        return f"{key!s} {len(key.get_secret_value())}"


class Anything(BaseRunner):
    def run(self, value: Any) -> str:
        return repr(value)


class Either(BaseRunner):
    def run(self, value: Union[str, int]) -> str:
        return repr(value)


class NoInputs(BaseRunner):
    def run(self) -> str:
        return "nothing was needed"


class OldStyle(BasePredictor):
    def predict(self, s: str = Input(default="old")) -> str:
        return s


class WithoutBase:
    def predict(self, s: str) -> str:
        return s


def function(s: str, times: int = Input(default=2, ge=1)) -> str:
    return s * times

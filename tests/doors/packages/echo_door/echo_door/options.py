"""The options of the echo: one of each kind."""

from __future__ import annotations

from dataclasses import dataclass

from deepaas.options import option


@dataclass(frozen=True)
class Options:
    """An echo, for the tests."""

    greeting: str = option("hello", "What is said first.")
    loud: bool = option(False, "Whether it shouts.")
    times: int = option(1, "How often it says it.", min=1, max=9)
    pause: float = option(0.5, "Seconds between two times.", min=0)
    mood: str = option("calm", "How it sounds.", choices=("calm", "cross"))
    own_port: int = option(7000, "A port that it tells.", port=True)
    friend: tuple[str, ...] = option((), "Whom it greets.", multiple=True)
    token: str = option("", "What nobody is to know.", secret=True)

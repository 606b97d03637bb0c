"""Predictors that fail, are stopped, leave or die."""

import os
import sys
import time

from cog import BaseRunner, CancelationException, Input


class Empty(Exception):
    pass


class Raises(BaseRunner):
    def run(self, kind: str = "value") -> str:
        print("before")
        if kind == "empty":
            raise Empty
        if kind == "key":
            raise KeyError("name")
        if kind == "lines":
            raise ValueError("one\ntwo")
        if kind == "chained":
            try:
                raise OSError("inner")
            except OSError as error:
                raise RuntimeError("outer") from error
        if kind == "interrupt":
            raise KeyboardInterrupt
        if kind == "none":
            return "well"
        raise ValueError("boom ä")


class Leaves(BaseRunner):
    def run(self, code: int = 3, leave: bool = True) -> str:
        if leave:
            sys.exit(code)
        return "stayed"


class Dies(BaseRunner):
    def run(self, die: bool = True) -> str:
        if die:
            os._exit(9)
        return "alive"


def _sleep(seconds: float = 20) -> None:
    """Sleeps in small steps: Cog cannot wake a predictor."""
    print("asleep")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02)


class Sleeps(BaseRunner):
    def run(self, seconds: float = Input(default=20)) -> str:
        _sleep(seconds)
        return "awake"


class TidiesUp(BaseRunner):
    def run(self) -> str:
        try:
            _sleep()
        except CancelationException:
            print("tidying up")
            raise
        return "not stopped"


class WillNotStop(BaseRunner):
    def run(self) -> str:
        try:
            _sleep()
        except CancelationException:
            return "stopped, and yet an answer"
        return "not stopped"

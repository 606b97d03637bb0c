"""Encodes what a call returns or yields as messages."""

from __future__ import annotations

from typing import Any

from deepaas.messages import Answer, Part, Predict, Values
from deepaas.runtime.codecs import encoded
from deepaas.runtime.media import JSON
from deepaas.runtime.odd_results import ExpectedResults
from deepaas.runtime.results import Results


class Encoding:
    """Encodes for one call; ``accept`` is None if the model offers no media types."""

    def __init__(
        self, results: Results, expected: ExpectedResults, call: Predict, accept: str | None
    ) -> None:
        self._results = results
        self._expected = expected
        self._call = call
        self._accept = accept
        self._items: list[Any] = []
        self._parts: list[Part] = []
        self._parts_count = 0
        self._remark = ""

    def answer(self, result: Any) -> Answer:
        """Encode a value; BadResult if it cannot be sent."""
        if self._call.codec:
            return self._encoded(self._checked(result))
        return self._results.encode(self._call.id, result, self._accept)

    def whole(self, result: Any) -> Answer:
        """Encode what ``predict`` has returned, with a remark if its author should know more."""
        answer = self.answer(result)
        answer.remark = self._expected.whole(result) or answer.remark
        return answer

    def part(self, item: Any) -> Part | None:
        """Encode a yielded value; None if it is sent at the end. Raises like :meth:`answer`."""
        self._remark = self._remark or self._expected.item(item)
        if self._call.codec and not self._call.streamed:
            self._items.append(self._checked(item))
            return None
        self._parts_count += 1
        answer = self.answer(item)
        self._remark = self._remark or answer.remark
        part = self._results.part(self._parts_count, answer)
        if self._call.streamed:
            return part
        self._parts.append(part)
        return None

    def end(self) -> Answer:
        answer = self._end()
        answer.remark = self._remark
        return answer

    def _end(self) -> Answer:
        if self._call.streamed:
            return Answer(self._call.id, "")
        if self._call.codec:
            return self._encoded(self._items)
        return self._results.gathered(self._call.id, self._parts, self._accept)

    def _checked(self, result: Any) -> Any:
        # The schema only applies to JSON.
        return self._results.checked(result) if self._accept in (None, JSON) else result

    def _encoded(self, result: Any) -> Answer:
        inputs = self._call.inputs
        wanted = inputs.wanted if isinstance(inputs, Values) else {}
        return self._results.encoded(self._call.id, *encoded(self._call.codec, result, wanted))

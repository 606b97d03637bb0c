"""Names of the tabs of results: words instead of media types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from deepaas.client.answers import extension, is_json
from deepaas.client.description import NPY, NPZ

_BY_TYPE = {
    "text/csv": "Table",
    "text/tab-separated-values": "Table",
    "text/html": "Web page",
    "application/pdf": "PDF",
    NPY: "Array",
    NPZ: "Arrays",
}
_BY_KIND = {"image": "Picture", "audio": "Sound", "video": "Video", "text": "Text"}


def tab_names(media_types: Sequence[str]) -> list[str]:
    """Return a unique name for each media type; the format distinguishes equal words."""
    words = [_word(media_type) for media_type in media_types]
    counts = Counter(words)
    names: list[str] = []
    for media_type, word in zip(media_types, words, strict=True):
        form = _form(media_type)
        name = f"{word} ({form})" if form and (counts[word] > 1 or word == "File") else word
        names.append(f"{word} ({media_type})" if name in names else name)
    return names


def _word(media_type: str) -> str:
    if is_json(media_type):
        return "JSON"
    return _BY_TYPE.get(media_type) or _BY_KIND.get(media_type.partition("/")[0], "File")


def _form(media_type: str) -> str:
    """Return the name of the format; empty if the type has none."""
    suffix = extension(media_type).removeprefix(".").upper()
    return "" if "*" in media_type or suffix in ("BIN", "JSON") else suffix

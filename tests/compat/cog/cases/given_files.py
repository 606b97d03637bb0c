"""Files in and out."""

from __future__ import annotations

import base64

from .. import differences as differ
from .case import fetched, predict

TEXT = "data:text/plain;base64," + base64.b64encode(b"hello").decode()

CASES = [
    predict("ReadsFile", "base64", file=TEXT),
    predict("ReadsFile", "percent", file="data:text/plain,hello%20you"),
    predict("ReadsFile", "no type", file="data:,hello"),
    predict("ReadsFile", "charset", file="data:text/plain;charset=utf-8,hello"),
    predict("ReadsFile", "picture", file="data:image/png;base64,AAAA"),
    predict("ReadsFile", "type unknown", file="data:a/b;base64,AAAA"),
    predict("ReadsFile", "bad base64", differ.INPUT_REASONS, file="data:text/plain;base64,A"),
    predict("ReadsFile", "path of the host", differ.NO_PATHS, file="/etc/hostname"),
    predict("ReadsFile", "file URL", differ.NO_PATHS, file="file:///etc/hostname"),
    predict("ReadsFile", "plain text", differ.NO_PATHS, file="hello"),
    predict("ReadsFile", "empty text", differ.NO_PATHS, file=""),
    predict("ReadsFile", "missing"),
    predict("ReadsFile", "number", file=1),
    fetched("ReadsFile", "fetched", "/files/hello.txt"),
    fetched("ReadsFile", "fetched with a query", "/files/picture.png?size=2"),
    fetched("ReadsFile", "fetched without a suffix", "/files/no-suffix", differ.FILE_ENDINGS),
    fetched("ReadsFile", "redirected", "/files/moved", differ.FILE_ENDINGS),
    fetched("ReadsFile", "not there", "/files/nothing", differ.INPUT_REASONS),
    predict("ReadsFiles", "two", files=[TEXT, "data:image/png;base64,AAAA"]),
    predict("ReadsFiles", "none", files=[]),
    predict("ReadsFiles", "one alone", files=TEXT),
    predict("MayReadFile", "none"),
    predict("MayReadFile", "given", file=TEXT),
    predict("MayReadFile", "null", differ.NULL_FOR_OPTIONAL, file=None),
    predict("ReadsOpenFile", "given", file=TEXT),
    predict("NamesFile", "data", differ.FILE_NAMES, file=TEXT),
    fetched("NamesFile", "fetched", "/files/hello.txt", differ.FILE_NAMES),
    predict("WritesFile", "text"),
    predict("WritesFile", "picture", name="out.png"),
    predict("WritesFile", "JSON", name="out.json", text="{}"),
    predict("WritesFile", "no suffix", name="out"),
    predict("WritesFile", "empty", text=""),
    predict("WritesFiles", "two"),
    predict("WritesFiles", "none", count=0),
    predict("YieldsFiles", "two"),
    predict("WritesReport", "files inside"),
    predict("LosesFile", "not there", differ.LOST_FILES),
]

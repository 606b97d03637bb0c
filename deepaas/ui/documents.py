"""Shows results that are tables, Markdown, HTML or PDF.

No code of a model runs on the page: cells are text, HTML in Markdown is not rendered, HTML is in a
sandboxed frame, and PDF is in the browser's own viewer.
"""

from __future__ import annotations

import csv
import io
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from deepaas.client.answers import HostAnswer
from deepaas.ui import markdown
from deepaas.ui.outputs import MAX_TEXT_CHARACTERS, Pane, decoded, other_file, sandboxed, saved

MAX_ROWS_COUNT = 1000
MAX_COLUMNS_COUNT = 50

_PDF = "application/pdf"
_DELIMITERS = {"text/csv": ",;\t|", "text/tab-separated-values": "\t"}
_MARKDOWN = ("text/markdown", "text/x-markdown")
_SNIFFED_CHARACTERS = 4096


def is_document(media_type: str) -> bool:
    """Whether a :class:`DocumentView` shows it."""
    return media_type in (_PDF, "text/html", *_DELIMITERS, *_MARKDOWN)


class DocumentView:
    """Components for documents; one of them is visible if there is a document."""

    def __init__(self) -> None:
        fixed: dict[str, Any] = {"visible": False, "show_label": False}
        self._table = gr.Dataframe(interactive=False, max_height=480, datatype="str", **fixed)
        self._page = gr.HTML(padding=False, **fixed)

    @property
    def components(self) -> list[Component]:
        return [self._table, self._page]

    def values(self, answer: HostAnswer) -> list[Any]:
        """Return the values for the components; invalid documents are not shown."""
        text = decoded(answer)[:MAX_TEXT_CHARACTERS]
        if answer.media_type in _DELIMITERS:
            return self._rows(text, _DELIMITERS[answer.media_type])
        if answer.media_type in _MARKDOWN:
            note = f"The first {markdown.MAX_CHARACTERS:,} characters; the download has all."
            rest = _note(note) if len(text) > markdown.MAX_CHARACTERS else ""
            shown = f'<div class="document prose">{markdown.render(text)}</div>'
            return self._shown(f"{rest}{shown}")
        if answer.media_type == "text/html":
            return self._shown(sandboxed(text))
        if answer.media_type == _PDF and text.startswith("%PDF-"):
            return self._shown('<div class="pdf-answer"></div>')
        return self.empty()

    def empty(self) -> list[Any]:
        return [gr.update(value=None, visible=False), gr.update(value="", visible=False)]

    def _shown(self, html: str) -> list[Any]:
        return [gr.update(value=None, visible=False), gr.update(value=html, visible=True)]

    def _rows(self, text: str, delimiters: str) -> list[Any]:
        try:
            rows = read_table(text, delimiters)
        except csv.Error:
            return self.empty()
        if not rows:
            return self.empty()
        columns_count = max(map(len, rows))
        shown = [row[:MAX_COLUMNS_COUNT] for row in rows[: MAX_ROWS_COUNT + 1]]
        width = min(columns_count, MAX_COLUMNS_COUNT)
        shown = [row + [""] * (width - len(row)) for row in shown]
        numbers_only = all(_is_number(cell) for cell in shown[0])
        headers = [str(at + 1) for at in range(width)] if numbers_only else shown.pop(0)
        cut = len(rows) > MAX_ROWS_COUNT + 1 or columns_count > MAX_COLUMNS_COUNT
        note = (
            f"Showing at most {MAX_ROWS_COUNT:,} rows and {MAX_COLUMNS_COUNT} columns. "
            "The download is complete."
        )
        return [
            gr.update(value={"headers": headers, "data": shown}, visible=True),
            gr.update(value=_note(note) if cut else "", visible=cut),
        ]


def _note(words: str) -> str:
    return f'<p class="about">{escape(words)}</p>'


def read_table(text: str, delimiters: str) -> list[list[str]]:
    """Return the rows that are not empty. Raises ``csv.Error`` if the text is not a table."""
    dialect: Any = csv.excel
    if len(delimiters) == 1:
        dialect = csv.excel_tab
    else:
        try:
            dialect = csv.Sniffer().sniff(text[:_SNIFFED_CHARACTERS], delimiters)
        except csv.Error:  # For example, a single column.
            dialect = csv.excel
    return [row for row in csv.reader(io.StringIO(text, newline=""), dialect) if row]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


class DocumentPane(Pane):
    """Shows a document with its text, or as a file to download."""

    def __init__(self, media_type: str) -> None:
        self._view = DocumentView()
        if media_type == _PDF:
            super().__init__(media_type, gr.File(label="Result", interactive=False), other_file())
            return
        with gr.Accordion("As text", open=False):
            main = gr.Textbox(label="Result", lines=8, max_lines=30, interactive=False)
        super().__init__(media_type, main, other_file())

    @property
    def components(self) -> list[Component]:
        return [*super().components, *self._view.components]

    def values(self, answer: HostAnswer, folder: Path) -> list[Any]:
        main, other = super().values(answer, folder)
        if not isinstance(self.main, gr.File):
            other = gr.update(value=str(saved(answer, folder)), visible=True)
        return [main, other, *self._view.values(answer)]

    def empty(self) -> list[Any]:
        return [*super().empty()[:2], *self._view.empty()]


CSS = """
.document { padding: 0.5rem 0.25rem; overflow-wrap: anywhere; }
.document table { display: block; overflow-x: auto; }
.pdf-answer iframe { width: 100%; height: min(80dvh, 48rem); border-radius: 6px;
  border: 1px solid var(--border-color-primary); }
"""

JS = """() => {
  const side = document.querySelector(".answer-side");
  if (!side) return;
  const show = async place => {
    place.dataset.shown = "";
    const pane = place.closest("[role=tabpanel]") ?? side;
    const link = pane.querySelector("a[href*='/files/'][download], a[href*='/files/']");
    if (!link) { delete place.dataset.shown; return; }
    const answer = await fetch(link.href);
    if (!answer.ok) return;
    // Always as a PDF, whatever the file is.
    const file = new Blob([await answer.arrayBuffer()], {type: "application/pdf"});
    const frame = document.createElement("iframe");
    frame.title = "Result";
    frame.src = URL.createObjectURL(file);
    place.replaceChildren(frame);
  };
  const look = () => side.querySelectorAll(".pdf-answer:not([data-shown])").forEach(show);
  new MutationObserver(look).observe(side, {childList: true, subtree: true});
}"""
"""Shows the PDF of the download link."""

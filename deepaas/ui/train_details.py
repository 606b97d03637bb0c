"""What is shown of the trainings that somebody has picked: state, progress, files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from deepaas.client.runs import Run
from deepaas.client.trainings import TrainingFiles
from deepaas.ui.train_run import duration_words, progress_words, size_words, state_words
from deepaas.ui.train_table import STATE_CSS

MAX_VALUE_CHARACTERS = 2000
OLD_HOST = (
    "This host tells no log, metrics, progress and files of trainings: it speaks DEEPaaS 2.6, "
    "and they came with 2.7."
)


def details_html(runs: Sequence[Run], tensorboard: Callable[[Run], str | None]) -> str:
    """A card for each training; ``tensorboard`` gives a link to the curves of one."""
    if not runs:
        return '<p class="none">Tick trainings in the table to see more of them.</p>'
    return "".join(_card(run, tensorboard(run)) for run in runs)


def _card(run: Run, tensorboard: str | None) -> str:
    told = [
        f'<span class="state {run.state if run.state.isalpha() else ""}">'
        f"{escape(state_words(run))}</span>",
        *(escape(words) for words in (duration_words(run), progress_words(run)) if words),
    ]
    if tensorboard:
        link = escape(tensorboard)
        told.append(f'<a href="{link}" target="_blank" rel="noopener">TensorBoard</a>')
    parts = [f"<h3>{escape(run.short)}</h3><p>{' · '.join(told)}</p>"]
    if not run.final and run.links:
        share = "" if run.share is None else f' value="{run.share:.4f}"'
        parts.append(f'<progress max="1"{share} aria-label="Progress of {escape(run.short)}">')
        parts.append("</progress>")
    if run.message:
        parts.append(
            f'<pre class="message" tabindex="0" role="region" '
            f'aria-label="Message of {escape(run.short)}">{escape(run.message)}</pre>'
        )
    for heading, value in (("Arguments", run.args), ("Result", run.result)):
        if value not in (None, {}):
            parts.append(_value(f"{heading} of {run.short}", heading, value))
    label = f"Training {escape(run.short)}"
    return f'<section class="card" aria-label="{label}">{"".join(parts)}</section>'


def files_html(run: Run, files: TrainingFiles, link: Callable[[str], str], archive: str) -> str:
    """The files of a training: ``link`` gives the address of one by its path."""
    if not files.entries:
        return f"<h3>Files of {escape(run.short)}</h3><p>None so far.</p>"
    entries = "".join(
        f'<li><a href="{escape(link(file.path))}" download>{escape(file.path)}</a> '
        f"<span>{size_words(file.size)}</span></li>"
        for file in files.entries
    )
    more = "<p>There are more: all are in the archive.</p>" if files.more else ""
    return (
        f"<h3>Files of {escape(run.short)}</h3><ul>{entries}</ul>{more}"
        f'<p><a href="{escape(archive)}" download>All files (ZIP)</a></p>'
    )


def log_html(run: Run, log: str) -> str:
    """The end of what a training has printed."""
    name = f"Log of {escape(run.short)}"
    text = escape(log) or ("Nothing so far." if not run.final else "Nothing.")
    return (
        f'<h3>{name}</h3><pre class="log" tabindex="0" role="log" aria-label="{name}">{text}</pre>'
    )


def _value(label: str, heading: str, value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_VALUE_CHARACTERS:
        text = f"{text[:MAX_VALUE_CHARACTERS]} …"
    # It may have to be scrolled, with the keyboard as well.
    return (
        f'<div class="value" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<b>{heading}</b> <code>{escape(text)}</code></div>"
    )


CSS = (
    STATE_CSS
    + """
color: var(--body-text-color);
h3 { font-weight: 600; margin: 0 0 0.25rem; font-size: var(--text-lg); }
.card { border: 1px solid var(--border-color-primary); border-radius: var(--block-radius);
  background: var(--block-background-fill); padding: 0.75rem; margin-bottom: 0.75rem; }
p { margin: 0 0 0.25rem; }
a { color: var(--link-text-color); text-decoration: underline; }
progress { appearance: none; display: block; width: 100%; height: 0.75rem; overflow: hidden;
  border: 1px solid var(--border-color-primary); border-radius: 0.5rem;
  background: var(--background-fill-secondary); }
progress::-webkit-progress-bar { background: transparent; }
progress::-webkit-progress-value { background: #2563eb; }
progress::-moz-progress-bar { background: #2563eb; }
progress:indeterminate { opacity: 0.5; }
.message { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.25rem 0; max-height: 15rem;
  overflow: auto; font-family: var(--font-mono); font-size: var(--text-sm); }
.value { margin: 0.25rem 0 0; font-size: var(--text-sm); max-height: 4.2rem; overflow: auto;
  overflow-wrap: anywhere; }
.log { height: 20rem; overflow: auto; margin: 0; padding: 0.5rem; white-space: pre-wrap;
  overflow-wrap: anywhere; font-family: var(--font-mono); font-size: var(--text-sm);
  border: 1px solid var(--border-color-primary); border-radius: var(--block-radius);
  background: var(--block-background-fill); }
:focus-visible { outline: 2px solid var(--color-accent); outline-offset: 1px; }
code { font-family: var(--font-mono); }
ul { list-style: none; margin: 0 0 0.25rem; padding: 0; max-height: 20rem; overflow: auto; }
li { display: flex; justify-content: space-between; gap: 1rem; overflow-wrap: anywhere; }
li span { white-space: nowrap; }
"""
)

FOLLOW_JS = """
// The end stays in sight, unless somebody has scrolled up to read.
let follows = true;
element.addEventListener('scroll', event => {
    const log = event.target;
    follows = log.scrollTop + log.clientHeight > log.scrollHeight - 20;
}, true);
watch('value', () => {
    const log = element.querySelector('.log');
    if (log && follows) log.scrollTop = log.scrollHeight;
});
"""

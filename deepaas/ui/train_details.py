"""Details of the selected training runs: state, progress, files."""

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
    "This host has DEEPaaS 2.6. Logs, metrics, progress and files of training runs need "
    "DEEPaaS 2.7."
)


def details_html(runs: Sequence[Run], tensorboard: Callable[[Run], str | None]) -> str:
    """Return a card for each run; ``tensorboard`` returns the link to its curves."""
    if not runs:
        return '<p class="none">Select runs in the table to see their details.</p>'
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
    label = f"Run {escape(run.short)}"
    return f'<section class="card" aria-label="{label}">{"".join(parts)}</section>'


def files_html(run: Run, files: TrainingFiles, link: Callable[[str], str], archive: str) -> str:
    """Return the list of files of a run; ``link`` returns the URL for a path."""
    if not files.entries:
        return f"<h3>Files of {escape(run.short)}</h3><p>No files yet.</p>"
    entries = "".join(
        f'<li><a href="{escape(link(file.path))}" download>{escape(file.path)}</a> '
        f"<span>{size_words(file.size)}</span></li>"
        for file in files.entries
    )
    more = "<p>This list is incomplete. The archive has all files.</p>" if files.more else ""
    return (
        f"<h3>Files of {escape(run.short)}</h3><ul>{entries}</ul>{more}"
        f'<p><a href="{escape(archive)}" download>All files (ZIP)</a></p>'
    )


def log_html(run: Run, log: str) -> str:
    """Return the end of the log of a run."""
    name = f"Log of {escape(run.short)}"
    text = escape(log) or ("No output yet." if not run.final else "No output.")
    return (
        f'<h3>{name}</h3><pre class="log" tabindex="0" role="log" aria-label="{name}">{text}</pre>'
    )


def _value(label: str, heading: str, value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_VALUE_CHARACTERS:
        text = f"{text[:MAX_VALUE_CHARACTERS]} …"
    # Focusable, so that it can be scrolled with the keyboard.
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
// Keep the end visible, unless the user has scrolled up.
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

"""The table of training runs, in which users select some with the mouse or the keyboard.

It also triggers updates. Gradio's timer also runs while the page is in the background; this one
only runs while the table is visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from deepaas.client.runs import Run
from deepaas.ui.train_run import date_words, duration_words, progress_words, state_words

HEADINGS = ("Show", "Run", "Started", "State", "Progress", "Duration")
MAX_PICKED = 8
LOOK_SECONDS = 2.0


def table_html(runs: Sequence[Run], picked: Sequence[str], pick_number: int) -> str:
    """Return the table of runs, newest first.

    ``picked`` are the ids of the selected runs; ``pick_number`` changes whenever anything other
    than this table has selected them.
    """
    if not runs:
        return '<p class="none">No training runs yet.</p>'
    head = "".join(f'<th scope="col">{heading}</th>' for heading in HEADINGS)
    rows = "".join(_row(run, run.uuid in picked) for run in runs)
    return (
        f'<div class="wide" role="region" aria-label="Training runs" tabindex="0">'
        f'<table data-pick="{pick_number}" data-picked="{escape(" ".join(picked))}">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(run: Run, picked: bool) -> str:
    checked = " checked" if picked else ""
    label = f'aria-label="Show {escape(run.short)}"'
    cells = (
        f'<td><input type="checkbox" value="{escape(run.uuid)}" {label}{checked}></td>',
        f'<th scope="row" title="{escape(run.uuid)}">{escape(run.short)}</th>',
        f'<td class="date">{date_words(run.date)}</td>',
        f'<td><span class="state {_known(run)}">{escape(state_words(run))}</span></td>',
        f"<td>{escape(progress_words(run))}</td>",
        f'<td class="duration">{duration_words(run)}</td>',
    )
    return f'<tr class="{"picked" if picked else ""}">{"".join(cells)}</tr>'


def _known(run: Run) -> str:
    return run.state if run.state.isalpha() else ""


STATE_CSS = """
.state { padding: 0 0.5em; border: 1px solid currentColor; border-radius: 1em;
  white-space: nowrap; }
.state.running, .state.queued { color: #1d4ed8; }
.state.done { color: #166534; }
.state.error { color: #b91c1c; }
.state.cancelled, .state.interrupted { color: #57534e; }
.dark & .state.running, .dark & .state.queued { color: #93c5fd; }
.dark & .state.done { color: #86efac; }
.dark & .state.error { color: #fca5a5; }
.dark & .state.cancelled, .dark & .state.interrupted { color: #d6d3d1; }
"""

CSS = (
    STATE_CSS
    + """
.wide { overflow-x: auto; max-height: 24rem; overflow-y: auto;
  border: 1px solid var(--border-color-primary); border-radius: var(--block-radius); }
table { width: 100%; border-collapse: collapse; font-size: var(--text-md);
  color: var(--body-text-color); background: var(--block-background-fill); }
th, td { text-align: left; padding: 0.35rem 0.5rem; vertical-align: top;
  border-bottom: 1px solid var(--border-color-primary); }
thead th { position: sticky; top: 0; z-index: 1; background: var(--background-fill-secondary); }
tbody tr:last-child th, tbody tr:last-child td { border-bottom: 0; }
tbody th { font-family: var(--font-mono); font-weight: 600; cursor: pointer; }
tr.picked { background: var(--background-fill-secondary); }
.date, .duration { font-variant-numeric: tabular-nums; }
input[type=checkbox] { appearance: auto; width: 1.15rem; height: 1.15rem; margin: 0.1rem;
  background: none; accent-color: #1d4ed8; cursor: pointer; }
:focus-visible { outline: 2px solid var(--color-accent); outline-offset: 1px; }
.none { color: var(--body-text-color); }
@media (max-width: 640px) {
  th, td { padding: 0.35rem; }
  table { font-size: var(--text-sm); }
}
"""
)

JS = f"""
let picked = [], number = '', looked = 0;
const boxes = () => element.querySelectorAll('input[type=checkbox]');
const show = () => boxes().forEach(box => {{ box.checked = picked.includes(box.value); }});
const learn = () => {{
    const table = element.querySelector('table');
    if (table && table.dataset.pick !== number) {{
        number = table.dataset.pick;
        picked = table.dataset.picked.split(' ').filter(Boolean);
    }}
    show();
}};
element.addEventListener('change', event => {{
    const box = event.target;
    picked = picked.filter(uuid => uuid !== box.value);
    if (box.checked) picked = [...picked, box.value].slice(-{MAX_PICKED});
    show();
    trigger('pick', {{ picked }});
}});
element.addEventListener('click', event => {{
    const name = event.target.closest('tbody th');
    if (name) name.parentElement.querySelector('input').click();
}});
watch('value', learn);
learn();
const looking = setInterval(() => {{
    if (!element.isConnected) return clearInterval(looking);
    if (document.hidden || !element.getClientRects().length) return;
    if (Date.now() - looked < {LOOK_SECONDS * 1000:.0f}) return;
    looked = Date.now();
    trigger('tick');
}}, 250);
"""
